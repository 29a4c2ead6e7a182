//! Gradients of dense convolutions towards their weights: products of what outputs see and their gradients, summed up over
//! all places.
//!
//! A tile of such sums stays in registers over a band of places. What is worked on at a time depends on sizes alone, so the
//! bits of the sums do not depend on the number of threads.

#![allow(unsafe_code, reason = "tiles take pointers")]

use rayon::prelude::*;
use std::ops::Range;
use tl_registers::{Vectors, pair};

use crate::band::{Band, View};
use crate::lanes::vectorised;
use crate::panels::wide;
use crate::pass::Pass;
use crate::registers::{panel, rows};
use crate::rounded_weights::{self, couple};
use crate::shape::{Products, Shape};
use crate::tile::{Outer, outer};

/// Places whose gradients are put in order together.
const OUTPUTS: usize = 256;
/// So many tiles of what is seen pay for putting gradients in order.
const TILES: usize = 8;
/// So many weights or fewer are summed up in parts of the batch; of more, parts of the outputs are.
const FEW: usize = 1 << 17;
/// Most parts of either.
const PARTS: usize = 8;

/// So many products for each value that is rounded pay for rounding it.
const WORTH_ROUNDING: usize = 32;

/// Pictures and panels of outputs that one thread works on.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) pictures: Range<usize>,
    panels: Range<usize>,
}

/// `gw` of `x` and `gy`.
pub(crate) fn towards_weights(shape: &Shape, x: &[f32], gy: &[f32]) -> Vec<f32> {
    let ([channels, outputs], kernel) = (shape.of_group(), shape.kernel[0] * shape.kernel[1]);
    let mut gw = vec![0.0; shape.outputs * channels * kernel];
    for (group, gw) in gw.chunks_exact_mut((outputs * channels * kernel).max(1)).enumerate() {
        let (pass, _) = Pass::forward(shape, group);
        if rounded_weights::serves(shape) {
            rounded_weights::of_group(shape, &pass, x, gy, gw);
            continue;
        }
        let parts = Part::all(shape.batch, outputs, channels * kernel);
        let worth = channels * outputs * kernel >= WORTH_ROUNDING * (channels + outputs);
        let pairs = shape.window.products == Products::Bf16 && Vectors::detect().multiplies_narrow() && worth;
        let sums: Vec<Vec<f32>> = parts
            .par_iter()
            .map(|part| if pairs { part.rounded(&pass, x, gy) } else { part.sums(&pass, x, gy) })
            .collect();
        put(&parts, &sums, gw, [channels, kernel]);
    }
    gw
}

impl Part {
    pub(crate) fn all(batch: usize, outputs: usize, depth: usize) -> Vec<Self> {
        let panels = outputs.div_ceil(panel());
        if outputs * depth <= FEW {
            return split(batch, PARTS).map(|pictures| Self { pictures, panels: 0..panels }).collect();
        }
        let parts = split(panels, PARTS.min((panels / 2).max(1)));
        parts.map(|panels| Self { pictures: 0..batch, panels }).collect()
    }

    /// Its outputs, of so many.
    pub(crate) fn outputs(&self, all: usize) -> Range<usize> {
        (self.panels.start * panel()).min(all)..(self.panels.end * panel()).min(all)
    }

    /// Lanes of the outputs, with those behind the last.
    fn lanes(&self) -> usize {
        self.panels.len() * panel()
    }

