//! Gradients of dense convolutions towards their weights: products of what outputs see and their gradients, summed up over
//! all places.
//!
//! A tile of such sums stays in registers over a band of places. What is worked on at a time depends on sizes alone, so the
//! bits of the sums do not depend on the number of threads.

use rayon::prelude::*;
use tl_simd::Vectors;

use crate::band::{Band, View};
use crate::panels::wide;
use crate::parts::{Gradients, OUTPUTS, Part};
use crate::pass::Pass;
use crate::registers::{panel, rows};
use crate::room::pieces;
use crate::shape::{Products, Shape};
use crate::{coupled, rounded_weights};

/// So many tiles of what is seen pay for putting gradients in order.
const TILES: usize = 8;
/// Weights that a thread clears at a time.
const CLEARED: usize = 1 << 16;
/// So many products for each value that is rounded pay for rounding it.
const WORTH_ROUNDING: usize = 32;

/// `gw` of `x` and `gy`.
pub(crate) fn towards_weights(shape: &Shape, x: &[f32], gy: &[f32]) -> Vec<f32> {
    let ([channels, outputs], kernel) = (shape.of_group(), shape.kernel[0] * shape.kernel[1]);
    let mut gw = pieces(shape.outputs * channels * kernel, CLEARED, |_, _| {});
    for (group, gw) in gw.chunks_exact_mut((outputs * channels * kernel).max(1)).enumerate() {
        let (pass, _) = Pass::forward(shape, group);
        if rounded_weights::serves(shape) {
            rounded_weights::of_group(shape, &pass, x, gy, gw);
            continue;
        }
        let parts = Part::all(shape.batch, outputs, channels * kernel);
        let worth = channels * outputs * kernel >= WORTH_ROUNDING * (channels + outputs);
        let pairs = shape.window.products == Products::Bf16 && Vectors::detect().multiplies_narrow() && worth;
        // Parts that see the same pictures share what they see, where rounding it costs much beside one place of a window.
        let same = parts.len() > 1 && parts[0].pictures == parts[1].pictures;
        let shared = (pairs && same && kernel == 1).then(|| coupled::bands(&pass, 0..shape.batch, x));
        let sums: Vec<Vec<f32>> = parts
            .par_iter()
            .map(|part| match pairs {
                true => part.coupled_sums(&pass, x, gy, shared.as_deref()),
                false => part.sums(&pass, x, gy),
            })
            .collect();
        put(&parts, &sums, gw, [channels, kernel]);
    }
    gw
}

impl Part {
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
