//! Where the maps of one picture lie in its memory.

use std::ops::Range;

use super::Format;

/// Maps in the order height, width, channels: offsets in floats into the memory of one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Map {
    /// Of channel 0 of the top left pixel.
    pub(crate) start: usize,
    /// From a pixel to the one below it; 0 repeats one row.
    pub(crate) row: usize,
    /// From a pixel to the one beside it; 0 repeats one pixel.
    pub(crate) pixel: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Lanes of a pixel, each a float or several numbers.
    pub(crate) channels: usize,
    /// What a lane holds.
    pub(crate) holds: Format,
}

impl Map {
    #[inline(always)]
    pub(crate) fn at(&self, y: usize, x: usize) -> usize {
        self.start + y * self.row + x * self.pixel
    }

    /// Behind the last float that belongs to the maps.
    pub(crate) fn end(&self) -> usize {
        self.at(self.height.saturating_sub(1), self.width.saturating_sub(1)) + self.channels
    }

    /// The same floats as one row of one pixel per row, where a row has no gaps.
    pub(crate) fn flat_rows(&self) -> Option<Self> {
        let dense = self.pixel == self.channels;
        dense.then_some(Self { width: 1, channels: self.width * self.channels, ..*self })
    }

    /// One pixel seen at every place of maps of this size.
    pub(crate) fn spread(&self, height: usize, width: usize) -> Self {
        Self { row: 0, pixel: 0, height, width, ..*self }
    }
}

/// One of several equal parts of a kernel's work, each done by a thread of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkPart {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

impl WorkPart {
    /// The whole work.
    pub(crate) const ALL: Self = Self { index: 0, of: 1 };

    /// This part's share of `count` things.
    pub(crate) fn of(self, count: usize) -> Range<usize> {
        count * self.index / self.of..count * (self.index + 1) / self.of
    }
}
