//! 3x3 convolutions of stride 1 with fewer multiplications: tiles of the input are transformed, at each place of a tile
//! a product with the transformed weights runs over all channels, and the sums are transformed back.
//!
//! Tiles are taken in blocks, so that what is between the transforms stays in a cache; the borders of the input reach as
//! far as the last tiles look.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use std::ops::Range;

use super::activation::{Finish, Quick, clamp};
use super::isa::{Isa, with_lanes};
use super::lanes::Lanes;
use super::product::Work;
use super::winograd_transforms::{input_four, input_two, output_four, output_two};
use super::{Activation, Map, Memory, Panel, Part, Tiling};

/// Floats between the transforms, for a block of tiles: 1.5 MiB.
const BLOCK: usize = 384 * 1024;
/// Fewer tiles than this leave the products too little to do per weight.
const FEWEST: usize = 56;

/// A 3x3 convolution of stride 1.
#[derive(Debug)]
pub(crate) struct Winograd {
    pub(crate) isa: Isa,
    pub(crate) tiling: Tiling,
    /// The input, from the first pixel that the first tile sees.
    pub(crate) input: Map,
    pub(crate) output: Map,
    /// Of all places, one behind the other.
    pub(crate) weights: Vec<f32>,
    /// Of one place.
    pub(crate) panels: Vec<Panel>,
    pub(crate) bias: Vec<f32>,
    pub(crate) zeros: Vec<f32>,
    pub(crate) finish: Finish,
    /// Where the memory for what is between the transforms starts: each thread has [`scratch`](Self::scratch) floats.
    pub(crate) scratch_start: usize,
}

impl Winograd {
    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: Part) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { with_lanes!(self.isa, winograd, Winograd, (self, memory, part)) }
    }

    /// Tiles down and across.
    fn tiles(&self) -> [usize; 2] {
        [self.output.height, self.output.width].map(|side| side.div_ceil(self.tiling.outputs()))
    }

    /// The most tiles in a block.
    fn block(&self) -> usize {
        let channels = self.input.channels + self.output.channels;
        let cached = BLOCK / (self.tiling.places() * channels);
        cached.max(FEWEST).min(self.tiles().iter().product())
    }

    /// Floats from one place to the next. A line more than needed: else all places might fall on the same cache sets.
    fn place(&self, channels: usize) -> usize {
        (self.block() * channels).next_multiple_of(16) + 16
    }

    /// Floats between the transforms that a thread needs.
    pub(crate) fn scratch(&self) -> usize {
        self.tiling.places() * (self.place(self.input.channels) + self.place(self.output.channels))
    }

    /// Behind the last float that the step reads.
    pub(crate) fn end(&self) -> usize {
        let [down, across] = self.tiles();
        let (step, inputs) = (self.tiling.outputs(), self.tiling.inputs());
        let last = self.input.at((down - 1) * step + inputs - 1, (across - 1) * step + inputs - 1);
        (last + self.input.channels).max(self.finish.end())
    }

    pub(crate) fn multiply_adds(&self) -> usize {
        self.tiles().iter().product::<usize>() * self.weights.len()
    }

    /// The product at one place of the tiles of a block, in a thread's scratch memory.
    fn product(&self, place: usize, tiles: usize) -> Work<'_> {
        let (inputs, outputs) = (self.input.channels, self.output.channels);
        let weights = self.weights.len() / self.tiling.places();
        let sums = self.tiling.places() * self.place(inputs);
        let start = sums + place * self.place(outputs);
        Work {
            isa: self.isa,
            origin: place * self.place(inputs),
            step: [0, inputs],
            taps: &[0],
            span: inputs,
            output: Map { start, row: 0, pixel: outputs, height: 1, width: tiles, channels: outputs },
            panels: &self.panels,
            weights: &self.weights[place * weights..(place + 1) * weights],
            bias: &self.zeros,
            finish: Finish { first: Activation::NONE, join: None, last: Activation::NONE },
        }
    }
}

#[inline(always)]
unsafe fn winograd<L: Lanes>(op: &Winograd, memory: Memory, part: Part) {
    // SAFETY: every thread has its part of the scratch memory; the rest is the caller's.
    unsafe {
        let scratch = memory.from(op.scratch_start + part.index * op.scratch());
        let mine = part.of(op.tiles().iter().product());
        let blocks = mine.len().div_ceil(op.block()).max(1);
        for block in 0..blocks {
            let within = Part { index: block, of: blocks }.of(mine.len());
            let tiles = mine.start + within.start..mine.start + within.end;
            transform_in::<L>(op, memory, scratch, tiles.clone());
            for place in 0..op.tiling.places() {
                op.product(place, tiles.len()).run(scratch, Part::ALL);
            }
            transform_out::<L>(op, memory, scratch, tiles);
        }
    }
}

