//! Confidence intervals, how sure a share of right answers is, and the spread over folds.

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the normal distribution: 95 % of its mass lies within ± this.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// A confidence interval for a share, both ends in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// 95 % score interval for `correct` right answers out of `total`; [0, 1] when `total` is zero.
///
/// Wilson 1927, doi:10.1080/01621459.1927.10502953. Unlike the textbook ± 1.96 standard errors it stays
/// inside [0, 1] and is honest for a few dozen pictures (Brown, Cai and DasGupta 2001,
/// doi:10.1214/ss/1009213286).
pub fn wilson(correct: usize, total: usize) -> Interval {
    if total == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    score_interval(correct.min(total) as f64 / total as f64, total as f64)
}

/// Wilson's score interval for a share of so many independent pictures, which need not be a whole number.
pub(crate) fn score_interval(share: f64, n: f64) -> Interval {
    let z2 = Z * Z;
    let centre = share + z2 / (2.0 * n);
    let margin = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // The ends are exactly 0 and 1 in these two cases; rounding must not leave 0.9999999999999999.
    Interval {
        low: if share == 0.0 { 0.0 } else { (centre - margin) / scale },
        high: if share == 1.0 { 1.0 } else { (centre + margin) / scale },
    }
}

/// Mean and spread of a few measurements, such as the accuracies of k folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanSpread {
    /// The arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (divisor `n - 1`); none for a single value.
    pub sd: Option<f64>,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// Number of values.
    pub n: usize,
}

impl MeanSpread {
    /// The spread of `values`; none when there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            mean,
            sd: (n > 1).then(|| (squares / (n as f64 - 1.0)).sqrt()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            n,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wilson_matches_published_values() {
        // (correct, total, low, high). 81/263 and 15/148 are examples of Newcombe 1998, table I, method 3
        // (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E), as are 0/20 and 1/29, to
        // four decimals.
        let cases = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            // Worked by hand: z² / (n + z²) with n = 10, and its mirror image.
            (0, 10, 0.0, 0.2775),
            (10, 10, 0.7225, 1.0),
            (35, 38, 0.7920, 0.9728),
        ];
        for (correct, total, low, high) in cases {
            let interval = wilson(correct, total);
            assert!((interval.low - low).abs() < 5.1e-5, "{correct}/{total}: {interval:?}");
            assert!((interval.high - high).abs() < 5.1e-5, "{correct}/{total}: {interval:?}");
        }
    }

    #[test]
    fn nothing_is_known_without_pictures() {
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn spread_uses_the_sample_deviation() {
        // Deviations of 2, 4, 4, 4, 5, 5, 7, 9 from 5 square to 32 in sum: 32 / 7.
        let spread = MeanSpread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!((spread.mean, spread.min, spread.max, spread.n), (5.0, 2.0, 9.0, 8));
        assert!((spread.sd.unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(MeanSpread::of(&[0.5]).unwrap().sd, None);
        assert_eq!(MeanSpread::of(&[]), None);
    }

    proptest! {
        #[test]
        fn wilson_contains_the_estimate(total in 1_usize..1_000_000, part in 0.0..=1.0_f64) {
            let correct = ((total as f64 * part) as usize).min(total);
            let share = correct as f64 / total as f64;
            let Interval { low, high } = wilson(correct, total);
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{low} {share} {high}");
        }
    }
}
