//! Loops over pixels with a number for each channel.
//!
//! Few channels make short loops, so the numbers are repeated until they fill some registers, and several pixels are one
//! row. Memory is walked in strips that stay in the second-level cache.

use rayon::prelude::*;
use std::ops::Range;

use crate::lanes::vectorised;
use crate::parts::split;

/// Floats of a row at least, where there are as many pixels.
const ROW: usize = 256;
/// Floats in the widest register.
const LANES: usize = 16;
/// Floats of a strip: of many channels, so many pixels that sums for each channel cost little beside them.
const STRIP: usize = 1 << 14;
/// Floats of a part at least, and most parts. They do not depend on the number of threads, so neither do the bits of sums.
const PART: usize = 1 << 16;
const PARTS: usize = 64;

/// How pixels are walked over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strips {
    pub(crate) channels: usize,
    /// Pixels of a row.
    pixels: usize,
    /// Floats of all pixels together.
    pub(crate) len: usize,
}

impl Strips {
    pub(crate) fn new(channels: usize, len: usize) -> Self {
        let channels = channels.max(1);
        let whole = (1..=LANES).find(|pixels| (channels * pixels).is_multiple_of(LANES)).unwrap_or(1);
        Self { channels, pixels: whole * ROW.div_ceil(channels * whole), len }
    }

    /// Floats of a row.
    pub(crate) fn row(&self) -> usize {
        self.channels * self.pixels
    }

    /// Floats of a strip: whole rows.
    pub(crate) fn strip(&self) -> usize {
        self.row() * (STRIP / self.row()).max(1)
    }

    /// The numbers of the channels, for each pixel of a row.
    pub(crate) fn repeat(&self, numbers: &[f32]) -> Vec<f32> {
        numbers.repeat(self.pixels)
    }

    /// The numbers of a row added up for each channel.
    pub(crate) fn fold(&self, row: &[f32], sums: &mut [f64]) {
        fold(row, sums);
    }

    /// Strips that one thread walks over.
    pub(crate) fn parts(&self) -> Vec<Range<usize>> {
        let strips = self.len.div_ceil(self.strip());
        let parts = (self.len / PART).clamp(1, PARTS);
        let strip = self.strip();
        split(strips, parts).map(|part| part.start * strip..self.len.min(part.end * strip)).collect()
    }

    /// Works on parts of memory at once.
    pub(crate) fn each<T: Send>(&self, of_part: impl Fn(Range<usize>) -> T + Sync + Send) -> Vec<T> {
        self.parts().into_par_iter().map(of_part).collect()
    }
}

vectorised! {
    fn fold(row: &[f32], sums: &mut [f64]) {
        for pixel in row.chunks_exact(sums.len()) {
            sums.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }
}
