//! Dense and grouped convolutions and linear layers: for every output pixel, a product with the weights.
//!
//! A tile is a few output pixels by two registers of output channels, and stays in registers while the kernel walks over
//! what those pixels look at: single input values, read straight from the maps (nothing is copied, there is no im2col:
//! Georganas et al. 2018, <https://arxiv.org/abs/1808.05567>, and Dukhan 2019, <https://arxiv.org/abs/1907.02129>),
//! times two registers of weights that lie in the order in which they are used. For one output pixel, what it looks at is
//! a few runs of floats that lie together, `taps`: one of `channels` floats per place of the filter, or of a whole filter
//! row where pixels have no gaps. A value is summed in the same order in every tile, so that no bit depends on how the
//! work was divided.
//!
//! Where this says floats, a product of another [`Format`] has lanes with several numbers each.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

#[cfg(target_arch = "x86_64")]
use tl_simd::{Avx512, Vectors};
use tl_simd::{Lanes, Portable, with_float_lanes};

use super::activation::Finish;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::amx;
use super::dot::{self, Dot};
use super::isa::Isa;
use super::product_tile::{Pixels, any_tile};
use super::work::{Grid, Panel, REGISTERS, Work};
use super::{Arena, Format, Map, Memory, WorkPart};

/// Weights that stay in the second-level cache beside the maps, in floats: 512 KiB.
const CACHED_WEIGHTS: usize = 128 * 1024;
/// Inputs of the tiles that are taken together when the weights do not stay in the cache, in floats: 256 KiB.
const CACHED_INPUT: usize = 64 * 1024;

/// A convolution.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) isa: Isa,
    pub(crate) format: Format,
    /// Offset of what the first place of the filter sees for the first output pixel.
    pub(crate) origin: usize,
    /// From an output pixel to the one below and the one beside it, in the input.
    pub(crate) step: [usize; 2],
    /// Offsets of the runs of input floats that an output pixel looks at.
    pub(crate) taps: Vec<usize>,
    /// Floats in a run.
    pub(crate) span: usize,
    /// Number of output channels.
    pub(crate) channels: usize,
    pub(crate) output: Map,
    pub(crate) panels: Vec<Panel>,
    pub(crate) weights: Arena,
    /// One per output channel, and zeros up to the end of the last panel.
    pub(crate) bias: Vec<f32>,
    /// What a whole sum is multiplied with, like the bias; of products of 8 bits only.
    pub(crate) scales: Vec<f32>,
    pub(crate) finish: Finish,
    /// How matrix registers go over the pixels, if they do.
    pub(crate) grid: Option<Grid>,
}

/// Packs weights in the order in which the kernel reads them, so that it walks through memory once, line by line, and the
/// prefetcher sees one stream (the packing of Goto and van de Geijn's panels, <https://doi.org/10.1145/1356052.1356053>).
///
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
    pub(crate) unsafe fn run(&self, memories: &[Memory], part: WorkPart) {
        // SAFETY: the caller's.
        unsafe { self.work().run(memories, part) }
    }

    pub(crate) fn multiply_adds(&self) -> usize {
        self.weights.floats().len() * self.format.numbers() * self.output.height * self.output.width
    }

    fn work(&self) -> Work<'_> {
        let Self { isa, format, origin, step, span, channels, output, grid, finish, .. } = *self;
        let (taps, panels, weights) = (&self.taps, &self.panels, self.weights.floats());
        let (bias, scales) = (&self.bias, &self.scales);
        Work {
            isa,
            format,
            origin,
            step,
            taps,
            span,
            channels,
            output,
            grid,
            panels,
            weights,
            bias,
            scales,
            finish,
        }
    }

    /// Behind the last float that the step reads as input or joins in.
    pub(crate) fn end(&self) -> usize {
        let Map { height, width, .. } = self.output;
        let last = self.origin + (height - 1) * self.step[0] + (width - 1) * self.step[1];
        let span = self.grid.map_or(self.span, |grid| grid.padded);
        let run = self.taps.iter().max().unwrap_or(&0) + span;
        let channel = self.panels.iter().map(|panel| panel.channel).max().unwrap_or(0);
        (last + run + channel).max(self.finish.end())
    }

    pub(crate) fn is_pointwise(&self) -> bool {
        self.taps.len() == 1
    }
}

/// The same for pictures in several memories.
struct Several<'a> {
    work: &'a Work<'a>,
    memories: &'a [Memory],
}

impl Work<'_> {
    /// For each memory, with the weights in the cache once.
    ///
    /// # Safety
    /// As of [`Product::run`].
    pub(crate) unsafe fn run(&self, memories: &[Memory], part: WorkPart) {
        let several = &Several { work: self, memories };
        // SAFETY: the caller's; an `Isa` is made by detection only, and multiplies the formats that it is given.
        unsafe {
            match (self.format, self.isa.vectors) {
                #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
                _ if let (Some(amx), Some(grid)) = (self.isa.matrices, &self.grid) => {
                    amx::products(self, (amx, grid), memories, part);
                }
                (Format::F32, vectors) => floats(vectors, several, part),
                #[cfg(target_arch = "x86_64")]
                (Format::Bf16, Vectors::Avx512Bf16) => avx512_bf16(several, part),
                #[cfg(target_arch = "x86_64")]
                (Format::Int8 { .. }, Vectors::Avx512Bf16) => avx512_int8(several, part),
                (Format::Bf16, _) => products::<Portable, dot::Bf16>(several, part),
                (Format::Int8 { .. }, _) => products::<Portable, dot::Int8>(several, part),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni")]
unsafe fn avx512_bf16(op: &Several<'_>, part: WorkPart) {
    // SAFETY: the caller's.
    unsafe { products::<Avx512<true>, dot::Bf16>(op, part) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni")]
unsafe fn avx512_int8(op: &Several<'_>, part: WorkPart) {
    // SAFETY: the caller's.
    unsafe { products::<Avx512<true>, dot::Int8>(op, part) }
}

with_float_lanes! {
    /// # Safety
    /// As of [`Product::run`].
    unsafe fn floats(op: &Several<'_>, part: WorkPart) = floats_any
}

#[inline(always)]
unsafe fn floats_any<L: Lanes>(op: &Several<'_>, part: WorkPart) {
    // SAFETY: the caller's.
    unsafe { products::<L, dot::F32>(op, part) }
}

#[inline(always)]
unsafe fn products<L: Lanes, D: Dot<L>>(&Several { work: op, memories }: &Several<'_>, part: WorkPart) {
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
    // One tile meets all panels while the picture is in the cache; of several, all meet a panel while that is.
    let by_memory = chunk == 1;
    let [outer, inner] =
        if by_memory { [memories.len(), columns.len()] } else { [columns.len(), memories.len()] };
    // Weights that do not fit the second-level cache are read once for a chunk of tiles, whose inputs do fit.
    for start in rows.clone().step_by(chunk) {
        let end = (start + chunk).min(rows.end);
        let mut pixels = tile(start);
        let mut current = start;
        for (a, b) in (0..outer).flat_map(|a| (0..inner).map(move |b| (a, b))) {
            let [memory, panel] = if by_memory { [a, b] } else { [b, a] };
            for index in start..end {
                if index != current {
                    (pixels, current) = (tile(index), index);
                }
                // In one place alone: whatever is called here is compiled into it for every size of tile.
                // SAFETY: the caller's.
                unsafe { any_tile::<L, D>(op, memories[memory], &pixels, columns.start + panel, quick) }
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
