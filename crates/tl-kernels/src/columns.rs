//! A convolution as a product: each place of the window is a column of the values it sees.

use std::ops::Range;

use crate::shape::Shape;

/// Places that are worked on together: some rows of one picture, or some whole pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) pictures: Range<usize>,
    pub(crate) rows: Range<usize>,
}

/// Floats of a block's columns, so that they stay in the second-level cache.
const TOGETHER: usize = 1 << 17;
/// Columns below which a product wastes its time on packing the weights.
const ENOUGH: usize = 256;

impl Block {
    /// The blocks of some pictures.
    pub(crate) fn all(shape: &Shape, pictures: Range<usize>) -> Vec<Self> {
        let (places, depth) = (shape.places().max(1), shape.depth().max(1));
        if places < ENOUGH {
            let together = ENOUGH.div_ceil(places);
            let starts = pictures.clone().step_by(together);
            return starts
                .map(|start| Self {
                    pictures: start..pictures.end.min(start + together),
                    rows: 0..shape.out_height,
                })
                .collect();
        }
        let columns = (TOGETHER / depth).max(ENOUGH);
        let rows = columns.div_ceil(shape.out_width.max(1)).min(shape.out_height);
        let of_picture = |picture: usize| {
            let starts = (0..shape.out_height).step_by(rows.max(1));
            starts.map(move |start| Self {
                pictures: picture..picture + 1,
                rows: start..shape.out_height.min(start + rows),
            })
        };
        pictures.flat_map(of_picture).collect()
    }

    /// Places of one picture.
    pub(crate) fn of_picture(&self, shape: &Shape) -> usize {
        self.rows.len() * shape.out_width
    }

    pub(crate) fn columns(&self, shape: &Shape) -> usize {
        self.pictures.len() * self.of_picture(shape)
    }

    pub(crate) fn is_single(&self) -> bool {
        self.pictures.len() == 1
    }

    /// Where the block's places begin in a channel of the output.
    pub(crate) fn start(&self, shape: &Shape) -> usize {
        self.rows.start * shape.out_width
    }
}

/// The columns of a block for the channels of a group, `[depth, columns]`.
pub(crate) fn gather(shape: &Shape, block: &Block, group: usize, input: &[f32], columns: &mut [f32]) {
    let total = block.columns(shape);
    visit(shape, block, group, |row, place, run, source| {
        let out = &mut columns[row * total + place..][..run.len];
        match source {
            None => out.fill(0.0),
            Some(start) if shape.window.stride[1] == 1 => {
                out[..run.first].fill(0.0);
                out[run.first..run.end].copy_from_slice(&input[start..start + run.end - run.first]);
                out[run.end..].fill(0.0);
            }
            Some(start) => {
                out[..run.first].fill(0.0);
                let values = input[start..].iter().step_by(shape.window.stride[1]);
                out[run.first..run.end].iter_mut().zip(values).for_each(|(out, value)| *out = *value);
                out[run.end..].fill(0.0);
            }
        }
    });
}

/// Adds the columns of a block to the values they were gathered from.
pub(crate) fn scatter(shape: &Shape, block: &Block, group: usize, columns: &[f32], input: &mut [f32]) {
    let total = block.columns(shape);
    visit(shape, block, group, |row, place, run, source| {
        let Some(start) = source else { return };
        let from = &columns[row * total + place..][run.first..run.end];
        if shape.window.stride[1] == 1 {
            let to = &mut input[start..start + from.len()];
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        } else {
            let to = input[start..].iter_mut().step_by(shape.window.stride[1]);
            to.zip(from).for_each(|(to, from)| *to += from);
        }
    });
}

/// A row of places: of `len` places, `first..end` see the picture at this offset of the kernel.
#[derive(Debug, Clone, Copy)]
struct Run {
    len: usize,
    first: usize,
    end: usize,
}

/// Calls `each` with the row of the matrix, the first of a run of places, the run, and where in the input it begins.
fn visit(shape: &Shape, block: &Block, group: usize, mut each: impl FnMut(usize, usize, Run, Option<usize>)) {
    let [channels, _] = shape.of_group();
    let ([down, right], [stride_y, stride_x]) = (shape.kernel, shape.window.stride);
    let [top, _, left, _] = shape.window.padding;
    for channel in 0..channels {
        for offset in 0..down * right {
            let (ky, kx) = (offset / right, offset % right);
            let inside = Shape::inside(shape.width, shape.out_width, stride_x, left, kx);
            let run = Run { len: shape.out_width, first: inside.start, end: inside.end };
            let row = channel * down * right + offset;
            let mut place = 0;
            for picture in block.pictures.clone() {
                let plane = (picture * shape.channels + group * channels + channel) * shape.height;
                for y in block.rows.clone() {
                    let line = (y * stride_y + ky).checked_sub(top).filter(|&line| line < shape.height);
                    let source = line
                        .filter(|_| run.first < run.end)
                        .map(|line| (plane + line) * shape.width + (run.first * stride_x + kx - left));
                    each(row, place, run, source);
                    place += shape.out_width;
                }
            }
        }
    }
}
