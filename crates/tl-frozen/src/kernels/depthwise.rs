//! Depthwise convolutions: a register of channels, several output pixels of a row at once.
//!
//! With its zeros around, the input has no edges: an output pixel is the sum of its places in the filter, whatever the
//! stride. Weights are loaded once for all pixels of a tile; inputs come straight from the first-level cache. A channel has as few
//! multiply-adds as places in its filter, so that loads are what it waits for: where pixels are neighbours (stride 1), a row's
//! inputs slide through the registers, and each is loaded once for all pixels that see it.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use tl_simd::{Lanes, WIDEST, with_lanes};

use super::activation::{Finish, Quick, clamp};
use super::format::Store;
use super::isa::Isa;
use super::{Format, Map, Memory, WorkPart};

/// Pixels of the largest tile: enough sums in flight for two multiply-adds a cycle.
const MOST: usize = 8;
/// Pixels of tiles that slide; smaller ones are rare.
const SLIDING: usize = 7;

/// A convolution in which every output channel sees one input channel of the same number.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(crate) isa: Isa,
    /// Offset of what the first place of the filter sees for the first output pixel.
    pub(crate) origin: usize,
    /// From an output pixel to the one below and the one beside it, in the input.
    pub(crate) step: [usize; 2],
    /// Offsets of the places of the filter, row by row.
    pub(crate) taps: Vec<usize>,
    /// Places of a row of the filter, where these and output pixels are neighbours in the input.
    pub(crate) row: Option<usize>,
    /// Number of channels.
    pub(crate) channels: usize,
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
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { depthwise(self.isa.vectors, self, memory, part) }
    }

    pub(crate) fn multiply_adds(&self) -> usize {
        self.weights.len() * self.output.height * self.output.width
    }
}

with_lanes! {
    /// # Safety
    /// As of [`Depthwise::run`].
    unsafe fn depthwise(op: &Depthwise, memory: Memory, part: WorkPart) = depthwise_any
}

#[inline(always)]
unsafe fn depthwise_any<L: Lanes>(op: &Depthwise, memory: Memory, part: WorkPart) {
    // Portable registers are slow with few pixels and with many: no code for many.
    let most = if L::TILE < SLIDING - 1 { MOST / 2 } else { MOST };
    let tiles = op.output.width.div_ceil(most);
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
                    5 if most == MOST => pixels::<L, 5>(op, memory, y, first),
                    6 if most == MOST => pixels::<L, 6>(op, memory, y, first),
                    7 if most == MOST => pixels::<L, 7>(op, memory, y, first),
                    MOST if most == MOST => pixels::<L, MOST>(op, memory, y, first),
                    _ => {}
                }
            }
        }
    }
}

/// All channels of some pixels of a row.
#[inline(always)]
unsafe fn pixels<L: Lanes, const PIXELS: usize>(op: &Depthwise, memory: Memory, y: usize, first: usize) {
    let stores = L::NARROW || op.output.holds == Format::F32;
    let quick = if stores { op.finish.quick() } else { Quick::No };
    for (block, channel) in (0..op.channels).step_by(L::WIDTH).enumerate() {
        let at = [y, first, channel];
        // SAFETY: the caller's.
        unsafe {
            if op.channels - channel >= L::WIDTH {
                if PIXELS >= SLIDING
                    && let (Some(row), Quick::Clamp { low, high }) = (op.row, quick)
                {
                    let at = (at, block);
                    match row {
                        3 => sliding::<L, PIXELS, 3>(op, memory, at, [low, high]),
                        5 => sliding::<L, PIXELS, 5>(op, memory, at, [low, high]),
                        _ => register::<L, PIXELS, true>(op, memory, at.0, block, quick),
                    }
                    continue;
                }
                register::<L, PIXELS, true>(op, memory, at, block, quick);
            } else {
                register::<L, PIXELS, false>(op, memory, at, block, quick);
            }
        }
    }
}

