//! Which part of a picture is decoded, at which reduction, and the planes its blocks go to.

use std::ops::Range;

use super::scan::{Component, Scan};

/// Part of the stored picture, in reduced pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) columns: Range<usize>,
    pub(crate) rows: Range<usize>,
    /// 1, 2, 4 or 8: a reduced pixel is the mean of so many pixels in each direction.
    pub(crate) reduction: usize,
}

impl Window {
    /// A whole picture at full size.
    pub(crate) fn whole(size: (u32, u32)) -> Self {
        Self::reduced(size, 1)
    }

    /// A whole picture, reduced.
    pub(crate) fn reduced((width, height): (u32, u32), reduction: usize) -> Self {
        let pixels = |side: u32| 0..(side as usize).div_ceil(reduction.max(1));
        Window { columns: pixels(width), rows: pixels(height), reduction }
    }

    /// Memory for planes and RGB, units at the borders included.
    pub(crate) fn bytes_to_decode(&self) -> u64 {
        6 * (self.columns.len() as u64 + 48) * (self.rows.len() as u64 + 48)
    }
}

/// Samples of one component around the window, in whole units.
pub(super) struct Plane {
    pub(super) samples: Vec<u8>,
    pub(super) stride: usize,
    /// Side of a block, in samples of this plane: 8, 4, 2 or 1.
    pub(super) side: usize,
    /// Where the plane begins, in samples of the reduced component.
    pub(super) left: usize,
    pub(super) top: usize,
    /// Size of the whole reduced component.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels for each sample, in each direction.
    pub(super) wide: usize,
    pub(super) high: usize,
}

/// The units (T.81: minimum coded units) of a picture and those that the window needs.
pub(super) struct McuGrid {
    /// Units in a row of the whole picture, and rows.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl McuGrid {
    pub(super) fn of(scan: &Scan<'_>, window: &Window) -> Self {
        let (h, v) = largest(scan);
        let (across, down) = (scan.width.div_ceil(8 * h), scan.height.div_ceil(8 * v));
        // A pixel's chroma is interpolated with that of its neighbours: two more pixels where chroma is coarser.
        let needed = |pixels: &Range<usize>, factor: usize, units: usize| {
            let (around, unit) = (2 * (factor - 1), 8 * factor);
            let first = pixels.start.saturating_sub(around) * window.reduction / unit;
            let end = ((pixels.end + around) * window.reduction).div_ceil(unit);
            first.min(units)..end.min(units)
        };
        let (columns, rows) = (needed(&window.columns, h, across), needed(&window.rows, v, down));
        McuGrid { across, down, columns, rows }
    }

    /// The end of the units that the window needs: one more than the number of the last.
    pub(super) fn end(&self) -> usize {
        (self.rows.end.saturating_sub(1) * self.across + self.columns.end).min(self.across * self.down)
    }
}

impl Plane {
    /// An empty plane for a component. Chroma keeps more of its resolution where that saves interpolating it, as
    /// libjpeg does: <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jdmaster.c>
    pub(super) fn new(scan: &Scan<'_>, component: &Component, units: &McuGrid, reduction: usize) -> Self {
        let (h, v) = largest(scan);
        let (mut side, mut wide, mut high) = (8 / reduction.clamp(1, 8), h / component.h, v / component.v);
        while side < 8 && wide == 2 && high == 2 {
            (side, wide, high) = (2 * side, 1, 1);
        }
        let size = |pixels: usize, of: usize, largest: usize| (pixels * of * side).div_ceil(8 * largest);
        let stride = units.columns.len() * component.h * side;
        Plane {
            samples: vec![0; stride * units.rows.len() * component.v * side],
            stride,
            side,
            left: units.columns.start * component.h * side,
            top: units.rows.start * component.v * side,
            width: size(scan.width, component.h, h),
            height: size(scan.height, component.v, v),
            wide,
            high,
        }
    }

    /// A row of the component, clamped to it, from the plane's left border on.
    #[inline(always)]
    pub(super) fn row(&self, y: usize) -> &[u8] {
        let y = y.min(self.height.saturating_sub(1)).saturating_sub(self.top);
        self.samples.chunks_exact(self.stride.max(1)).nth(y).unwrap_or_default()
    }
}

/// Blocks of luma in a unit, in each direction.
fn largest(scan: &Scan<'_>) -> (usize, usize) {
    scan.components.first().map_or((1, 1), |luma| (luma.h, luma.v))
}
