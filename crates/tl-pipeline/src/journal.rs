//! The journal: what a job notes on its way.

use serde_json::Value;
use std::time::Duration;

/// What was found out so far, and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Lines of `metrics.jsonl` that are not written yet.
    pub(crate) lines: Vec<Value>,
    /// Wall time of computing features.
    pub(crate) extract: Duration,
    /// Wall time of choosing settings.
    pub(crate) choose: Duration,
    /// Wall time of training heads and networks.
    pub(crate) fit: Duration,
}
