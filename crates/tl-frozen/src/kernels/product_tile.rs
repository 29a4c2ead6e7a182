//! A tile of the product kernel: a few output pixels by one or two registers of output channels.
//!
//! The sums stay in registers until they are whole ("register blocking": Goto and van de Geijn 2008, *Anatomy of High-Performance
//! Matrix Multiplication*, <https://doi.org/10.1145/1356052.1356053>). With AVX-512, 14 pixels by 2 registers of channels are 28 sums;
//! with two registers of weights and one of a repeated input they fill 31 of the 32 registers, and every loaded weight serves 14
//! multiply-adds.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use tl_simd::{Lanes, WIDEST, with_lanes};

use super::activation::{Quick, clamp};
use super::dot::Dot;
use super::format::Store;
use super::work::{REGISTERS, Work};
use super::{Format, Memory, Panel};

/// Pixels of the largest tile.
const MOST: usize = 14;
/// How far ahead weights are fetched, in floats: a page of 4 KiB, which the hardware prefetcher does not cross (Intel 64 and IA-32
/// Architectures Optimization Reference Manual, section on data prefetching to the first- and second-level caches).
const AHEAD: usize = 1024;

/// Output pixels of a tile: offsets of what they see, and places.
pub(super) struct Pixels {
    count: usize,
    input: [usize; MOST],
    output: [usize; MOST],
    places: [[usize; 2]; MOST],
}

impl Pixels {
    #[inline(always)]
    pub(super) fn new(op: &Work<'_>, first: usize, count: usize) -> Self {
        let mut pixels = Self { count, input: [0; MOST], output: [0; MOST], places: [[0; 2]; MOST] };
        let (mut y, mut x) = (first / op.output.width, first % op.output.width);
        for i in 0..count.min(MOST) {
            pixels.input[i] = op.origin + y * op.step[0] + x * op.step[1];
            pixels.output[i] = op.output.at(y, x);
            pixels.places[i] = [y, x];
            x += 1;
            if x == op.output.width {
                (y, x) = (y + 1, 0);
            }
        }
        pixels
    }
}

