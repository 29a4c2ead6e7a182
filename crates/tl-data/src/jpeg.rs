//! JPEG. Baseline pictures by our own decoder, which can leave out what is not needed; all others, and whatever it finds
//! unusual or too large, by zune-jpeg: `image` decodes truncated files to gray pixels without an error, parses
//! each header three times and copies the file.

mod baseline;
mod bits;
mod color;
mod huffman;
mod idct;
mod markers;
mod scan;
mod window;

use image::RgbImage;
use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use self::markers::Markers;
use self::scan::Scan;
pub(crate) use self::window::Window;
use crate::decode::{tidy, truncated};
use crate::{ColorMode, Format, Limits, PictureError, PictureHeader};

/// Reads the header and follows the markers to the end of the picture.
pub(crate) fn read_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    let markers = Markers::follow(bytes, limits)?;
    zune_header(bytes)?;
    let color = match markers.frame.components {
        1 => ColorMode::Gray,
        4 => ColorMode::Cmyk,
        _ => ColorMode::Rgb,
    };
    let orientation = markers.orientation().to_exif();
    let (width, height) = (markers.frame.width, markers.frame.height);
    Ok(PictureHeader { format: Format::Jpeg, width, height, color, orientation })
}

/// Decodes to RGB as stored; the orientation is still to be applied.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<(RgbImage, Orientation), PictureError> {
    let mut turned = Orientation::NoTransforms;
    let (picture, _) = decode_window(bytes, limits, |stored, orientation| {
        turned = orientation;
        Window::whole(stored)
    })?;
    Ok((picture, turned))
}

/// What was decoded.
pub(crate) enum Decoded {
    /// The window that was chosen.
    Window(Window),
    /// The whole picture, as for any other window: it is not of the kind that our own decoder reads.
    Whole,
    /// The whole picture, since our own decoder gave up.
    WholeThisTime,
}

/// Decodes a window of the stored picture, chosen when its size and orientation are known.
pub(crate) fn decode_window(
    bytes: &[u8],
    limits: &Limits,
    choose: impl FnOnce((u32, u32), Orientation) -> Window,
) -> Result<(RgbImage, Decoded), PictureError> {
    let markers = Markers::follow(bytes, limits)?;
    let window = choose((markers.frame.width, markers.frame.height), markers.orientation());
    let fits = window.bytes_to_decode() + bytes.len() as u64 <= limits.alloc;
    let scan = Scan::read(bytes, &markers);
    let whole = if scan.is_none() { Decoded::Whole } else { Decoded::WholeThisTime };
    let ours = scan.filter(|_| fits).and_then(|scan| baseline::decode(&scan, &window, limits.checked));
    match ours {
        Some(picture) => Ok((picture, Decoded::Window(window))),
        None => Ok((decode_any(bytes, &markers)?, whole)),
    }
}

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

/// By zune-jpeg, whose verdict on damage counts.
fn decode_any(bytes: &[u8], markers: &Markers<'_>) -> Result<RgbImage, PictureError> {
    let mut decoder = zune_header(bytes)?;
    let mut picture = RgbImage::new(markers.frame.width, markers.frame.height);
    decoder.decode_into(&mut picture).map_err(|error| explain(error, bytes))?;
    Ok(picture)
}

fn zune_header(bytes: &[u8]) -> Result<Decoder<'_>, PictureError> {
    // Junk between header segments is common and harmless, so the header is read leniently. The pixels are not:
    // a lenient decoder fills what is missing with gray.
    let options = DecoderOptions::default()
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options.set_strict_mode(false));
    decoder.decode_headers().map_err(|error| explain(error, bytes))?;
    decoder.set_options(options.set_strict_mode(true));
    Ok(decoder)
}

fn explain(error: DecodeErrors, bytes: &[u8]) -> PictureError {
    match error {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => truncated(bytes),
        DecodeErrors::Unsupported(scheme) => {
            PictureError::UnsupportedFeature { detail: format!("{scheme:?}") }
        }
        error => PictureError::Corrupt { detail: tidy(&format!("{error:?}")) },
    }
}
