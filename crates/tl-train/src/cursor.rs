//! The cursor, which says where training in steps stands: all that a checkpoint keeps besides weights and the optimiser's memory.

use serde::{Deserialize, Deserializer, Serialize};
use tl_report::CurvePoint;

use crate::run_log::Lengths;

/// Where training in steps stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Number of the phase, from 0.
    pub(crate) phase: usize,
    /// Steps done in the phase.
    pub(crate) step: usize,
    /// Epochs of the phase that are done and judged.
    pub(crate) epoch: usize,
    /// Sum of the training losses of the epoch that is going on.
    pub(crate) sum: LossSum,
    /// The best epoch of all phases so far.
    pub(crate) best: Option<Best>,
    /// Epochs of the phase since the validation loss was last lower.
    pub(crate) waited: usize,
    /// What drops on plateaus have left of the rates; 1 at first.
    pub(crate) plateau: Plateau,
    /// Lengths of the files of the run's log.
    pub(crate) logged: Lengths,
    /// The learning curve.
    pub(crate) curve: Vec<CurvePoint>,
}

/// Losses of the batches of an epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossSum {
    /// Sum of each batch's loss times its number of pictures.
    pub(crate) loss: f64,
    pub(crate) pictures: usize,
}

/// The epoch with the lowest validation loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Number of the phase, from 0.
    pub phase: usize,
    /// Number of the epoch in its phase, from 1.
    pub epoch: usize,
    /// Loss and accuracy on the validation set.
    pub scores: Scores,
}

/// How a model does on pictures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean negative logarithm of the probability of the truth, in nats; of several labels, over the classes too.
    /// Infinite where nothing judges, for which JSON has no number.
    #[serde(deserialize_with = "or_infinite")]
    pub log_loss: f64,
    /// Share of right answers, or of right labels.
    pub accuracy: f64,
}

/// A schedule that waits for the validation loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plateau {
    pub(crate) share: f64,
    pub(crate) waited: usize,
}

fn or_infinite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

impl Default for Plateau {
    fn default() -> Self {
        Self { share: 1.0, waited: 0 }
    }
}

impl LossSum {
    pub(crate) fn add(&mut self, loss: f64, pictures: usize) {
        self.loss += loss * pictures as f64;
        self.pictures += pictures;
    }

    pub(crate) fn mean(self) -> f64 {
        self.loss / self.pictures.max(1) as f64
    }
}

impl Cursor {
    /// Moves on to the start of the next phase.
    pub(crate) fn next_phase(&mut self) {
        self.phase += 1;
        (self.step, self.epoch, self.waited) = (0, 0, 0);
        (self.sum, self.plateau) = (LossSum::default(), Plateau::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_that_nothing_judges_can_be_gone_on_with() {
        let scores = Scores { log_loss: f64::INFINITY, accuracy: 0.0 };
        let cursor = Cursor { best: Some(Best { phase: 0, epoch: 1, scores }), ..Cursor::default() };
        let saved = serde_json::to_value(&cursor).unwrap();
        assert_eq!(serde_json::from_value::<Cursor>(saved).unwrap(), cursor);
    }
}
