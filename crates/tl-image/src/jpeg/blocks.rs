//! Coefficients of a picture's blocks, as scans bring them.

use super::idct::Block;
use super::layout::Layout;

/// Coefficients of one component: all of them, or a row of units.
pub(super) struct Blocks {
    all: Vec<Block>,
    /// Blocks in a row.
    stride: usize,
    /// Rows of blocks in a row of units.
    high: usize,
    /// The first row of blocks.
    top: usize,
}

impl Blocks {
    /// The blocks of each component, for so many rows of units.
    pub(super) fn of(layout: &Layout, rows: usize) -> Vec<Self> {
        let each = layout.components.iter().map(|component| Blocks {
            all: vec![[0; 64]; component.stride * component.v * rows],
            stride: component.stride,
            high: component.v,
            top: 0,
        });
        each.collect()
    }

    /// Forgets everything and begins with this row of units.
    pub(super) fn clear(&mut self, row: usize) {
        self.all.fill([0; 64]);
        self.top = row * self.high;
    }

    pub(super) fn get_mut(&mut self, column: usize, row: usize) -> Option<&mut Block> {
        self.all.get_mut(row.checked_sub(self.top)? * self.stride + column)
    }

    /// A row of blocks; empty where there is none.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[Block] {
        let first = row.saturating_sub(self.top) * self.stride;
        self.all.get(first..first + self.stride).unwrap_or_default()
    }
}
