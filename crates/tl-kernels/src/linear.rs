//! Products of a linear layer with many outputs, forward and towards its weights, of a block of rows at a time: what a solver
//! needs that looks at every row in every step. Nothing here starts a thread, but for [`LinearWeights::new`].
//!
//! Shapes in names: `x_bd` are rows of what comes in, `y_bk` of what goes out, `weight_kd` is `[outputs, inputs]`.

#![allow(unsafe_code, reason = "tiles take pointers")]

use std::ops::Range;
use tl_simd::{Lanes, Vectors, WIDEST, with_float_lanes};

use crate::lanes::vectorised;
use crate::panels::{Along, Panels};
use crate::pass::Taps;
use crate::registers::{MOST, REGISTERS, panel, rows};
use crate::room::Shared;
use crate::shape::Products;
use crate::tile::{Outer, Outputs, Run, Sum, outer, tile};

/// Most rows of a block: a multiple of the rows of a tile, whatever the registers.
pub const BLOCK: usize = 252;
/// Columns of a block that are worked on together, so that they stay in the second-level cache: a multiple of every panel.
const COLUMNS: usize = 1536;

/// Weights of a linear layer in the order of use.
#[derive(Debug)]
pub struct LinearWeights {
    panels: Panels,
}

impl LinearWeights {
    /// From `weight_kd`, row by row.
    ///
    /// # Panics
    /// If there are fewer values.
    pub fn new(weight_kd: &[f32], [outputs, inputs]: [usize; 2]) -> Self {
        let taps = Taps { places: vec![0], kernel: 1 };
        let inner = Along { count: inputs, apart: 1 };
        let outer = Along { count: outputs, apart: inputs };
        Self { panels: Panels::new(Products::F32, &taps, inner, outer, weight_kd) }
    }
}

/// A block of rows, and what the layer makes of them.
#[derive(Debug)]
pub struct LinearBlock {
    inputs: usize,
    outputs: usize,
    rows: usize,
    /// Some columns of the rows, in panels: a row of the block after the other in each.
    columns: Range<usize>,
    x: Vec<f32>,
    y_bk: Vec<f32>,
}

impl LinearBlock {
    /// Room for a block.
    pub fn new([outputs, inputs]: [usize; 2]) -> Self {
        let columns = inputs.min(COLUMNS).next_multiple_of(panel());
        Self {
            inputs,
            outputs,
            rows: 0,
            columns: 0..0,
            x: vec![0.0; BLOCK * columns],
            y_bk: vec![0.0; BLOCK * pitch(outputs)],
        }
    }

    /// `x_bd * weight_kd^T` of up to [`BLOCK`] rows. A row has room for a few more floats than outputs, a multiple of [`WIDEST`],
    /// which hold nothing; they may be changed before [`add_towards_weights`](Self::add_towards_weights).
    ///
    /// # Panics
    /// If these are not rows of as many columns as the layer has inputs, or the weights are another layer's.
    pub fn forward(&mut self, x_bd: &[f32], weights: &LinearWeights) -> impl Iterator<Item = &mut [f32]> {
        self.rows = x_bd.len() / self.inputs.max(1);
        assert!(self.rows <= BLOCK && x_bd.len() == self.rows * self.inputs, "no block of rows");
        assert!(
            weights.panels.outputs == self.outputs && weights.panels.depth == self.inputs,
            "another layer"
        );
        self.columns = 0..0;
        for columns in self.parts() {
            let add = columns.start > 0;
            self.put_in_order(x_bd, columns);
            self.multiply(&weights.panels, add);
        }
        self.y_bk.chunks_exact_mut(pitch(self.outputs)).take(self.rows)
    }

    /// Adds `y_bk^T * x_bd` to `sum_kd`, for what is now in the rows that [`forward`](Self::forward) gave of the same `x_bd`.
    /// The products of a block are added up in single precision.
    ///
    /// # Panics
    /// If `x_bd` is not the block, or `sum_kd` not as long as the weights.
    pub fn add_towards_weights(&mut self, x_bd: &[f32], sum_kd: &mut [f64]) {
        assert!(x_bd.len() == self.rows * self.inputs, "another block");
        assert!(sum_kd.len() == self.outputs * self.inputs, "another layer");
        // The last columns are in order already.
        for columns in self.parts().rev() {
            self.put_in_order(x_bd, columns);
            self.add_columns(sum_kd);
        }
    }