/// One register of channels of some neighbouring pixels of a row, for filters of `ACROSS` places: each input is loaded once
/// for all pixels of a tile that see it.
#[inline(always)]
unsafe fn sliding<L: Lanes, const PIXELS: usize, const ACROSS: usize>(
    op: &Depthwise,
    memory: Memory,
    ([y, first, channel], block): ([usize; 3], usize),
    [low, high]: [f32; 2],
) {
    let (places, pixel) = (op.taps.len(), op.step[1]);
    // SAFETY: weights and bias are padded to whole registers; the rest is the caller's.
    unsafe {
        let mut weights = op.weights.as_ptr().add(block * places * L::WIDTH);
        let mut sums = [L::load(op.bias.as_ptr().add(channel)); PIXELS];
        let input = memory.at(op.origin + y * op.step[0] + first * op.step[1]).cast_const();
        for taps in op.taps.chunks_exact(ACROSS) {
            let mut factors = [L::splat(0.0); ACROSS];
            for kx in 0..ACROSS {
                factors[kx] = L::load(weights.add(kx * L::WIDTH));
            }
            weights = weights.add(ACROSS * L::WIDTH);
            let row = input.add(taps[0] + channel);
            for column in 0..PIXELS - 1 + ACROSS {
                let value = L::load(row.add(column * pixel));
                for kx in 0..ACROSS {
                    if column >= kx && column - kx < PIXELS {
                        let i = column - kx;
                        sums[i] = value.mul_add(factors[kx], sums[i]);
                    }
                }
            }
        }
        let output = op.output.at(y, first);
        if L::NARROW && op.output.holds != Format::F32 {
            for i in 0..PIXELS {
                let to = memory.at(output + i * op.output.pixel);
                clamp(sums[i], low, high).store_as(op.output.holds, to, channel, L::WIDTH);
            }
            return;
        }
        for i in 0..PIXELS {
            clamp(sums[i], low, high).store(memory.at(output + channel + i * op.output.pixel));
        }
    }
}

/// One register of channels of some pixels of a row; whole, or the last channels.
#[inline(always)]
unsafe fn register<L: Lanes, const PIXELS: usize, const WHOLE: bool>(
    op: &Depthwise,
    memory: Memory,
    [y, first, channel]: [usize; 3],
    block: usize,
    quick: Quick,
) {
    let (left, places, step) = (op.channels - channel, op.taps.len(), op.step[1]);
    // SAFETY: weights and bias are padded to whole registers; the rest is the caller's.
    unsafe {
        let mut weights = op.weights.as_ptr().add(block * places * L::WIDTH);
        let mut sums = [L::load(op.bias.as_ptr().add(channel)); PIXELS];
        let input = memory.at(op.origin + y * op.step[0] + first * step).cast_const();
        for &tap in &op.taps {
            let factor = L::load(weights);
            weights = weights.add(L::WIDTH);
            for i in 0..PIXELS {
                let from = input.add(tap + i * step + channel);
                let value = L::load_up_to(from, if WHOLE { L::WIDTH } else { left });
                sums[i] = value.mul_add(factor, sums[i]);
            }
        }
        let output = op.output.at(y, first);
        if let (Quick::Clamp { low, high }, true) = (quick, WHOLE) {
            // Loops of fixed length without branches: the compiler unrolls them, and the sums stay in registers.
            if L::NARROW && op.output.holds != Format::F32 {
                for i in 0..PIXELS {
                    let value = clamp(sums[i], low, high);
                    value.store_as(
                        op.output.holds,
                        memory.at(output + i * op.output.pixel),
                        channel,
                        L::WIDTH,
                    );
                }
                return;
            }
            let output = output + channel;
            for i in 0..PIXELS {
                clamp(sums[i], low, high).store(memory.at(output + i * op.output.pixel));
            }
            return;
        }
        let mut spilt = [0.0_f32; MOST * WIDEST];
        for i in 0..PIXELS {
            sums[i].store(spilt.as_mut_ptr().add(i * L::WIDTH));
        }
        for i in 0..PIXELS {
            let sum = L::load(spilt.as_ptr().add(i * L::WIDTH));
            let value = op.finish.apply(sum, memory, [y, first + i, channel], left);
            value.store_as(op.output.holds, memory.at(output + i * op.output.pixel), channel, left);
        }
    }
}

impl Depthwise {
    /// Behind the last float that the step reads as input or joins in.
    pub(crate) fn end(&self) -> usize {
        let Map { height, width, .. } = self.output;
        let last = self.origin + (height - 1) * self.step[0] + (width - 1) * self.step[1];
        (last + self.taps.iter().max().unwrap_or(&0) + self.channels).max(self.finish.end())
    }
}
