//! How far a pass over files is.

/// How far a pass over files is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files read so far.
    pub done: usize,
    /// Number of files to read.
    pub total: usize,
}
