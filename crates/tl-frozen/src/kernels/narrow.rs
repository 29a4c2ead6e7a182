//! Maps as products of 16 or 8 bits read them: rounded once where they are made, not each time that a filter's place reads them.

#![allow(unsafe_code, reason = "reads and writes the memory that steps share")]

use tl_simd::{Lanes, with_lanes};

use super::format::Store;
use super::isa::Isa;
use super::{Map, Memory, WorkPart};

/// Rounds maps into maps of lanes, the numbers of a lane neighbouring channels.
#[derive(Debug)]
pub(crate) struct Narrow {
    pub(crate) isa: Isa,
    /// Of floats.
    pub(crate) input: Map,
    /// Its channels are lanes: those of the input divided by the numbers in a lane, rounded up.
    pub(crate) output: Map,
}

impl Narrow {
    /// The same step over rows without gaps, where lanes do not end within a pixel.
    pub(crate) fn flattened(mut self) -> Self {
        let whole = self.input.channels == self.output.channels * self.output.holds.numbers();
        if let (true, Some(input), Some(output)) = (whole, self.input.flat_rows(), self.output.flat_rows()) {
            (self.input, self.output) = (input, output);
        }
        self
    }

    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { narrow(self.isa.vectors, self, memory, part) }
    }
}

with_lanes! {
    /// # Safety
    /// As of [`Narrow::run`].
    unsafe fn narrow(op: &Narrow, memory: Memory, part: WorkPart) = narrow_any
}

#[inline(always)]
unsafe fn narrow_any<L: Lanes>(op: &Narrow, memory: Memory, part: WorkPart) {
    let (numbers, holds) = (op.input.channels, op.output.holds);
    let bytes = numbers * size_of::<f32>() / holds.numbers();
    for y in part.of(op.output.height) {
        for x in 0..op.output.width {
            // SAFETY: the place is in both maps, which do not overlap (the caller's), and so are the numbers.
            unsafe {
                let (from, to) = (memory.at(op.input.at(y, x)).cast_const(), memory.at(op.output.at(y, x)));
                for channel in (0..numbers).step_by(L::WIDTH) {
                    let left = numbers - channel;
                    L::load_up_to(from.add(channel), left).store_as(holds, to, channel, left);
                }
                // Behind the last number zeros, which meet weights that are zero.
                let rest = op.output.channels * size_of::<f32>() - bytes;
                to.cast::<u8>().add(bytes).write_bytes(0, rest);
            }
        }
    }
}
