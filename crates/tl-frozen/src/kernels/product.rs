//! Dense and grouped convolutions and linear layers: for every output pixel, a product with the weights.
//!
//! A tile is a few output pixels by two registers of output channels, and stays in registers while the kernel walks over
//! what those pixels look at: single input values, read straight from the maps (nothing is copied, there is no im2col),
//! times two registers of weights that lie in the order in which they are used. For one output pixel, what it looks at is
//! a few runs of floats that lie together, `taps`: one of `channels` floats per place of the filter, or of a whole filter
//! row where pixels have no gaps. A value is summed in the same order in every tile, so that no bit depends on how the
//! work was divided.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use super::activation::{Finish, Quick, clamp};
use super::isa::{Isa, with_lanes};
use super::lanes::Lanes;
use super::{Map, Memory, Part};

/// Registers of output channels in a tile.
const REGISTERS: usize = 2;
/// Pixels of the largest tile.
const MOST: usize = 14;
/// Floats in the widest register.
const WIDEST: usize = 16;
/// Weights that stay in the second-level cache beside the maps, in floats: 512 KiB.
const CACHED_WEIGHTS: usize = 128 * 1024;
/// Inputs of the tiles that are taken together when the weights do not stay in the cache, in floats: 256 KiB.
const CACHED_INPUT: usize = 64 * 1024;

/// A convolution.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) isa: Isa,
    /// Offset of what the first place of the filter sees for the first output pixel.
    pub(crate) origin: usize,
    /// From an output pixel to the one below and the one beside it, in the input.
    pub(crate) step: [usize; 2],
    /// Offsets of the runs of input floats that an output pixel looks at.
    pub(crate) taps: Vec<usize>,
    /// Floats in a run.
    pub(crate) span: usize,
    pub(crate) output: Map,
    pub(crate) panels: Vec<Panel>,
    pub(crate) weights: Vec<f32>,
    /// One per output channel, and zeros up to the end of the last panel.
    pub(crate) bias: Vec<f32>,
    pub(crate) finish: Finish,
}

/// What the kernel works with; the fields are those of a [`Product`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) isa: Isa,
    pub(crate) origin: usize,
    pub(crate) step: [usize; 2],
    pub(crate) taps: &'a [usize],
    pub(crate) span: usize,
    pub(crate) output: Map,
    pub(crate) panels: &'a [Panel],
    pub(crate) weights: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) finish: Finish,
}

/// Two registers of output channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panel {
    /// Where its weights start.
    pub(crate) weights: usize,
    /// The input channel at which each of its runs starts.
    pub(crate) channel: usize,
}

/// Weights in panels: `value(output, k)` for the `k`-th input float of the runs, each panel `depth` long.
pub(crate) fn pack_panels(
    isa: Isa,
    outputs: usize,
    depth: usize,
    value: impl Fn(usize, usize) -> f32,
) -> (Vec<f32>, Vec<usize>) {
    let (mut weights, mut starts) = (Vec::new(), Vec::new());
    let mut first = 0;
    while first < outputs {
        let wide = panel_width(isa, outputs - first);
        starts.push(weights.len());
        for k in 0..depth {
            weights.extend((first..first + wide).map(|o| if o < outputs { value(o, k) } else { 0.0 }));
        }
        first += REGISTERS * isa.width();
    }
    (weights, starts)
}

/// A last panel of one register's channels has one register.
fn panel_width(isa: Isa, left: usize) -> usize {
    if left <= isa.width() { isa.width() } else { REGISTERS * isa.width() }
}

impl Product {
    /// # Safety
    /// Every offset that the step describes is inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: Part) {
        // SAFETY: the caller's.
        unsafe { self.work().run(memory, part) }
    }

    pub(crate) fn multiply_adds(&self) -> usize {
        self.weights.len() * self.output.height * self.output.width
    }
}

impl Work<'_> {
    /// # Safety
    /// As of [`Product::run`].
    pub(crate) unsafe fn run(&self, memory: Memory, part: Part) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { with_lanes!(self.isa, product, Work<'_>, (self, memory, part)) }
    }
}

/// Output pixels of a tile: offsets of what they see, and places.
struct Pixels {
    count: usize,
    input: [usize; MOST],
    output: [usize; MOST],
    places: [[usize; 2]; MOST],
}

