//! Who asks for a job, and what the job leaves behind.

use std::path::PathBuf;
use tl_report::Record;

use crate::follow_up::FollowUp;

/// What a job leaves behind.
#[derive(Debug)]
pub struct Outcome {
    /// The run's folder.
    pub folder: PathBuf,
    /// What `report.json` holds.
    pub record: Record,
}

/// Who asks, and when: the job has no clock and no command line of its own.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The command as typed.
    pub command: Vec<String>,
    /// Date and time, RFC 3339.
    pub time: String,
    /// The unfinished run to go on with; without, one with the same settings is gone on with, if there is one.
    pub resume: Option<PathBuf>,
    /// How other commands name the same pictures.
    pub follow_up: FollowUp,
}
