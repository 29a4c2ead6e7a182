//! A model on labelled pictures it was not trained on.

use tl_data::{Dataset, Limits, MaxBad, Part, Place, ReadOptions, SampleId, Source, check_bad, read};
use tl_report::{Evaluation, MultiLabel};

use crate::figures::{Figures, Judge, prediction};
use crate::threshold::give;
use crate::{Classifier, Step, TrainError, Watch};

/// Mistakes that are kept with their pictures.
pub(crate) const WORST: usize = 12;

/// How a model does on a set of pictures.
#[derive(Debug)]
pub struct Evaluated {
    /// The figures; empty for a model that gives several labels each.
    pub evaluation: Evaluation,
    /// The figures of a model that gives several labels each.
    pub multi_label: Option<MultiLabel>,
    /// The pictures of the source, those that could not be used included.
    pub data: Dataset,
    /// The part of the source that was judged, if it has parts.
    pub part: Option<Part>,
}

/// Evaluates a model on a source whose classes are named as the model's. Of a source with parts only the test counts,
/// or the validation part where there is no test.
///
/// # Errors
/// If the source cannot be used, has a class the model does not know, or too many bad files;
/// [`TrainError::SeveralLabels`] or [`TrainError::OneLabel`] if its pictures have several labels and the model gives one,
/// or the reverse.
pub fn evaluate(
    classifier: &Classifier,
    source: &Source,
    max_bad: &MaxBad,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Evaluated, TrainError> {
    watch.step(Step::Scan);
    let options = ReadOptions { near_duplicates: false, ..ReadOptions::default() };
    let data = read(source, &options, &Limits::default(), &|progress| watch.progress(progress))?;
    data.notes.iter().for_each(|note| watch.noted("note", note));
    check_bad(&data.rejected, data.files(), max_bad)?;
    match (data.multi_label, classifier.header.multi_label) {
        (true, false) => return Err(TrainError::SeveralLabels),
        (false, true) => return Err(TrainError::OneLabel),
        _ => {}
    }
    let model_class = class_map(classifier, &data)?;
    watch.step(Step::Extract);
    let (part, ids) = judged(&data);
    let places: Vec<Place> = ids.iter().map(|&id| data.place_of(id)).collect();
    let answers = classifier.predict(&places, threads, &|progress| watch.progress(progress))?;
    let mut predictions = Vec::new();
    let mut failed = Vec::new();
    for (id, answer) in ids.into_iter().zip(answers) {
        let sample = &data.samples[id.0];
        match answer {
            Ok(row) => {
                let truths = sample.labels().map(|class| model_class[class.0]).collect();
                predictions.push(prediction(&sample.path, truths, &row));
            }
            Err(reason) => failed.push((id, reason)),
        }
    }
    let data = data.without(failed);
    check_bad(&data.rejected, data.files(), max_bad)?;
    let thresholds = classifier.header.thresholds.as_slice();
    give(&mut predictions, thresholds);
    let judge = Judge { classes: classifier.classes(), multi_label: data.multi_label, seed: 0 };
    let external = tl_report::Part::External;
    let Figures { evaluation, multi_label } = judge.figures(external, &predictions, thresholds, WORST)?;
    Ok(Evaluated { evaluation, multi_label, data, part })
}

/// The pictures that judge, and the part they are, if the source has parts.
fn judged(data: &Dataset) -> (Option<Part>, Vec<SampleId>) {
    let all = || (0..data.len()).map(SampleId);
    let of = |part| all().filter(|id| data.samples[id.0].part == Some(part)).collect::<Vec<_>>();
    let parts = [Part::Test, Part::Val].into_iter().map(|part| (Some(part), of(part)));
    parts.into_iter().find(|(_, ids)| !ids.is_empty()).unwrap_or_else(|| (None, all().collect()))
}

/// For each class of the source, its number in the model.
fn class_map(classifier: &Classifier, data: &Dataset) -> Result<Vec<usize>, TrainError> {
    let known = classifier.classes();
    let number = |class: &String| {
        let found = known.iter().position(|name| name == class);
        found.ok_or_else(|| TrainError::UnknownClass { class: class.clone(), known: known.to_vec() })
    };
    data.classes.iter().map(number).collect()
}
