//! Convolutions in which every channel is on its own.
//!
//! A plane is padded and, for strides above 1, dealt out column by column, so that whatever an offset of the kernel sees
//! of a row lies in one piece: every loop runs along a row.

use rayon::prelude::*;
use std::ops::Range;

use crate::dense::{parts, sum};
use crate::lanes::{add_scaled, dot, vectorised};
use crate::shape::Shape;

/// One channel of one picture, padded and dealt out.
struct Plane {
    values: Vec<f32>,
    /// Length of a row of one of the dealt-out planes.
    width: usize,
    /// Columns before the first of the picture.
    left: usize,
    top: usize,
    height: usize,
    stride: usize,
}

impl Plane {
    fn new(shape: &Shape) -> Self {
        let [stride_y, stride] = shape.window.stride;
        let [down, right] = shape.kernel;
        let [top, _, left, _] = shape.window.padding;
        let height = (shape.out_height.saturating_sub(1) * stride_y + down).max(top + shape.height);
        let width =
            ((shape.out_width.saturating_sub(1) * stride + right).max(left + shape.width)).div_ceil(stride);
        Self { values: vec![0.0; height * width * stride], width, left, top, height, stride }
    }

    /// Where the columns dealt to `part` of a row begin.
    #[inline(always)]
    fn row(&self, y: usize, part: usize) -> usize {
        (part * self.height + y) * self.width
    }

    /// Where what offset `kx` of the kernel sees of a row begins.
    #[inline(always)]
    fn seen(&self, y: usize, kx: usize) -> usize {
        self.row(y, kx % self.stride) + kx / self.stride
    }

    #[inline(always)]
    fn fill(&mut self, x: &[f32], width: usize) {
        for (y, row) in x.chunks_exact(width).enumerate() {
            let y = y + self.top;
            if self.stride == 1 {
                let start = self.row(y, 0) + self.left;
                self.values[start..start + width].copy_from_slice(row);
            } else {
                for (column, &value) in row.iter().enumerate() {
                    let column = column + self.left;
                    let at = self.row(y, column % self.stride) + column / self.stride;
                    self.values[at] = value;
                }
            }
        }
    }

    #[inline(always)]
    fn empty(&self, x: &mut [f32], width: usize) {
        for (y, row) in x.chunks_exact_mut(width).enumerate() {
            let y = y + self.top;
            if self.stride == 1 {
                let start = self.row(y, 0) + self.left;
                row.copy_from_slice(&self.values[start..start + width]);
            } else {
                for (column, value) in row.iter_mut().enumerate() {
                    let column = column + self.left;
                    *value = self.values[self.row(y, column % self.stride) + column / self.stride];
                }
            }
        }
    }
}

/// `y` of `x` and `w`.
pub(crate) fn forward(shape: &Shape, x: &[f32], w: &[f32]) -> Vec<f32> {
    let (plane, places) = (shape.height * shape.width, shape.places());
    let mut y = vec![0.0; shape.batch * shape.out_picture()];
    let planes = x.par_chunks_exact(plane.max(1)).zip(y.par_chunks_exact_mut(places.max(1))).enumerate();
    planes.with_min_len(16).for_each_init(
        || Plane::new(shape),
        |room, (number, (x, y))| plane_forward(shape, kernel(shape, w, number % shape.channels), x, y, room),
    );
    y
}

/// `gx` of `w` and `gy`.
pub(crate) fn towards_input(shape: &Shape, w: &[f32], gy: &[f32]) -> Vec<f32> {
    let (plane, places) = (shape.height * shape.width, shape.places());
    let mut gx = vec![0.0; shape.batch * shape.picture()];
    let planes = gy.par_chunks_exact(places.max(1)).zip(gx.par_chunks_exact_mut(plane.max(1))).enumerate();
    planes.with_min_len(16).for_each_init(
        || Plane::new(shape),
        |room, (number, (gy, gx))| plane_back(shape, kernel(shape, w, number % shape.channels), gy, gx, room),
    );
    gx
}

/// `gw` of `x` and `gy`.
pub(crate) fn towards_weights(shape: &Shape, x: &[f32], gy: &[f32]) -> Vec<f32> {
    let of_part = |pictures: Range<usize>| {
        let mut gw = vec![0.0; shape.channels * shape.kernel[0] * shape.kernel[1]];
        let mut room = Plane::new(shape);
        let x = &x[pictures.start * shape.picture()..pictures.end * shape.picture()];
        let gy = &gy[pictures.start * shape.out_picture()..pictures.end * shape.out_picture()];
        let planes = x.chunks_exact(shape.height * shape.width).zip(gy.chunks_exact(shape.places()));
        for (number, (x, gy)) in planes.enumerate() {
            let kernel = shape.kernel[0] * shape.kernel[1];
            let first = number % shape.channels * kernel;
            plane_weights(shape, x, gy, &mut gw[first..first + kernel], &mut room);
        }
        gw
    };
    sum(parts(shape.batch).into_par_iter().map(of_part).collect())
}

vectorised! {
    fn plane_forward(shape: &Shape, kernel: &[f32], x: &[f32], y: &mut [f32], room: &mut Plane) {
        room.fill(x, shape.width);
        for (row, y) in y.chunks_exact_mut(shape.out_width).enumerate() {
            for (offset, &factor) in kernel.iter().enumerate() {
                let start = seen(shape, room, row, offset);
                add_scaled(y, &room.values[start..start + shape.out_width], factor);
            }
        }
    }

    fn plane_back(shape: &Shape, kernel: &[f32], gy: &[f32], gx: &mut [f32], room: &mut Plane) {
        room.values.fill(0.0);
        for (row, gy) in gy.chunks_exact(shape.out_width).enumerate() {
            for (offset, &factor) in kernel.iter().enumerate() {
                let start = seen(shape, room, row, offset);
                add_scaled(&mut room.values[start..start + shape.out_width], gy, factor);
            }
        }
        room.empty(gx, shape.width);
    }

    fn plane_weights(shape: &Shape, x: &[f32], gy: &[f32], gw: &mut [f32], room: &mut Plane) {
        room.fill(x, shape.width);
        for (row, gy) in gy.chunks_exact(shape.out_width).enumerate() {
            for (offset, gw) in gw.iter_mut().enumerate() {
                let start = seen(shape, room, row, offset);
                *gw += dot(&room.values[start..start + shape.out_width], gy);
            }
        }
    }
}

fn kernel<'a>(shape: &Shape, w: &'a [f32], channel: usize) -> &'a [f32] {
    let size = shape.kernel[0] * shape.kernel[1];
    &w[channel * size..(channel + 1) * size]
}

/// Where what an offset of the kernel sees for a row of the output begins.
#[inline(always)]
fn seen(shape: &Shape, room: &Plane, row: usize, offset: usize) -> usize {
    room.seen(row * shape.window.stride[0] + offset / shape.kernel[1], offset % shape.kernel[1])
}
