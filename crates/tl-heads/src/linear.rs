//! The linear head: one linear layer on pooled features.

use crate::{HeadError, Matrix};

/// `logits = features * weight^T + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearHead {
    /// `[classes, features]`.
    pub weight_kd: Matrix,
    /// The bias, `[classes]`.
    pub bias_k: Vec<f32>,
}

impl LinearHead {
    /// A head of zeros: every class equally probable.
    pub fn zeros(classes: usize, features: usize) -> Self {
        Self { weight_kd: Matrix::zeros(classes, features), bias_k: vec![0.0; classes] }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.bias_k.len()
    }

    /// The logits of some features: `features_nd` to `logits_nk`.
    ///
    /// # Errors
    /// [`HeadError::Width`] if there are more or fewer features than the head takes.
    pub fn logits(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        let (expected, actual) = (self.weight_kd.columns(), features_nd.columns());
        if expected != actual {
            return Err(HeadError::Width { expected, actual });
        }
        let mut logits_nk = features_nd.times_transposed(&self.weight_kd);
        for row in logits_nk.values_mut().chunks_exact_mut(self.bias_k.len().max(1)) {
            row.iter_mut().zip(&self.bias_k).for_each(|(logit, bias)| *logit += bias);
        }
        Ok(logits_nk)
    }

    /// `features_nd` to class probabilities, `[samples, classes]`.
    ///
    /// # Errors
    /// [`HeadError::Width`] if there are more or fewer features than the head takes.
    pub fn probabilities(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        Ok(softmax_rows(self.logits(features_nd)?))
    }
}

/// `logits_nk` to class probabilities, row by row.
pub fn softmax_rows(mut logits_nk: Matrix) -> Matrix {
    let classes = logits_nk.columns().max(1);
    logits_nk.values_mut().chunks_exact_mut(classes).for_each(|row| {
        softmax(row);
    });
    logits_nk
}

/// Turns logits into probabilities: that add up to 1, or of each label by itself.
pub fn probabilities(multi_label: bool, logits_nk: Matrix) -> Matrix {
    if multi_label { sigmoids(logits_nk) } else { softmax_rows(logits_nk) }
}

/// `logits_nk` to the probability of each label by itself.
pub fn sigmoids(mut logits_nk: Matrix) -> Matrix {
    let sigmoid = |logit: f32| (1.0 / (1.0 + (-f64::from(logit)).exp())) as f32;
    logits_nk.values_mut().iter_mut().for_each(|value| *value = sigmoid(*value));
    logits_nk
}

/// Turns logits into probabilities in place, and returns the logarithm of the sum of exponentials.
pub(crate) fn softmax(logits_k: &mut [f32]) -> f64 {
    let largest = logits_k.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits_k.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
    for logit in logits_k {
        *logit = (f64::from(*logit - largest).exp() / sum) as f32;
    }
    f64::from(largest) + sum.ln()
}
