//! The percentile bootstrap: how far a figure would move with other pictures of the same kind.
//!
//! Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.

use serde::{Deserialize, Serialize};

use crate::Interval;
use crate::clusters::Clusters;
use crate::draws::Draws;

/// Enough for the ends of a 95 % interval to be steady (Efron and Tibshirani 1993, section 13.3).
const MOST: usize = 1000;
const LEAST: usize = 200;
/// Steps that all resamples may take together: a second or so.
const WORK: usize = 400_000_000;

/// A figure and where it would lie with other pictures of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimated figure.
    pub value: f64,
    /// 95 % interval, by drawing the pictures again with replacement, or the groups where pictures belong together. Too
    /// narrow for a few dozen pictures; that of an average precision leans upwards, since a picture that is drawn twice
    /// ranks beside itself.
    pub interval: Interval,
}

/// The figures of `measure`, which is told how often each of `pictures` pictures counts, with their intervals; resamples
/// in which a figure does not exist are passed over. `work` is what one measurement takes, in steps. Pictures that
/// belong together are drawn together.
pub(crate) fn bootstrap<const N: usize>(
    pictures: usize,
    work: usize,
    seed: u64,
    clusters: Option<&Clusters>,
    measure: impl Fn(&[usize]) -> [Option<f64>; N],
) -> [Option<Estimate>; N] {
    let values = measure(&vec![1; pictures]);
    let resamples = (WORK / work.max(1)).clamp(LEAST, MOST);
    let mut draws = Draws(seed);
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(resamples));
    for _ in 0..resamples {
        let times = match clusters {
            Some(clusters) => clusters.spread(&draws.times(clusters.count())),
            None => draws.times(pictures),
        };
        measure(&times).into_iter().zip(&mut found).for_each(|(value, found)| found.extend(value));
    }
    let mut index = 0;
    found.map(|found| {
        let value = values.get(index).copied().flatten();
        index += 1;
        let widening = clusters.map_or(1.0, Clusters::widening);
        value.map(|value| Estimate {
            value,
            interval: middle(found).map_or(ANYTHING, |interval| wider(interval, value, widening)),
        })
    })
}

const ANYTHING: Interval = Interval { low: 0.0, high: 1.0 };

/// The interval with its ends so many times as far from the value.
fn wider(Interval { low, high }: Interval, value: f64, times: f64) -> Interval {
    match times {
        1.0 => Interval { low, high },
        times if times.is_finite() => Interval {
            low: (value - (value - low) * times).clamp(0.0, 1.0),
            high: (value + (high - value) * times).clamp(0.0, 1.0),
        },
        _ => ANYTHING,
    }
}

/// The interval that leaves out 2.5 % on each side.
fn middle(mut values: Vec<f64>) -> Option<Interval> {
    values.sort_by(f64::total_cmp);
    let at =
        |share: f64| values.get((share * values.len().saturating_sub(1) as f64).round() as usize).copied();
    Some(Interval { low: at(0.025)?, high: at(0.975)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wilson;

    #[test]
    fn a_share_gets_about_the_interval_that_the_formula_gives() {
        let right: Vec<bool> = (0..400).map(|i| i % 4 != 0).collect();
        let share = |times: &[usize]| {
            let hits: usize = times.iter().zip(&right).filter(|(_, right)| **right).map(|(n, _)| n).sum();
            [Some(hits as f64 / 400.0)]
        };
        let [estimate] = bootstrap(400, 400, 0, None, share);
        let (Estimate { value, interval }, exact) = (estimate.unwrap(), wilson(300, 400));
        assert_eq!(value, 0.75);
        // 0.043 on each side; ends of 1000 resamples scatter by 0.002.
        assert!(
            (interval.low - exact.low).abs() < 0.007 && (interval.high - exact.high).abs() < 0.007,
            "{interval:?} {exact:?}"
        );
        assert_eq!(bootstrap(400, 400, 0, None, share), [estimate], "the same seed");
    }

    #[test]
    fn a_figure_that_does_not_exist_stays_so() {
        assert_eq!(bootstrap(3, 3, 0, None, |_| [None]), [None]);
    }
}
