//! One-vs-rest: one binary logistic regression for each class, for pictures with several labels: scikit-learn's
//! `OneVsRestClassifier(LogisticRegression(C = c))`.
//!
//! `targets_nk` is `[samples, classes]`: 1 where a sample has the label, else 0.

use crate::lbfgs::{Minimum, Point, Stop, minimise};
use crate::logistic::{GRADIENT, ITERATIONS, check_finite, finite, penalised};
use crate::sweep::sweep;
use crate::{Fit, HeadError, LinearHead, Matrix};

/// Minimises, for each class by itself, `sum of binary cross-entropies + |weight|^2 / (2 c)`; biases go unpunished.
/// `start` is a head to begin from, one fitted with a neighbouring `c` for example.
///
/// The fit's loss is the mean over the classes, its iterations and gradient are those of the class with the most.
///
/// # Errors
/// [`HeadError::LabelCount`] if there is not one row of targets for each of features, [`HeadError::NotFinite`],
/// [`HeadError::NoMinimum`] if the loss of a class does not stay finite.
pub fn one_vs_rest(
    features_nd: &Matrix,
    targets_nk: &Matrix,
    c: f64,
    start: Option<&LinearHead>,
) -> Result<Fit, HeadError> {
    let (rows, labels, features) = (features_nd.rows(), targets_nk.rows(), features_nd.columns());
    if labels != rows {
        return Err(HeadError::LabelCount { labels, rows });
    }
    check_finite(features_nd)?;
    let classes = targets_nk.columns();
    let head = LinearHead::zeros(classes, features);
    let mut fit = Fit { head, loss: 0.0, iterations: 0, gradient: 0.0, converged: true };
    let mut weights = Vec::with_capacity(classes * features);
    for class in 0..classes {
        let targets_n = targets_nk.iter_rows().map(|row| row[class]).collect();
        let question = BinaryProblem { features_nd, targets_n, penalty: 1.0 / (c * rows.max(1) as f64) };
        let minimum = finite(question.solve(start.map(|head| (head, class))))?;
        let Minimum { at, value, iterations, gradient, converged } = minimum;
        weights.extend(at[..features].iter().map(|&weight| weight as f32));
        fit.head.bias_k[class] = at[features] as f32;
        fit.loss += value / classes as f64;
        fit.iterations = fit.iterations.max(iterations);
        fit.gradient = fit.gradient.max(gradient);
        fit.converged &= converged;
    }
    fit.head.weight_kd = Matrix::with_columns(features, weights);
    Ok(fit)
}

/// Does a sample have the label, or not? Parameters are the weights, then the bias.
struct BinaryProblem<'a> {
    features_nd: &'a Matrix,
    targets_n: Vec<f32>,
    /// L2 penalty per sample, on half the squared weights.
    penalty: f64,
}

impl BinaryProblem<'_> {
    fn solve(&self, start: Option<(&LinearHead, usize)>) -> Minimum {
        let packed = |(head, class): (&LinearHead, usize)| {
            let row = head.weight_kd.row(class).iter().chain(&head.bias_k[class..=class]);
            row.map(|&value| f64::from(value)).collect()
        };
        let start = start.map_or_else(|| vec![0.0; self.features_nd.columns() + 1], packed);
        let stop = Stop { gradient: GRADIENT, iterations: ITERATIONS };
        minimise(start, stop, |parameters| self.evaluate(parameters))
    }

    fn evaluate(&self, parameters: &[f64]) -> Point {
        let (weight, bias) = parameters.split_at(self.features_nd.columns());
        let weight_1d = weight.iter().map(|&value| value as f32).collect();
        let weight_1d = Matrix::with_columns(weight.len(), weight_1d);
        let bias: f64 = bias.iter().sum();
        let share = 1.0 / self.targets_n.len().max(1) as f64;
        let sums = sweep(self.features_nd, &weight_1d, |row, values| {
            let target = f64::from(self.targets_n[row]);
            let logit = f64::from(values[0]) + bias;
            // (probability - target) / samples
            values[0] = ((1.0 / (1.0 + (-logit).exp()) - target) * share) as f32;
            // ln(1 + e^x) - t x, which neither overflows nor loses what is small.
            (positive(logit) - target * logit + (-logit.abs()).exp().ln_1p()) * share
        });
        penalised(sums, weight, self.penalty)
    }
}

/// The number if it is positive, else 0; what is none stays that.
fn positive(number: f64) -> f64 {
    if number < 0.0 { 0.0 } else { number }
}
