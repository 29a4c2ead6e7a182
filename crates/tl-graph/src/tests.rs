//! Random graphs, and small ones for what is made of them and what is refused.

mod passes;
mod random;
mod refused;
mod structure;

use crate::{Constant, Conv2d, Operation, Padding, Provenance, Shape};

/// Numbers in -1..1, the same for the same seed.
fn values(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn constant(key: &str, shape: &[usize]) -> Constant {
    let shape = Shape::new(shape);
    let values = values(key.len() as u32, shape.values());
    Constant::new(shape, values, Provenance::Checkpoint(key.to_owned())).unwrap()
}

fn conv(key: &str, weight: [usize; 4]) -> Conv2d {
    Conv2d {
        weight: constant(&format!("{key}.weight"), &weight),
        bias: None,
        stride: [1, 1],
        padding: Padding::default(),
        dilation: [1, 1],
        groups: 1,
    }
}

fn batch_norm(key: &str, channels: usize) -> Operation {
    let named = |name: &str| constant(&format!("{key}.{name}"), &[channels]);
    let variance = named("running_var");
    let positive: Vec<f32> = variance.values().iter().map(|value| value.abs() + 0.5).collect();
    Operation::BatchNorm {
        gamma: named("weight"),
        beta: named("bias"),
        mean: named("running_mean"),
        variance: Constant::vector(positive, variance.provenance().clone()),
        epsilon: 1e-5,
    }
}
