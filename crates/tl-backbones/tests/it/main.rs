//! Every network against the reference implementation whose weights are published.
//!
//! The references ran in `xtask/reference/backbones.py`; what they gave is in `tests/golden/parity`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests leaves out what they call"
)]

#[cfg(any(feature = "cuda", feature = "ndarray"))]
mod devices;
mod formula;
mod frozen;
mod golden;
mod gradients;
mod inception;
mod input;
mod keys;
mod parity;
mod summary;

use burn::tensor::Device;
use std::mem::discriminant;
use tl_backbones::{ARCHITECTURES, Architecture};

use crate::golden::Golden;

/// The variants for what is too slow to do with all: those whose references gave gradients too, which are the small ones that
/// `xtask/reference/backbones.py` names `gradients` for.
fn small() -> impl Iterator<Item = Architecture> {
    ARCHITECTURES
        .iter()
        .copied()
        .filter(|row| Golden::read(row.name).is_ok_and(|golden| golden.has_gradients()))
}

#[test]
fn every_family_has_a_small_variant() {
    let family = |row: &Architecture| discriminant(&row.init(&Device::flex()));
    let represented: Vec<_> = small().map(|row| family(&row)).collect();
    for row in ARCHITECTURES {
        assert!(
            represented.contains(&family(row)),
            "no reference of a variant like {} gave gradients",
            row.name
        );
    }
}
