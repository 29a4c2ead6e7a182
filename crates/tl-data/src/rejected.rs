//! The files that cannot be used, each with its reason.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use tl_files::{shown, shown_path};

use crate::SampleError;
use crate::numbers::grouped;

/// A file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Path, relative to [`Dataset::root`](crate::Dataset::root).
    #[serde(serialize_with = "tl_files::path_as_text::serialize")]
    pub path: PathBuf,
    /// Length of the file, where it is known.
    pub bytes: Option<u64>,
    /// The reason why the file cannot be used.
    pub reason: SampleError,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", shown_path(&self.path), shown(self.reason.to_string()))
    }
}

/// Number of rejected files that a message lists before it says "and N more".
const LISTED: usize = 20;

/// The first rejected files, one line for each.
pub(crate) fn listed(rejected: &[Rejected]) -> String {
    let mut out = String::new();
    for file in rejected.iter().take(LISTED) {
        out.push_str(&format!("\n  {file}"));
    }
    if rejected.len() > LISTED {
        out.push_str(&format!("\n  and {} more", grouped((rejected.len() - LISTED) as u64)));
    }
    out
}
