//! Convolutions whose outputs see several channels: forward, and backward towards input and weights.
//!
//! Shapes in names: `x` is `[batch, channels, height, width]`, `w` `[outputs, channels / groups, kernel, kernel]`, `y`
//! `[batch, outputs, out_height, out_width]`; `g` before a name is the gradient.

use rayon::prelude::*;
use std::ops::Range;

use crate::columns::{Block, gather, scatter};
use crate::product::{Left, View, ViewMut};
use crate::shape::{Products, Shape};

/// Parts of the batch whose weight gradients are summed up on their own. It does not depend on the number of threads,
/// so neither do the bits of the sum.
const PARTS: usize = 4;

/// Outputs from which on rounding pays for a product towards weights, where both factors have to be transposed as well.
const WORTH_ROUNDING: usize = 64;

/// Room for one thread.
#[derive(Default)]
struct Scratch {
    columns: Vec<f32>,
    outputs: Vec<f32>,
    rounded: Vec<u32>,
}

impl Scratch {
    fn reserve(&mut self, shape: &Shape, block: &Block) {
        let (total, outputs) = (block.columns(shape), shape.of_group()[1]);
        self.columns.resize(self.columns.len().max(shape.depth() * total), 0.0);
        self.outputs.resize(self.outputs.len().max(outputs * total), 0.0);
    }
}

/// `y` of `x` and `w`.
pub(crate) fn forward(shape: &Shape, x: &[f32], w: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; shape.batch * shape.out_picture()];
    let ([_, outputs], depth) = (shape.of_group(), shape.depth());
    let weights = |group: usize| {
        let view = View::rows(&w[group * outputs * depth..], depth);
        Left::new(shape.window.products, [outputs, depth], view)
    };
    let weights: Vec<_> = (0..shape.window.groups).map(weights).collect();
    each_part(shape, &mut y, shape.out_picture(), |pictures, y| {
        let mut scratch = Scratch::default();
        for block in Block::all(shape, pictures.clone()) {
            for (group, weights) in weights.iter().enumerate() {
                forward_block(shape, &block, (group, weights), x, pictures.start, y, &mut scratch);
            }
        }
    });
    y
}

fn forward_block(
    shape: &Shape,
    block: &Block,
    (group, weights): (usize, &Left<'_>),
    x: &[f32],
    first: usize,
    y: &mut [f32],
    scratch: &mut Scratch,
) {
    let ([_, outputs], depth, total) = (shape.of_group(), shape.depth(), block.columns(shape));
    scratch.reserve(shape, block);
    let Scratch { columns, outputs: room, rounded } = scratch;
    let columns = columns_of(shape, block, group, x, columns);
    let size = [outputs, total, depth];
    if block.is_single() {
        let start = (block.pictures.start - first) * shape.out_picture() + group * outputs * shape.places();
        let out = ViewMut::rows(&mut y[start + block.start(shape)..], shape.places());
        weights.times(size, columns, out, false, rounded);
    } else {
        weights.times(size, columns, ViewMut::rows(room, total), false, rounded);
        move_outputs(shape, block, group, |output, place, target, len| {
            let target = target - first * shape.out_picture();
            y[target..target + len].copy_from_slice(&room[output * total + place..][..len]);
        });
    }
}

/// The matrix of columns: the input itself where it is that.
fn columns_of<'a>(shape: &Shape, block: &Block, group: usize, x: &'a [f32], room: &'a mut [f32]) -> View<'a> {
    if shape.is_pointwise() && block.is_single() {
        let start = block.pictures.start * shape.picture() + group * shape.of_group()[0] * shape.places();
        return View::rows(&x[start + block.start(shape)..], shape.places());
    }
    gather(shape, block, group, x, room);
    View::rows(room, block.columns(shape))
}

/// The gradients of a block's outputs as a matrix.
fn outputs_of<'a>(
    shape: &Shape,
    block: &Block,
    group: usize,
    gy: &'a [f32],
    room: &'a mut [f32],
) -> View<'a> {
    let outputs = shape.of_group()[1];
    if block.is_single() {
        let start = block.pictures.start * shape.out_picture() + group * outputs * shape.places();
        return View::rows(&gy[start + block.start(shape)..], shape.places());
    }
    let total = block.columns(shape);
    move_outputs(shape, block, group, |output, place, source, len| {
        room[output * total + place..][..len].copy_from_slice(&gy[source..source + len]);
    });
    View::rows(room, total)
}

