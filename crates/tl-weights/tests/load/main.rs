//! Loading of weights files: every format, hostile files, damaged files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod formats;
mod fuzzed;
mod hostile;
mod mutated;
mod networks;
mod stages;
mod tiny;
