//! One pass over features, there and back: the logits of a few rows, what the loss makes of them, and that times the same
//! rows while they are in the cache. Features come from memory once for each step of a solver.
//!
//! Rows are divided into parts by their number alone; what the parts come to is added up two by two. So all threads work, and
//! no bit depends on how many there are.

mod few_classes;
mod many_classes;

use std::ops::Range;
use tl_kernels::BLOCK;

use crate::Matrix;

/// Blocks of a part, where there are more: sums of parts cost about half as much to clear and to add up as a block does.
const LEAST: usize = 4;
/// Maximum number of parts, where there are so many blocks; of weights that are more than [`LARGE`], fewer: sums of parts
/// are large as well.
const PARTS: usize = 64;
const FEWER: usize = 16;
const LARGE: usize = 1 << 18;
/// Lanes of the widest register; a row of logits has room for a multiple of them.
const WIDTH: usize = 16;

/// A loss and its gradient, summed up over rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Partial {
    pub(crate) loss: f64,
    /// The sum of the residuals, towards the bias.
    pub(crate) bias_k: Vec<f64>,
    /// `residual_nk^T * features_nd`, `[classes, features]`.
    pub(crate) slope_kd: Vec<f64>,
}

impl Partial {
    fn zero(classes: usize, features: usize) -> Self {
        Self { loss: 0.0, bias_k: vec![0.0; classes], slope_kd: vec![0.0; classes * features] }
    }

    fn add_row(&mut self, loss: f64, residual_k: &[f32]) {
        self.loss += loss;
        self.bias_k.iter_mut().zip(residual_k).for_each(|(sum, &value)| *sum += f64::from(value));
    }

    fn and(mut self, other: &Self) -> Self {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        self.loss += other.loss;
        add(&mut self.bias_k, &other.bias_k);
        add(&mut self.slope_kd, &other.slope_kd);
        self
    }
}

/// The sums of losses and residuals. `residual` turns the logits of the row with a number, `features_nd * weight_kd^T`, into what
/// the loss's gradient is towards them, and returns the row's loss; its row has room for a few floats more, a multiple of 16,
/// which hold nothing.
pub(crate) fn sweep<F: Fn(usize, &mut [f32]) -> f64 + Sync>(
    features_nd: &Matrix,
    weight_kd: &Matrix,
    residual: F,
) -> Partial {
    let blocks = features_nd.rows().div_ceil(BLOCK);
    let most = if weight_kd.values().len() > LARGE { FEWER } else { PARTS };
    let part = blocks.div_ceil(most).max(LEAST) * BLOCK;
    let rows = |number: usize| number * part..features_nd.rows().min((number + 1) * part);
    let parts = 0..features_nd.rows().div_ceil(part).max(1);
    if weight_kd.rows() < WIDTH {
        return sum(parts, &|number| few_classes::sweep(features_nd, weight_kd, rows(number), &residual));
    }
    let weights = many_classes::weights(weight_kd);
    sum(parts, &|number| many_classes::sweep(features_nd, weight_kd, &weights, rows(number), &residual))
}

/// The sum of parts, that of the first half and that of the second.
fn sum(parts: Range<usize>, part: &(impl Fn(usize) -> Partial + Sync)) -> Partial {
    if parts.len() <= 1 {
        return part(parts.start);
    }
    let middle = parts.start + parts.len() / 2;
    let (first, second) = rayon::join(|| sum(parts.start..middle, part), || sum(middle..parts.end, part));
    first.and(&second)
}

#[cfg(test)]
mod tests;