    fn parts(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
        let inputs = self.inputs;
        (0..inputs).step_by(COLUMNS).map(move |first| first..inputs.min(first + COLUMNS))
    }

    /// Rows of a panel lie together: no two of their cache lines displace each other, and pages are few.
    fn put_in_order(&mut self, x_bd: &[f32], columns: Range<usize>) {
        if self.columns == columns {
            return;
        }
        let panels = self.x.chunks_exact_mut((self.rows * panel()).max(1));
        for (panel_values, first) in panels.zip(columns.clone().step_by(panel())) {
            let count = panel().min(columns.end - first);
            let from = x_bd.chunks_exact(self.inputs);
            for (to, row) in panel_values.chunks_exact_mut(panel()).zip(from) {
                to[..count].copy_from_slice(&row[first..first + count]);
                to[count..].fill(0.0);
            }
        }
        self.columns = columns;
    }

    fn multiply(&mut self, weights: &Panels, add: bool) {
        let pitch = pitch(self.outputs);
        let run =
            |first: usize| Run { offset: first * self.rows, len: panel().min(self.columns.len() - first) };
        let runs: Vec<Run> = (0..self.columns.len()).step_by(panel()).map(run).collect();
        let tiles = self.rows.div_ceil(rows());
        let y_bk = Shared::of(&mut self.y_bk);
        for number in 0..weights.count() {
            let (weights, channels) = weights.at(number, self.columns.start);
            for index in 0..tiles {
                let range = index * self.rows / tiles..(index + 1) * self.rows / tiles;
                let mut outputs = Outputs {
                    count: range.len(),
                    seen: [std::ptr::null(); MOST],
                    to: [std::ptr::null_mut(); MOST],
                    channels,
                };
                for (i, row) in range.enumerate() {
                    outputs.seen[i] = self.x[row * panel()..].as_ptr();
                    outputs.to[i] = y_bk.at(row * pitch + number * panel());
                }
                let sum = Sum { add, pairs: false };
                // SAFETY: a row's runs end in its last panel of columns, `put_in_order` having filled as many panels as there are
                // runs; panels of weights are as long as the runs together; a row of outputs is as long as all panels' channels, or longer.
                unsafe { tile(&outputs, &runs, weights.as_ptr(), sum) }
            }
        }
    }

    fn add_columns(&self, sum_kd: &mut [f64]) {
        let pitch = pitch(self.outputs);
        let offsets: Vec<usize> = (0..self.rows).map(|row| row * pitch).collect();
        let tiles = self.outputs.div_ceil(rows());
        for index in 0..tiles {
            let range = index * self.outputs / tiles..(index + 1) * self.outputs / tiles;
            for first in (0..self.columns.len()).step_by(panel()) {
                let column = self.columns.start + first;
                let count = panel().min(self.columns.len() - first);
                let to = &mut sum_kd
                    [range.start * self.inputs + column..(range.end - 1) * self.inputs + column + count];
                // SAFETY: any address will do.
                unsafe { fetch_of(Vectors::detect(), to.as_ptr(), range.len(), self.inputs) }
                let mut sums = [0.0; MOST * REGISTERS * WIDEST];
                let tile = Outer {
                    count: range.len(),
                    seen: self.y_bk[range.start..].as_ptr(),
                    offsets: &offsets,
                    gradients: self.x[first * self.rows..][..self.rows * panel()].as_ptr(),
                    step: panel(),
                    to: sums.as_mut_ptr(),
                    pitch: panel(),
                    single: false,
                    pairs: false,
                };
                // SAFETY: every row of outputs has them from the first of the range on, and a panel of columns; sums are as many
                // rows as the largest tile has, as wide as the widest panel.
                unsafe { outer(&tile) }
                add_rows(&sums, panel(), to, self.inputs, count);
            }
        }
    }
}

