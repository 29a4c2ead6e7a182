//! Products on matrix registers (AMX): sixteen pixels by sixteen lanes times sixteen lanes by sixteen channels at once.
//!
//! A block is two tiles of pixels by a panel of weights, whose sums fill four of the eight registers. A register of pixels
//! is loaded from the maps where they are, which needs pixels the same way apart: those of a row, or of the whole maps where
//! rows follow one another so; then pixels between the rows are multiplied, too, and forgotten. A register takes as long
//! as a full one whatever it holds, so that it pays to fill them.
//!
//! Two by two tiles of sums need one load per product, where one tile of sums needs two: a product keeps the matrix unit
//! busy for 16 cycles, a load its port for 8, so that loads hide behind products (Intel 64 and IA-32 Architectures Optimization
//! Reference Manual, chapter on Intel AMX, sections on blocking; registers and instructions: Software Developer's Manual, volume 1,
//! chapter "Programming with Intel AMX"). A processor does 16 times the multiply-adds of floats a cycle so in bfloat16, 32 times in bytes.

#![allow(unsafe_code, reason = "instructions of matrix registers, and raw loads")]

use std::arch::asm;

use tl_simd::{Amx, Avx512, Lanes, SIDE, Shapes};

use super::activation::{Quick, clamp};
use super::dot::{Dot, Int8};
use super::format::Store;
use super::work::{Grid, REGISTERS, Work};
use super::{Format, Memory, WorkPart};

/// Channels of a panel: two registers.
const COLUMNS: usize = REGISTERS * SIDE;
/// Inputs of the blocks that are taken together when the weights do not stay in the cache, in floats: 512 KiB.
const CACHED_INPUT: usize = 128 * 1024;
/// Weights that stay in the second-level cache beside the maps, in floats: 1 MiB.
const CACHED_WEIGHTS: usize = 256 * 1024;

type L = Avx512<true>;

/// Multiplies two pixel tiles (`4`, `5`) with the two halves of a panel (`6`, `7`), or fewer, by this instruction: `tdpbf16ps` for pairs
/// of bfloat16, `tdpbusd` for four bytes. Loads stand between products, each right before the first product that reads it, so
/// that the first product waits for two loads, not for four.
macro_rules! multiply_add {
    ($dot:literal, $tiles:expr, $registers:expr, $first:expr, $second:expr, $apart:expr, $weights:expr) => {
        match ($tiles, $registers) {
            (2, 2) => asm!(
                "tileloadd tmm4, [{a} + {s}]",
                "tileloadd tmm6, [{w} + {t}]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm7, [{w} + {t} + 64]",
                concat!($dot, " tmm1, tmm4, tmm7"),
                "tileloadd tmm5, [{b} + {s}]",
                concat!($dot, " tmm2, tmm5, tmm6"),
                concat!($dot, " tmm3, tmm5, tmm7"),
                a = in(reg) $first, b = in(reg) $second, s = in(reg) $apart, w = in(reg) $weights, t = in(reg) 128_usize,
                options(nostack, readonly, preserves_flags)
            ),
            (1, 2) => asm!(
                "tileloadd tmm4, [{a} + {s}]",
                "tileloadd tmm6, [{w} + {t}]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm7, [{w} + {t} + 64]",
                concat!($dot, " tmm1, tmm4, tmm7"),
                a = in(reg) $first, s = in(reg) $apart, w = in(reg) $weights, t = in(reg) 128_usize,
                options(nostack, readonly, preserves_flags)
            ),
            (2, _) => asm!(
                "tileloadd tmm4, [{a} + {s}]",
                "tileloadd tmm6, [{w} + {t}]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                "tileloadd tmm5, [{b} + {s}]",
                concat!($dot, " tmm2, tmm5, tmm6"),
                a = in(reg) $first, b = in(reg) $second, s = in(reg) $apart, w = in(reg) $weights, t = in(reg) 64_usize,
                options(nostack, readonly, preserves_flags)
            ),
            _ => asm!(
                "tileloadd tmm4, [{a} + {s}]",
                "tileloadd tmm6, [{w} + {t}]",
                concat!($dot, " tmm0, tmm4, tmm6"),
                a = in(reg) $first, s = in(reg) $apart, w = in(reg) $weights, t = in(reg) 64_usize,
                options(nostack, readonly, preserves_flags)
            ),
        }
    };
}

