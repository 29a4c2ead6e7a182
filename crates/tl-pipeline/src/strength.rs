//! The strength of the head's L2 penalty, chosen by cross-validation inside the training pictures, so that the held-out ones
//! stay unseen.

use rayon::prelude::*;
use serde_json::json;
use std::time::Instant;
use tl_data::{Dataset, SampleId};
use tl_heads::{HeadError, LinearHead, Matrix, Standardiser, check_finite};
use tl_image::ResizeMode;
use tl_train::{Scores, Targets};

use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::journal::Journal;
use crate::observer::JobStage;
use crate::setup::Setup;
use crate::split::inner_folds;

/// The inverse L2 strengths that are tried, from the strongest penalty to the weakest.
pub(crate) const STRENGTHS: [f64; 6] = [1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0];

/// Folds of the cross-validation that chooses settings.
const FOLDS: usize = 5;
/// Number of pictures from which on one of those folds tells enough.
const MANY: usize = 2_000;
/// Why there is no cross-validation.
pub(crate) const TOO_SMALL: &str = "a class has too few training pictures for cross-validation";

/// How one strength did on pictures its models had not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// Inverse L2 strength, as scikit-learn's `C`.
    pub(crate) c: f64,
    /// Mean cross-entropy in nats; of several labels, the mean over the classes of the binary one.
    pub(crate) log_loss: f64,
    /// Share of right answers, or of right labels.
    pub(crate) accuracy: f64,
    /// Whether the solver reached the minimum in every fold.
    pub(crate) converged: bool,
}

/// How a resize mode did, strength by strength.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    /// The resize mode that was compared.
    pub(crate) mode: ResizeMode,
    /// Scores of each of [`STRENGTHS`], or none.
    pub(crate) scores: Vec<Score>,
}

impl Comparison {
    /// The strength with the lowest loss: it judges every probability, where accuracy on few pictures mostly ties. A loss that is
    /// not a number is never the lowest.
    pub(crate) fn best(&self) -> Option<Score> {
        let judged = self.scores.iter().copied().filter(|score| score.log_loss.is_finite());
        judged.min_by(|a, b| a.log_loss.total_cmp(&b.log_loss))
    }
}

/// Cross-validation inside `ids`, whose features are there: one score per strength, none if a class is too small to be
/// divided.
pub(crate) fn scores(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    ids: &[SampleId],
) -> Result<Vec<Score>, PipelineError> {
    let begun = Instant::now();
    setup.observer.stage(JobStage::Choose);
    let (data, mode) = (features.data(), features.mode);
    let held_out = validation_folds(data, ids, setup.config.seed);
    if held_out.is_empty() {
        return Ok(Vec::new());
    }
    let (features_nd, targets) = (features.matrix(ids), Targets::of(data, ids));
    let scores = cross_validate(&features_nd, &targets, data.classes.len(), &held_out)
        .map_err(|error| features.naming_picture(error, ids))?;
    let line = |s: &Score| {
        let mut line = json!({"event": "cross-validation", "pictures": ids.len(), "resize": mode, "c": s.c,
            "log_loss": s.log_loss, "accuracy": s.accuracy});
        if !s.converged {
            line["converged"] = false.into();
        }
        line
    };
    journal.lines.extend(scores.iter().map(line));
    for Score { c, log_loss, accuracy, converged } in &scores {
        let short = if *converged { "" } else { ", short of the minimum" };
        setup
            .observer
            .tried(&format!("{mode}, C = {c}: loss {log_loss:.4}, {:.1} % right{short}", accuracy * 100.0));
    }
    journal.choose += begun.elapsed();
    Ok(scores)
}

/// The rows of each fold's other side in the cross-validation that chooses settings; of many pictures, of one fold alone.
pub(crate) fn validation_folds(data: &Dataset, ids: &[SampleId], seed: u64) -> Vec<Vec<usize>> {
    let mut held_out = inner_folds(data, ids, FOLDS, seed);
    if ids.len() > MANY {
        held_out.truncate(1);
    }
    held_out
}

