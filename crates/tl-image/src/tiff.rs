//! TIFF, first page: TIFF 6.0, BigTIFF, and Adobe's technical notes. <https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf>
//!
//! A reader of our own around the decompressors of others: the crate `tiff` panics on separate planes in tiles, does not
//! know the order of bits, and takes colours that are multiplied with their alpha for colours that are not. Whatever a
//! file combines is either read as the standard says or refused by name.
//!
//! A *chunk* is a strip or a tile. A *sample* is one number of one pixel.

mod alpha;
mod chunks;
mod compression;
mod jpeg;
mod layout;
mod meaning;
mod pixels;
mod predictor;
mod samples;
mod tag;
mod ycbcr;

use image::DynamicImage;

use self::layout::Layout;
use self::meaning::{Colors, Numbers};
use crate::{ColorMode, Format, Limits, PictureError, PictureHeader, orientation};

/// Reads size, colours and orientation. Everything that is refused for what the tags say is refused here.
pub(crate) fn read_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    let layout = Layout::read(bytes, limits)?;
    let orientation = orientation::stated(bytes, Format::Tiff).to_exif();
    let (width, height) = (layout.width, layout.height);
    Ok(PictureHeader { format: Format::Tiff, width, height, color: color_mode(&layout), orientation })
}

fn color_mode(layout: &Layout<'_>) -> ColorMode {
    let (deep, alpha) = (layout.bits > 8, layout.meaning.alpha.is_some());
    match layout.meaning.colors {
        Colors::Palette => ColorMode::Palette,
        Colors::Cmyk => ColorMode::Cmyk,
        _ if layout.numbers == Numbers::Float => ColorMode::Float,
        Colors::BlackIsZero | Colors::WhiteIsZero => match (deep, alpha) {
            (false, false) => ColorMode::Gray,
            (false, true) => ColorMode::GrayAlpha,
            (true, false) => ColorMode::Gray16,
            (true, true) => ColorMode::GrayAlpha16,
        },
        Colors::Rgb | Colors::YCbCr => match (deep, alpha) {
            (false, false) => ColorMode::Rgb,
            (false, true) => ColorMode::Rgba,
            (true, false) => ColorMode::Rgb16,
            (true, true) => ColorMode::Rgba16,
        },
    }
}

/// Decodes the first page as stored; the orientation is still to be applied, and alpha where the picture has it. Colours
/// that are multiplied with their alpha are put on `background` here.
pub(crate) fn decode(
    bytes: &[u8],
    limits: &Limits,
    background: [u8; 3],
) -> Result<DynamicImage, PictureError> {
    let layout = Layout::read(bytes, limits)?;
    let picture = match layout.numbers {
        Numbers::Whole if layout.bits <= 8 => {
            pixels::of_bytes(chunks::read(bytes, &layout, limits)?, &layout)?
        }
        Numbers::Whole => pixels::of_words(chunks::read(bytes, &layout, limits)?, &layout)?,
        Numbers::Float => pixels::of_floats(chunks::read(bytes, &layout, limits)?, &layout)?,
    };
    let multiplied = layout.meaning.alpha.is_some_and(|alpha| alpha.multiplied);
    Ok(if multiplied { alpha::flatten_multiplied(picture, background) } else { picture })
}

fn unsupported(detail: impl Into<String>) -> PictureError {
    PictureError::UnsupportedFeature { detail: detail.into() }
}

fn corrupt(detail: impl Into<String>) -> PictureError {
    PictureError::Corrupt { detail: detail.into() }
}