/// Calls `each` with an output of the group, the first of a picture's places in the block, where they are in `y`, and how
/// many there are.
fn move_outputs(
    shape: &Shape,
    block: &Block,
    group: usize,
    mut each: impl FnMut(usize, usize, usize, usize),
) {
    let (outputs, len) = (shape.of_group()[1], block.of_picture(shape));
    for output in 0..outputs {
        for (number, picture) in block.pictures.clone().enumerate() {
            let channel = picture * shape.outputs + group * outputs + output;
            each(output, number * len, channel * shape.places() + block.start(shape), len);
        }
    }
}

/// `gx` of `w` and `gy`.
pub(crate) fn towards_input(shape: &Shape, w: &[f32], gy: &[f32]) -> Vec<f32> {
    let mut gx = vec![0.0; shape.batch * shape.picture()];
    let ([_, outputs], depth) = (shape.of_group(), shape.depth());
    let weights = |group: usize| {
        let view = View::rows(&w[group * outputs * depth..], depth).transposed();
        Left::new(shape.window.products, [depth, outputs], view)
    };
    let weights: Vec<_> = (0..shape.window.groups).map(weights).collect();
    each_part(shape, &mut gx, shape.picture(), |pictures, gx| {
        let mut scratch = Scratch::default();
        for block in Block::all(shape, pictures.clone()) {
            let total = block.columns(shape);
            scratch.reserve(shape, &block);
            for (group, weights) in weights.iter().enumerate() {
                let Scratch { columns, outputs: room, rounded } = &mut scratch;
                let gradients = outputs_of(shape, &block, group, gy, room);
                let size = [depth, total, outputs];
                let first = pictures.start * shape.picture();
                if shape.is_pointwise() && block.is_single() {
                    let start =
                        block.pictures.start * shape.picture() + group * depth * shape.places() - first;
                    let out = ViewMut::rows(&mut gx[start + block.start(shape)..], shape.places());
                    weights.times(size, gradients, out, false, rounded);
                } else {
                    weights.times(size, gradients, ViewMut::rows(columns, total), false, rounded);
                    let local = Block {
                        pictures: block.pictures.start - pictures.start..block.pictures.end - pictures.start,
                        ..block.clone()
                    };
                    scatter(shape, &local, group, columns, gx);
                }
            }
        }
    });
    gx
}

/// `gw` of `x` and `gy`.
pub(crate) fn towards_weights(shape: &Shape, x: &[f32], gy: &[f32]) -> Vec<f32> {
    let ([_, outputs], depth) = (shape.of_group(), shape.depth());
    let products = if outputs < WORTH_ROUNDING { Products::F32 } else { shape.window.products };
    let of_part = |pictures: Range<usize>| {
        let mut gw = vec![0.0; shape.outputs * depth];
        let mut scratch = Scratch::default();
        for block in Block::all(shape, pictures) {
            scratch.reserve(shape, &block);
            for group in 0..shape.window.groups {
                let Scratch { columns, outputs: room, rounded } = &mut scratch;
                let gradients = outputs_of(shape, &block, group, gy, room);
                let columns = columns_of(shape, &block, group, x, columns);
                let out = ViewMut::rows(&mut gw[group * outputs * depth..], depth);
                let places = block.columns(shape);
                let gradients = Left::new(products, [outputs, places], gradients);
                gradients.times([outputs, depth, places], columns.transposed(), out, true, rounded);
            }
        }
        gw
    };
    sum(parts(shape.batch).into_par_iter().map(of_part).collect())
}

/// Sums up in the order of the parts.
pub(crate) fn sum(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let add = |mut total: Vec<f32>, part: Vec<f32>| {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        total
    };
    parts.into_iter().reduce(add).unwrap_or_default()
}

/// Ranges of pictures.
pub(crate) fn parts(batch: usize) -> Vec<Range<usize>> {
    let size = batch.div_ceil(PARTS).max(1);
    (0..batch).step_by(size).map(|start| start..batch.min(start + size)).collect()
}

/// Works on parts of the batch, each with its own part of `values`, which has so many for each picture.
fn each_part(
    shape: &Shape,
    values: &mut [f32],
    picture: usize,
    work: impl Fn(Range<usize>, &mut [f32]) + Sync,
) {
    let ranges = parts(shape.batch);
    let size = ranges.first().map_or(1, ExactSizeIterator::len) * picture;
    values.par_chunks_mut(size.max(1)).zip(ranges).for_each(|(values, pictures)| work(pictures, values));
}
