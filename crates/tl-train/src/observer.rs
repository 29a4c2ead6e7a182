//! The training observer (callback): what training in steps tells whoever follows it.

use tl_data::Progress;

use crate::checkpoint::Checkpoint;
use crate::groups::Group;
use crate::metrics::{EpochMetrics, StepMetrics};
use crate::recipe::Phase;

/// Callbacks of training in steps. Every method may be called from any thread, and does nothing unless overridden.
pub trait TrainObserver: Sync {
    /// Progress of the work.
    fn progress(&self, _progress: Progress) {}
    /// Something about `what` that is worth a line, and no choice: `log`, and that lines of it are lost.
    fn noted(&self, _what: &str, _note: &str) {}
    /// A phase begins, with these groups of parameters.
    fn phase(&self, _phase: &Phase, _groups: &[Group]) {}
    /// A step was taken.
    fn step_end(&self, _news: &StepMetrics<'_>) {}
    /// An epoch is over.
    fn epoch_end(&self, _news: &EpochMetrics<'_>) {}
    /// Whether the job is to stop as soon as it can be gone on with later. Work that can stop so asks after each of its
    /// steps; an observer that has never been asked may take it that there is nothing to wait for.
    fn stop(&self) -> bool {
        false
    }
    /// Training goes on from a checkpoint.
    fn resumed(&self, _checkpoint: &Checkpoint) {}
}
