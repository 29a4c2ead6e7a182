//! Parts of a gradient towards weights: which pictures and outputs a thread works on, and the sums over a band of places.
//!
//! Parts depend on sizes alone, so the bits of the sums do not depend on the number of threads.

#![allow(unsafe_code, reason = "tiles take pointers")]

use std::ops::Range;

use crate::band::View;
use crate::panels::wide;
use crate::pass::Pass;
use crate::registers::{panel, rows};
use crate::tile::{Outer, outer};

/// Places whose gradients are put in order together.
pub(crate) const OUTPUTS: usize = 256;
/// So many weights or fewer are summed up in parts of the batch; of more, parts of the outputs are.
const FEW: usize = 1 << 17;
/// Most parts of either.
const PARTS: usize = 8;

/// Pictures and panels of outputs that one thread works on.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) pictures: Range<usize>,
    pub(crate) panels: Range<usize>,
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
    pub(crate) fn lanes(&self) -> usize {
        self.panels.len() * panel()
    }

    /// Adds the products of what the windows of a band see and its gradients to the sums.
    pub(crate) fn band(
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
}

/// Gradients of a band's places: where they are, or panel by panel.
pub(crate) struct Gradients<'a> {
    /// From the first place on, and the floats from a place to the next.
    pub(crate) direct: Option<(&'a [f32], usize)>,
    pub(crate) ordered: &'a [f32],
    pub(crate) places: usize,
    /// The first panel, and the channels of all.
    pub(crate) first: usize,
    pub(crate) channels: usize,
    /// Are lanes bfloat16 numbers of two places?
    pub(crate) pairs: bool,
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

/// Ranges of about the same length.
pub(crate) fn split(len: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = parts.min(len).max(1);
    (0..parts).map(move |part| part * len / parts..(part + 1) * len / parts)
}
