//! What a convolution and its gradient towards the input have in common: outputs on a grid, each of which sees a few
//! pixels of some rows of a map with zeros around it.
//!
//! Maps are stored `[batch, height, width, channels]`. The gradient towards an input that was seen in strides is several
//! passes: inputs with the same remainder see the same part of the kernel.

use std::ops::Range;

use crate::shape::{Maps, Shape};

/// Outputs on a grid; see the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) source: Maps,
    pub(crate) target: Maps,
    /// Rows and columns of the grid.
    pub(crate) grid: [usize; 2],
    /// Where the grid begins in the target, and its steps.
    pub(crate) start: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Rows that an output sees, and pixels of each.
    pub(crate) window: [usize; 2],
    /// Steps in the source from an output to the next.
    pub(crate) step: [usize; 2],
    /// Rows above and pixels left of the source that the first output sees; fewer than none if it begins further inside.
    pub(crate) before: [isize; 2],
}

/// Which weights a pass multiplies with, one place of its window after the other.
#[derive(Debug, Clone)]
pub(crate) struct Taps {
    /// Offset of the place in a kernel.
    pub(crate) places: Vec<usize>,
    /// Places of a kernel: from a weight to that of the next channel coming in.
    pub(crate) kernel: usize,
}

impl Pass {
    /// The forward pass of one group of channels.
    pub(crate) fn forward(shape: &Shape, group: usize) -> (Self, Taps) {
        let [channels, outputs] = shape.of_group();
        let [top, _, left, _] = shape.window.padding;
        let pass = Self {
            source: shape.input_maps(group * channels, channels),
            target: shape.output_maps(group * outputs, outputs),
            grid: [shape.out_height, shape.out_width],
            start: [0, 0],
            stride: [1, 1],
            window: shape.kernel,
            step: shape.window.stride,
            before: [top as isize, left as isize],
        };
        let kernel = shape.kernel[0] * shape.kernel[1];
        (pass, Taps { places: (0..kernel).collect(), kernel })
    }

    /// The passes of a group's gradient towards the input; inputs of none of them were not seen.
    pub(crate) fn backward(shape: &Shape, group: usize) -> Vec<(Self, Taps)> {
        let [channels, outputs] = shape.of_group();
        let [down, across] = shape.window.stride;
        let [top, _, left, _] = shape.window.padding;
        let rows = (0..down).map(|first| Axis::new(shape.height, shape.kernel[0], down, top, first));
        let columns = |first| Axis::new(shape.width, shape.kernel[1], across, left, first);
        let pairs = rows.flat_map(|row| (0..across).map(move |first| (row, columns(first))));
        let seen = pairs.filter(|(row, column)| row.places * column.places * row.count * column.count > 0);
        let pass = |(row, column): (Axis, Axis)| {
            let pass = Self {
                source: shape.output_maps(group * outputs, outputs),
                target: shape.input_maps(group * channels, channels),
                grid: [row.count, column.count],
                start: [row.first, column.first],
                stride: shape.window.stride,
                window: [row.places, column.places],
                step: [1, 1],
                before: [row.before, column.before],
            };
            let taps = |y| (0..column.places).map(move |x| row.tap(y) * shape.kernel[1] + column.tap(x));
            let places = (0..row.places).flat_map(taps).collect();
            (pass, Taps { places, kernel: shape.kernel[0] * shape.kernel[1] })
        };
        seen.map(pass).collect()
    }

    /// Floats of a row of the window.
    pub(crate) fn span(&self) -> usize {
        self.window[1] * self.source.channels
    }

    /// Lanes of a row of the window, with so many for a pixel.
    pub(crate) fn span_of(&self, lanes: usize) -> usize {
        self.window[1] * lanes
    }

    /// Outputs of one picture.
    pub(crate) fn places(&self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// Do outputs see nothing but the source, in whole runs?
    pub(crate) fn is_inside(&self) -> bool {
        let inside = |axis: usize| {
            let last = (self.grid[axis] as isize - 1) * self.step[axis] as isize - self.before[axis];
            self.before[axis] <= 0 && last + self.window[axis] as isize <= self.source.size[axis] as isize
        };
        let whole = self.window[1] == 1 || self.source.channels == self.source.pitch;
        whole && inside(0) && inside(1)
    }

    /// Rows and pixels of the source, with zeros around, that a band's outputs see of one picture.
    pub(crate) fn seen(&self, rows: &Range<usize>) -> [usize; 2] {
        let seen = |count: usize, axis: usize| count.saturating_sub(1) * self.step[axis] + self.window[axis];
        [seen(rows.len(), 0), seen(self.grid[1], 1)]
    }
}

/// Inputs with one remainder, along an axis.
#[derive(Debug, Clone, Copy)]
struct Axis {
    first: usize,
    count: usize,
    stride: usize,
    /// The first place of the kernel that sees them, and how many do.
    place: usize,
    places: usize,
    before: isize,
}

impl Axis {
    fn new(size: usize, kernel: usize, stride: usize, padding: usize, first: usize) -> Self {
        let place = (first + padding) % stride;
        let places = kernel.saturating_sub(place).div_ceil(stride);
        // The output that sees the first input at `place`.
        let output = ((first + padding) - place) / stride;
        let count = size.saturating_sub(first).div_ceil(stride);
        Self { first, count, stride, place, places, before: places as isize - 1 - output as isize }
    }

    /// Outputs come in order, places of the kernel in the opposite one.
    fn tap(self, number: usize) -> usize {
        self.place + self.stride * (self.places - 1 - number)
    }
}
