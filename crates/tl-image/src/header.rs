//! What a picture's header says, read without decoding a pixel.

use std::fmt;

use image::{ExtendedColorType, ImageDecoder};
use serde::{Deserialize, Serialize};

use crate::contained::contained_or;
use crate::decode::open;
use crate::sniff::sniff;
use crate::{Format, Limits, PictureError, jpeg, orientation, tiff};

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
    /// Up to 8 bits of gray.
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

/// Reads the header of a picture given as the bytes of its whole file.
///
/// The format is told by content. JPEG, PNG and WebP files are also followed to their end, so that a truncated
/// file is named here, long before it is decoded.
///
/// Errors: any [`PictureError`] that concerns content. No memory is taken for pixels.
pub fn read_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    contained_or(|| read_known_header(bytes, limits))
}

fn read_known_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    let format = sniff(bytes)?;
    if format == Format::Jpeg {
        return jpeg::read_header(bytes, limits);
    }
    if format == Format::Tiff {
        return tiff::read_header(bytes, limits);
    }
    let decoder = open(bytes, format, limits)?;
    let (width, height) = decoder.dimensions();
    let color = stored_as(format, bytes, decoder.original_color_type());
    let orientation = orientation::stated(bytes, format).to_exif();
    Ok(PictureHeader { format, width, height, color, orientation })
}

fn stored_as(format: Format, bytes: &[u8], decoded: ExtendedColorType) -> ColorMode {
    if has_palette(format, bytes) {
        return ColorMode::Palette;
    }
    match decoded {
        ExtendedColorType::L1 | ExtendedColorType::L8 => ColorMode::Gray,
        ExtendedColorType::La8 => ColorMode::GrayAlpha,
        ExtendedColorType::Rgba8 => ColorMode::Rgba,
        ExtendedColorType::L16 => ColorMode::Gray16,
        ExtendedColorType::La16 => ColorMode::GrayAlpha16,
        ExtendedColorType::Rgb16 => ColorMode::Rgb16,
        ExtendedColorType::Rgba16 => ColorMode::Rgba16,
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16 => ColorMode::Cmyk,
        ExtendedColorType::Rgb32F | ExtendedColorType::Rgba32F => ColorMode::Float,
        _ => ColorMode::Rgb,
    }
}

/// The decoders report the colours of the table, not the table.
fn has_palette(format: Format, bytes: &[u8]) -> bool {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    match format {
        Format::Gif => true,
        // IHDR's colour type: https://www.w3.org/TR/png-3/#11IHDR
        Format::Png => byte(25) == 3,
        // biBitCount; the 12-byte header of OS/2 has it earlier.
        Format::Bmp => byte(if byte(14) == 12 { 24 } else { 28 }) <= 8,
        Format::Jpeg | Format::WebP | Format::Tiff => false,
    }
}
