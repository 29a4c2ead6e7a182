//! Depthwise convolutions: a register of channels, several output pixels of a row at once.
//!
//! With its zeros around, the input has no edges: an output pixel is the sum of its places in the filter, whatever the
//! stride. Weights are loaded once for all pixels of a tile; inputs come straight from the first-level cache.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

use super::activation::Finish;
use super::isa::{Isa, with_lanes};
use super::lanes::Lanes;
use super::{Map, Memory, Part};

/// Pixels of the largest tile: enough sums in flight for two multiply-adds a cycle.
const MOST: usize = 8;

/// A convolution in which every output channel sees one input channel of the same number.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(crate) isa: Isa,
    /// Offset of what the first place of the filter sees for the first output pixel.
    pub(crate) origin: usize,
    /// From an output pixel to the one below and the one beside it, in the input.
    pub(crate) step: [usize; 2],
    /// Offsets of the places of the filter.
    pub(crate) taps: Vec<usize>,
    pub(crate) output: Map,
    /// By register of channels, then place; padded with zeros to whole registers.
    pub(crate) weights: Vec<f32>,
    /// Padded likewise.
    pub(crate) bias: Vec<f32>,
    pub(crate) finish: Finish,
}

/// Weights in the kernel's order: `value(channel, place)`.
pub(crate) fn pack_depthwise(
    isa: Isa,
    channels: usize,
    places: usize,
    value: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let width = isa.width();
    let mut weights = Vec::with_capacity(channels.next_multiple_of(width) * places);
    for block in (0..channels).step_by(width) {
        for place in 0..places {
            let lanes = block..block + width;
            weights.extend(lanes.map(|c| if c < channels { value(c, place) } else { 0.0 }));
        }
    }
    weights
}

impl Depthwise {
    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: Part) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { with_lanes!(self.isa, depthwise, Depthwise, (self, memory, part)) }
    }

    pub(crate) fn multiply_adds(&self) -> usize {
        self.weights.len() * self.output.height * self.output.width
    }
}

#[inline(always)]
unsafe fn depthwise<L: Lanes>(op: &Depthwise, memory: Memory, part: Part) {
    let tiles = op.output.width.div_ceil(MOST);
    for y in part.of(op.output.height) {
        for tile in 0..tiles {
            let first = tile * op.output.width / tiles;
            let count = (tile + 1) * op.output.width / tiles - first;
            // SAFETY: the caller's: the pixels are in the output.
            unsafe {
                match count {
                    1 => pixels::<L, 1>(op, memory, y, first),
                    2 => pixels::<L, 2>(op, memory, y, first),
                    3 => pixels::<L, 3>(op, memory, y, first),
                    4 => pixels::<L, 4>(op, memory, y, first),
                    5 => pixels::<L, 5>(op, memory, y, first),
                    6 => pixels::<L, 6>(op, memory, y, first),
                    7 => pixels::<L, 7>(op, memory, y, first),
                    _ => pixels::<L, MOST>(op, memory, y, first),
                }
            }
        }
    }
}

/// All channels of some pixels of a row.
#[inline(always)]
unsafe fn pixels<L: Lanes, const PIXELS: usize>(op: &Depthwise, memory: Memory, y: usize, first: usize) {
    let places = op.taps.len();
    for (block, channel) in (0..op.output.channels).step_by(L::WIDTH).enumerate() {
        let left = op.output.channels - channel;
        // SAFETY: weights and bias are padded to whole registers; the rest is the caller's.
        unsafe {
            let weights = op.weights.as_ptr().add(block * places * L::WIDTH);
            let mut sums = [L::load(op.bias.as_ptr().add(channel)); PIXELS];
            let input = memory.at(op.origin + y * op.step[0] + first * op.step[1] + channel);
            if left >= L::WIDTH {
                for (place, &tap) in op.taps.iter().enumerate() {
                    let factor = L::load(weights.add(place * L::WIDTH));
                    for (i, sum) in sums.iter_mut().enumerate() {
                        *sum = L::load(input.add(tap + i * op.step[1])).mul_add(factor, *sum);
                    }
                }
            } else {
                for (place, &tap) in op.taps.iter().enumerate() {
                    let factor = L::load(weights.add(place * L::WIDTH));
                    for (i, sum) in sums.iter_mut().enumerate() {
                        *sum = L::load_part(input.add(tap + i * op.step[1]), left).mul_add(factor, *sum);
                    }
                }
            }
            for (i, sum) in sums.iter().enumerate() {
                let value = op.finish.apply(*sum, memory, [y, first + i, channel], left);
                value.store_up_to(memory.at(op.output.at(y, first + i) + channel), left);
            }
        }
    }
}

impl Depthwise {
    /// Behind the last float that the step reads as input or joins in.
    pub(crate) fn end(&self) -> usize {
        let Map { height, width, channels, .. } = self.output;
        let last = self.origin + (height - 1) * self.step[0] + (width - 1) * self.step[1];
        (last + self.taps.iter().max().unwrap_or(&0) + channels).max(self.finish.end())
    }
}
