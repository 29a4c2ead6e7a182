//! One test binary: linking is most of the time a test run takes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

mod bad_pictures;
mod colors;
mod containers;
mod fuzzed;
mod golden;
mod hostile;
mod jpeg_structures;
mod mutated;
mod orientations;
mod parts;
mod preprocessing;
mod ranges;
mod tiffs;
