//! A model on labelled pictures of which it has seen some, none, or nobody knows.

use serde::Serialize;
use std::collections::HashSet;
use tl_data::{
    Dataset, DuplicateGroups, MaxBad, Part, PictureLocation, ReadOptions, SampleId, Source, check_bad,
    duplicate_groups, position_of_name, read_to_judge,
};
use tl_image::Limits;
use tl_model::{Classifier, SeenHashes};
use tl_report::{Evaluation, LabelPrediction, MultiLabel};

use crate::error::PipelineError;
use crate::metrics::{Evaluator, Metrics, give, prediction};
use crate::observer::{JobStage, Observer};

/// Mistakes that are kept with their pictures.
pub(crate) const WORST: usize = 12;

/// How a model does on a set of pictures.
#[derive(Debug)]
pub struct Evaluated {
    /// The figures of all of them; empty for a model that gives several labels each.
    pub evaluation: Evaluation,
    /// The figures of a model that gives several labels each.
    pub multi_label: Option<MultiLabel>,
    /// The pictures that the model has seen, with metrics of their own.
    pub seen: SeenMetrics,
    /// The pictures of the source, those that could not be used included.
    pub data: Dataset,
    /// The part of the source that was judged, if it has parts.
    pub part: Option<Part>,
}

/// Which of the judged pictures a model has seen, and the figures of both kinds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenMetrics {
    /// Is all that the model has seen on record? Else there may be more.
    pub known: bool,
    /// Pictures that trained it or chose between its versions, by the hashes of their files.
    pub pictures: usize,
    /// Pictures that are copies or look-alikes of those that the model has seen, or of their groups.
    pub related: usize,
    /// The figures of both together; none without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained: Option<ModelMetrics>,
    /// The figures of all others; none if it is not known which they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<ModelMetrics>,
}

/// The figures of a model that gives one label each, or of one that gives several.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ModelMetrics {
    /// Metrics of a model that gives one label each.
    One(Evaluation),
    /// Metrics of a model that gives several labels each.
    Several(MultiLabel),
}

impl From<Metrics> for ModelMetrics {
    fn from(figures: Metrics) -> Self {
        figures.multi_label.map_or(Self::One(figures.evaluation), Self::Several)
    }
}

/// Evaluates a model on a source whose classes are named as the model's; it need not have all of them. Of a source with
/// parts only the test counts, or the validation part where there is no test. Pictures that the model has seen are judged
/// apart.
///
/// # Errors
/// If the source cannot be used, a judged picture has a class the model does not know, or there are too many bad files;
/// [`PipelineError::SeveralLabels`] or [`PipelineError::OneLabel`] if its pictures have several labels and the model gives one,
/// or the reverse.
pub fn evaluate(
    classifier: &Classifier,
    source: &Source,
    wanted: &ReadOptions,
    max_bad: &MaxBad,
    threads: usize,
    observer: &dyn Observer,
) -> Result<Evaluated, PipelineError> {
    observer.stage(JobStage::Scan);
    let limits = classifier.preprocess().limits(&Limits::default());
    let data = read_to_judge(source, wanted, &limits, &|progress| observer.progress(progress))?;
    check_bad(&data.rejected, data.files(), max_bad)?;
    match (data.multi_label, classifier.header.multi_label) {
        (true, false) => return Err(PipelineError::SeveralLabels),
        (false, true) => return Err(PipelineError::OneLabel),
        _ => {}
    }
    let (part, ids) = judged(&data);
    let model_class = class_map(classifier, &data, &ids)?;
    observer.stage(JobStage::Extract);
    let places: Vec<PictureLocation> = ids.iter().map(|&id| data.place_of(id)).collect();
    let units = duplicate_groups(&data);
    let mut predictions = Vec::new();
    let mut failed = Vec::new();
    let mut ids = ids.into_iter();
    let progress = |progress| observer.progress(progress);
    classifier.predict_each(&places, threads, &progress, |_, answers| {
        for (answer, id) in answers.into_iter().zip(ids.by_ref()) {
            let sample = &data.samples[id.0];
            match answer {
                Ok(row) => {
                    let truths = sample.labels().map(|class| model_class[class.0]).collect();
                    let group = Some(units.of(id));
                    predictions
                        .push((id, LabelPrediction { group, ..prediction(&sample.path, truths, &row) }));
                }
                Err(reason) => failed.push((id, reason)),
            }
        }
        Ok::<(), PipelineError>(())
    })?;
    let thresholds = classifier.header.thresholds.as_slice();
    predictions.iter_mut().for_each(|(_, prediction)| give(std::slice::from_mut(prediction), thresholds));
    let judge = External(
        Evaluator { classes: classifier.classes(), multi_label: data.multi_label, seed: 0 },
        thresholds,
    );
    let seen = judge.apart(classifier.seen.as_ref(), &data, &units, &predictions)?;
    let predictions: Vec<LabelPrediction> =
        predictions.into_iter().map(|(_, prediction)| prediction).collect();
    let Metrics { evaluation, multi_label } = judge.figures(&predictions)?;
    let data = data.without(failed);
    check_bad(&data.rejected, data.files(), max_bad)?;
    Ok(Evaluated { evaluation, multi_label, seen, data, part })
}