    /// For each place of the window and channel, a row of outputs.
    fn sums(&self, pass: &Pass, x: &[f32], gy: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; pass.window[0] * pass.span() * self.lanes()];
        let (mut room, mut ordered) = (Vec::new(), Vec::new());
        for band in Band::all(pass, self.pictures.clone(), OUTPUTS) {
            let gradients = self.gradients(pass, &band, gy, &mut ordered);
            let view = View::of(pass, &band, Products::F32, x, &mut room);
            view.check(pass, &band);
            let offsets: Vec<usize> = view.offsets(pass, &band).collect();
            self.band(pass, &view, &offsets, &gradients, &mut sums);
        }
        sums
    }

    /// The same, from rounded values of two neighbouring places in a lane; the last place of a row may be alone.
    fn rounded(&self, pass: &Pass, x: &[f32], gy: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0; pass.window[0] * pass.span() * self.lanes()];
        let (mut room, mut coupled, mut ordered) = (Vec::new(), Vec::new(), Vec::new());
        for band in Band::all(pass, self.pictures.clone(), OUTPUTS) {
            let view = View::of(pass, &band, Products::F32, x, &mut room);
            view.check(pass, &band);
            let view = couples(pass, &band, &view, &mut coupled);
            let of_row = |row: &[usize]| row.iter().step_by(2).copied().collect::<Vec<_>>();
            let offsets: Vec<usize> = view.offsets(pass, &band).collect();
            let offsets: Vec<usize> = offsets.chunks(pass.grid[1].max(1)).flat_map(of_row).collect();
            let gradients = self.couples(pass, &band, gy, &mut ordered);
            self.band(pass, &view, &offsets, &gradients, &mut sums);
        }
        sums
    }

    fn band(
        &self,
        pass: &Pass,
        view: &View<'_>,
        offsets: &[usize],
        gradients: &Gradients<'_>,
        sums: &mut [f32],
    ) {
        let (span, pitch) = (pass.span(), self.lanes());
        let tiles = span.div_ceil(rows());
        for row in 0..pass.window[0] {
            for tile in 0..tiles {
                let (first, end) = (tile * span / tiles, (tile + 1) * span / tiles);
                let seen = &view.values[row * view.row + first..];
                let to = &mut sums[(row * span + first) * pitch..][..(end - first) * pitch];
                for number in 0..self.panels.len() {
                    let left = pass.target.channels - (self.panels.start + number) * panel();
                    let (values, step) = gradients.of(number);
                    let tile = Outer {
                        count: end - first,
                        seen: seen.as_ptr(),
                        offsets,
                        gradients: values.as_ptr(),
                        step,
                        to: to[number * panel()..].as_mut_ptr(),
                        pitch,
                        single: wide(left) < panel(),
                        pairs: gradients.pairs,
                    };
                    // SAFETY: the last window, which reaches farthest, is inside the view; there are a panel's channels of as many
                    // places as there are offsets, as `Gradients` sees to; the rows of sums have whole panels.
                    unsafe { outer(&tile) }
                }
            }
        }
    }

    /// A band's gradients; in `room` where they are put in order.
    fn gradients<'a>(
        &self,
        pass: &Pass,
        band: &Band,
        gy: &'a [f32],
        room: &'a mut Vec<f32>,
    ) -> Gradients<'a> {
        let target = &pass.target;
        let places = band.outputs(pass);
        let start = (band.pictures.start * pass.grid[0] + band.rows.start) * pass.grid[1] * target.pitch;
        let from = &gy[start + target.first..];
        room.resize(room.len().max(places * self.lanes()), 0.0);
        let few = pass.span().div_ceil(rows()) * pass.window[0] < TILES;
        for (number, panel_number) in self.panels.clone().enumerate() {
            let first = panel_number * panel();
            let left = target.channels - first;
            if few && left >= panel() {
                continue;
            }
            let to = &mut room[number * places * panel()..][..places * wide(left)];
            let rows = to.chunks_exact_mut(wide(left)).zip(from[first..].chunks(target.pitch));
            let count = left.min(panel());
            rows.for_each(|(to, from)| gather(&from[..count], to));
        }
        let direct = few.then_some((from, target.pitch));
        let (first, channels) = (self.panels.start, target.channels);
        Gradients { direct, ordered: room, places, first, channels, pairs: false }
    }

    /// A band's gradients, rounded, two places in a lane.
    fn couples<'a>(&self, pass: &Pass, band: &Band, gy: &[f32], room: &'a mut Vec<f32>) -> Gradients<'a> {
        let target = &pass.target;
        let (rows, columns) = (band.pictures.len() * band.rows.len(), pass.grid[1].max(1));
        let places = rows * columns.div_ceil(2);
        let start = (band.pictures.start * pass.grid[0] + band.rows.start) * columns * target.pitch;
        let from = &gy[start + target.first..];
        room.resize(room.len().max(places * self.lanes()), 0.0);
        for (number, panel_number) in self.panels.clone().enumerate() {
            let first = panel_number * panel();
            let left = target.channels - first;
            let mut to = room[number * places * panel()..].chunks_exact_mut(wide(left));
            for row in from[first..].chunks(columns * target.pitch).take(rows) {
                let both = row.chunks(2 * target.pitch).take(columns.div_ceil(2));
                both.zip(&mut to).for_each(|(both, to)| pairs(both, target.pitch, left.min(panel()), to));
            }
        }
        let (first, channels) = (self.panels.start, target.channels);
        Gradients { direct: None, ordered: room, places, first, channels, pairs: true }
    }
}

