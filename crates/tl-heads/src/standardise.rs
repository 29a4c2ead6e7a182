//! Features scaled to mean 0 and standard deviation 1, as scikit-learn's `StandardScaler` does.

use crate::{HeadError, LinearHead, Matrix};

/// Mean and standard deviation of each feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardiser {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standardiser {
    /// Measures every column (population standard deviation). A constant feature is only centred.
    pub fn measure(features_nd: &Matrix) -> Self {
        let n = features_nd.rows().max(1) as f64;
        let mut mean = vec![0.0; features_nd.columns()];
        for row in features_nd.iter_rows() {
            mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value) / n);
        }
        let mut variance = vec![0.0; features_nd.columns()];
        for row in features_nd.iter_rows() {
            let deviations = row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean);
            variance
                .iter_mut()
                .zip(deviations)
                .for_each(|(sum, deviation)| *sum += deviation * deviation / n);
        }
        let deviation = variance.into_iter().map(|v| if v > 0.0 { v.sqrt() } else { 1.0 }).collect();
        Self { mean, deviation }
    }

    /// The features, standardised.
    ///
    /// # Errors
    /// [`HeadError::Width`] if there are more or fewer features than were measured.
    pub fn apply(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        let expected = self.mean.len();
        if features_nd.columns() != expected {
            return Err(HeadError::Width { expected, actual: features_nd.columns() });
        }
        let mut scaled = features_nd.clone();
        for row in scaled.values_mut().chunks_exact_mut(expected.max(1)) {
            for ((value, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *value = ((f64::from(*value) - mean) / deviation) as f32;
            }
        }
        Ok(scaled)
    }

    /// Of each feature.
    pub(crate) fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|&mean| mean as f32).collect()
    }

    /// Of each feature; 1 for one that is constant.
    pub(crate) fn variance(&self) -> Vec<f32> {
        self.deviation.iter().map(|&deviation| (deviation * deviation) as f32).collect()
    }

    /// The head for raw features that gives what `head` gives for standardised ones.
    pub fn fold_into(&self, head: &LinearHead) -> LinearHead {
        let mut folded = head.clone();
        let rows = folded.weight_kd.values_mut().chunks_exact_mut(self.mean.len().max(1));
        for (row, bias) in rows.zip(&mut folded.bias_k) {
            let mut shift = 0.0;
            for ((weight, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                let scaled = f64::from(*weight) / deviation;
                shift += scaled * mean;
                *weight = scaled as f32;
            }
            *bias = (f64::from(*bias) - shift) as f32;
        }
        folded
    }

    /// The head for standardised features that gives what `head` gives for raw ones: the reverse of
    /// [`fold_into`](Self::fold_into).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardised_features_have_mean_zero_and_deviation_one_and_constants_stay_finite() {
        let features_nd = Matrix::new(3, 2, vec![1.0, 5.0, 2.0, 5.0, 3.0, 5.0]).unwrap();
        let scaled = Standardiser::measure(&features_nd).apply(&features_nd).unwrap();
        let expected = 1.5f32.sqrt();
        assert_eq!(scaled.values(), [-expected, 0.0, 0.0, 0.0, expected, 0.0]);
    }

    #[test]
    fn a_folded_head_answers_raw_features_as_the_head_answers_standardised_ones() {
        let features_nd = Matrix::new(3, 2, vec![1.0, -4.0, 2.5, 9.0, 3.0, 5.0]).unwrap();
        let standardiser = Standardiser::measure(&features_nd);
        let weight_kd = Matrix::new(2, 2, vec![0.3, -0.7, 1.1, 0.2]).unwrap();
        let head = LinearHead { weight_kd, bias_k: vec![0.5, -0.25] };
        let on_scaled = head.logits(&standardiser.apply(&features_nd).unwrap()).unwrap();
        let on_raw = standardiser.fold_into(&head).logits(&features_nd).unwrap();
        for (a, b) in on_scaled.values().iter().zip(on_raw.values()) {
            // Two roundings to f32 of values near 1.
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        let back = standardiser.unfold(&standardiser.fold_into(&head)).unwrap();
        for (a, b) in head
            .weight_kd
            .values()
            .iter()
            .chain(&head.bias_k)
            .zip(back.weight_kd.values().iter().chain(&back.bias_k))
        {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}
