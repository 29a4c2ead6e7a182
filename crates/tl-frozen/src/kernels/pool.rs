//! Pooling: the maximum or the mean over a window per output pixel, clipped to the maps.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

use std::ops::Range;

use tl_simd::{Lanes, with_lanes};

use super::format::Store;
use super::isa::Isa;
use super::{Map, Memory, WorkPart};

/// Registers of channels at once, so that whole cache lines are used as they come.
const REGISTERS: usize = 4;

/// What becomes of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reduce {
    Max,
    /// The sum over the number of pixels in the window, or over a fixed number.
    Mean(Option<f32>),
}

/// A pooling; windows are the products of row and column ranges.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) isa: Isa,
    pub(crate) input: Map,
    pub(crate) output: Map,
    /// Of each output row, the input rows.
    pub(crate) rows: Vec<Range<usize>>,
    /// Of each output column, the input columns.
    pub(crate) columns: Vec<Range<usize>>,
    pub(crate) reduce: Reduce,
}

impl Pool {
    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { pool(self.isa.vectors, self, memory, part) }
    }
}

with_lanes! {
    /// # Safety
    /// As of [`Pool::run`].
    unsafe fn pool(op: &Pool, memory: Memory, part: WorkPart) = pool_any
}

#[inline(always)]
unsafe fn pool_any<L: Lanes>(op: &Pool, memory: Memory, part: WorkPart) {
    let channels = op.output.channels * op.output.holds.numbers();
    for y in part.of(op.output.height) {
        for x in 0..op.output.width {
            let window = [&op.rows[y], &op.columns[x]];
            let to = op.output.at(y, x);
            let mut channel = 0;
            // SAFETY: windows are inside the input, the pixel is in the output, and so are the channels.
            unsafe {
                while channel + REGISTERS * L::WIDTH <= channels {
                    let values = reduce::<L, REGISTERS>(op, memory, window, channel, L::WIDTH);
                    for (v, value) in values.iter().enumerate() {
                        value.store_as(op.output.holds, memory.at(to), channel + v * L::WIDTH, L::WIDTH);
                    }
                    channel += REGISTERS * L::WIDTH;
                }
                while channel < channels {
                    let [value] = reduce::<L, 1>(op, memory, window, channel, channels - channel);
                    value.store_as(op.output.holds, memory.at(to), channel, channels - channel);
                    channel += L::WIDTH;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn reduce<L: Lanes, const REGISTERS: usize>(
    op: &Pool,
    memory: Memory,
    [rows, columns]: [&Range<usize>; 2],
    channel: usize,
    count: usize,
) -> [L; REGISTERS] {
    // SAFETY: the caller's.
    unsafe {
        let start = if op.reduce == Reduce::Max { f32::NEG_INFINITY } else { 0.0 };
        let mut values = [L::splat(start); REGISTERS];
        for y in rows.clone() {
            for x in columns.clone() {
                let from = memory.at(op.input.at(y, x));
                for (v, value) in values.iter_mut().enumerate() {
                    let other = L::load_up_to(from.add(channel + v * L::WIDTH), count);
                    *value = if op.reduce == Reduce::Max { value.max(other) } else { value.add(other) };
                }
            }
        }
        if let Reduce::Mean(divisor) = op.reduce {
            let divisor = divisor.unwrap_or((rows.len() * columns.len()) as f32);
            values = values.map(|value| value.mul(L::splat(1.0 / divisor)));
        }
        values
    }
}
