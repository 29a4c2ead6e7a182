//! The learning rate range test: which rates it tries, and what its losses suggest.

use serde::{Deserialize, Serialize};
use tl_report::{RatePoint, RateSuggestion};

use crate::error::TrainError;

/// A search for a learning rate: steps at rates that rise exponentially, as Smith 2015 has it,
/// <https://arxiv.org/abs/1506.01186>, with fastai's defaults and rules,
/// <https://github.com/fastai/fastai/blob/2.8.12/fastai/callback/schedule.py#L175>.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateSearch {
    /// Learning rate of the first step, above 0.
    pub start: f64,
    /// Where the rates lead, above `start`; the last step is one short of it.
    pub end: f64,
    /// Steps, at least 20.
    pub steps: usize,
}

/// Weight of a loss in the running mean against the next one's.
pub(crate) const BETA: f64 = 0.98;
/// A running mean so many times the lowest one ends the search.
pub(crate) const DIVERGED: f64 = 4.0;
/// The share of steps dropped at the beginning and at the end before a rate is suggested: one in so many.
const DROPPED: usize = 10;
const DROPPED_LAST: usize = 5;
/// A running mean that falls by less than this share has found nothing to learn, as far as a few steps can tell.
const FLAT: f64 = 0.25;

impl Default for RateSearch {
    fn default() -> Self {
        Self { start: 1e-7, end: 10.0, steps: 100 }
    }
}

impl RateSearch {
    /// Fewer steps leave nothing to look at.
    pub(crate) const FEWEST: usize = 20;

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`TrainError::Setting`], naming the setting.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |what: &str, value: String, rule: String| {
            Err(TrainError::Setting { what: what.to_owned(), value, rule })
        };
        match self {
            _ if !(self.start > 0.0 && self.start.is_finite()) => {
                refuse("start", self.start.to_string(), "above 0".to_owned())
            }
            _ if !(self.end > self.start && self.end.is_finite()) => {
                refuse("end", self.end.to_string(), format!("above the start, {}", self.start))
            }
            _ if self.steps < Self::FEWEST => {
                refuse("steps", self.steps.to_string(), format!("at least {}", Self::FEWEST))
            }
            _ => Ok(()),
        }
    }

    /// The learning rate of a step, from 0.
    pub fn rate(&self, step: usize) -> f64 {
        self.start * (self.end / self.start).powf(step as f64 / self.steps as f64)
    }

    /// What keeps the suggestions from meaning much, if something does.
    pub(crate) fn caution(&self, points: &[RatePoint]) -> Option<String> {
        let flat = largest_fall(self.kept(points)?) < FLAT;
        flat.then(|| {
            "the loss hardly fell at any rate, so no rate is clearly best: stay well below where it rises"
                .to_owned()
        })
    }

    /// The points that rates are suggested from.
    fn kept<'a>(&self, points: &'a [RatePoint]) -> Option<&'a [RatePoint]> {
        let kept = points.get(self.steps / DROPPED..points.len().saturating_sub(DROPPED_LAST));
        kept.filter(|kept| kept.len() > 1)
    }

    /// The rates that a search's points suggest, the one to take first; none if there are too few points.
    pub(crate) fn suggest(&self, points: &[RatePoint]) -> Vec<RateSuggestion> {
        let Some(kept) = self.kept(points) else { return Vec::new() };
        let found = [
            (valley(kept), "valley", "half-way down the longest fall of the running mean"),
            (steep(kept), "steep", "where the running mean falls fastest"),
            (minimum(kept), "minimum/10", "a tenth of the rate at which the running mean is lowest"),
        ];
        found
            .into_iter()
            .filter_map(|(rate, name, why)| Some(RateSuggestion { name, rate: rate?, why }))
            .collect()
    }
}

/// The most that the values fall, as a share of where they fall from.
fn largest_fall(points: &[RatePoint]) -> f64 {
    let mut highest = f64::MIN_POSITIVE;
    let fall = |point: &RatePoint| {
        highest = highest.max(point.smoothed);
        1.0 - point.smoothed / highest
    };
    points.iter().map(fall).fold(0.0, f64::max)
}

