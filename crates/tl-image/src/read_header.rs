//! Reading a picture's header without decoding a pixel.

use image::{ExtendedColorType, ImageDecoder};

use crate::contained::contained_or;
use crate::decode::open;
use crate::sniff::sniff;
use crate::{ColorMode, Format, Limits, PictureError, PictureHeader, jpeg, orientation, tiff};

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
