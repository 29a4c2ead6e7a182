//! Convolutions in which every channel is on its own.
//!
//! Shapes in names: `x` is `[batch, height, width, channels]`, `w` `[channels, 1, kernel, kernel]`, `y`
//! `[batch, out_height, out_width, channels]`; `g` before a name is the gradient.

#![allow(unsafe_code, reason = "filters take pointers")]

use rayon::prelude::*;
use std::ops::Range;

use crate::band::{Band, View};
use crate::dense::targets;
use crate::filter::{Row, Slopes, filter, slopes};
use crate::parts::split;
use crate::pass::{Pass, Taps};
use crate::registers::width;
use crate::room::{Shared, filled};
use crate::shape::{Products, Shape};

/// Places that are worked on together, where the cache has room for what they see.
const OUTPUTS: usize = 4096;
/// Parts of the batch whose gradients are summed up on their own. It does not depend on the number of threads, so neither do
/// the bits of the sum.
const PARTS: usize = 8;

/// `y` of `x` and `w`.
pub(crate) fn forward(shape: &Shape, x: &[f32], w: &[f32]) -> Vec<f32> {
    let (pass, taps) = Pass::forward(&shape.together(), 0);
    // SAFETY: a forward pass has all outputs.
    unsafe { filled(shape.batch * shape.out_picture(), |y| run(shape, &pass, &taps, w, x, y, false)) }
}

/// `gx` of `w` and `gy`, added to what it is so far where it is something.
pub(crate) fn towards_input(
    shape: &Shape,
    w: &[f32],
    gy: &[f32],
    so_far: Option<&mut [f32]>,
) -> Option<Vec<f32>> {
    let len = shape.batch * shape.picture();
    let passes = Pass::backward(&shape.together(), 0);
    let all = |gx: Shared<'_>, add| {
        passes.iter().for_each(|(pass, taps)| run(shape, pass, taps, w, gy, gx, add));
    };
    match so_far {
        Some(gx) => {
            all(Shared::of(gx), true);
            None
        }
        // SAFETY: every input is seen, so it is in one of the passes.
        None if shape.sees_all() => Some(unsafe { filled(len, |gx| all(gx, false)) }),
        None => {
            let mut gx = vec![0.0; len];
            all(Shared::of(&mut gx), false);
            Some(gx)
        }
    }
}

fn run(shape: &Shape, pass: &Pass, taps: &Taps, w: &[f32], source: &[f32], target: Shared<'_>, add: bool) {
    let weights = pack(shape.channels, taps, w);
    let bands = Band::all(pass, 0..shape.batch, OUTPUTS);
    bands.into_par_iter().for_each_init(Vec::new, |room, band| {
        let view = View::of(pass, &band, Products::F32, source, room);
        view.check(pass, &band);
        let row = Pass { grid: [pass.grid[0], 1], ..*pass };
        let (seen, to) = (view.offsets(&row, &band), targets(&row, &band));
        let places = offsets(pass, &view);
        for (seen, to) in seen.zip(to) {
            let row = Row {
                count: pass.grid[1],
                seen: view.values[seen..].as_ptr(),
                step: pass.step[1] * view.pixel,
                taps: &places,
                channels: shape.channels,
                weights: weights.as_ptr(),
                to: target.at(to),
                pitch: pass.stride[1] * pass.target.pitch,
                add,
            };
            // SAFETY: the view holds all that a band's outputs see, as checked; weights are whole registers; every output is one
            // band's, and inside the target, since grid and maps have the same sizes.
            unsafe { filter(&row) }
        }
    });
}

/// Offsets of the places of a window.
fn offsets(pass: &Pass, view: &View<'_>) -> Vec<usize> {
    let across = |y| (0..pass.window[1]).map(move |x| y * view.row + x * view.pixel);
    (0..pass.window[0]).flat_map(across).collect()
}

/// For each register of channels, one register for each tap.
fn pack(channels: usize, taps: &Taps, w: &[f32]) -> Vec<f32> {
    let mut weights = vec![0.0; channels.next_multiple_of(width()) * taps.places.len()];
    for (block, weights) in weights.chunks_exact_mut(width() * taps.places.len()).enumerate() {
        for (weights, place) in weights.chunks_exact_mut(width()).zip(&taps.places) {
            let of_block = w[block * width() * taps.kernel..].chunks(taps.kernel);
            weights.iter_mut().zip(of_block).for_each(|(to, w)| *to = w[*place]);
        }
    }
    weights
}

/// `gw` of `x` and `gy`.
pub(crate) fn towards_weights(shape: &Shape, x: &[f32], gy: &[f32]) -> Vec<f32> {
    let (pass, taps) = Pass::forward(&shape.together(), 0);
    let parts: Vec<Range<usize>> = split(shape.batch, PARTS).collect();
    let of_part = |pictures: Range<usize>| {
        let mut sums = vec![0.0; shape.channels.next_multiple_of(width()) * taps.kernel];
        let mut room = Vec::new();
        for band in Band::all(&pass, pictures, OUTPUTS) {
            let view = View::of(&pass, &band, Products::F32, x, &mut room);
            view.check(&pass, &band);
            add_slopes(&pass, &band, &view, gy, &mut sums);
        }
        sums
    };
    let sums: Vec<Vec<f32>> = parts.into_par_iter().map(of_part).collect();
    let mut gw = vec![0.0; shape.channels * taps.kernel];
    for (channel, gw) in gw.chunks_exact_mut(taps.kernel.max(1)).enumerate() {
        let first = channel / width() * width() * taps.kernel + channel % width();
        for (place, gw) in gw.iter_mut().enumerate() {
            *gw = sums.iter().map(|sums| sums[first + place * width()]).sum();
        }
    }
    gw
}

/// A picture of a band at a time.
fn add_slopes(pass: &Pass, band: &Band, view: &View<'_>, gy: &[f32], sums: &mut [f32]) {
    let (places, row) = (offsets(pass, view), pass.grid[1] * pass.target.pitch);
    for (number, picture) in band.pictures.clone().enumerate() {
        let start = (picture * pass.grid[0] + band.rows.start) * row;
        let gradients = &gy[start..start + band.rows.len() * row];
        let of_band = Slopes {
            rows: band.rows.len(),
            count: pass.grid[1],
            seen: view.values[view.origin + number * view.picture..].as_ptr(),
            step: pass.step[1] * view.pixel,
            seen_row: pass.step[0] * view.row,
            taps: &places,
            channels: pass.source.channels,
            gradients: gradients.as_ptr(),
            pitch: pass.target.pitch,
            row,
            sums: sums.as_mut_ptr(),
        };
        // SAFETY: the view holds all that a band's outputs see, as checked; there is a gradient for each of them; the sums are
        // whole registers.
        unsafe { slopes(&of_band) }
    }
}
