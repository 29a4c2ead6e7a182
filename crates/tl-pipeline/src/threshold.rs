//! Decision thresholds: from which probability on a label is given.
//!
//! One threshold for each class, the one with the highest F1 on pictures that neither trained the probabilities nor
//! judge the model. What maximises F1 depends on the class's share and is rarely one half: Lipton, Elkan and Naryanaswamy
//! 2014, <https://arxiv.org/abs/1402.1892>.

use tl_data::SampleId;
use tl_heads::Matrix;
use tl_report::Choice;
use tl_train::Targets;

use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::fit::{Method, fit};
use crate::inference::predict;
use crate::model::Model;
use crate::setup::Setup;
use crate::strength::{others, validation_folds};

/// Where a class has fewer pictures with or without the label, a threshold would follow them by heart.
const LEAST: usize = 5;
const HALF: f64 = 0.5;

/// Thresholds of a model, from the pictures `judges` that judged its epochs; without any, from cross-validation of its
/// head on `train`, if that was made by a `method`.
pub(crate) fn choose_thresholds(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    model: &Model,
    method: Option<Method>,
    train: &[SampleId],
    judges: &[SampleId],
) -> Result<(Vec<f64>, Choice), PipelineError> {
    let data = features.data();
    let (found, from) = if judges.is_empty() {
        let held_out = method.map(|method| held_out(setup, features, train, method)).transpose()?;
        (held_out.flatten(), "cross-validation on the training pictures".to_owned())
    } else {
        let p_nk = predict(setup, features, model, judges)?;
        (Some((p_nk, Targets::of(data, judges))), format!("{} pictures that did not train it", judges.len()))
    };
    let usual = "a class has too few training pictures for cross-validation: one half".to_owned();
    let choice = |thresholds: &[f64], why| Choice::new("labels", given_from(thresholds), why);
    let Some((p_nk, Targets::Several(targets_nk))) = found else {
        let halves = vec![HALF; data.classes.len()];
        let choice = choice(&halves, usual);
        return Ok((halves, choice));
    };
    let found = thresholds(&p_nk, &targets_nk);
    let why = format!(
        "each class's own threshold, the one of highest F1 in {from}; one half where fewer than {LEAST} pictures \
         have the label, or have it not"
    );
    let choice = choice(&found, why);
    Ok((found, choice))
}

/// Probabilities and truth of pictures that the head has not been trained on, fold by fold; none if a class is too
/// small to be divided.
fn held_out(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    train: &[SampleId],
    method: Method,
) -> Result<Option<(Matrix, Targets)>, PipelineError> {
    let data = features.data();
    let folds = validation_folds(data, train, setup.config.seed);
    let (features_nd, targets) = (features.matrix(train), Targets::of(data, train));
    let classes = data.classes.len();
    let mut values = Vec::with_capacity(train.len() * classes);
    for held_out in &folds {
        let rows = others(train.len(), held_out);
        let (known_nd, known) = (features_nd.select_rows(&rows), targets.select(&rows));
        let fitted = fit(method, &known_nd, &known, classes, setup.device(), None, &|_| {})?;
        let logits_nk = fitted.head.logits(&features_nd.select_rows(held_out))?;
        values.extend_from_slice(targets.probabilities(logits_nk).values());
    }
    let judged = targets.select(&folds.concat());
    Ok((!folds.is_empty()).then(|| (Matrix::with_columns(classes, values), judged)))
}

fn given_from(thresholds: &[f64]) -> String {
    let least = thresholds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = thresholds.iter().copied().fold(0.0, f64::max);
    if least == most {
        return format!("given from a probability of {least:.2} on");
    }
    format!("given from probabilities of {least:.2} to {most:.2} on")
}

/// The threshold of each class, from probabilities and targets of the same pictures.
fn thresholds(probabilities_nk: &Matrix, targets_nk: &Matrix) -> Vec<f64> {
    let of_class = |class: usize| {
        let rows = probabilities_nk.iter_rows().zip(targets_nk.iter_rows());
        threshold(rows.map(|(p, target)| (f64::from(p[class]), target[class] > 0.5)).collect())
    };
    (0..targets_nk.columns()).map(of_class).collect()
}

/// The decision threshold with the highest F1, of one half and the middles between neighbouring probabilities; of equals,
/// the one nearest to one half.
fn threshold(mut answers: Vec<(f64, bool)>) -> f64 {
    let support = answers.iter().filter(|(_, has_label)| *has_label).count();
    if support < LEAST || answers.len() - support < LEAST {
        return HALF;
    }
    answers.sort_by(|a, b| b.0.total_cmp(&a.0));
    let at_half = answers.iter().take_while(|(p, _)| *p >= HALF);
    let (given, hits) = at_half.fold((0, 0), |(given, hits), (_, has)| (given + 1, hits + usize::from(*has)));
    let (mut best, mut best_f1, mut hits) = (HALF, f1(hits, given, support), 0);
    for (at, pair) in answers.windows(2).enumerate() {
        hits += usize::from(pair[0].1);
        let middle = f64::midpoint(pair[0].0, pair[1].0);
        let f1 = f1(hits, at + 1, support);
        let nearer = (middle - HALF).abs() < (best - HALF).abs();
        if pair[0].0 > pair[1].0 && (f1 > best_f1 || f1 == best_f1 && nearer) {
            (best, best_f1) = (middle, f1);
        }
    }
    best
}

fn f1(hits: usize, given: usize, support: usize) -> f64 {
    2.0 * hits as f64 / (given + support) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(with: &[f64], without: &[f64]) -> f64 {
        let answers = |values: &[f64], has| values.iter().map(|&p| (p, has)).collect::<Vec<_>>();
        threshold([answers(without, false), answers(with, true)].concat())
    }

    #[test]
    fn thresholds_have_the_highest_f1() {
        for (name, with, without, expected) in [
            ("apart, below one half", [0.3, 0.32, 0.35, 0.4, 0.45], [0.01, 0.05, 0.1, 0.15, 0.2], 0.25),
            ("apart around one half", [0.7, 0.75, 0.8, 0.85, 0.9], [0.1, 0.1, 0.1, 0.1, 0.2], 0.5),
            // 0.5: 3 of 5, none wrong: F1 0.75. 0.25: 5 of 5, 1 wrong: 0.91.
            ("mixed", [0.3, 0.3, 0.6, 0.7, 0.8], [0.1, 0.1, 0.1, 0.2, 0.4], 0.25),
        ] {
            assert!((of(&with, &without) - expected).abs() < 1e-12, "{name}: {}", of(&with, &without));
        }
    }

    #[test]
    fn few_pictures_choose_nothing() {
        assert_eq!(of(&[0.2, 0.2, 0.2, 0.2], &[0.1; 50]), 0.5);
        assert_eq!(of(&[0.2; 50], &[0.1, 0.1, 0.1, 0.1]), 0.5);
    }
}
