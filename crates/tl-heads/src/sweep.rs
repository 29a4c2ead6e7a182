//! One pass over features, there and back: the logits of a few rows, what the loss makes of them, and that times the same
//! rows while they are in the nearest cache. Features come from memory once for each step of a solver.
//!
//! It runs on one thread: callers parallelise over folds, and the bits do not depend on threads.

use pulp::{Simd, WithSimd};

use crate::Matrix;

/// Rows of a block: each weight that is loaded meets so many.
const ROWS: usize = 8;
/// Blocks that are added up in single precision.
const BLOCKS: usize = 32;

/// `residual_nk^T * features_nd`, `[classes, features]`, of residuals that `residual` makes of each row's number and logits,
/// which are `features_nd * weight_kd^T`.
pub(crate) fn sweep(
    features_nd: &Matrix,
    weight_kd: &Matrix,
    residual: impl FnMut(usize, &mut [f32]),
) -> Vec<f64> {
    pulp::Arch::new().dispatch(Sweep { features_nd, weight_kd, residual })
}

struct Sweep<'a, F> {
    features_nd: &'a Matrix,
    weight_kd: &'a Matrix,
    residual: F,
}

impl<F: FnMut(usize, &mut [f32])> WithSimd for Sweep<'_, F> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Vec<f64> {
        let (classes, features) = (self.weight_kd.rows(), self.weight_kd.columns());
        let mut total = vec![0.0; classes * features];
        let mut slope_kd = vec![0.0; classes * features];
        let mut values_bk = vec![0.0; ROWS * classes];
        let rows = self.features_nd.rows();
        for first in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - first);
            // A row that is missing is another one, times nothing.
            let mut block_bd = [self.features_nd.row(first); ROWS];
            for (number, row) in block_bd.iter_mut().enumerate().take(count) {
                *row = self.features_nd.row(first + number);
            }
            for (class, weight_d) in self.weight_kd.iter_rows().enumerate() {
                let logits_b = products(simd, &block_bd, weight_d);
                for (number, &logit) in logits_b.iter().enumerate() {
                    values_bk[number * classes + class] = logit;
                }
            }
            for number in 0..count {
                (self.residual)(first + number, &mut values_bk[number * classes..][..classes]);
            }
            values_bk[count * classes..].fill(0.0);
            for (class, slope_d) in slope_kd.chunks_exact_mut(features.max(1)).enumerate() {
                let mut residuals_b = [0.0; ROWS];
                for (number, residual) in residuals_b.iter_mut().enumerate() {
                    *residual = values_bk[number * classes + class];
                }
                add_rows(simd, &block_bd, residuals_b, slope_d);
            }
            if (first / ROWS + 1).is_multiple_of(BLOCKS) || first + count == rows {
                for (total, slope) in total.iter_mut().zip(&mut slope_kd) {
                    *total += f64::from(*slope);
                    *slope = 0.0;
                }
            }
        }
        total
    }
}

/// The product of each row with `weight_d`.
#[inline(always)]
fn products<S: Simd>(simd: S, block_bd: &[&[f32]; ROWS], weight_d: &[f32]) -> [f32; ROWS] {
    let (weights, last_weights) = S::as_simd_f32s(weight_d);
    let (rows, last) = split::<S>(block_bd, weights.len());
    let mut sums = [simd.splat_f32s(0.0); ROWS];
    for (i, &weight) in weights.iter().enumerate() {
        for number in 0..ROWS {
            sums[number] = simd.mul_add_f32s(rows[number][i], weight, sums[number]);
        }
    }
    let mut products = [0.0; ROWS];
    for number in 0..ROWS {
        let mut sum = simd.reduce_sum_f32s(sums[number]);
        for (value, weight) in last[number].iter().zip(last_weights) {
            sum += value * weight;
        }
        products[number] = sum;
    }
    products
}

/// Adds each row, times its residual, to `slope_d`.
#[inline(always)]
fn add_rows<S: Simd>(simd: S, block_bd: &[&[f32]; ROWS], residuals_b: [f32; ROWS], slope_d: &mut [f32]) {
    let (slopes, last_slopes) = S::as_mut_simd_f32s(slope_d);
    let (rows, last) = split::<S>(block_bd, slopes.len());
    let mut factors = [simd.splat_f32s(0.0); ROWS];
    for (factor, &residual) in factors.iter_mut().zip(&residuals_b) {
        *factor = simd.splat_f32s(residual);
    }
    for (i, slope) in slopes.iter_mut().enumerate() {
        let mut sum = *slope;
        for number in 0..ROWS {
            sum = simd.mul_add_f32s(rows[number][i], factors[number], sum);
        }
        *slope = sum;
    }
    for (number, residual) in residuals_b.iter().enumerate() {
        for (slope, value) in last_slopes.iter_mut().zip(last[number]) {
            *slope += value * residual;
        }
    }
}

/// Registers of each row, as many as `len`, and the values behind them.
#[inline(always)]
fn split<'a, S: Simd>(
    block_bd: &[&'a [f32]; ROWS],
    len: usize,
) -> ([&'a [S::f32s]; ROWS], [&'a [f32]; ROWS]) {
    let (mut rows, mut last): ([&[S::f32s]; ROWS], [&[f32]; ROWS]) = ([&[]; ROWS], [&[]; ROWS]);
    for number in 0..ROWS {
        let (registers, behind) = S::as_simd_f32s(block_bd[number]);
        (rows[number], last[number]) = (&registers[..len], behind);
    }
    (rows, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sweep_is_two_products(n in 0usize..40, k in 1usize..7, d in 1usize..70, seed in 0u32..1000) {
            let value = |i: usize| ((i as u32 * 31 + seed * 7) % 13) as f32 - 6.0;
            let matrix = |rows, columns| Matrix::new(rows, columns, (0..rows * columns).map(value).collect()).unwrap();
            let (features_nd, weight_kd) = (matrix(n, d), matrix(k, d));
            // Whole numbers: nothing is rounded, whatever the order.
            let logit = |row: usize, class: usize| -> f32 {
                features_nd.row(row).iter().zip(weight_kd.row(class)).map(|(a, b)| a * b).sum()
            };
            let mut seen = Vec::new();
            let slope_kd = sweep(&features_nd, &weight_kd, |row, values_k| {
                let expected: Vec<f32> = (0..k).map(|class| logit(row, class)).collect();
                assert_eq!(values_k, expected);
                seen.push(row);
                values_k.iter_mut().for_each(|value| *value = (*value + row as f32) % 5.0);
            });
            prop_assert_eq!(seen, (0..n).collect::<Vec<_>>());
            let expected = |i: usize| -> f64 {
                let residual = |row: usize| (logit(row, i / d) + row as f32) % 5.0;
                (0..n).map(|row| f64::from(residual(row) * features_nd.row(row)[i % d])).sum()
            };
            prop_assert_eq!(slope_kd, (0..k * d).map(expected).collect::<Vec<f64>>());
        }
    }
}
