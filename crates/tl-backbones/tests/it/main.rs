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
use tl_backbones::{ARCHITECTURES, Architecture, architecture};

/// One small variant of each family, for what is too slow to do with all.
const SMALL: &[&str] = &[
    "densenet121",
    "efficientnet_b0",
    "efficientnet_lite0",
    "inception_v3",
    "mobilenetv1_100",
    "mobilenetv2_050",
    "mobilenetv3_small_100",
    "resnet18",
    "vgg11_bn",
    "xception",
];

fn small() -> impl Iterator<Item = Architecture> {
    SMALL.iter().map(|name| architecture(name).unwrap())
}

#[test]
fn every_family_has_a_small_variant() {
    let family = |row: &Architecture| discriminant(&row.init(&Device::flex()));
    let represented: Vec<_> = small().map(|row| family(&row)).collect();
    for row in ARCHITECTURES {
        assert!(represented.contains(&family(row)), "no variant like {} is in SMALL", row.name);
    }
}
