//! Limits: what a picture may cost, how far it is looked at, and how its values are read.

use crate::{PictureError, ValueRange};

/// Bounds checked before memory is taken for a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a file that is read, in bytes.
    pub file_bytes: u64,
    /// Maximum width and maximum height, in pixels.
    pub side: u32,
    /// Maximum of width x height, in pixels.
    pub pixels: u64,
    /// Maximum of the memory that a decoder may take for one picture, in bytes.
    pub alloc: u64,
    /// Are files known to be whole, since they were decoded before? Then a part is decoded without reading what lies behind
    /// it, and damage there is not found.
    pub checked: bool,
    /// Which values of 16 bits are black and white; it travels with the picture's [`Preprocess`](crate::Preprocess).
    pub range: ValueRange,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: 256 << 20,
            side: 16_384,
            // Twice Pillow's MAX_IMAGE_PIXELS, where it raises DecompressionBombError:
            // https://github.com/python-pillow/Pillow/blob/main/src/PIL/Image.py
            pixels: 178_956_970,
            alloc: 512 << 20,
            checked: false,
            range: ValueRange::FULL,
        }
    }
}

impl Limits {
    /// These limits, for pictures whose values are in this range.
    #[must_use]
    pub fn with_range(self, range: ValueRange) -> Self {
        Limits { range, ..self }
    }

    /// Refuses a picture whose header announces more than the limits allow.
    pub(crate) fn check_size(&self, width: u32, height: u32) -> Result<(), PictureError> {
        if width == 0 || height == 0 {
            return Err(PictureError::Corrupt {
                detail: format!("its header says {width} x {height} pixels"),
            });
        }
        if width.max(height) > self.side {
            return Err(PictureError::TooLarge { width, height, limit: self.side });
        }
        if u64::from(width) * u64::from(height) > self.pixels {
            return Err(PictureError::TooManyPixels { width, height, limit: self.pixels });
        }
        Ok(())
    }

    /// Refuses a picture whose decoder would need more memory than allowed.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), PictureError> {
        if bytes > self.alloc {
            return Err(PictureError::TooMuchMemory { bytes, limit: self.alloc });
        }
        Ok(())
    }
}
