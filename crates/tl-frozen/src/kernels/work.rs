//! What the product kernel works with: where it reads, what it multiplies, where it writes.

use tl_simd::SIDE;

use super::activation::Finish;
use super::{Format, Isa, Map};

/// Registers of output channels in a tile.
pub(super) const REGISTERS: usize = 2;

/// What the kernel works with; the fields are those of a [`Product`](super::Product).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) isa: Isa,
    pub(crate) format: Format,
    pub(crate) origin: usize,
    pub(crate) step: [usize; 2],
    pub(crate) taps: &'a [usize],
    pub(crate) span: usize,
    pub(crate) channels: usize,
    pub(crate) output: Map,
    pub(crate) panels: &'a [Panel],
    pub(crate) weights: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) scales: &'a [f32],
    pub(crate) finish: Finish,
    #[cfg_attr(
        not(all(target_arch = "x86_64", target_os = "linux")),
        expect(dead_code, reason = "there are no matrix registers")
    )]
    pub(crate) grid: Option<Grid>,
}

/// Two registers of output channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panel {
    /// Where its weights start.
    pub(crate) weights: usize,
    /// The input channel at which each of its runs starts.
    pub(crate) channel: usize,
}

/// Pixels of the output in lines, within which they see inputs the same way apart: rows, or all rows as one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) lines: usize,
    /// Pixels of a line, with those between rows.
    pub(crate) length: usize,
    /// From a row of the output to the next, in pixels of a line.
    pub(crate) pitch: usize,
    /// Pixels of a tile.
    pub(crate) rows: usize,
    /// Lanes that are multiplied at once, and those of a run, filled up to a multiple of them with weights of zero.
    pub(crate) lanes: usize,
    pub(crate) padded: usize,
}

impl Grid {
    /// Over an output of this height and width, whose pixels are so many floats of the input apart, down and across, and
    /// look at runs of so many lanes.
    pub(crate) fn new([height, width]: [usize; 2], [down, across]: [usize; 2], span: usize) -> Self {
        let one_line = (height - 1) * (down / across) + width;
        let tiles = |length: usize| length.div_ceil(SIDE);
        let joined = down.is_multiple_of(across) && tiles(one_line) <= height * tiles(width);
        let (lines, length) = if joined { (1, one_line) } else { (height, width) };
        let lanes = span.min(SIDE);
        Self {
            lines,
            length,
            pitch: if joined { down / across } else { width },
            rows: length.min(SIDE),
            lanes,
            padded: span.next_multiple_of(lanes),
        }
    }
}
