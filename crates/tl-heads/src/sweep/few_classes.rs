//! A sweep over some rows for a few classes: registers hold features, so that no lane is idle whatever the number of classes.

use pulp::{Simd, WithSimd};
use std::ops::Range;

use super::{Partial, WIDTH};
use crate::Matrix;

/// Rows of a block: each weight that is loaded meets so many.
const ROWS: usize = 8;
/// Blocks that are added up in single precision.
const BLOCKS: usize = 32;

pub(super) fn sweep<F: Fn(usize, &mut [f32]) -> f64>(
    features_nd: &Matrix,
    weight_kd: &Matrix,
    rows: Range<usize>,
    residual: &F,
) -> Partial {
    pulp::Arch::new().dispatch(Sweep { features_nd, weight_kd, rows, residual })
}

struct Sweep<'a, F> {
    features_nd: &'a Matrix,
    weight_kd: &'a Matrix,
    rows: Range<usize>,
    residual: &'a F,
}

impl<F: Fn(usize, &mut [f32]) -> f64> WithSimd for Sweep<'_, F> {
    type Output = Partial;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Partial {
        let (classes, features) = (self.weight_kd.rows(), self.weight_kd.columns());
        let mut total = Partial::zero(classes, features);
        let mut slope_kd = vec![0.0; classes * features];
        let mut values_bk = [[0.0; WIDTH]; ROWS];
        for first in self.rows.clone().step_by(ROWS) {
            let count = ROWS.min(self.rows.end - first);
            // A row that is missing is another one, times nothing.
            let mut block_bd = [self.features_nd.row(first); ROWS];
            for (number, row) in block_bd.iter_mut().enumerate().take(count) {
                *row = self.features_nd.row(first + number);
            }
            for (class, weight_d) in self.weight_kd.iter_rows().enumerate() {
                let logits_b = products(simd, &block_bd, weight_d);
                for (values_k, logit) in values_bk.iter_mut().zip(logits_b) {
                    values_k[class] = logit;
                }
            }
            for (number, values_k) in values_bk.iter_mut().enumerate().take(count) {
                total.add_row((self.residual)(first + number, values_k), &values_k[..classes]);
            }
            values_bk[count..].fill([0.0; WIDTH]);
            for (class, slope_d) in slope_kd.chunks_exact_mut(features.max(1)).enumerate() {
                let residuals_b = values_bk.map(|values_k| values_k[class]);
                add_rows(simd, &block_bd, residuals_b, slope_d);
            }
            let number = (first - self.rows.start) / ROWS + 1;
            if number.is_multiple_of(BLOCKS) || first + count == self.rows.end {
                for (total, slope) in total.slope_kd.iter_mut().zip(&mut slope_kd) {
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