/// Floats from a row of outputs to the next: an odd number of cache lines, so that rows do not displace each other in the cache.
fn pitch(outputs: usize) -> usize {
    (outputs.max(1).div_ceil(WIDEST) | 1) * WIDEST
}

with_float_lanes! {
    /// Has the rows of a tile of sums fetched.
    ///
    /// # Safety
    /// The registers are there.
    unsafe fn fetch_of(sums: *const f64, rows: usize, pitch: usize) = fetch_any
}

#[inline(always)]
unsafe fn fetch_any<L: Lanes>(sums: *const f64, rows: usize, pitch: usize) {
    for row in 0..rows {
        for line in 0..REGISTERS * L::WIDTH / 8 {
            let at = sums.wrapping_add(row * pitch + 8 * line);
            // SAFETY: any address will do.
            unsafe { L::prefetch(at.cast()) }
        }
    }
}

vectorised! {
    /// Adds the first `count` floats of rows that are `pitch` long to rows of sums that are `to_pitch` long.
    fn add_rows(from: &[f32], pitch: usize, to: &mut [f64], to_pitch: usize, count: usize) {
        for (to, from) in to.chunks_mut(to_pitch).zip(from.chunks_exact(pitch)) {
            for (to, &from) in to[..count].iter_mut().zip(from) {
                *to += f64::from(from);
            }
        }
    }
}

/// Logits so far below the largest are as good as any below: their probabilities vanish beside the rounding of the largest, and
/// smaller ones would come to numbers without a leading one, which processors are slow with.
const LOWEST: f32 = -60.0;

/// Turns logits into probabilities in place, and returns the logarithm of the sum of exponentials: probabilities are right to
/// 1e-6 of their value, and to the rounding of the logit's distance to the largest, or to 1e-26. What is to have no probability is minus infinity.
///
/// # Panics
/// If their number is no multiple of [`WIDEST`].
pub fn softmax(logits: &mut [f32]) -> f64 {
    assert!(logits.len().is_multiple_of(WIDEST), "no whole registers");
    let (mut largest, mut sums) = (f32::NEG_INFINITY, [0.0_f32; WIDEST]);
    // SAFETY: there are so many logits, the sums are as wide as the widest register, and the registers were detected.
    unsafe {
        exponentials_of(
            Vectors::detect(),
            logits.as_mut_ptr(),
            logits.len(),
            &raw mut largest,
            sums.as_mut_ptr(),
        )
    }
    let sum: f64 = sums.iter().map(|&sum| f64::from(sum)).sum();
    scale(logits, (1.0 / sum) as f32);
    f64::from(largest) + sum.ln()
}

vectorised! {
    fn scale(values: &mut [f32], factor: f32) {
        for value in values {
            *value *= factor;
        }
    }
}

with_float_lanes! {
    /// Replaces logits by exponentials of their distances to the largest, which goes to `largest`, and adds these up in lanes.
    ///
    /// # Safety
    /// There are `count` logits, a multiple of the lanes, one float at `largest`, and at `sums` as many as lanes.
    unsafe fn exponentials_of(logits: *mut f32, count: usize, largest: *mut f32, sums: *mut f32) = exponentials_any
}

#[inline(always)]
unsafe fn exponentials_any<L: Lanes>(logits: *mut f32, count: usize, largest: *mut f32, sums: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let (mut most, mut at) = (L::splat(f32::NEG_INFINITY), 0);
        while at < count {
            // The second is kept where the first is no number, so what is none is found by the exponentials alone.
            most = L::load(logits.add(at)).max(most);
            at += L::WIDTH;
        }
        let mut lanes = [f32::NEG_INFINITY; WIDEST];
        most.store(lanes.as_mut_ptr());
        *largest = lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (shift, mut sum) = (L::splat(-*largest), L::splat(0.0));
        at = 0;
        while at < count {
            let power = L::splat(LOWEST).max(L::load(logits.add(at)).add(shift)).exp();
            power.store(logits.add(at));
            sum = sum.add(power);
            at += L::WIDTH;
        }
        sum.store(sums);
    }
}

#[cfg(test)]
mod tests;
