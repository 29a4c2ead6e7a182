//! A scaling of features folded into the linear layer behind it, and the check that both give the same.

use rayon::prelude::*;
use std::ops::Range;

use crate::{FittedHead, FittedLayer, HeadError, LinearHead, Matrix};

/// Largest difference of logits that counts as none, as a share of the largest logit, or of 1 if that is larger: logits
/// that are 1e-4 apart give probabilities that differ by 1e-4 of their value.
pub(crate) const TOLERANCE: f32 = 1e-4;
/// Rows that are compared together.
const ROWS: usize = 256;

/// `(x - mean) * factor` of each feature, before a linear layer.
pub(crate) struct Scaling {
    pub(crate) mean: Vec<f64>,
    /// The factor of each feature; with 0 it counts for nothing.
    pub(crate) factor: Vec<f64>,
}

impl Scaling {
    /// A linear layer that does what scaling and head do one after the other.
    pub(crate) fn fold(&self, head: &LinearHead) -> LinearHead {
        self.fold_from(head, &vec![0.0; self.mean.len()])
    }

    /// The means are taken off by a layer of its own, without a rounding error where a feature is within a factor of two of its
    /// mean (Sterbenz's lemma), so that nothing large cancels in the sums of the layer behind it.
    pub(crate) fn centred(&self, head: &LinearHead) -> FittedHead {
        let kept = |(&mean, &factor): (&f64, &f64)| if factor == 0.0 { 0.0 } else { mean as f32 };
        let means: Vec<f32> = self.mean.iter().zip(&self.factor).map(kept).collect();
        let linear = self.fold_from(head, &means);
        let scale_d = self.factor.iter().map(|&factor| if factor == 0.0 { 0.0 } else { 1.0 }).collect();
        let shift_d = means.iter().map(|mean| -mean).collect();
        FittedHead { layers: vec![FittedLayer::Affine { scale_d, shift_d }, FittedLayer::Linear(linear)] }
    }

    /// The layer for features of which `taken` is taken off already. The bias makes up for what weights are rounded by.
    fn fold_from(&self, head: &LinearHead, taken_d: &[f32]) -> LinearHead {
        let mut folded = head.clone();
        let rows = folded.weight_kd.values_mut().chunks_exact_mut(self.mean.len().max(1));
        for (row, bias) in rows.zip(&mut folded.bias_k) {
            let mut shift = 0.0;
            for (((weight, mean), &factor), &taken) in
                row.iter_mut().zip(&self.mean).zip(&self.factor).zip(taken_d)
            {
                *weight = if factor == 0.0 { 0.0 } else { (f64::from(*weight) * factor) as f32 };
                shift += if factor == 0.0 { 0.0 } else { f64::from(*weight) * (mean - f64::from(taken)) };
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
        folded
    }

    /// The features, scaled.
    pub(crate) fn apply(&self, features_nd: &Matrix) -> Matrix {
        let mut scaled_nd = features_nd.clone();
        for row in scaled_nd.values_mut().chunks_exact_mut(self.mean.len().max(1)) {
            for ((value, mean), factor) in row.iter_mut().zip(&self.mean).zip(&self.factor) {
                *value = ((f64::from(*value) - mean) * factor) as f32;
            }
        }
        scaled_nd
    }

    /// One layer if that gives `expected` for `features_nd`, else the means are taken off by a layer of their own.
    ///
    /// # Errors
    /// [`HeadError::Folding`] if neither does.
    pub(crate) fn checked(
        &self,
        head: &LinearHead,
        features_nd: &Matrix,
        expected: &Expected<'_>,
    ) -> Result<FittedHead, HeadError> {
        let folded = FittedHead::from(self.fold(head));
        let apart = difference(&folded, features_nd, expected)?;
        if apart <= TOLERANCE {
            return Ok(folded);
        }
        let centred = self.centred(head);
        let apart = difference(&centred, features_nd, expected)?;
        if apart <= TOLERANCE { Ok(centred) } else { Err(HeadError::Folding { apart }) }
    }
}

/// The logits of some rows.
pub(crate) type Expected<'a> = dyn Fn(Range<usize>) -> Result<Matrix, HeadError> + Sync + 'a;

/// The largest difference between logits of a head and those that are expected, as [`TOLERANCE`] counts it; not a number where a
/// logit is none.
fn difference(head: &FittedHead, features_nd: &Matrix, expected: &Expected<'_>) -> Result<f32, HeadError> {
    let blocks = (0..features_nd.rows()).into_par_iter().step_by(ROWS);
    let compared = blocks.map(|first| {
        let rows = first..features_nd.rows().min(first + ROWS);
        let (found_nk, expected_nk) = (head.logits(&features_nd.rows_of(rows.clone()))?, expected(rows)?);
        let pairs = || found_nk.values().iter().zip(expected_nk.values());
        let apart = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, larger);
        Ok((apart, expected_nk.values().iter().map(|value| value.abs()).fold(1.0, larger)))
    });
    let compared: Vec<(f32, f32)> = compared.collect::<Result<_, HeadError>>()?;
    let largest = |values: fn(&(f32, f32)) -> f32| compared.iter().map(values).fold(0.0, larger);
    Ok(largest(|(apart, _)| *apart) / largest(|(_, size)| *size).max(1.0))
}

/// The larger one; not a number if one is none.
fn larger(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}
