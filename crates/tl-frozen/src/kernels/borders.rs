//! Zeros around maps, so that convolutions need no special case at the edges: a branch at each edge would cost more than
//! writing a few zeros a picture.

#![allow(unsafe_code, reason = "writes to the memory that steps share")]

use super::{Map, Memory};

/// The pixels around maps: as many as the steps that read them look beyond the edges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Borders {
    /// The maps without their borders.
    pub(crate) inner: Map,
    /// Pixels above, to the left, below, to the right.
    pub(crate) around: [usize; 4],
    /// Lanes behind the last pixel.
    pub(crate) behind: usize,
    /// What zero looks like, in each byte.
    pub(crate) zero: u8,
}

impl Borders {
    /// Writes the zeros.
    ///
    /// # Safety
    /// The maps and their borders are inside `memory`, and no other thread uses the borders.
    pub(crate) unsafe fn run(&self, memory: Memory) {
        let Map { start, row, pixel, height, width, channels, .. } = self.inner;
        let [top, left, below, right] = self.around;
        let zero = |y: usize, x: usize, pixels: usize| {
            // Rows and columns are counted from the corner of the borders, which is inside the memory.
            let corner = start - top * row - left * pixel;
            let floats = if pixels == 0 { 0 } else { (pixels - 1) * pixel + channels };
            // SAFETY: the caller's: these pixels are part of the borders, or gaps between their channels.
            unsafe { memory.at(corner + y * row + x * pixel).write_bytes(self.zero, floats) };
        };
        // SAFETY: the caller's: behind the last pixel of the maps or their borders there are so many lanes.
        unsafe {
            let end = start + (height + below) * row - left * pixel;
            memory.at(end).write_bytes(self.zero, self.behind);
        }
        for y in 0..top + height + below {
            if y < top || y >= top + height {
                zero(y, 0, left + width + right);
            } else {
                zero(y, 0, left);
                zero(y, left + width, right);
            }
        }
    }
}
