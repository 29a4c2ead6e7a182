//! Metrics from predictions, for one label each or several.

use std::path::Path;
use tl_data::{Dataset, DuplicateGroups, SampleId};
use tl_files::path_text;
use tl_heads::Matrix;
use tl_model::given;
use tl_report::{Evaluation, EvaluationSet, LabelPrediction, MultiLabel, Prediction};

use crate::error::PipelineError;

/// What a model says about a picture, before labels are given by thresholds.
pub(crate) fn prediction(path: &Path, truths: Vec<usize>, probabilities: &[f32]) -> LabelPrediction {
    let probabilities = probabilities.iter().map(|&p| f64::from(p)).collect();
    LabelPrediction {
        path: path_text(path).into_owned(),
        truths,
        group: None,
        given: Vec::new(),
        probabilities,
    }
}

/// What a model says about pictures of a data set, row by row in `p_nk`, with the labels that thresholds give them.
pub(crate) fn label_predictions(
    data: &Dataset,
    units: &DuplicateGroups,
    ids: &[SampleId],
    p_nk: &Matrix,
    thresholds: &[f64],
) -> Vec<LabelPrediction> {
    let predicted = |(&id, row): (&SampleId, &[f32])| {
        let sample = &data.samples[id.0];
        let truths = sample.labels().map(|class| class.0).collect();
        LabelPrediction { group: Some(units.of(id)), ..prediction(&sample.path, truths, row) }
    };
    let mut predictions: Vec<LabelPrediction> = ids.iter().zip(p_nk.iter_rows()).map(predicted).collect();
    give(&mut predictions, thresholds);
    predictions
}

/// Gives each picture the labels whose probability reaches their threshold.
pub(crate) fn give(predictions: &mut [LabelPrediction], thresholds: &[f64]) {
    for prediction in predictions {
        prediction.given = given(&prediction.probabilities, thresholds).collect();
    }
}

/// What predictions come to.
pub(crate) struct Metrics {
    /// Empty where pictures have several labels.
    pub(crate) evaluation: Evaluation,
    pub(crate) multi_label: Option<MultiLabel>,
}

/// How predictions are judged.
pub(crate) struct Evaluator<'a> {
    pub(crate) classes: &'a [String],
    pub(crate) multi_label: bool,
    pub(crate) seed: u64,
}

impl Evaluator<'_> {
    /// Thresholds are those of the model that is kept.
    pub(crate) fn figures(
        &self,
        part: EvaluationSet,
        predictions: &[LabelPrediction],
        thresholds: &[f64],
        worst: usize,
    ) -> Result<Metrics, PipelineError> {
        let classes = self.classes;
        if !self.multi_label {
            let predictions: Vec<Prediction> = predictions.iter().map(single).collect();
            let evaluation = Evaluation::new(part, classes.to_vec(), &predictions, worst)?;
            return Ok(Metrics { evaluation, multi_label: None });
        }
        let evaluation = Evaluation::new(part, classes.to_vec(), &[], 0)?;
        let found = MultiLabel::new(part, classes, thresholds, predictions, worst, self.seed)?;
        Ok(Metrics { evaluation, multi_label: Some(found) })
    }
}

fn single(prediction: &LabelPrediction) -> Prediction {
    // Every picture of a data set has a label; a class that is not there would be refused.
    let truth = prediction.truths.first().copied().unwrap_or(usize::MAX);
    let (path, probabilities) = (prediction.path.clone(), prediction.probabilities.clone());
    Prediction { path, truth, group: prediction.group, probabilities }
}

impl Metrics {
    /// Accuracy, or mean average precision.
    pub(crate) fn share(&self) -> Option<f64> {
        match &self.multi_label {
            Some(found) => found.mean_average_precision.map(|estimate| estimate.value),
            None => self.evaluation.accuracy,
        }
    }

    /// A line of `metrics.jsonl`.
    pub(crate) fn line(&self) -> serde_json::Value {
        let Evaluation { part, correct, total, accuracy, log_loss, .. } = &self.evaluation;
        let Some(found) = &self.multi_label else {
            return serde_json::json!({"event": "evaluation", "part": part, "correct": correct, "total": total,
                "accuracy": accuracy, "log_loss": log_loss});
        };
        serde_json::json!({"event": "evaluation", "part": part, "total": found.total,
            "mean_average_precision": self.share(), "exact_match": found.exact_match, "log_loss": found.log_loss})
    }
}