impl Pixels {
    #[inline(always)]
    fn new(op: &Work<'_>, first: usize, count: usize) -> Self {
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

#[inline(always)]
unsafe fn product<L: Lanes>(op: &Work<'_>, memory: Memory, part: Part) {
    let pixels = op.output.height * op.output.width;
    let tiles = pixels.div_ceil(L::TILE);
    let all = 0..op.panels.len();
    let by_pixels = tiles >= 4 * part.of || all.len() < part.of;
    let (rows, columns) =
        if by_pixels { (part.of(tiles), all) } else { (0..tiles, part.of(op.panels.len())) };
    let chunk = chunk(op, L::TILE);
    let quick = op.finish.quick();
    let tile = |tile: usize| {
        let first = tile * pixels / tiles;
        Pixels::new(op, first, (tile + 1) * pixels / tiles - first)
    };
    for start in rows.clone().step_by(chunk) {
        let end = (start + chunk).min(rows.end);
        if chunk == 1 {
            let pixels = tile(start);
            for panel in columns.clone() {
                // SAFETY: the caller's.
                unsafe { any_tile::<L>(op, memory, &pixels, panel, quick) }
            }
            continue;
        }
        for panel in columns.clone() {
            for index in start..end {
                // SAFETY: the caller's.
                unsafe { any_tile::<L>(op, memory, &tile(index), panel, quick) }
            }
        }
    }
}

/// How many tiles are taken together: one after another if the weights stay in the cache anyway.
fn chunk(op: &Work<'_>, tile: usize) -> usize {
    if op.weights.len() <= CACHED_WEIGHTS {
        return 1;
    }
    (CACHED_INPUT / (tile * op.taps.len() * op.span).max(1)).max(1)
}

/// The tile for this number of pixels and registers.
#[inline(always)]
unsafe fn any_tile<L: Lanes>(op: &Work<'_>, memory: Memory, pixels: &Pixels, panel: usize, quick: Quick) {
    let left = op.output.channels - panel * REGISTERS * L::WIDTH;
    let single = left <= L::WIDTH;
    let registers = if single { 1 } else { REGISTERS };
    let quick = if left >= registers * L::WIDTH { quick } else { Quick::No };
    let mut spilt = [0.0_f32; MOST * REGISTERS * WIDEST];
    let to = spilt.as_mut_ptr();
    macro_rules! tile_of {
        ($($count:literal)*) => {
            match pixels.count {
                // Tiles that these lanes never use are left out by the compiler: TILE is a constant.
                $($count if $count <= L::TILE && single => tile::<L, $count, 1>(op, memory, pixels, panel, quick, to),
                $count if $count <= L::TILE => tile::<L, $count, REGISTERS>(op, memory, pixels, panel, quick, to),)*
                _ => {}
            }
        };
    }
    // SAFETY: the caller's; the spilt sums have room for the largest tile.
    unsafe {
        tile_of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        if matches!(quick, Quick::No) {
            end_spilt::<L>(op, memory, pixels, [panel, registers], to);
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, const PIXELS: usize, const REGISTERS: usize>(
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
        let start: [L; REGISTERS] = std::array::from_fn(|v| L::load(bias.add(v * L::WIDTH)));
        let mut sums = [start; PIXELS];
        let mut weights = op.weights.as_ptr().add(weights);
        for &tap in op.taps {
            let runs: [*const f32; PIXELS] =
                std::array::from_fn(|i| memory.at(pixels.input[i] + tap + input_channel).cast_const());
            for k in 0..op.span {
                let factors: [L; REGISTERS] = std::array::from_fn(|v| L::load(weights.add(v * L::WIDTH)));
                for i in 0..PIXELS {
                    let value = L::splat(*runs[i].add(k));
                    for v in 0..REGISTERS {
                        sums[i][v] = value.mul_add(factors[v], sums[i][v]);
                    }
                }
                weights = weights.add(REGISTERS * L::WIDTH);
            }
        }
        // Loops of fixed length without branches, which the compiler unrolls: else it would keep the sums in memory.
        match quick {
            Quick::Clamp { low, high } => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i] + channel);
                    for v in 0..REGISTERS {
                        clamp(sums[i][v], low, high).store(to.add(v * L::WIDTH));
                    }
                }
            }
            Quick::AddClamp { other, low, high } => {
                for i in 0..PIXELS {
                    let to = memory.at(pixels.output[i] + channel);
                    let [y, x] = pixels.places[i];
                    let other = memory.at(other.at(y, x) + channel);
                    for v in 0..REGISTERS {
                        let sum = sums[i][v].add(L::load(other.add(v * L::WIDTH)));
                        clamp(sum, low, high).store(to.add(v * L::WIDTH));
                    }
                }
            }
            Quick::No => {
                for i in 0..PIXELS {
                    for v in 0..REGISTERS {
                        sums[i][v].store(spilt.add((i * REGISTERS + v) * L::WIDTH));
                    }
                }
            }
        }
    }
}

/// Any end of a tile, from its sums in memory.
#[inline(always)]
unsafe fn end_spilt<L: Lanes>(
    op: &Work<'_>,
    memory: Memory,
    pixels: &Pixels,
    [panel, registers]: [usize; 2],
    spilt: *const f32,
) {
    for i in 0..pixels.count {
        for v in 0..registers {
            let channel = (panel * REGISTERS + v) * L::WIDTH;
            let left = op.output.channels - channel;
            let [y, x] = pixels.places[i];
            // SAFETY: the pixels' places are in the output and in what is joined in; `left` channels are there.
            unsafe {
                let sum = L::load(spilt.add((i * registers + v) * L::WIDTH));
                let value = op.finish.apply(sum, memory, [y, x, channel], left);
                value.store_up_to(memory.at(pixels.output[i] + channel), left);
            }
        }
    }
}

impl Product {
    fn work(&self) -> Work<'_> {
        let Self { isa, origin, step, span, output, finish, .. } = *self;
        let (taps, panels, weights, bias) = (&self.taps, &self.panels, &self.weights, &self.bias);
        Work { isa, origin, step, taps, span, output, panels, weights, bias, finish }
    }

    /// Behind the last float that the step reads as input or joins in.
    pub(crate) fn end(&self) -> usize {
        let Map { height, width, .. } = self.output;
        let last = self.origin + (height - 1) * self.step[0] + (width - 1) * self.step[1];
        let run = self.taps.iter().max().unwrap_or(&0) + self.span;
        let channel = self.panels.iter().map(|panel| panel.channel).max().unwrap_or(0);
        (last + run + channel).max(self.finish.end())
    }

    pub(crate) fn is_pointwise(&self) -> bool {
        self.taps.len() == 1
    }
}
