//! Pooling of maps `[batch, height, width, channels]`.

use rayon::prelude::*;

use crate::lanes::vectorised;
use crate::pass::Pass;
use crate::shape::Shape;

/// The greatest value of each window, and the place in the window where it was found first. What is not a number is greater
/// than all.
pub(crate) fn greatest(shape: &Shape, x: &[f32]) -> (Vec<f32>, Vec<u8>) {
    let (pass, _) = Pass::forward(&shape.together(), 0);
    let len = shape.batch * shape.out_picture();
    let (mut y, mut places) = (vec![0.0; len], vec![0_u8; len]);
    let row = (shape.out_width * shape.channels).max(1);
    let rows = y.par_chunks_exact_mut(row).zip(places.par_chunks_exact_mut(row)).enumerate();
    rows.with_min_len(4).for_each_init(
        || vec![0; shape.channels],
        |room, (number, (y, places))| {
            let x = &x[number / shape.out_height * shape.picture()..][..shape.picture()];
            greatest_row(&pass, number % shape.out_height, x, y, places, room);
        },
    );
    (y, places)
}

/// The gradient towards the input.
pub(crate) fn greatest_back(shape: &Shape, places: &[u8], gy: &[f32]) -> Vec<f32> {
    let (pass, _) = Pass::forward(&shape.together(), 0);
    let mut gx = vec![0.0; shape.batch * shape.picture()];
    let (picture, out_picture) = (shape.picture().max(1), shape.out_picture().max(1));
    let pictures = gx.par_chunks_exact_mut(picture).zip(gy.par_chunks_exact(out_picture));
    pictures.zip(places.par_chunks_exact(out_picture)).for_each(|((gx, gy), places)| {
        picture_back(&pass, gx, gy, places);
    });
    gx
}

/// The pixel that a place of the window sees, if there is one.
#[inline(always)]
fn pixel(pass: &Pass, output: [usize; 2], place: usize) -> Option<usize> {
    let at = [place / pass.window[1], place % pass.window[1]];
    let axis = |axis: usize| {
        let at = (output[axis] * pass.step[axis] + at[axis]) as isize - pass.before[axis];
        usize::try_from(at).ok().filter(|&at| at < pass.source.size[axis])
    };
    Some(axis(0)? * pass.source.size[1] + axis(1)?)
}

vectorised! {
    fn greatest_row(pass: &Pass, row: usize, x: &[f32], y: &mut [f32], places: &mut [u8], room: &mut [u32]) {
        let channels = pass.source.pitch;
        let outputs = y.chunks_exact_mut(channels).zip(places.chunks_exact_mut(channels)).enumerate();
        for (column, (y, places)) in outputs {
            let window = 0..pass.window[0] * pass.window[1];
            // The place of a window of minus infinity alone: on the map, so that its gradient is not lost.
            let first = window.clone().find(|&place| pixel(pass, [row, column], place).is_some());
            y.fill(f32::NEG_INFINITY);
            room.fill(first.unwrap_or(0) as u32);
            for place in window {
                let Some(pixel) = pixel(pass, [row, column], place) else { continue };
                let x = &x[pixel * channels..][..channels];
                for ((x, y), found) in x.iter().zip(y.iter_mut()).zip(room.iter_mut()) {
                    // Neither smaller nor equal, unless the greatest is no number already.
                    let greater = (*x > *y || x.is_nan()) && !y.is_nan();
                    *y = if greater { *x } else { *y };
                    *found = if greater { place as u32 } else { *found };
                }
            }
            places.iter_mut().zip(room.iter()).for_each(|(place, found)| *place = *found as u8);
        }
    }

    fn picture_back(pass: &Pass, gx: &mut [f32], gy: &[f32], places: &[u8]) {
        let channels = pass.source.pitch;
        let outputs = gy.chunks_exact(channels).zip(places.chunks_exact(channels)).enumerate();
        for (number, (gy, places)) in outputs {
            let output = [number / pass.grid[1], number % pass.grid[1]];
            for place in 0..pass.window[0] * pass.window[1] {
                let Some(pixel) = pixel(pass, output, place) else { continue };
                let gx = &mut gx[pixel * channels..][..channels];
                for ((gx, gy), found) in gx.iter_mut().zip(gy).zip(places) {
                    *gx += if u32::from(*found) == place as u32 { *gy } else { 0.0 };
                }
            }
        }
    }
}

/// The mean of each channel of each picture.
pub(crate) fn means(channels: usize, places: usize, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len() / places.max(1)];
    let pictures =
        y.par_chunks_exact_mut(channels.max(1)).zip(x.par_chunks_exact((channels * places).max(1)));
    pictures.for_each(|(y, x)| {
        for pixel in x.chunks_exact(channels) {
            y.iter_mut().zip(pixel).for_each(|(y, x)| *y += x);
        }
        y.iter_mut().for_each(|y| *y /= places as f32);
    });
    y
}

/// The gradient of means towards the input.
pub(crate) fn means_back(channels: usize, places: usize, gy: &[f32]) -> Vec<f32> {
    let mut gx = vec![0.0; gy.len() * places];
    let pictures =
        gx.par_chunks_exact_mut((channels * places).max(1)).zip(gy.par_chunks_exact(channels.max(1)));
    pictures.for_each(|(gx, gy)| {
        for pixel in gx.chunks_exact_mut(channels) {
            pixel.iter_mut().zip(gy).for_each(|(gx, gy)| *gx = gy / places as f32);
        }
    });
    gx
}
