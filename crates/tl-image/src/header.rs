//! The header of a picture, and what it says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Format;

/// Size, colours and orientation of a picture, as its file states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureHeader {
    /// Format of the file.
    pub format: Format,
    /// Width as stored, before orientation, in pixels.
    pub width: u32,
    /// Height as stored, before orientation, in pixels.
    pub height: u32,
    /// How colours are stored.
    pub color: ColorMode,
    /// Orientation as EXIF numbers it, 1 to 8; 1 is upright.
    pub orientation: u8,
}

impl PictureHeader {
    /// Width and height after orientation, as people see the picture.
    pub fn upright_size(&self) -> (u32, u32) {
        // Orientations 5 to 8 turn by a quarter: EXIF 2.3, table 6, tag 274.
        if self.orientation >= 5 { (self.height, self.width) } else { (self.width, self.height) }
    }
}

/// How a file stores colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorMode {
    /// Gray values of up to 8 bits.
    Gray,
    /// 8 bits of gray and of transparency.
    GrayAlpha,
    /// 8 bits a colour.
    Rgb,
    /// 8 bits a colour and of transparency.
    Rgba,
    /// 16 bits of gray.
    Gray16,
    /// 16 bits of gray and of transparency.
    GrayAlpha16,
    /// 16 bits a colour.
    Rgb16,
    /// 16 bits a colour and of transparency.
    Rgba16,
    /// A table of colours.
    Palette,
    /// Four printing colours, CMYK or YCCK.
    Cmyk,
    /// 32-bit floating point.
    Float,
}

impl ColorMode {
    /// Are values of 16 bits stored so?
    pub fn is_16_bits(self) -> bool {
        matches!(self, ColorMode::Gray16 | ColorMode::GrayAlpha16 | ColorMode::Rgb16 | ColorMode::Rgba16)
    }
}

impl fmt::Display for ColorMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColorMode::Gray => "gray",
            ColorMode::GrayAlpha => "gray + alpha",
            ColorMode::Rgb => "RGB",
            ColorMode::Rgba => "RGB + alpha",
            ColorMode::Gray16 => "gray 16 bit",
            ColorMode::GrayAlpha16 => "gray + alpha 16 bit",
            ColorMode::Rgb16 => "RGB 16 bit",
            ColorMode::Rgba16 => "RGB + alpha 16 bit",
            ColorMode::Palette => "palette",
            ColorMode::Cmyk => "CMYK",
            ColorMode::Float => "floating point",
        })
    }
}