/// # Safety
/// As of [`Product::run`](super::Product::run).
pub(super) unsafe fn products(op: &Work<'_>, (amx, grid): (Amx, &Grid), memories: &[Memory], part: WorkPart) {
    let _registers = amx.load(&Shapes::new(grid.rows, grid.lanes));
    // SAFETY: the caller's; the registers have the shapes of the grid as long as they are held.
    unsafe {
        match op.format {
            Format::Int8 { .. } => blocks::<true>(op, grid, memories, part),
            _ => blocks::<false>(op, grid, memories, part),
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni")]
unsafe fn blocks<const BYTES: bool>(op: &Work<'_>, grid: &Grid, memories: &[Memory], part: WorkPart) {
    let (tiles, panels) = (grid.tiles(), op.panels.len());
    let all = tiles.div_ceil(2);
    let by_pixels = all >= 4 * part.of || panels < part.of;
    let (rows, columns) = if by_pixels { (part.of(all), 0..panels) } else { (0..all, part.of(panels)) };
    let chunk = if op.weights.len() <= CACHED_WEIGHTS {
        1
    } else {
        (CACHED_INPUT / (2 * SIDE * op.step[1]).max(1)).max(1)
    };
    let mut sums = Sums([0.0; 2 * SIDE * COLUMNS]);
    // Weights that stay in the cache serve one picture after another, others all pictures at once.
    let groups = if chunk == 1 { 1 } else { memories.len() };
    let turns = memories
        .chunks(groups.max(1))
        .flat_map(|memories| rows.clone().step_by(chunk).map(move |start| (memories, start)));
    for (memories, start) in turns {
        for panel in columns.clone() {
            let blocks = start..(start + chunk).min(rows.end);
            let places = memories.iter().flat_map(|&memory| blocks.clone().map(move |block| (memory, block)));
            for (memory, block) in places {
                let pair = [2 * block, 2 * block + 1];
                let count = pair.len().min(tiles - pair[0]);
                let pair = pair.map(|tile| grid.tile(tile.min(tiles - 1)));
                // SAFETY: the caller's; the shapes are those of the grid.
                unsafe {
                    sum::<BYTES>(op, grid, memory, (&pair[..count], panel), &mut sums);
                    for (number, tile) in pair[..count].iter().enumerate() {
                        end::<BYTES>(op, grid, memory, (tile, panel), &sums.0[number * SIDE * COLUMNS..]);
                    }
                }
            }
        }
    }
}

/// Of two tiles, a row of channels for each pixel.
#[repr(align(64))]
struct Sums([f32; 2 * SIDE * COLUMNS]);

/// Some pixels of a grid that lie the same way apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    /// Their line, and the first one's place in it.
    line: usize,
    first: usize,
    /// Those that come before have been another tile's.
    new: usize,
}

impl Grid {
    /// Tiles of all lines.
    fn tiles(&self) -> usize {
        self.lines * self.length.div_ceil(self.rows)
    }

    /// The last tile of a line goes back to begin a whole tile before its end: some pixels are computed twice, but the registers
    /// keep one shape, and `ldtilecfg`, which changes shapes, clears the sums too.
    fn tile(&self, number: usize) -> Tile {
        let of_line = self.length.div_ceil(self.rows);
        let new = number % of_line * self.rows;
        Tile { line: number / of_line, first: new.min(self.length - self.rows), new }
    }
}

#[inline(always)]
unsafe fn sum<const BYTES: bool>(
    op: &Work<'_>,
    grid: &Grid,
    memory: Memory,
    (tiles, panel): (&[Tile], usize),
    sums: &mut Sums,
) {
    let registers = registers(op, panel);
    let start =
        |tile: &Tile| op.origin + tile.line * op.step[0] + tile.first * op.step[1] + op.panels[panel].channel;
    let [first, second] = [0, tiles.len() - 1].map(|tile| start(&tiles[tile]));
    let apart = op.step[1] * size_of::<f32>();
    // SAFETY: pixels, runs and what follows the last run are inside the memory, as `Work::end` says; a panel has a row of
    // weights for every lane of the runs; `sums` has room for four registers.
    unsafe {
        asm!(
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            options(nostack, nomem, preserves_flags)
        );
        let mut weights = op.weights.as_ptr().add(op.panels[panel].weights);
        for &tap in op.taps {
            let [first, second] = [first, second].map(|at| memory.at(at + tap));
            for lane in (0..grid.padded).step_by(grid.lanes) {
                let (a, b) = (first.add(lane), second.add(lane));
                if BYTES {
                    multiply_add!("tdpbusd", tiles.len(), registers, a, b, apart, weights);
                } else {
                    multiply_add!("tdpbf16ps", tiles.len(), registers, a, b, apart, weights);
                }
                weights = weights.add(grid.lanes * registers * SIDE);
            }
        }
        let to = sums.0.as_mut_ptr();
        asm!(
            "tilestored [{to} + {down}], tmm0",
            "tilestored [{to} + {down} + 64], tmm1",
            "tilestored [{to} + {down} + 2048], tmm2",
            "tilestored [{to} + {down} + 2112], tmm3",
            to = in(reg) to,
            down = in(reg) COLUMNS * size_of::<f32>(),
            options(nostack, preserves_flags)
        );
    }
}

fn registers(op: &Work<'_>, panel: usize) -> usize {
    if op.channels - panel * COLUMNS <= SIDE { 1 } else { REGISTERS }
}

/// Turns sums into values, and stores those of pixels of the output.
///
/// Without closures: the compiler would not put vector instructions into them.
#[inline(always)]
unsafe fn end<const BYTES: bool>(
    op: &Work<'_>,
    grid: &Grid,
    memory: Memory,
    (tile, panel): (&Tile, usize),
    sums: &[f32],
) {
    let (channel, registers) = (panel * COLUMNS, registers(op, panel));
    let whole = op.channels - channel >= REGISTERS * SIDE;
    let quick = if whole { op.finish.quick() } else { Quick::No };
    // SAFETY: scales and biases are padded to whole panels; the places are in the output, and so are the channels.
    unsafe {
        let numbers = [numbers::<BYTES>(op, channel), numbers::<BYTES>(op, channel + SIDE * (registers - 1))];
        let (mut y, mut x) = (tile.line + tile.new / grid.pitch, tile.new % grid.pitch);
        for row in tile.new - tile.first..grid.rows {
            if x < op.output.width {
                let from = sums.as_ptr().add(row * COLUMNS);
                let to = memory.at(op.output.at(y, x));
                match quick {
                    Quick::Clamp { low, high } => {
                        let first = clamp(value::<BYTES>(from, numbers[0]), low, high);
                        let second = clamp(value::<BYTES>(from.add(SIDE), numbers[1]), low, high);
                        L::store_two_as([first, second], op.output.holds, to, channel);
                    }
                    Quick::AddClamp { other: map, low, high } => {
                        let other = memory.at(map.at(y, x) + channel).cast_const();
                        let (first, second) = (L::load(other), L::load(other.add(SIDE)));
                        let first = clamp(value::<BYTES>(from, numbers[0]).add(first), low, high);
                        let second = clamp(value::<BYTES>(from.add(SIDE), numbers[1]).add(second), low, high);
                        L::store_two_as([first, second], op.output.holds, to, channel);
                    }
                    Quick::No => {
                        for (v, &numbers) in numbers.iter().enumerate().take(registers) {
                            let (channel, left) = (channel + v * SIDE, op.channels - channel - v * SIDE);
                            let value = value::<BYTES>(from.add(v * SIDE), numbers);
                            let value = op.finish.apply(value, memory, [y, x, channel], left);
                            value.store_as(op.output.holds, to, channel, left);
                        }
                    }
                }
            }
            x += 1;
            if x == grid.pitch {
                (y, x) = (y + 1, 0);
            }
        }
    }
}

/// Scale and bias of a register of channels.
#[inline(always)]
unsafe fn numbers<const BYTES: bool>(op: &Work<'_>, channel: usize) -> [L; 2] {
    // SAFETY: the caller's.
    unsafe {
        let bias = L::load(op.bias.as_ptr().add(channel));
        if BYTES { [L::load(op.scales.as_ptr().add(channel)), bias] } else { [bias, bias] }
    }
}

/// A register of channels of one pixel.
#[inline(always)]
unsafe fn value<const BYTES: bool>(sums: *const f32, [scale, bias]: [L; 2]) -> L {
    // SAFETY: the caller's.
    unsafe {
        if BYTES { <Int8 as Dot<L>>::end(Int8::sums(sums), [scale, bias]) } else { L::load(sums).add(bias) }
    }
}
