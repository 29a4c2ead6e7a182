//! Learning rates over a phase, as pure functions of the step: nothing to save, nothing to replay.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

use crate::bounds::{OutOfBounds, SHARE, is_positive};

/// How the learning rate changes over a phase, as a share of its peak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    /// The peak throughout.
    Constant,
    /// Down to zero along half a cosine: Loshchilov and Hutter 2017, equation 5 without restarts,
    /// <https://arxiv.org/abs/1608.03983>.
    #[default]
    Cosine,
    /// Down to zero along a line.
    Linear,
    /// One-cycle: up from `1 / div` along half a cosine for the share `up` of the steps, then down to `1 / div_final`:
    /// Smith 2018, <https://arxiv.org/abs/1803.09820>, with fastai's annealing,
    /// <https://github.com/fastai/fastai/blob/2.7.18/fastai/callback/schedule.py>.
    OneCycle {
        /// Share of the steps on the way up, 0 to 1.
        up: f64,
        /// The peak divided by this is where it begins.
        div: f64,
        /// The peak divided by this is where it ends.
        div_final: f64,
    },
    /// Multiplied by `factor` whenever another `every` epochs are over.
    Step {
        /// Epochs between two drops, at least 1.
        every: usize,
        /// What is left at a drop, 0 to 1.
        factor: f64,
    },
    /// Multiplied by 0.1 at 2/5, 3/5 and 4/5 of the steps: BiT-HyperRule,
    /// <https://github.com/google-research/big_transfer/blob/140de6e704fd8d61f3e5ff20ffde130b7d5fd065/bit_hyperrule.py>.
    Staircase,
    /// Multiplied by `factor` when the validation loss has not fallen for `patience` epochs.
    Plateau {
        /// What is left at a drop, 0 to 1.
        factor: f64,
        /// Epochs to wait, at least 1.
        patience: usize,
    },
}

/// Where in a phase a step is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SchedulePosition {
    /// Steps done in the phase.
    pub(crate) step: usize,
    /// Steps of the phase.
    pub(crate) steps: usize,
    /// Steps of an epoch.
    pub(crate) per_epoch: usize,
    /// Steps of the linear warm-up that comes before the schedule.
    pub(crate) warmup: usize,
}

impl Schedule {
    /// A setting that cannot be.
    pub(super) fn wrong(&self) -> Option<OutOfBounds> {
        let is_share = |value: &f64| (0.0..=1.0).contains(value);
        match *self {
            Self::OneCycle { up, .. } if !is_share(&up) => Some(("up", up, SHARE)),
            Self::OneCycle { div, .. } if !is_positive(div) => Some(("div", div, "above 0")),
            Self::OneCycle { div_final, .. } if !is_positive(div_final) => {
                Some(("div_final", div_final, "above 0"))
            }
            Self::Step { factor, .. } | Self::Plateau { factor, .. } if !is_share(&factor) => {
                Some(("factor", factor, SHARE))
            }
            Self::Step { every: 0, .. } => Some(("every", 0.0, "at least 1")),
            Self::Plateau { patience: 0, .. } => Some(("patience", 0.0, "at least 1")),
            _ => None,
        }
    }

    /// The share of the peak, 0 to 1, for the step that comes next. [`Plateau`](Self::Plateau) is 1 here: its drops follow
    /// from the validation losses.
    pub(crate) fn share(&self, moment: SchedulePosition) -> f64 {
        if moment.step < moment.warmup {
            return (moment.step + 1) as f64 / (moment.warmup + 1) as f64;
        }
        let (step, steps) = (moment.step - moment.warmup, moment.steps.saturating_sub(moment.warmup).max(1));
        let done = step as f64 / steps as f64;
        match *self {
            Self::Constant | Self::Plateau { .. } => 1.0,
            Self::Cosine => along_cosine(1.0, 0.0, done),
            Self::Linear => 1.0 - done,
            Self::OneCycle { up, div, .. } if done < up => along_cosine(1.0 / div, 1.0, done / up),
            Self::OneCycle { up, div_final, .. } => {
                along_cosine(1.0, 1.0 / div_final, (done - up) / (1.0 - up).max(f64::EPSILON))
            }
            Self::Step { every, factor } => {
                factor.powi((moment.step / moment.per_epoch.max(1) / every.max(1)) as i32)
            }
            Self::Staircase => {
                let passed = [0.4, 0.6, 0.8].iter().filter(|&&at| done >= at).count();
                0.1_f64.powi(passed as i32)
            }
        }
    }
}

fn along_cosine(from: f64, to: f64, done: f64) -> f64 {
    from + (to - from) * 0.5 * (1.0 - (PI * done.clamp(0.0, 1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(schedule: Schedule, step: usize, warmup: usize) -> f64 {
        schedule.share(SchedulePosition { step, steps: 100, per_epoch: 10, warmup })
    }

    fn close(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() < 1e-12
    }

    #[test]
    fn schedules_pass_through_their_named_points() {
        let cycle = Schedule::OneCycle { up: 0.25, div: 25.0, div_final: 1e5 };
        for (name, schedule, points) in [
            ("constant", Schedule::Constant, [1.0, 1.0, 1.0]),
            ("cosine", Schedule::Cosine, [1.0, 0.5, 0.0]),
            ("linear", Schedule::Linear, [1.0, 0.5, 0.0]),
            ("one-cycle", cycle, [0.04, along_cosine(1.0, 1e-5, 1.0 / 3.0), 1e-5]),
            ("step", Schedule::Step { every: 2, factor: 0.5 }, [1.0, 0.25, 0.03125]),
            ("staircase", Schedule::Staircase, [1.0, 0.1, 0.001]),
        ] {
            for (step, expected) in [0, 50, 100].into_iter().zip(points) {
                assert!(
                    close(at(schedule, step, 0), expected),
                    "{name} at {step}: {}",
                    at(schedule, step, 0)
                );
            }
        }
        assert!(close(at(cycle, 25, 0), 1.0));
    }

    #[test]
    fn warm_up_rises_along_a_line_and_the_schedule_begins_after_it() {
        assert!(close(at(Schedule::Cosine, 0, 4), 0.2));
        assert!(close(at(Schedule::Cosine, 3, 4), 0.8));
        assert!(close(at(Schedule::Cosine, 4, 4), 1.0));
        assert!(close(at(Schedule::Cosine, 100, 4), 0.0));
    }
}
