//! The job's observer (callback): what a job tells whoever follows it.

use std::fmt;
use tl_data::Dataset;
use tl_model::FetchObserver;
use tl_report::Choice;
use tl_train::TrainObserver;

/// A stage of the job, which takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStage {
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

impl fmt::Display for JobStage {
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

/// Callbacks of a job, with those of what it consists of. Every method may be called from any thread, and does nothing
/// unless overridden.
pub trait Observer: FetchObserver + TrainObserver {
    /// A stage of the job has begun.
    fn stage(&self, _stage: JobStage) {}
    /// The folder was scanned.
    fn scanned(&self, _data: &Dataset) {}
    /// Something was decided.
    fn chosen(&self, _choice: &Choice) {}
    /// A setting was tried, with this result.
    fn tried(&self, _what: &str) {}
}

/// Hears everything and says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl FetchObserver for Quiet {}
impl TrainObserver for Quiet {}
impl Observer for Quiet {}
