//! Convolutions whose outputs see several channels: forward, and backward towards the input.
//!
//! Shapes in names: `x` is `[batch, height, width, channels]`, `w` `[outputs, channels / groups, kernel, kernel]`, `y`
//! `[batch, out_height, out_width, outputs]`; `g` before a name is the gradient.

#![allow(unsafe_code, reason = "tiles take pointers")]

use rayon::prelude::*;
use tl_simd::SIDE;

use crate::amx::Registers;
use crate::band::{Band, View};
use crate::panels::{Along, Panels};
use crate::pass::{Pass, Taps};
use crate::registers::{MOST, panel, rows};
use crate::room::{Shared, filled};
use crate::shape::{Products, Shape};
use crate::tile::{Outputs, Run, Sum, tile};

/// Outputs that are worked on together, where there are as many.
const OUTPUTS: usize = 448;
/// Weights that stay in the second-level cache beside the maps, in floats.
const CACHED: usize = 1 << 18;
/// Of more weights, so many lanes of a window are used at a time,
const LANES: usize = 512;
/// with so many floats.
const PART: usize = 1 << 18;

/// `y` of `x` and `w`.
pub(crate) fn forward(shape: &Shape, x: &[f32], w: &[f32]) -> Vec<f32> {
    let ([channels, outputs], kernel) = (shape.of_group(), shape.kernel[0] * shape.kernel[1]);
    let groups = |y: Shared<'_>| {
        for group in 0..shape.window.groups {
            let (pass, taps) = Pass::forward(shape, group);
            let w = &w[group * outputs * channels * kernel..];
            let inner = Along { count: channels, apart: kernel };
            let outer = Along { count: outputs, apart: channels * kernel };
            run(shape, &pass, &taps, [inner, outer], w, x, y, false);
        }
    };
    // SAFETY: the groups together have all outputs, and a forward pass has all places.
    unsafe { filled(shape.batch * shape.out_picture(), groups) }
}

/// `gx` of `w` and `gy`, added to what it is so far where it is something.
pub(crate) fn towards_input(
    shape: &Shape,
    w: &[f32],
    gy: &[f32],
    so_far: Option<&mut [f32]>,
) -> Option<Vec<f32>> {
    let len = shape.batch * shape.picture();
    match so_far {
        Some(gx) => {
            backward(shape, w, gy, Shared::of(gx), true);
            None
        }
        // SAFETY: every input is seen, so it is in one of the passes.
        None if shape.sees_all() => Some(unsafe { filled(len, |gx| backward(shape, w, gy, gx, false)) }),
        None => {
            let mut gx = vec![0.0; len];
            backward(shape, w, gy, Shared::of(&mut gx), false);
            Some(gx)
        }
    }
}

fn backward(shape: &Shape, w: &[f32], gy: &[f32], gx: Shared<'_>, add: bool) {
    let ([channels, outputs], kernel) = (shape.of_group(), shape.kernel[0] * shape.kernel[1]);
    for group in 0..shape.window.groups {
        for (pass, taps) in Pass::backward(shape, group) {
            let w = &w[group * outputs * channels * kernel..];
            let inner = Along { count: outputs, apart: channels * kernel };
            let outer = Along { count: channels, apart: kernel };
            run(shape, &pass, &taps, [inner, outer], w, gy, gx, add);
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "one call in each direction")]
fn run(
    shape: &Shape,
    pass: &Pass,
    taps: &Taps,
    [inner, outer]: [Along; 2],
    w: &[f32],
    source: &[f32],
    target: Shared<'_>,
    add: bool,
) {
    let products = shape.window.products;
    let panels = Panels::new(products, taps, inner, outer, w);
    let bands = Band::all(pass, 0..shape.batch, OUTPUTS);
    bands.into_par_iter().for_each_init(Vec::new, |room, band| {
        let view = View::of(pass, &band, products, source, room);
        view.check(pass, &band);
        let work =
            Work { pass, band: &band, view, panels: &panels, target, pairs: products == Products::Bf16 };
        work.run(add);
    });
}

/// The outputs of a band.
pub(crate) struct Work<'a> {
    pub(crate) pass: &'a Pass,
    pub(crate) band: &'a Band,
    pub(crate) view: View<'a>,
    pub(crate) panels: &'a Panels,
    pub(crate) target: Shared<'a>,
    pairs: bool,
}