/// The tile for this number of pixels and registers.
#[inline(always)]
pub(super) unsafe fn any_tile<L: Lanes, D: Dot<L>>(
    op: &Work<'_>,
    memory: Memory,
    pixels: &Pixels,
    panel: usize,
    quick: Quick,
) {
    let left = op.channels - panel * REGISTERS * L::WIDTH;
    let single = left <= L::WIDTH;
    let registers = if single { 1 } else { REGISTERS };
    let stores = op.output.holds == Format::F32 || (L::NARROW && D::is_of(op.output.holds));
    let quick = if stores && left >= registers * L::WIDTH { quick } else { Quick::No };
    let mut spilt = [0.0_f32; MOST * REGISTERS * WIDEST];
    let to = spilt.as_mut_ptr();
    macro_rules! tile_of {
        ($($count:literal)*) => {
            match pixels.count {
                // Tiles that these lanes never use are left out by the compiler: TILE is a constant.
                $($count if $count <= L::TILE && single => tile::<L, D, $count, 1>(op, memory, pixels, panel, quick, to),
                $count if $count <= L::TILE => tile::<L, D, $count, REGISTERS>(op, memory, pixels, panel, quick, to),)*
                _ => {}
            }
        };
    }
    // SAFETY: the caller's; the spilt sums have room for the largest tile.
    unsafe {
        tile_of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        if matches!(quick, Quick::No) {
            end_spilt(op.isa.vectors, op, memory, pixels, [panel, registers], to);
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, D: Dot<L>, const PIXELS: usize, const REGISTERS: usize>(
    op: &Work<'_>,
    memory: Memory,
    pixels: &Pixels,
    panel: usize,
    quick: Quick,
    spilt: *mut f32,
) {
    let channel = panel * 2 * L::WIDTH;
    let Panel { weights, channel: input_channel } = op.panels[panel];
    // SAFETY: weights and bias are as long as panels, runs and spans say; the places of the pixels are the caller's, and a
    // quick end is asked for only where all registers hold channels.
    unsafe {
        let bias = op.bias.as_ptr().add(channel);
        let start: [D::Sums; REGISTERS] = std::array::from_fn(|v| D::start(bias.add(v * L::WIDTH)));
        let mut sums = [start; PIXELS];
        let mut weights = op.weights.as_ptr().add(weights);
        // The lines that the end of the tile writes and joins in are on their way while the sums are made.
        for i in 0..PIXELS {
            for v in 0..REGISTERS {
                let at = channel + v * L::WIDTH;
                L::prefetch(memory.at(pixels.output[i] + at / op.output.holds.numbers()));
                if let Quick::AddClamp { other, .. } = quick {
                    let [y, x] = pixels.places[i];
                    L::prefetch(memory.at(other.at(y, x) + at));
                }
            }
        }
        for &tap in op.taps {
            let runs: [*const f32; PIXELS] =
                std::array::from_fn(|i| memory.at(pixels.input[i] + tap + input_channel).cast_const());
            for k in 0..op.span {
                L::prefetch(weights.wrapping_add(AHEAD));
                if REGISTERS * L::WIDTH > 16 {
                    L::prefetch(weights.wrapping_add(AHEAD + 16));
                }
                let factors: [L; REGISTERS] = std::array::from_fn(|v| L::load(weights.add(v * L::WIDTH)));
                for i in 0..PIXELS {
                    let value = L::splat(*runs[i].add(k));
                    for v in 0..REGISTERS {
                        sums[i][v] = D::dot(value, factors[v], sums[i][v]);
                    }
                }
                weights = weights.add(REGISTERS * L::WIDTH);
            }
        }
        // Loops of fixed length without branches, which the compiler unrolls: else it would keep the sums in memory.
        let endings: [D::End; REGISTERS] = std::array::from_fn(|v| D::ending(op, channel + v * L::WIDTH));
        let mut done = [[L::splat(0.0); REGISTERS]; PIXELS];
        for i in 0..PIXELS {
            for v in 0..REGISTERS {
                done[i][v] = D::end(sums[i][v], endings[v]);
            }
        }
        match quick {
            Quick::Clamp { low, high } if L::NARROW && op.output.holds != Format::F32 => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i]);
                    for v in 0..REGISTERS {
                        D::store(clamp(done[i][v], low, high), op.output.holds, to, channel + v * L::WIDTH);
                    }
                }
            }
            Quick::Clamp { low, high } => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i] + channel);
                    for v in 0..REGISTERS {
                        clamp(done[i][v], low, high).store(to.add(v * L::WIDTH));
                    }
                }
            }
            Quick::AddClamp { other, low, high } if L::NARROW && op.output.holds != Format::F32 => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i]);
                    let [y, x] = pixels.places[i];
                    let other = memory.at(other.at(y, x)).cast_const();
                    for v in 0..REGISTERS {
                        let channel = channel + v * L::WIDTH;
                        let sum = done[i][v].add(L::load(other.add(channel)));
                        D::store(clamp(sum, low, high), op.output.holds, to, channel);
                    }
                }
            }
            Quick::AddClamp { other, low, high } => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i] + channel);
                    let [y, x] = pixels.places[i];
                    let other = memory.at(other.at(y, x) + channel);
                    for v in 0..REGISTERS {
                        let sum = done[i][v].add(L::load(other.add(v * L::WIDTH)));
                        clamp(sum, low, high).store(to.add(v * L::WIDTH));
                    }
                }
            }
            Quick::No => {
                for i in 0..PIXELS {
                    for v in 0..REGISTERS {
                        done[i][v].store(spilt.add((i * REGISTERS + v) * L::WIDTH));
                    }
                }
            }
        }
    }
}

with_lanes! {
    /// Any epilogue of a tile, from its sums in memory.
    ///
    /// # Safety
    /// The pixels are in the output, and `spilt` holds so many registers of sums for each of them.
    unsafe fn end_spilt(
        op: &Work<'_>,
        memory: Memory,
        pixels: &Pixels,
        panel_registers: [usize; 2],
        spilt: *const f32,
    ) = end_spilt_any
}

#[inline(always)]
unsafe fn end_spilt_any<L: Lanes>(
    op: &Work<'_>,
    memory: Memory,
    pixels: &Pixels,
    [panel, registers]: [usize; 2],
    spilt: *const f32,
) {
    for i in 0..pixels.count {
        for v in 0..registers {
            let channel = (panel * REGISTERS + v) * L::WIDTH;
            let left = op.channels - channel;
            let [y, x] = pixels.places[i];
            // SAFETY: the pixels' places are in the output and in what is joined in; `left` channels are there.
            unsafe {
                let sum = L::load(spilt.add((i * registers + v) * L::WIDTH));
                let value = op.finish.apply(sum, memory, [y, x, channel], left);
                value.store_as(op.output.holds, memory.at(pixels.output[i]), channel, left);
            }
        }
    }
}
