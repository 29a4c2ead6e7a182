//! Progress of a training phase, in words: what has been seen of a phase, made ready to be shown.

use std::collections::VecDeque;
use std::time::Duration;
use tl_data::Progress;
use tl_train::{SmoothedMean, StepMetrics};

/// Smoothed losses that are drawn.
const SHOWN: usize = 30;
/// Weight of a loss, and of a step's time, against the next one's.
const LOSSES: f64 = 0.9;
const TIMES: f64 = 0.95;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What has been seen of a phase.
pub(crate) struct PhaseProgress {
    loss: SmoothedMean,
    /// Seconds of a step, and of a picture.
    step: SmoothedMean,
    picture: SmoothedMean,
    curve: VecDeque<f64>,
}

impl PhaseProgress {
    pub(crate) fn new() -> Self {
        let curve = VecDeque::with_capacity(SHOWN);
        Self {
            loss: SmoothedMean::new(LOSSES),
            step: SmoothedMean::new(TIMES),
            picture: SmoothedMean::new(TIMES),
            curve,
        }
    }

    /// Adds one more step, which came so long after the one before it. Returns the smoothed loss.
    pub(crate) fn add(&mut self, news: &StepMetrics<'_>, took: Duration) -> f64 {
        let seconds = took.as_secs_f64();
        self.step.add(seconds);
        self.picture.add(seconds / news.pictures.max(1) as f64);
        if self.curve.len() == SHOWN {
            self.curve.pop_front();
        }
        let loss = self.loss.add(news.loss);
        self.curve.push_back(loss);
        loss
    }

    /// Phase, epoch, step, smoothed loss and rate.
    pub(crate) fn place(&self, news: &StepMetrics<'_>) -> String {
        let &StepMetrics { phase, step, steps, per_epoch, rate, .. } = news;
        let (epoch, epochs) = (step.div_ceil(per_epoch.max(1)), steps.div_ceil(per_epoch.max(1)));
        let loss = self.loss.mean().unwrap_or(news.loss);
        format!("{phase}: epoch {epoch}/{epochs}, step {step}/{steps}, loss {loss:.3}, rate {rate:.1e}")
    }

    /// Pictures per second, and what is left of the whole recipe.
    pub(crate) fn pace(&self, news: &StepMetrics<'_>) -> String {
        let speed = 1.0 / self.picture.mean().unwrap_or(f64::INFINITY).max(f64::MIN_POSITIVE);
        let step = self.step.mean().unwrap_or(0.0);
        let here = (news.steps - news.step.min(news.steps)) as f64;
        let left = |steps: f64| duration(step * steps);
        let left = match news.ahead {
            Some(ahead) => format!("{} left", left(here + ahead)),
            None => format!("{} left of this phase", left(here)),
        };
        format!("{speed:.0} pictures/s, {left}")
    }

    /// The last smoothed losses, the lowest on the floor.
    pub(crate) fn curve(&self) -> String {
        let low = self.curve.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.curve.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let top = (BLOCKS.len() - 1) as f64;
        let block = |loss: &f64| {
            let share = if high > low { (loss - low) / (high - low) } else { 0.0 };
            BLOCKS[(share * top).round() as usize]
        };
        self.curve.iter().map(block).collect()
    }
}

/// How far work of equal parts is that has taken so long: `20 of 80, 45 s left`.
pub(crate) fn far(Progress { done, total }: Progress, took: Duration) -> String {
    let left = took.as_secs_f64() / done.max(1) as f64 * total.saturating_sub(done) as f64;
    format!("{done} of {total}, {} left", duration(left))
}

/// `45 s`, `3 min 20 s`, `2 h 5 min`
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(step: usize, loss: f64, ahead: Option<f64>) -> StepMetrics<'static> {
        StepMetrics { phase: "tune", step, steps: 20, per_epoch: 8, loss, rate: 1e-3, pictures: 32, ahead }
    }

    #[test]
    fn a_line_says_where_training_is_how_it_goes_and_how_long_it_takes() {
        let mut progress = PhaseProgress::new();
        for (step, loss) in [(8, 2.0), (9, 2.0)] {
            progress.add(&news(step, loss, None), Duration::from_millis(500));
        }
        assert_eq!(
            progress.place(&news(9, 2.0, None)),
            "tune: epoch 2/3, step 9/20, loss 2.000, rate 1.0e-3"
        );
        for (ahead, expected) in [
            (Some(0.0), "64 pictures/s, 6 s left"),
            (Some(200.0), "64 pictures/s, 1 min 46 s left"),
            (None, "64 pictures/s, 6 s left of this phase"),
        ] {
            assert_eq!(progress.pace(&news(9, 2.0, ahead)), expected);
        }
    }

    #[test]
    fn the_curve_shows_the_last_losses_from_the_floor_to_the_top() {
        let mut progress = PhaseProgress::new();
        assert_eq!(progress.curve(), "");
        for step in 1..=40 {
            progress.add(&news(step, 40.0 - step as f64, None), Duration::ZERO);
        }
        let curve = progress.curve();
        assert_eq!(curve.chars().count(), SHOWN);
        assert!(curve.starts_with('█') && curve.ends_with('▁'), "{curve}");
    }

    #[test]
    fn what_is_left_goes_by_what_was_done() {
        for (done, expected) in [(0, "0 of 80, 26 min 40 s left"), (20, "20 of 80, 1 min 0 s left")] {
            assert_eq!(far(Progress { done, total: 80 }, Duration::from_secs(20)), expected);
        }
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, text) in
            [(0.4, "0 s"), (59.6, "1 min 0 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min")]
        {
            assert_eq!(duration(seconds), text);
        }
    }
}
