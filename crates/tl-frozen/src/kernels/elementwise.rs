//! Steps that look at one value at a time: scale and shift per channel, activations, sums and products of maps, copies.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

use tl_simd::{Lanes, with_lanes};

use super::activation::Finish;
use super::format::Store;
use super::isa::Isa;
use super::{Map, Memory, WorkPart};

/// `finish(input * scale + shift)`; output and input may be the same maps.
#[derive(Debug)]
pub(crate) struct Elementwise {
    pub(crate) isa: Isa,
    pub(crate) input: Map,
    pub(crate) output: Map,
    /// Per channel, padded with zeros to whole registers; without, the values as they are.
    pub(crate) scale_shift: Option<(Vec<f32>, Vec<f32>)>,
    pub(crate) finish: Finish,
}

impl Elementwise {
    /// The same step over rows without gaps, where it does not depend on the channel and all maps have that form.
    pub(crate) fn flattened(mut self) -> Self {
        let joined = self.finish.join.map(|(join, map)| map.flat_rows().map(|map| Some((join, map))));
        let maps = (self.input.flat_rows(), self.output.flat_rows(), joined.unwrap_or(Some(None)));
        if let (None, (Some(input), Some(output), Some(join))) = (&self.scale_shift, maps) {
            let rowwise = self.finish.join.is_none_or(|(_, map)| map.pixel != 0);
            if rowwise {
                (self.input, self.output, self.finish.join) = (input, output, join);
            }
        }
        self
    }

    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { elementwise(self.isa.vectors, self, memory, part) }
    }
}

with_lanes! {
    /// # Safety
    /// As of [`Elementwise::run`].
    unsafe fn elementwise(op: &Elementwise, memory: Memory, part: WorkPart) = elementwise_any
}

#[inline(always)]
unsafe fn elementwise_any<L: Lanes>(op: &Elementwise, memory: Memory, part: WorkPart) {
    let channels = op.output.channels * op.output.holds.numbers();
    for y in part.of(op.output.height) {
        for x in 0..op.output.width {
            let (from, to) = (op.input.at(y, x), op.output.at(y, x));
            for channel in (0..channels).step_by(L::WIDTH) {
                let left = channels - channel;
                // SAFETY: the place is in all maps (the caller's); scale and shift are padded to whole registers.
                unsafe {
                    let mut value = L::load_up_to(memory.at(from + channel), left);
                    if let Some((scale, shift)) = &op.scale_shift {
                        let shift = L::load(shift.as_ptr().add(channel));
                        value = value.mul_add(L::load(scale.as_ptr().add(channel)), shift);
                    }
                    let value = op.finish.apply(value, memory, [y, x, channel], left);
                    value.store_as(op.output.holds, memory.at(to), channel, left);
                }
            }
        }
    }
}
