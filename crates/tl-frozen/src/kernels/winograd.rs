//! 3x3 convolutions of stride 1 with fewer multiplications: tiles of the input are transformed, at each place of a tile
//! a product with the transformed weights runs over all channels, and the sums are transformed back.
//!
//! F(4x4, 3x3) makes 36 multiplications of 144, F(2x2, 3x3) 16 of 36; the price is the transforms, weights that are 4 or 1.8 times as
//! large, and with the larger tiles a few bits of precision (Lavin and Gray 2015, <https://arxiv.org/abs/1509.09308>).
//!
//! Tiles are taken in blocks, so that what is between the transforms stays in a cache; the borders of the input reach as
//! far as the last tiles look.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

mod tiles;

use std::ops::Range;

use tl_simd::{Lanes, with_float_lanes};

use super::activation::Finish;
use super::isa::Isa;
use super::work::Work;
use super::{Activation, Format, Map, Memory, Panel, Tiling, WorkPart};
use tiles::{four_in, four_out, two_in, two_out};

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
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { winograd(self.isa.vectors, self, memory, part) }
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
            format: Format::F32,
            origin: place * self.place(inputs),
            step: [0, inputs],
            taps: &[0],
            span: inputs,
            channels: outputs,
            output: Map {
                start,
                row: 0,
                pixel: outputs,
                height: 1,
                width: tiles,
                channels: outputs,
                holds: Format::F32,
            },
            panels: &self.panels,
            weights: &self.weights[place * weights..(place + 1) * weights],
            bias: &self.zeros,
            scales: &[],
            finish: Finish { first: Activation::NONE, join: None, last: Activation::NONE },
            grid: None,
        }
    }
}

with_float_lanes! {
    /// # Safety
    /// As of [`Winograd::run`].
    unsafe fn winograd(op: &Winograd, memory: Memory, part: WorkPart) = winograd_any
}

#[inline(always)]
unsafe fn winograd_any<L: Lanes>(op: &Winograd, memory: Memory, part: WorkPart) {
    // SAFETY: every thread has its part of the scratch memory; the rest is the caller's.
    unsafe {
        let scratch = memory.from(op.scratch_start + part.index * op.scratch());
        let mine = part.of(op.tiles().iter().product());
        let blocks = mine.len().div_ceil(op.block()).max(1);
        for block in 0..blocks {
            let within = WorkPart { index: block, of: blocks }.of(mine.len());
            let tiles = mine.start + within.start..mine.start + within.end;
            transform_in::<L>(op, memory, scratch, tiles.clone());
            // The same place of every tile and channel is a matrix of its own: 16 or 36 products of matrices for a block.
            for place in 0..op.tiling.places() {
                op.product(place, tiles.len()).run(&[scratch], WorkPart::ALL);
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
