//! A running mean that follows what it is given.

/// An exponentially weighted mean whose first values are not drawn towards zero: each value counts `beta` times as much as
/// the one after it, and all weights together are 1. fastai's smoothed loss is this one,
/// <https://github.com/fastai/fastai/blob/2.8.12/fastai/learner.py#L518>.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmoothedMean {
    beta: f64,
    /// What is left of the weight of a mean of zero: beta to the power of the number of values.
    zero: f64,
    sum: f64,
}

impl SmoothedMean {
    /// A mean of nothing yet; `beta` is from 0, which follows at once, to below 1.
    pub fn new(beta: f64) -> Self {
        Self { beta, zero: 1.0, sum: 0.0 }
    }

    /// The mean after one more value.
    pub fn add(&mut self, value: f64) -> f64 {
        self.sum = value + (self.sum - value) * self.beta;
        self.zero *= self.beta;
        self.sum / (1.0 - self.zero)
    }

    /// The smoothed mean; `None` before the first value.
    pub fn mean(&self) -> Option<f64> {
        (self.zero < 1.0).then(|| self.sum / (1.0 - self.zero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_is_the_first_mean_and_later_ones_count_more() {
        let mut smooth = SmoothedMean::new(0.5);
        assert_eq!(smooth.mean(), None);
        // Weights 1/3 and 2/3, then 1/7, 2/7 and 4/7.
        for (value, mean) in [(3.0, 3.0), (6.0, 5.0), (-1.0, 11.0 / 7.0)] {
            assert!((smooth.add(value) - mean).abs() < 1e-12, "{value}");
        }
        assert_eq!(smooth.mean(), Some(smooth.sum / 0.875));
    }
}
