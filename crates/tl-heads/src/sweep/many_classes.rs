//! A sweep over some rows for many classes: tiles of rows by classes in registers.

use std::ops::Range;
use tl_kernels::{BLOCK, LinearBlock, LinearWeights};

use super::Partial;
use crate::Matrix;

fn sizes(weight_kd: &Matrix) -> [usize; 2] {
    [weight_kd.rows(), weight_kd.columns()]
}

/// The weights, in the order of use.
pub(super) fn weights(weight_kd: &Matrix) -> LinearWeights {
    LinearWeights::new(weight_kd.values(), sizes(weight_kd))
}

pub(super) fn sweep<F: Fn(usize, &mut [f32]) -> f64>(
    features_nd: &Matrix,
    weight_kd: &Matrix,
    weights: &LinearWeights,
    rows: Range<usize>,
    residual: &F,
) -> Partial {
    let [classes, features] = sizes(weight_kd);
    let mut total = Partial::zero(classes, features);
    let mut block = LinearBlock::new([classes, features]);
    for first in rows.clone().step_by(BLOCK) {
        let rows = first..rows.end.min(first + BLOCK);
        let block_bd = features_nd.slice(rows.clone());
        for (row, values_k) in rows.zip(block.forward(block_bd, weights)) {
            total.add_row(residual(row, values_k), &values_k[..classes]);
        }
        block.add_towards_weights(block_bd, &mut total.slope_kd);
    }
    total
}
