//! Multinomial logistic regression: the default head for small data. It has one minimum, so nothing depends on luck.

use rayon::prelude::*;
use tl_kernels::softmax;

use crate::lbfgs::{CHUNK, Minimum, Point, Stop, minimise};
use crate::sweep::{Partial, sweep};
use crate::{HeadError, LinearHead, Matrix};

/// Largest entry of the gradient, per sample, that counts as zero; scikit-learn's default `tol`.
pub(crate) const GRADIENT: f64 = 1e-4;
pub(crate) const ITERATIONS: usize = 1000;

/// A fitted head, and how the search ended.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The fitted head.
    pub head: LinearHead,
    /// Mean cross-entropy plus penalty, in nats.
    pub loss: f64,
    /// Steps that were taken.
    pub iterations: usize,
    /// The largest absolute entry of the gradient where the search ended.
    pub gradient: f64,
    /// Whether the minimum was reached: the gradient is as small as was asked for.
    pub converged: bool,
}

/// Minimises `sum of cross-entropies + |weight|^2 / (2 c)`, scikit-learn's `LogisticRegression(C = c)`; the bias goes
/// unpunished. `start` is a head to begin from, one fitted with a neighbouring `c` for example.
///
/// All threads work on it, and no bit of the head depends on how many there are.
///
/// # Errors
/// If the labels do not fit the features, or a feature is not finite; [`HeadError::NoMinimum`] if the loss does not stay finite.
pub fn logistic_regression(
    features_nd: &Matrix,
    labels_n: &[usize],
    classes: usize,
    c: f64,
    start: Option<&LinearHead>,
) -> Result<Fit, HeadError> {
    check(features_nd, labels_n, classes)?;
    let features = features_nd.columns();
    let problem =
        Problem { features_nd, labels_n, classes, penalty: 1.0 / (c * labels_n.len().max(1) as f64) };
    let start = start.map_or_else(|| vec![0.0; classes * (features + 1)], pack);
    let stop = Stop { gradient: GRADIENT, iterations: ITERATIONS };
    let minimum = finite(minimise(start, stop, |parameters| problem.evaluate(parameters)))?;
    Ok(Fit {
        head: unpack(&minimum.at, classes, features),
        loss: minimum.value,
        iterations: minimum.iterations,
        gradient: minimum.gradient,
        converged: minimum.converged,
    })
}

/// Refuses a search that ended where something is not finite.
pub(crate) fn finite(minimum: Minimum) -> Result<Minimum, HeadError> {
    let single = |value: &f64| (*value as f32).is_finite();
    if minimum.value.is_finite() && minimum.gradient.is_finite() && minimum.at.iter().all(single) {
        Ok(minimum)
    } else {
        Err(HeadError::NoMinimum { iterations: minimum.iterations })
    }
}

pub(crate) fn check(features_nd: &Matrix, labels_n: &[usize], classes: usize) -> Result<(), HeadError> {
    let (labels, rows) = (labels_n.len(), features_nd.rows());
    if labels != rows {
        return Err(HeadError::LabelCount { labels, rows });
    }
    if let Some(&label) = labels_n.iter().find(|&&label| label >= classes) {
        return Err(HeadError::Label { label, classes });
    }
    check_finite(features_nd)
}

/// Refuses features that are not finite, by the first of their rows.
///
/// # Errors
/// [`HeadError::NotFinite`].
pub fn check_finite(features_nd: &Matrix) -> Result<(), HeadError> {
    let bad = features_nd.iter_rows().position(|row| row.iter().any(|value| !value.is_finite()));
    bad.map_or(Ok(()), |row| Err(HeadError::NotFinite { row }))
}

/// Parameters are the weight, row by row, then the bias.
struct Problem<'a> {
    features_nd: &'a Matrix,
    labels_n: &'a [usize],
    classes: usize,
    /// L2 penalty per sample, on half the squared weight.
    penalty: f64,
}

impl Problem<'_> {
    fn evaluate(&self, parameters: &[f64]) -> Point {
        let (classes, features) = (self.classes, self.features_nd.columns());
        let LinearHead { weight_kd, bias_k } = unpack(parameters, classes, features);
        let share = 1.0 / self.labels_n.len().max(1) as f64;
        let sums = sweep(self.features_nd, &weight_kd, |row, values_k| {
            values_k.iter_mut().zip(&bias_k).for_each(|(logit, bias)| *logit += bias);
            // Of no class.
            values_k[classes..].fill(f32::NEG_INFINITY);
            let label = self.labels_n[row];
            let truth = f64::from(values_k[label]);
            let loss = softmax(values_k) - truth;
            values_k[label] -= 1.0;
            // Each is (probability - truth) / samples.
            values_k.iter_mut().for_each(|value| *value *= share as f32);
            loss * share
        });
        penalised(sums, &parameters[..classes * features], self.penalty)
    }
}

/// A loss and its gradient, weights and then biases, with the penalty on half the squared weights.
pub(crate) fn penalised(sums: Partial, weight: &[f64], penalty: f64) -> Point {
    let mut gradient = sums.slope_kd;
    let slopes = gradient.par_chunks_mut(CHUNK).zip(weight.par_chunks(CHUNK));
    let squares: Vec<f64> = slopes
        .map(|(slopes, weights)| {
            slopes.iter_mut().zip(weights).for_each(|(slope, weight)| *slope += penalty * weight);
            weights.iter().map(|weight| weight * weight).sum()
        })
        .collect();
    gradient.extend(sums.bias_k);
    Point { value: sums.loss + 0.5 * penalty * squares.iter().sum::<f64>(), gradient }
}

fn pack(head: &LinearHead) -> Vec<f64> {
    head.weight_kd.values().iter().chain(&head.bias_k).map(|&value| f64::from(value)).collect()
}

fn unpack(parameters: &[f64], classes: usize, features: usize) -> LinearHead {
    let (weight, bias) = parameters.split_at(classes * features);
    let mut head = LinearHead::zeros(classes, features);
    head.weight_kd.values_mut().iter_mut().zip(weight).for_each(|(to, &from)| *to = from as f32);
    head.bias_k.iter_mut().zip(bias).for_each(|(to, &from)| *to = from as f32);
    head
}
