//! Calibration: whether a model's probabilities mean what they say.

use serde::{Deserialize, Serialize};

/// The answers whose confidence fell between two bounds. Only bins with answers exist.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower bound of the confidence, included.
    pub low: f64,
    /// Upper bound, excluded (included in the last bin).
    pub high: f64,
    /// Answers in this bin.
    pub count: usize,
    /// Number of answers in the bin that were right.
    pub correct: usize,
    /// Mean probability of the answer given.
    pub confidence: f64,
}

impl Bin {
    /// Share of right answers.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.count.max(1) as f64
    }
}

/// Sorts answers, given as (probability of the answer in [0, 1], whether it was right), into `bins` bins of
/// equal width.
pub(crate) fn reliability(answers: &[(f64, bool)], bins: usize) -> Vec<Bin> {
    let bins = bins.max(1);
    let width = 1.0 / bins as f64;
    (0..bins).filter_map(|index| bin(answers, index, bins, width)).collect()
}

fn bin(answers: &[(f64, bool)], index: usize, bins: usize, width: f64) -> Option<Bin> {
    let place = |confidence: f64| ((confidence * bins as f64) as usize).min(bins - 1);
    let inside: Vec<_> = answers.iter().filter(|(confidence, _)| place(*confidence) == index).collect();
    let sum: f64 = inside.iter().map(|(confidence, _)| confidence).sum();
    (!inside.is_empty()).then(|| Bin {
        low: index as f64 * width,
        high: (index + 1) as f64 * width,
        count: inside.len(),
        correct: inside.iter().filter(|(_, right)| *right).count(),
        confidence: sum / inside.len() as f64,
    })
}

/// Expected calibration error: the mean distance between confidence and accuracy over `bins` bins, weighted
/// by their answers. None without answers.
///
/// Guo, Pleiss, Sun and Weinberger 2017, equation 3, <https://arxiv.org/abs/1706.04599>.
pub(crate) fn expected_calibration_error(answers: &[(f64, bool)], bins: usize) -> Option<f64> {
    let distance = |bin: &Bin| bin.count as f64 * (bin.accuracy() - bin.confidence).abs();
    let sum: f64 = reliability(answers, bins).iter().map(distance).sum();
    (!answers.is_empty()).then(|| sum / answers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibration_error_is_the_weighted_distance() {
        // Two bins: {0.6 right, 0.8 wrong}: |1/2 - 0.7| = 0.2, weight 2/3; {0.3 right}: |1 - 0.3| = 0.7,
        // weight 1/3.
        let answers = [(0.6, true), (0.8, false), (0.3, true)];
        let error = expected_calibration_error(&answers, 2).unwrap();
        assert!((error - (0.2 * 2.0 + 0.7) / 3.0).abs() < 1e-12, "{error}");
        assert_eq!(expected_calibration_error(&[], 10), None);
    }

    #[test]
    fn bounds_fall_into_the_upper_bin_and_one_into_the_last() {
        let bins = reliability(&[(0.5, true), (1.0, true), (0.0, false)], 2);
        assert_eq!(bins.len(), 2);
        assert_eq!((bins[0].count, bins[1].count), (1, 2));
        assert_eq!((bins[1].low, bins[1].high), (0.5, 1.0));
    }
}