#[inline(always)]
unsafe fn transform_in<L: Lanes>(op: &Winograd, memory: Memory, scratch: Memory, tiles: Range<usize>) {
    let (across, step) = (op.tiles()[1], op.tiling.outputs());
    let (channels, place) = (op.input.channels, op.place(op.input.channels));
    for (index, tile) in tiles.enumerate() {
        let from = op.input.at(tile / across * step, tile % across * step);
        for channel in (0..channels).step_by(L::WIDTH) {
            let left = channels - channel;
            // SAFETY: tiles are inside the input and its borders, places inside the scratch memory.
            unsafe {
                let from = memory.at(from + channel);
                let to = scratch.at(index * channels + channel);
                match op.tiling {
                    Tiling::Two => two_in::<L>(&op.input, from, to, place, left),
                    Tiling::Four => four_in::<L>(&op.input, from, to, place, left),
                }
            }
        }
    }
}

/// A register of channels of one tile, there. A macro and plain loops: closures and functions handed over are not always
/// compiled into the kernel, and then not with its instructions.
macro_rules! tile_in {
    ($name:ident, $side:literal, $transform:ident) => {
        #[inline(always)]
        unsafe fn $name<L: Lanes>(input: &Map, from: *const f32, to: *mut f32, place: usize, left: usize) {
            // SAFETY: the caller's: the tile is in the input, its places in the scratch memory.
            unsafe {
                let mut rows = [[L::splat(0.0); $side]; $side];
                for y in 0..$side {
                    let row = from.add(y * input.row);
                    let mut line = [L::splat(0.0); $side];
                    for x in 0..$side {
                        line[x] = L::load_up_to(row.add(x * input.pixel), left);
                    }
                    rows[y] = $transform(line);
                }
                for x in 0..$side {
                    let mut line = [L::splat(0.0); $side];
                    for y in 0..$side {
                        line[y] = rows[y][x];
                    }
                    let line = $transform(line);
                    for y in 0..$side {
                        line[y].store_up_to(to.add((y * $side + x) * place), left);
                    }
                }
            }
        }
    };
}

tile_in!(two_in, 4, input_two);
tile_in!(four_in, 6, input_four);

#[inline(always)]
unsafe fn transform_out<L: Lanes>(op: &Winograd, memory: Memory, scratch: Memory, tiles: Range<usize>) {
    let (across, step) = (op.tiles()[1], op.tiling.outputs());
    let (channels, place) = (op.output.channels, op.place(op.output.channels));
    let sums = op.tiling.places() * op.place(op.input.channels);
    let quick = op.finish.quick();
    for (index, tile) in tiles.enumerate() {
        let corner = [tile / across * step, tile % across * step];
        for channel in (0..channels).step_by(L::WIDTH) {
            // SAFETY: places are inside the scratch memory; only pixels of the output are written.
            unsafe {
                let from = scratch.at(sums + index * channels + channel);
                let at = (corner, channel);
                match op.tiling {
                    Tiling::Two => two_out::<L>(op, memory, from, place, at, quick),
                    Tiling::Four => four_out::<L>(op, memory, from, place, at, quick),
                }
            }
        }
    }
}

/// A register of channels of one tile, back: bias, ending, and into the pixels that are part of the output.
macro_rules! tile_out {
    ($name:ident, $side:literal, $outputs:literal, $transform:ident) => {
        #[inline(always)]
        unsafe fn $name<L: Lanes>(
            op: &Winograd,
            memory: Memory,
            from: *const f32,
            place: usize,
            ([top, first], channel): ([usize; 2], usize),
            quick: Quick,
        ) {
            let left = op.output.channels - channel;
            // SAFETY: the caller's; the bias is padded to whole registers.
            unsafe {
                let mut rows = [[L::splat(0.0); $outputs]; $side];
                for y in 0..$side {
                    let mut line = [L::splat(0.0); $side];
                    for x in 0..$side {
                        line[x] = L::load_up_to(from.add((y * $side + x) * place), left);
                    }
                    rows[y] = $transform(line);
                }
                let bias = L::load(op.bias.as_ptr().add(channel));
                for x in 0..$outputs {
                    let mut line = [L::splat(0.0); $side];
                    for y in 0..$side {
                        line[y] = rows[y][x];
                    }
                    let line = $transform(line);
                    for y in 0..$outputs {
                        if top + y < op.output.height && first + x < op.output.width {
                            let at = [top + y, first + x, channel];
                            end::<L>(op, memory, line[y].add(bias), at, left, quick);
                        }
                    }
                }
            }
        }
    };
}

tile_out!(two_out, 4, 2, output_two);
tile_out!(four_out, 6, 4, output_four);

#[inline(always)]
unsafe fn end<L: Lanes>(
    op: &Winograd,
    memory: Memory,
    value: L,
    [y, x, channel]: [usize; 3],
    left: usize,
    quick: Quick,
) {
    // SAFETY: the pixel is in the output and in what is joined in.
    unsafe {
        let value = match quick {
            Quick::Clamp { low, high } => clamp(value, low, high),
            Quick::AddClamp { other, low, high } => {
                let other = L::load_up_to(memory.at(other.at(y, x) + channel), left);
                clamp(value.add(other), low, high)
            }
            Quick::No => op.finish.apply(value, memory, [y, x, channel], left),
        };
        value.store_up_to(memory.at(op.output.at(y, x) + channel), left);
    }
}