/// Judges pictures that were given after training, by these thresholds.
struct External<'a>(Evaluator<'a>, &'a [f64]);

impl External<'_> {
    fn figures(&self, predictions: &[LabelPrediction]) -> Result<Metrics, PipelineError> {
        self.0.figures(tl_report::EvaluationSet::External, predictions, self.1, WORST)
    }

    /// What the model has seen and all others, each by themselves.
    fn apart(
        &self,
        seen: Option<&SeenHashes>,
        data: &Dataset,
        units: &DuplicateGroups,
        predictions: &[(SampleId, LabelPrediction)],
    ) -> Result<SeenMetrics, PipelineError> {
        let nothing = SeenMetrics { known: false, pictures: 0, related: 0, trained: None, unseen: None };
        let Some(seen) = seen else { return Ok(nothing) };
        let is_seen = |id: &SampleId| seen.has(&data.samples[id.0].content);
        let found: HashSet<usize> =
            (0..data.len()).map(SampleId).filter(is_seen).map(|id| units.of(id)).collect();
        let pictures = predictions.iter().filter(|(id, _)| is_seen(id)).count();
        let (trained, unseen): (Vec<_>, Vec<_>) =
            predictions.iter().cloned().partition(|(id, _)| found.contains(&units.of(*id)));
        let figures = |of: Vec<(SampleId, LabelPrediction)>| -> Result<ModelMetrics, PipelineError> {
            Ok(self.figures(&of.into_iter().map(|(_, prediction)| prediction).collect::<Vec<_>>())?.into())
        };
        Ok(SeenMetrics {
            known: seen.is_complete(),
            pictures,
            related: trained.len() - pictures,
            trained: (!trained.is_empty()).then(|| figures(trained)).transpose()?,
            unseen: Some(figures(unseen)?),
        })
    }
}

/// The pictures that judge, and the part they are, if the source has parts.
fn judged(data: &Dataset) -> (Option<Part>, Vec<SampleId>) {
    let all = || (0..data.len()).map(SampleId);
    let of = |part| all().filter(|id| data.samples[id.0].part == Some(part)).collect::<Vec<_>>();
    let parts = [Part::Test, Part::Val].into_iter().map(|part| (Some(part), of(part)));
    parts.into_iter().find(|(_, ids)| !ids.is_empty()).unwrap_or_else(|| (None, all().collect()))
}

/// For each class of the source, its number in the model; for one that no judged picture has, any number.
fn class_map(
    classifier: &Classifier,
    data: &Dataset,
    judged: &[SampleId],
) -> Result<Vec<usize>, PipelineError> {
    let known = classifier.classes();
    let asked: HashSet<usize> =
        judged.iter().flat_map(|id| data.samples[id.0].labels()).map(|class| class.0).collect();
    let number = |(number, class): (usize, &String)| match position_of_name(known, class) {
        Some(found) => Ok(found),
        None if !asked.contains(&number) => Ok(0),
        None => Err(PipelineError::UnknownClass { class: class.clone(), known: known.to_vec() }),
    };
    data.classes.iter().enumerate().map(number).collect()
}
