//! What a job tells whoever watches it.

use std::fmt;
use tl_data::{Dataset, Progress};
use tl_report::Choice;
use tl_weights::{Event, Weights};

use crate::{Checkpoint, EpochNews, Group, Phase, StepNews};

/// A part of the job that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Reading files and headers.
    Scan,
    /// Loading the network.
    Load,
    /// Decoding pictures and computing features.
    Extract,
    /// Comparing settings by cross-validation.
    Choose,
    /// Training the head.
    Train,
    /// Writing the run.
    Write,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scan => "scan",
            Self::Load => "load",
            Self::Extract => "extract",
            Self::Choose => "choose",
            Self::Train => "train",
            Self::Write => "write",
        })
    }
}

/// Follows a job. Every method may be called from any thread, and does nothing unless overridden.
pub trait Watch: Sync {
    /// A step has begun.
    fn step(&self, _step: Step) {}
    /// How far the step is.
    fn progress(&self, _progress: Progress) {}
    /// Weights are not here, and are about to be fetched.
    fn fetching(&self, _weights: &Weights) {}
    /// How far fetching is.
    fn transfer(&self, _event: Event<'_>) {}
    /// The folder was scanned.
    fn scanned(&self, _data: &Dataset) {}
    /// Something was decided.
    fn chosen(&self, _choice: &Choice) {}
    /// Something about `what` that is worth a line, and no choice: `features`, and that they came from the cache.
    fn noted(&self, _what: &str, _note: &str) {}
    /// A setting was tried, with this result.
    fn tried(&self, _what: &str) {}
    /// A phase of training in steps begins, with these groups of parameters.
    fn phase(&self, _phase: &Phase, _groups: &[Group]) {}
    /// A step was taken.
    fn trained(&self, _news: &StepNews<'_>) {}
    /// An epoch is over.
    fn judged(&self, _news: &EpochNews<'_>) {}
    /// Whether the job is to stop as soon as it can be gone on with later. Work that can stop so asks after each of its
    /// steps; a watch that has never been asked may take it that there is nothing to wait for.
    fn stop(&self) -> bool {
        false
    }
    /// Training goes on from a checkpoint.
    fn resumed(&self, _checkpoint: &Checkpoint) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Watch for Quiet {}
