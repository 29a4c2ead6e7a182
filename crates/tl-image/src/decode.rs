//! Decoding: bytes to upright RGB pixels.

use std::error::Error;
use std::io::{Cursor, ErrorKind};

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::UnsupportedErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, RgbImage};

use crate::contained::contained_or;
use crate::flatten::flatten;
use crate::orientation::upright;
use crate::sniff::sniff;
use crate::{Format, Limits, PictureError, bmp, jpeg, orientation, tiff};

/// Decodes a picture given as the bytes of its whole file.
///
/// The result is upright (the orientation of EXIF or XMP applied), 8 bits a colour, three colours: gray is repeated, 16 bits are
/// brought from [`Limits::range`] to 8 (divided by 257 by default) and rounded, CMYK is converted as Pillow does, transparency shows `background`. Colour profiles
/// are not applied. The size in the header is checked against `limits` before memory is taken.
///
/// Errors: any [`PictureError`] that concerns content; a truncated file is an error, never half a picture, and so is a panic
/// of a decoder.
pub fn decode(bytes: &[u8], limits: &Limits, background: [u8; 3]) -> Result<RgbImage, PictureError> {
    contained_or(|| {
        let (picture, orientation) = match sniff(bytes)? {
            Format::Jpeg => jpeg::decode(bytes, limits)?,
            format => decode_stored(bytes, format, limits, background)?,
        };
        Ok(upright(picture, orientation))
    })
}

/// Decodes any format but JPEG; the orientation is still to be applied.
pub(crate) fn decode_stored(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    background: [u8; 3],
) -> Result<(RgbImage, Orientation), PictureError> {
    let (picture, orientation) = values(bytes, format, limits, background)?;
    Ok((flatten(picture, background, limits.range), orientation))
}

/// The values that a picture of any format but JPEG stores, and its orientation; colours that are multiplied with their
/// alpha lie on `background`.
pub(crate) fn values(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    background: [u8; 3],
) -> Result<(DynamicImage, Orientation), PictureError> {
    let named = |error| explain(&error, bytes);
    let picture = match format {
        Format::Tiff => tiff::decode(bytes, limits, background)?,
        Format::Bmp => bmp::opaque(DynamicImage::from_decoder(open(bytes, format, limits)?).map_err(named)?),
        _ => DynamicImage::from_decoder(open(bytes, format, limits)?).map_err(named)?,
    };
    Ok((picture, orientation::stated(bytes, format)))
}

/// Opens the decoder of any format but JPEG and TIFF and checks what its header says.
pub(crate) fn open<'a>(
    bytes: &'a [u8],
    format: Format,
    limits: &Limits,
) -> Result<Box<dyn ImageDecoder + 'a>, PictureError> {
    check_before_opening(bytes, format, limits)?;
    let named = |error| explain(&error, bytes);
    let file = Cursor::new(bytes);
    let mut memory = image::Limits::no_limits();
    memory.max_alloc = Some(limits.alloc);
    let mut decoder: Box<dyn ImageDecoder + 'a> = match format {
        Format::Png => Box::new(PngDecoder::with_limits(file, memory.clone()).map_err(named)?),
        Format::WebP => Box::new(WebPDecoder::new(file).map_err(named)?),
        Format::Gif => Box::new(GifDecoder::new(file).map_err(named)?),
        Format::Bmp => Box::new(BmpDecoder::new(Cursor::new(bmp::for_windows(bytes))).map_err(named)?),
        Format::Jpeg | Format::Tiff => {
            return Err(PictureError::Corrupt { detail: format!("{format} has a decoder of its own") });
        }
    };
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    // image 0.25.10 does not hold `DynamicImage::from_decoder` to `max_alloc`:
    // https://github.com/image-rs/image/issues/3081
    limits.check_memory(decoder.total_bytes())?;
    decoder.set_limits(memory).map_err(named)?;
    Ok(decoder)
}

/// What can be told without the decoder: the size a PNG or GIF announces, and whether the file is all there.
fn check_before_opening(bytes: &[u8], format: Format, limits: &Limits) -> Result<(), PictureError> {
    let (size, whole) = match format {
        Format::Png => (u32_be(bytes, 16).zip(u32_be(bytes, 20)), png_reaches_its_end(bytes)),
        Format::Gif => (u16_le(bytes, 6).zip(u16_le(bytes, 8)), true),
        Format::WebP => (None, webp_is_whole(bytes)),
        Format::Bmp | Format::Tiff | Format::Jpeg => (None, true),
    };
    if let Some((width, height)) = size {
        limits.check_size(width, height)?;
    }
    if whole { Ok(()) } else { Err(PictureError::truncated(bytes)) }
}

/// Follows the chunks of a PNG to IEND: <https://www.w3.org/TR/png-3/#5Chunk-layout>.
fn png_reaches_its_end(bytes: &[u8]) -> bool {
    let mut at = 8_usize;
    while let Some(length) = u32_be(bytes, at) {
        let end = at.saturating_add(12).saturating_add(length as usize);
        if bytes.get(at + 4..at + 8) == Some(b"IEND") {
            return end <= bytes.len();
        }
        at = end;
    }
    false
}

/// RIFF states the length of the file after its first 8 bytes. The padding byte at the end may be missing.
fn webp_is_whole(bytes: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = bytes.get(4..8) else { return false };
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    bytes.len() >= length.saturating_add(8)
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u32> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u32::from(u16::from_le_bytes(two.try_into().ok()?)))
}

/// Words a decoder's error.
fn explain(error: &ImageError, bytes: &[u8]) -> PictureError {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            PictureError::truncated(bytes)
        }
        ImageError::Unsupported(error) => PictureError::UnsupportedFeature {
            detail: match error.kind() {
                UnsupportedErrorKind::GenericFeature(feature) => tidy(&feature),
                _ => tidy(error),
            },
        },
        // The cause alone: image puts the format's name before it.
        error => match error.source().map_or_else(|| tidy(error), |cause| tidy(&cause)) {
            detail if detail.eq_ignore_ascii_case(GIF_ENDS_EARLY) => PictureError::truncated(bytes),
            detail => PictureError::Corrupt { detail },
        },
    }
}

/// gif's words; its error does not come out of image otherwise.
const GIF_ENDS_EARLY: &str = "unexpected end of file";

/// A decoder's message on one line, starting small, without its full stop.
fn tidy(message: &impl ToString) -> String {
    let text = message.to_string();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_matches(['"', '.', ' ']);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}
