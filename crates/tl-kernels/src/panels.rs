//! Weights in the order in which tiles use them.

use tl_simd::WIDEST;

use crate::band::lanes;
use crate::pass::Taps;
use crate::registers::{REGISTERS, panel, width};
use crate::room::pieces;
use crate::rounding::couple;
use crate::shape::Products;

/// How weights of a place of the kernel lie: so many, so far apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Along {
    pub(crate) count: usize,
    pub(crate) apart: usize,
}

/// Panels of two registers of outputs, the last of one if it has no more; each has all lanes of a window, one after the
/// other.
#[derive(Debug)]
pub(crate) struct Panels {
    pub(crate) values: Vec<f32>,
    /// Lanes of a window.
    pub(crate) depth: usize,
    pub(crate) outputs: usize,
}

impl Panels {
    /// Weights `w` of what comes in, `inner`, and what goes out, `outer`, at the places of `taps`.
    pub(crate) fn new(products: Products, taps: &Taps, inner: Along, outer: Along, w: &[f32]) -> Self {
        let depth = taps.places.len() * lanes(products, inner.count);
        let outputs = outer.count;
        let whole = panel() * depth;
        let values = pieces(whole * outputs.div_ceil(panel()), whole, |number, values| {
            let first = number * panel();
            let outer = Along { count: outputs - first, ..outer };
            pack(products, taps, inner, outer, &w[first * outer.apart..], values);
        });
        Self { values, depth, outputs }
    }

    pub(crate) fn count(&self) -> usize {
        self.outputs.div_ceil(panel())
    }

    /// From some lane of a window on, in a panel; and the panel's outputs.
    pub(crate) fn at(&self, number: usize, lane: usize) -> (&[f32], usize) {
        let left = self.outputs - number * panel();
        let start = number * panel() * self.depth + lane * wide(left);
        (&self.values[start..], left.min(panel()))
    }
}

/// Lanes that are put in order together: what lies between their channels is read once.
const TOGETHER: usize = 16;

/// One panel.
fn pack(products: Products, taps: &Taps, inner: Along, outer: Along, w: &[f32], panel_values: &mut [f32]) {
    let (wide, per_place) = (wide(outer.count), lanes(products, inner.count));
    let each = if products == Products::Bf16 { 2 } else { 1 };
    // For each channel coming in, a row of outputs.
    let mut square = [[0.0; REGISTERS * WIDEST]; 2 * TOGETHER];
    for first in (0..per_place).step_by(TOGETHER) {
        let count = TOGETHER.min(per_place - first);
        let channels = each * first..inner.count.min(each * (first + count));
        for (number, place) in taps.places.iter().enumerate() {
            let ends = channels.len()..each * count;
            square[ends].iter_mut().for_each(|row| row.fill(0.0));
            for lane in 0..wide.min(outer.count) {
                let w = &w[lane * outer.apart + place..];
                let values = w[channels.start * inner.apart..].iter().step_by(inner.apart);
                square
                    .iter_mut()
                    .zip(values)
                    .take(channels.len())
                    .for_each(|(row, &value)| row[lane] = value);
            }
            let rows = panel_values[(number * per_place + first) * wide..].chunks_exact_mut(wide).take(count);
            match each {
                1 => rows.zip(&square).for_each(|(to, row)| to.copy_from_slice(&row[..wide])),
                _ => rows
                    .zip(square.as_chunks::<2>().0)
                    .for_each(|(to, [low, high])| couple(&low[..wide], Some(high), to)),
            }
        }
    }
}

/// Lanes of a panel for so many outputs and those behind them.
pub(crate) fn wide(left: usize) -> usize {
    if left <= width() { width() } else { panel() }
}
