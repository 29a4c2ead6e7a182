//! Tests of the public interface, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

mod extract;
mod kept;
mod plan;
mod store;

#[path = "../../../tl-backbones/tests/it/formula.rs"]
#[allow(dead_code, reason = "the other crate uses the rest")]
mod formula;
