//! One test binary: linking is most of the time a test run takes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

mod bad_pictures;
mod batches;
mod checking;
mod colors;
mod containers;
mod foreign_formats;
mod fuzzed;
mod golden;
mod jpeg_structures;
mod layouts;
mod leftovers;
mod loading;
mod mutated;
mod names;
mod orientations;
#[cfg(feature = "parquet")]
mod parquet_cells;
mod parts;
mod preprocessing;
mod ranges;
mod scanning;
mod sources;
mod split_columns;
mod splitting;
mod splitting_in_three;
mod table_labels;
mod table_texts;
mod tables;
mod tiffs;
