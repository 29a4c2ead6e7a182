//! Features scaled to mean 0 and standard deviation 1, as scikit-learn's `StandardScaler` does.

use rayon::prelude::*;

use crate::folding::Scaling;
use crate::logistic::check_finite;
use crate::{FittedHead, HeadError, LinearHead, Matrix};

/// Columns that one thread measures: what is added to what does not depend on the number of threads.
const COLUMNS: usize = 256;
/// Share of the mean below which a deviation is noise: eight steps of `f32`, in which features live. A network's sums in `f32`
/// repeat no better from one kernel, batch or device to the next, and standardising would make such noise a feature like any other.
const NOISE: f64 = 8.0 * f32::EPSILON as f64;
/// Deviation below which values are too few steps of `f32` apart, and the weight for raw features would be infinite.
const LEAST: f64 = f32::MIN_POSITIVE as f64 / f32::EPSILON as f64;

/// Mean and standard deviation of each feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f64>,
    /// 0 of a constant feature.
    deviation: Vec<f64>,
}

impl Standardiser {
    /// Measures every column (population standard deviation).
    ///
    /// A column is constant where its variance is within the error of measuring it, by scikit-learn's bound, or where its
    /// deviation is noise of single precision beside its mean.
    pub fn measure(features_nd: &Matrix) -> Self {
        let mut moments = vec![(0.0, 0.0); features_nd.columns()];
        moments.par_chunks_mut(COLUMNS).enumerate().for_each(|(part, moments)| {
            measure_columns(features_nd, part * COLUMNS, moments);
        });
        let rows = features_nd.rows();
        let deviation = |&(mean, variance): &(f64, f64)| {
            if is_constant(mean, variance, rows) { 0.0 } else { variance.sqrt() }
        };
        let deviation = moments.iter().map(deviation).collect();
        Self { mean: moments.into_iter().map(|(mean, _)| mean).collect(), deviation }
    }

    /// Standardises features; constant ones are 0 everywhere.
    ///
    /// # Errors
    /// [`HeadError::Width`] if there are more or fewer features than were measured, [`HeadError::NotFinite`].
    pub fn apply(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        let expected = self.mean.len();
        if features_nd.columns() != expected {
            return Err(HeadError::Width { expected, actual: features_nd.columns() });
        }
        check_finite(features_nd)?;
        let mut scaled = features_nd.clone();
        scaled.values_mut().par_chunks_exact_mut(expected.max(1)).for_each(|row| {
            for ((value, mean), &deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                let distance = f64::from(*value) - mean;
                *value = if deviation > 0.0 { (distance / deviation) as f32 } else { 0.0 };
            }
        });
        Ok(scaled)
    }

    /// The number of features that are constant.
    pub fn constants(&self) -> usize {
        self.deviation.iter().filter(|&&deviation| deviation == 0.0).count()
    }

    /// Is each feature constant, at another value than 0?
    pub(crate) fn offsets(&self) -> impl Iterator<Item = bool> {
        self.mean.iter().zip(&self.deviation).map(|(&mean, &deviation)| deviation == 0.0 && mean != 0.0)
    }

    /// The mean of each feature.
    pub(crate) fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|&mean| mean as f32).collect()
    }

    /// The variance of each feature; 1 for one that is constant.
    pub(crate) fn variance(&self) -> Vec<f32> {
        let variance = |&deviation: &f64| if deviation > 0.0 { (deviation * deviation) as f32 } else { 1.0 };
        self.deviation.iter().map(variance).collect()
    }

    /// The head for raw features that gives what `head` gives for standardised ones. Constant features get a weight of 0.
    pub fn fold_into(&self, head: &LinearHead) -> LinearHead {
        self.scaling().fold(head)
    }

    /// What is delivered for `head`, which is for standardised features: one layer for raw features, checked on
    /// `features_nd`, where it must give the logits that `head` gives for `scaled_nd`, the same features standardised. Where
    /// a single layer cannot, because means are large beside deviations, the means are taken off by a layer before it.
    ///
    /// # Errors
    /// [`HeadError::Folding`] if no such head gives the same logits, and [`HeadError::Width`].
    pub fn deliver(
        &self,
        head: &LinearHead,
        features_nd: &Matrix,
        scaled_nd: &Matrix,
    ) -> Result<FittedHead, HeadError> {
        self.scaling().checked(head, features_nd, &|rows| head.logits(&scaled_nd.rows_of(rows)))
    }

    fn scaling(&self) -> Scaling {
        let factor = |&deviation: &f64| if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
        Scaling { mean: self.mean.clone(), factor: self.deviation.iter().map(factor).collect() }
    }

    /// The head for standardised features that gives what `head` gives for raw ones: the reverse of
    /// [`fold_into`](Self::fold_into). What `head` makes of a constant feature goes into the bias.
    ///
    /// # Errors
    /// [`HeadError::Width`] if the head takes more or fewer features than were measured.
    pub fn unfold(&self, head: &LinearHead) -> Result<LinearHead, HeadError> {
        let (expected, actual) = (head.weight_kd.columns(), self.mean.len());
        if expected != actual {
            return Err(HeadError::Width { expected, actual });
        }
        let mut unfolded = head.clone();
        let rows = unfolded.weight_kd.values_mut().chunks_exact_mut(actual.max(1));
        for (row, bias) in rows.zip(&mut unfolded.bias_k) {
            let mut shift = 0.0;
            for ((weight, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                shift += f64::from(*weight) * mean;
                *weight = (f64::from(*weight) * deviation) as f32;
            }
            *bias = (f64::from(*bias) + shift) as f32;
        }
        Ok(unfolded)
    }
}

/// Mean and variance of some columns, from `first` on, in two passes; what the mean is off by is taken out again: Chan, Golub
/// and LeVeque 1983, equation 1.7, <https://doi.org/10.1080/00031305.1983.10483115>.
fn measure_columns(features_nd: &Matrix, first: usize, moments: &mut [(f64, f64)]) {
    let (n, width) = (features_nd.rows().max(1) as f64, moments.len());
    for row in features_nd.iter_rows() {
        for ((sum, _), &value) in moments.iter_mut().zip(&row[first..]) {
            *sum += f64::from(value);
        }
    }
    moments.iter_mut().for_each(|(sum, _)| *sum /= n);
    let mut off = vec![0.0; width];
    for row in features_nd.iter_rows() {
        for (((mean, squares), off), &value) in moments.iter_mut().zip(&mut off).zip(&row[first..]) {
            let distance = f64::from(value) - *mean;
            *squares += distance * distance;
            *off += distance;
        }
    }
    for ((_, squares), off) in moments.iter_mut().zip(off) {
        *squares = ((*squares - off * off / n) / n).max(0.0);
    }
}

/// scikit-learn's bound, with the accuracy of the `f64` that sums are kept in, as there:
/// <https://github.com/scikit-learn/scikit-learn/blob/1.7.2/sklearn/preprocessing/_data.py#L88>. What it lets through must then
/// vary in the `f32` that features are kept in.
fn is_constant(mean: f64, variance: f64, rows: usize) -> bool {
    let error = rows as f64 * f64::EPSILON;
    let deviation = variance.sqrt();
    variance <= error * variance + (error * mean).powi(2)
        || deviation <= NOISE * mean.abs()
        || deviation < LEAST
}

#[cfg(test)]
mod tests;
