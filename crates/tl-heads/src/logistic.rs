//! Multinomial logistic regression: the default head for small data. It has one minimum, so nothing depends on luck.

use crate::lbfgs::{Point, Stop, minimise};
use crate::linear::softmax;
use crate::sweep::sweep;
use crate::{HeadError, LinearHead, Matrix};

/// Largest entry of the gradient, per sample, that counts as zero; scikit-learn's default `tol`.
pub(crate) const GRADIENT: f64 = 1e-4;
pub(crate) const ITERATIONS: usize = 1000;

/// A fitted head, and how the search ended.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The head.
    pub head: LinearHead,
    /// Mean cross-entropy plus penalty, in nats.
    pub loss: f64,
    /// Steps that were taken.
    pub iterations: usize,
    /// Whether the minimum was reached.
    pub converged: bool,
}

/// Minimises `sum of cross-entropies + |weight|^2 / (2 c)`, scikit-learn's `LogisticRegression(C = c)`; the bias goes
/// unpunished. `start` is a head to begin from, one fitted with a neighbouring `c` for example.
///
/// # Errors
/// If the labels do not fit the features, or a feature is not finite.
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
    let minimum = minimise(start, stop, |parameters| problem.evaluate(parameters));
    Ok(Fit {
        head: unpack(&minimum.at, classes, features),
        loss: minimum.value,
        iterations: minimum.iterations,
        converged: minimum.converged,
    })
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

pub(crate) fn check_finite(features_nd: &Matrix) -> Result<(), HeadError> {
    let bad = features_nd.iter_rows().position(|row| row.iter().any(|value| !value.is_finite()));
    bad.map_or(Ok(()), |row| Err(HeadError::NotFinite { row }))
}

/// Parameters are the weight, row by row, then the bias.
struct Problem<'a> {
    features_nd: &'a Matrix,
    labels_n: &'a [usize],
    classes: usize,
    /// Per sample, on half the squared weight.
    penalty: f64,
}

impl Problem<'_> {
    fn evaluate(&self, parameters: &[f64]) -> Point {
        let head = unpack(parameters, self.classes, self.features_nd.columns());
        let weights = self.classes * self.features_nd.columns();
        let (weight, _) = parameters.split_at(weights);
        let share = 1.0 / self.labels_n.len().max(1) as f64;
        let (mut loss, mut of_bias) = (0.0, vec![0.0; self.classes]);
        let slope_kd = sweep(self.features_nd, &head.weight_kd, |row, values_k| {
            values_k.iter_mut().zip(&head.bias_k).for_each(|(logit, bias)| *logit += bias);
            let label = self.labels_n[row];
            let truth = f64::from(values_k[label]);
            loss += (softmax(values_k) - truth) * share;
            values_k[label] -= 1.0;
            // Each is (probability - truth) / samples.
            for (value, sum) in values_k.iter_mut().zip(&mut of_bias) {
                *value = (f64::from(*value) * share) as f32;
                *sum += f64::from(*value);
            }
        });
        penalised(loss, slope_kd, of_bias, weight, self.penalty)
    }
}

/// A loss and its gradient, weights and then biases, with the penalty on half the squared weights.
pub(crate) fn penalised(
    loss: f64,
    slope: Vec<f64>,
    of_bias: impl IntoIterator<Item = f64>,
    weight: &[f64],
    penalty: f64,
) -> Point {
    let slopes = slope.iter().zip(weight).map(|(slope, w)| slope + penalty * w);
    let gradient = slopes.chain(of_bias).collect();
    Point { value: loss + 0.5 * penalty * weight.iter().map(|w| w * w).sum::<f64>(), gradient }
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
