//! Weights of classes in the loss, against unequal sizes.

use serde::{Deserialize, Serialize};

/// How the weight of a class follows from its number of samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Weights of 1 / n: every class counts the same.
    /// <https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html>
    Balanced,
    /// 1 / sqrt(n).
    Sqrt,
    /// (1 - beta) / (1 - beta^n), the effective number of samples: Cui et al., "Class-Balanced Loss", CVPR 2019,
    /// <https://arxiv.org/abs/1901.05555>, which has beta from 0.9 to 0.9999.
    Effective {
        /// Strength of the weights, from 0 (all the same) to just below 1 (like [`Balanced`](Self::Balanced)).
        beta: f64,
    },
}

impl ClassWeights {
    /// The weight of each class, scaled so that the mean over all samples is 1. A class without samples gets 0.
    pub fn of(self, counts: &[usize]) -> Vec<f32> {
        let raw: Vec<f64> = counts.iter().map(|&count| self.raw(count)).collect();
        let samples: f64 = counts.iter().map(|&count| count as f64).sum();
        let sum: f64 = raw.iter().zip(counts).map(|(weight, &count)| weight * count as f64).sum();
        raw.iter().map(|weight| if sum > 0.0 { (weight * samples / sum) as f32 } else { 0.0 }).collect()
    }

    fn raw(self, count: usize) -> f64 {
        let n = count as f64;
        match self {
            _ if count == 0 => 0.0,
            ClassWeights::Balanced => 1.0 / n,
            ClassWeights::Sqrt => 1.0 / n.sqrt(),
            ClassWeights::Effective { beta } => {
                let beta = beta.clamp(0.0, 1.0 - 1e-9);
                (1.0 - beta) / (1.0 - beta.powf(n))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_their_formulas() {
        let counts = [1, 0, 4, 15];
        for (how, expected) in [
            // scikit-learn: n / (classes * count), of the three classes that have samples.
            (ClassWeights::Balanced, [20.0 / 3.0, 0.0, 5.0 / 3.0, 4.0 / 9.0]),
            (ClassWeights::Effective { beta: 0.0 }, [1.0, 0.0, 1.0, 1.0]),
        ] {
            for (got, expected) in how.of(&counts).into_iter().zip(expected) {
                assert!((got - expected).abs() <= f32::EPSILON * 8.0, "{how:?}: {got}, {expected}");
            }
        }
        let sqrt = ClassWeights::Sqrt.of(&[1, 0, 4, 16]);
        assert_eq!([sqrt[0] / sqrt[2], sqrt[2] / sqrt[3], sqrt[1]], [2.0, 2.0, 0.0]);
    }

    #[test]
    fn the_mean_over_samples_is_one() {
        let counts = [3, 500, 0, 41];
        for how in [ClassWeights::Balanced, ClassWeights::Sqrt, ClassWeights::Effective { beta: 0.999 }] {
            let sum: f32 =
                how.of(&counts).iter().zip(counts).map(|(weight, count)| weight * count as f32).sum();
            assert!((sum / 544.0 - 1.0).abs() < 1e-6, "{how:?}: {sum}");
        }
        assert_eq!(ClassWeights::Balanced.of(&[0, 0]), [0.0, 0.0]);
    }
}
