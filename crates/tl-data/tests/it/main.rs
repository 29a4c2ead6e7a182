//! One test binary: linking is most of the time a test run takes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

mod bad_pictures;
mod batches;
mod checking;
mod golden;
mod layouts;
mod leftovers;
mod loading;
mod names;
mod parts;
mod preprocessing;
mod scanning;
mod sources;
mod splitting;
mod splitting_in_three;
mod tables;
