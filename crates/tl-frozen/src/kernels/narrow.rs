//! Maps as products of 16 or 8 bits read them.

#![allow(unsafe_code, reason = "reads and writes the memory that steps share")]

use super::format::{Format, bf16, byte};
use super::isa::{Isa, with_lanes};
use super::lanes::Lanes;
use super::{Map, Memory, Part};

/// Rounds maps of floats into maps of lanes, the numbers of a lane neighbouring channels.
#[derive(Debug)]
pub(crate) struct Narrow {
    pub(crate) isa: Isa,
    pub(crate) input: Map,
    /// Its channels are lanes: those of the input divided by the numbers in a lane, rounded up.
    pub(crate) output: Map,
    pub(crate) format: Format,
}

impl Narrow {
    /// The same step over rows without gaps, where lanes do not end within a pixel.
    pub(crate) fn flattened(mut self) -> Self {
        let whole = self.input.channels == self.output.channels * self.format.numbers();
        if let (true, Some(input), Some(output)) = (whole, self.input.flat_rows(), self.output.flat_rows()) {
            (self.input, self.output) = (input, output);
        }
        self
    }

    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: Part) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { with_lanes!(self.isa, narrow, Narrow, (self, memory, part)) }
    }
}

/// Plain loops, which the compiler turns into the instructions of the lanes.
#[inline(always)]
unsafe fn narrow<L: Lanes>(op: &Narrow, memory: Memory, part: Part) {
    let (channels, lanes) = (op.input.channels, op.output.channels);
    for y in part.of(op.output.height) {
        for x in 0..op.output.width {
            // SAFETY: the place is in both maps, which do not overlap (the caller's).
            let (from, to) = unsafe {
                let from = memory.at(op.input.at(y, x)).cast_const();
                (std::slice::from_raw_parts(from, channels), memory.at(op.output.at(y, x)))
            };
            match op.format {
                Format::F32 => {}
                Format::Bf16 => {
                    // SAFETY: as above; a lane has room for two.
                    let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<u16>(), 2 * lanes) };
                    fill(from, to, bf16);
                }
                Format::Int8 { scale, zero } => {
                    let (factor, zero) = (scale.recip(), f32::from(zero));
                    // SAFETY: as above; a lane has room for four.
                    let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<u8>(), 4 * lanes) };
                    fill(from, to, |value| byte(value, factor, zero));
                }
            }
        }
    }
}

/// Behind the last number zeros, which meet weights that are zero.
#[inline(always)]
fn fill<T: Default>(from: &[f32], to: &mut [T], round: impl Fn(f32) -> T) {
    let (numbers, rest) = to.split_at_mut(from.len());
    for (to, &from) in numbers.iter_mut().zip(from) {
        *to = round(from);
    }
    rest.iter_mut().for_each(|number| *number = T::default());
}