/// Cross-validates logistic regression over [`STRENGTHS`]. `held_out` are the rows of each fold's other side.
///
/// # Errors
/// If a feature is not finite, or no strength gives probabilities that are numbers.
fn cross_validate(
    features_nd: &Matrix,
    targets: &Targets,
    classes: usize,
    held_out: &[Vec<usize>],
) -> Result<Vec<Score>, HeadError> {
    check_finite(features_nd)?;
    let folds: Vec<Vec<(Scores, bool)>> = held_out
        .par_iter()
        .map(|rows| fold(features_nd, targets, classes, rows))
        .collect::<Result<_, _>>()?;
    let total = held_out.iter().map(Vec::len).sum::<usize>().max(1) as f64;
    let score = |(index, &c): (usize, &f64)| {
        let mean = |figure: fn(&Scores) -> f64| {
            let of_folds = folds.iter().zip(held_out);
            of_folds.map(|(scores, rows)| figure(&scores[index].0) * rows.len() as f64).sum::<f64>() / total
        };
        let converged = folds.iter().all(|scores| scores[index].1);
        let (log_loss, accuracy) = (mean(|scores| scores.log_loss), mean(|scores| scores.accuracy));
        Score { c, log_loss, accuracy, converged }
    };
    let scores: Vec<Score> = STRENGTHS.iter().enumerate().map(score).collect();
    if scores.iter().any(|score| score.log_loss.is_finite()) { Ok(scores) } else { Err(HeadError::NoLoss) }
}

fn fold(
    features_nd: &Matrix,
    targets: &Targets,
    classes: usize,
    held_out: &[usize],
) -> Result<Vec<(Scores, bool)>, HeadError> {
    let train = others(targets.pictures(), held_out);
    let train_nd = features_nd.select_rows(&train);
    let standardiser = Standardiser::measure(&train_nd);
    let (train_nd, val_nd) =
        (standardiser.apply(&train_nd)?, standardiser.apply(&features_nd.select_rows(held_out))?);
    let (train_n, val_n) = (targets.select(&train), targets.select(held_out));
    let mut head: Option<LinearHead> = None;
    let mut path = Vec::with_capacity(STRENGTHS.len());
    for c in STRENGTHS {
        let fit = train_n.logistic(&train_nd, classes, c, head.as_ref())?;
        path.push((val_n.scores(&val_n.probabilities(fit.head.logits(&val_nd)?)), fit.converged));
        head = Some(fit.head);
    }
    Ok(path)
}

/// The rows of a fold's training side.
pub(crate) fn others(rows: usize, held_out: &[usize]) -> Vec<usize> {
    (0..rows).filter(|row| !held_out.contains(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_asks_for_the_strongest_penalty_and_a_clear_signal_for_a_weak_one() {
        let labels_n: Vec<usize> = (0..40).map(|i| i % 2).collect();
        let held_out: Vec<Vec<usize>> = (0..4).map(|fold| (fold * 10..fold * 10 + 10).collect()).collect();
        let signal = |i: usize| if labels_n[i] == 0 { -1.0 } else { 1.0 };
        let noise = |i: usize| ((i / 2 * 7919) % 13) as f32 - 6.0;
        for (name, values, weakest) in [
            ("signal", (0..40).map(signal).collect::<Vec<f32>>(), true),
            ("noise", (0..40).map(noise).collect(), false),
        ] {
            let targets = Targets::One(labels_n.clone());
            let scores = cross_validate(&Matrix::with_columns(1, values), &targets, 2, &held_out).unwrap();
            let best = Comparison { mode: ResizeMode::Crop, scores }.best().unwrap();
            assert_eq!(best.c == 100.0, weakest, "{name}: {best:?}");
        }
    }

    #[test]
    fn a_loss_that_is_not_a_number_never_wins() {
        let score = |c, log_loss| Score { c, log_loss, accuracy: 0.5, converged: true };
        let best = |scores| Comparison { mode: ResizeMode::Crop, scores }.best();
        let winner = score(1.0, 0.7);
        assert_eq!(best(vec![score(0.1, -f64::NAN), winner, score(10.0, f64::NAN)]), Some(winner));
        assert_eq!(best(vec![score(0.1, -f64::NAN)]), None);
    }
}
