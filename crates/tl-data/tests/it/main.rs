//! One test binary: linking is most of the time a test run takes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

mod batches;
mod checking;
mod foreign_formats;
mod fuzzed;
mod hostile;
mod layouts;
mod leftovers;
mod loading;
mod mutated;
mod names;
#[cfg(feature = "parquet")]
mod parquet_cells;
mod ranges;
mod scanning;
mod sources;
mod split_columns;
mod splits;
mod splitting;
mod splitting_in_three;
mod table_labels;
mod table_texts;
mod tables;