/// A view in which each pixel's channels are together with those of the next pixel that is seen.
fn couples<'a>(pass: &Pass, band: &Band, view: &View<'_>, room: &'a mut Vec<f32>) -> View<'a> {
    let ([rows, across], channels) = (pass.seen(&band.rows), view.channels);
    let (row, picture) = (across * channels, rows * across * channels);
    room.resize(room.len().max(picture * band.pictures.len()), 0.0);
    for number in 0..band.pictures.len() {
        for y in 0..rows {
            let from = &view.values[view.origin + number * view.picture + y * view.row..];
            let to = &mut room[number * picture + y * row..][..row];
            couple(from, [view.pixel, view.row, channels], [across, pass.step[1], 1], to, channels);
        }
    }
    View { values: room, origin: 0, picture, row, pixel: channels, channels }
}

vectorised! {
    /// The first floats of one or two places, which are `pitch` floats apart, with zeros behind them.
    fn pairs(places: &[f32], pitch: usize, count: usize, to: &mut [f32]) {
        let low = &places[..count];
        let (inside, behind) = to.split_at_mut(count);
        match places.get(pitch..pitch + count) {
            Some(high) => {
                let both = low.iter().zip(high);
                inside.iter_mut().zip(both).for_each(|(to, (&low, &high))| *to = pair(low, high));
            }
            None => inside.iter_mut().zip(low).for_each(|(to, &low)| *to = pair(low, 0.0)),
        }
        behind.fill(0.0);
    }
}

/// Gradients of a band's places: where they are, or panel by panel.
struct Gradients<'a> {
    /// From the first place on, and the floats from a place to the next.
    direct: Option<(&'a [f32], usize)>,
    ordered: &'a [f32],
    places: usize,
    /// The first panel, and the channels of all.
    first: usize,
    channels: usize,
    /// Are lanes bfloat16 numbers of two places?
    pairs: bool,
}

impl Gradients<'_> {
    /// A panel's, and the floats from a place to the next.
    fn of(&self, number: usize) -> (&[f32], usize) {
        let first = (self.first + number) * panel();
        let left = self.channels - first;
        match self.direct {
            Some((values, pitch)) if left >= panel() => {
                let end = first + self.places.saturating_sub(1) * pitch + panel();
                (&values[first..end], pitch)
            }
            _ => (&self.ordered[number * self.places * panel()..][..self.places * wide(left)], wide(left)),
        }
    }
}

/// A few floats, with zeros behind them.
#[inline(always)]
fn gather(from: &[f32], to: &mut [f32]) {
    let (whole, rest) = from.as_chunks::<8>();
    let (to_whole, to_rest) = to.split_at_mut(whole.len() * 8);
    to_whole.as_chunks_mut::<8>().0.iter_mut().zip(whole).for_each(|(to, from)| *to = *from);
    let (last, behind) = to_rest.split_at_mut(rest.len());
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    behind.iter_mut().for_each(|to| *to = 0.0);
}

/// Ranges of about the same length.
pub(crate) fn split(len: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = parts.min(len).max(1);
    (0..parts).map(move |part| part * len / parts..(part + 1) * len / parts)
}

/// Outputs and channels that are put in order together.
const BLOCK: usize = 16;

/// Sums in the order of weights; parts of the same outputs are summed up in their order.
fn put(parts: &[Part], sums: &[Vec<f32>], gw: &mut [f32], [channels, kernel]: [usize; 2]) {
    let depth = channels * kernel;
    gw.par_chunks_mut((BLOCK * depth).max(1)).enumerate().for_each(|(block, gw)| {
        let first = block * BLOCK;
        let of_outputs = |(part, _): &(&Part, &Vec<f32>)| part.panels.contains(&(first / panel()));
        let sources: Vec<(&[f32], usize)> = parts
            .iter()
            .zip(sums)
            .filter(of_outputs)
            .map(|(part, sums)| (&sums[first - part.panels.start * panel()..], part.lanes()))
            .collect();
        for place in 0..kernel {
            for channel in (0..channels).step_by(BLOCK) {
                let count = BLOCK.min(channels - channel);
                let mut square = [[0.0; BLOCK]; BLOCK];
                for (sums, pitch) in &sources {
                    let rows = sums[(place * channels + channel) * pitch..].chunks(*pitch);
                    for (square, row) in square.iter_mut().zip(rows.take(count)) {
                        square.iter_mut().zip(row).for_each(|(total, sum)| *total += sum);
                    }
                }
                for (output, gw) in gw.chunks_exact_mut(depth).enumerate() {
                    let to = gw[channel * kernel + place..].iter_mut().step_by(kernel).take(count);
                    to.zip(&square).for_each(|(to, row)| *to = row[output]);
                }
            }
        }
    });
}
