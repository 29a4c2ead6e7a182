//! Graphs of burn modules, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

mod backbones;
mod heads;
mod operations;

#[path = "../../../tl-backbones/tests/it/formula.rs"]
#[allow(dead_code, reason = "the other crate uses the rest")]
mod formula;

use burn::module::{Module, ParamId};
use std::collections::HashMap;
use tl_backbones::checkpoint_places;
use tl_graph::CheckpointKey;

/// Every parameter of a module.
fn keys<M: Module>(module: &M) -> HashMap<ParamId, CheckpointKey> {
    let key = |place: tl_backbones::CheckpointPlace| {
        (place.id, CheckpointKey { name: place.key, transposed: place.transposed })
    };
    checkpoint_places(module).into_iter().map(key).collect()
}

/// Asserts that values are those expected, within a share of the largest.
fn assert_near(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let error = actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest;
    println!("{what}: {error:.1e}");
    assert!(error < tolerance, "{what}: {error}");
}