/// Half-way along the longest falling subsequence: fastai's `valley`, which takes it for a stretch that ends where it ends.
fn valley(points: &[RatePoint]) -> Option<f64> {
    let mut lengths = vec![1; points.len()];
    let mut end = 0;
    for (i, point) in points.iter().enumerate() {
        let before =
            points.iter().zip(&lengths).take(i).filter(|(earlier, _)| earlier.smoothed > point.smoothed);
        lengths[i] = 1 + before.map(|(_, &length)| length).max().unwrap_or(0);
        if lengths[i] > lengths[end] {
            end = i;
        }
    }
    let (length, fell) = (lengths[end], end > 0);
    let third = length as f64 / 3.0;
    // A third and then a sixth, each rounded down, as there.
    let along = third as usize + (third / 2.0) as usize;
    let at = if fell { (end + along).saturating_sub(length) } else { 0 };
    points.get(at).map(|point| point.rate)
}

fn minimum(points: &[RatePoint]) -> Option<f64> {
    points.iter().min_by(|a, b| a.smoothed.total_cmp(&b.smoothed)).map(|point| point.rate / 10.0)
}

fn steep(points: &[RatePoint]) -> Option<f64> {
    let slope = |a: &RatePoint, b: &RatePoint| (b.smoothed - a.smoothed) / (b.rate.ln() - a.rate.ln());
    let slopes = points.iter().zip(points.iter().skip(1)).map(|(a, b)| (a.rate, slope(a, b)));
    slopes.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(rate, _)| rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothed_mean::SmoothedMean;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        losses: Vec<f64>,
        smoothed: Vec<f64>,
        valley: f64,
        minimum: f64,
        steep: f64,
    }

    /// `xtask/reference/lr_find.py` writes fastai's rules out. Its powers of beta are ours but for rounding: 1e-12.
    #[test]
    fn means_and_suggestions_are_fastais() {
        let golden: Golden = serde_json::from_str(include_str!("../tests/golden/lr_find.json")).unwrap();
        let search = RateSearch::default();
        for case in golden.cases {
            let mut smooth = SmoothedMean::new(BETA);
            let mut points = Vec::new();
            for (step, (&loss, &expected)) in case.losses.iter().zip(&case.smoothed).enumerate() {
                let smoothed = smooth.add(loss);
                assert!(
                    (smoothed / expected - 1.0).abs() < 1e-12,
                    "{} at {step}: {smoothed} {expected}",
                    case.name
                );
                points.push(RatePoint { rate: search.rate(step), loss, smoothed: expected });
            }
            let found = search.suggest(&points);
            let expected = [("valley", case.valley), ("steep", case.steep), ("minimum/10", case.minimum)];
            for (found, (name, rate)) in found.iter().zip(expected) {
                let close = (found.rate / rate - 1.0).abs() < 1e-12;
                assert!(found.name == name && close, "{}, {name}: {} and not {rate}", case.name, found.rate);
            }
            assert_eq!(found.len(), 3);
        }
    }

    #[test]
    fn a_loss_that_hardly_falls_is_cautioned_about() {
        let search = RateSearch::default();
        let curve = |last: f64| -> Vec<RatePoint> {
            let smoothed = |step: usize| 2.0 + (last - 2.0) * step as f64 / 99.0;
            let point = |step| RatePoint { rate: search.rate(step), loss: 1.0, smoothed: smoothed(step) };
            (0..100).map(point).collect()
        };
        for (last, cautioned) in [(2.5, true), (1.8, true), (0.9, false)] {
            assert_eq!(search.caution(&curve(last)).is_some(), cautioned, "to {last}");
        }
    }

    #[test]
    fn few_points_suggest_nothing() {
        let point = RatePoint { rate: 1e-3, loss: 1.0, smoothed: 1.0 };
        for count in [0, 5, 16] {
            assert_eq!(RateSearch::default().suggest(&vec![point; count]), [], "{count}");
        }
    }

    #[test]
    fn searches_that_cannot_be_are_refused() {
        let search = RateSearch::default();
        for (search, message) in [
            (RateSearch { start: 0.0, ..search }, "start is 0, it must be above 0"),
            (RateSearch { end: 1e-7, ..search }, "end is 0.0000001, it must be above the start, 0.0000001"),
            (RateSearch { steps: 19, ..search }, "steps is 19, it must be at least 20"),
        ] {
            assert_eq!(search.check().unwrap_err().to_string(), message);
        }
    }
}