/// Runs of a window that are multiplied together.
pub(crate) struct Part {
    pub(crate) runs: Vec<Run>,
    /// The lane of the window they begin with.
    pub(crate) lane: usize,
}

impl Work<'_> {
    fn run(&self, add: bool) {
        let whole = self.pairs && self.view.channels.is_multiple_of(SIDE);
        if let Some(registers) = whole.then(Registers::new).flatten() {
            return self.run_blocks(&registers, add);
        }
        let seen: Vec<usize> = self.view.offsets(self.pass, self.band).collect();
        let to: Vec<usize> = targets(self.pass, self.band).collect();
        let (parts, together) = self.parts();
        for first in (0..self.panels.count()).step_by(together) {
            let panels = first..self.panels.count().min(first + together);
            for (number, part) in parts.iter().enumerate() {
                let sum = Sum { add: add || number > 0, pairs: self.pairs };
                let tiles = seen.len().div_ceil(rows());
                for index in 0..tiles {
                    let range = index * seen.len() / tiles..(index + 1) * seen.len() / tiles;
                    for panel in panels.clone() {
                        self.tile(part, panel, &seen[range.clone()], &to[range.clone()], sum);
                    }
                }
            }
        }
    }

    fn tile(&self, part: &Part, number: usize, seen: &[usize], to: &[usize], sum: Sum) {
        let (weights, channels) = self.panels.at(number, part.lane);
        let mut outputs = Outputs {
            count: seen.len(),
            seen: [std::ptr::null(); MOST],
            to: [std::ptr::null_mut(); MOST],
            channels,
        };
        for (i, (&seen, &to)) in seen.iter().zip(to).enumerate() {
            outputs.seen[i] = self.view.values[seen..].as_ptr();
            outputs.to[i] = self.target.at(to + number * panel());
        }
        // SAFETY: a band's view holds all that its outputs see, as `View::of` made it; panels are as long as the runs together;
        // every output is one band's, and inside the target, since grid and maps have the same sizes.
        unsafe { tile(&outputs, &part.runs, weights.as_ptr(), sum) }
    }

    /// Parts of a window, and how many panels are used together, so that weights stay in the cache while all of the band's
    /// outputs meet them.
    pub(crate) fn parts(&self) -> (Vec<Part>, usize) {
        let span = self.pass.window[1] * self.view.channels;
        let run = |tap: usize, start: usize, len: usize| Run { offset: tap * self.view.row + start, len };
        if self.panels.values.len() <= CACHED {
            let runs = (0..self.pass.window[0]).map(|tap| run(tap, 0, span)).collect();
            return (vec![Part { runs, lane: 0 }], self.panels.count().max(1));
        }
        let pieces = span.div_ceil(LANES);
        let mut parts: Vec<Part> = Vec::new();
        for tap in 0..self.pass.window[0] {
            for piece in 0..pieces {
                let cut = |piece| if piece == pieces { span } else { piece * span / pieces / SIDE * SIDE };
                let (start, end) = (cut(piece), cut(piece + 1));
                let next = run(tap, start, end - start);
                match parts.last_mut() {
                    Some(part) if part.lanes() + next.len <= LANES => part.runs.push(next),
                    _ => parts.push(Part { runs: vec![next], lane: tap * span + start }),
                }
            }
        }
        let longest = parts.iter().map(Part::lanes).max().unwrap_or(1);
        (parts, (PART / (longest * panel()).max(1)).max(1))
    }
}

impl Part {
    fn lanes(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }
}

/// Where each output of a band is put.
pub(crate) fn targets(pass: &Pass, band: &Band) -> impl Iterator<Item = usize> {
    let (target, columns) = (pass.target, pass.grid[1]);
    let ([top, left], [down, across]) = (pass.start, pass.stride);
    let rows = band.rows.clone();
    band.pictures.clone().flat_map(move |picture| {
        rows.clone().flat_map(move |y| {
            let row = (picture * target.size[0] + top + y * down) * target.size[1] + left;
            (0..columns).map(move |x| (row + x * across) * target.pitch + target.first)
        })
    })
}
