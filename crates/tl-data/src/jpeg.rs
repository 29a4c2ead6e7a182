//! JPEG, with zune-jpeg directly: `image` decodes truncated files to gray pixels without an error, parses each header
//! three times and copies the file.

use image::RgbImage;
use image::metadata::Orientation;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use crate::decode::{tidy, truncated};
use crate::{ColorMode, Format, Limits, PictureError, PictureHeader};

/// Reads the header and follows the markers to the end of the picture.
pub(crate) fn read_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    let (frame, decoder) = open(bytes, limits)?;
    let color = match frame.components {
        1 => ColorMode::Gray,
        4 => ColorMode::Cmyk,
        _ => ColorMode::Rgb,
    };
    let orientation = orientation(&decoder).to_exif();
    Ok(PictureHeader { format: Format::Jpeg, width: frame.width, height: frame.height, color, orientation })
}

/// Decodes to RGB as stored; the orientation is still to be applied.
pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<(RgbImage, Orientation), PictureError> {
    let (frame, mut decoder) = open(bytes, limits)?;
    let mut picture = RgbImage::new(frame.width, frame.height);
    decoder.decode_into(&mut picture).map_err(|error| explain(error, bytes))?;
    Ok((picture, orientation(&decoder)))
}

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(Frame, Decoder<'a>), PictureError> {
    let frame = follow_markers(bytes, limits)?;
    // Junk between header segments is common and harmless, so the header is read leniently. The pixels are not:
    // a lenient decoder fills what is missing with gray.
    let options = DecoderOptions::default()
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options.set_strict_mode(false));
    decoder.decode_headers().map_err(|error| explain(error, bytes))?;
    decoder.set_options(options.set_strict_mode(true));
    Ok((frame, decoder))
}

fn orientation(decoder: &Decoder<'_>) -> Orientation {
    decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif)).unwrap_or(Orientation::NoTransforms)
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

/// The frame header: T.81 B.2.2.
struct Frame {
    width: u32,
    height: u32,
    components: u8,
}

/// Follows the markers from start to end of image (T.81, annex B) and checks the announced size.
///
/// An end that is not there is the one sure sign of a truncated file: within compressed data, 0xff is always followed
/// by 0 or a restart marker, and segments, with the thumbnails in them, are skipped by their length.
fn follow_markers(bytes: &[u8], limits: &Limits) -> Result<Frame, PictureError> {
    let mut frame = None;
    let mut at = 2;
    loop {
        let (marker, after) = next_marker(bytes, at).ok_or_else(|| truncated(bytes))?;
        at = after;
        if marker == END_OF_IMAGE {
            break;
        }
        if has_no_segment(marker) {
            continue;
        }
        let segment = segment(bytes, at)?;
        if is_frame_header(marker) && frame.is_none() {
            frame = Some(read_frame(segment, marker, limits).ok_or_else(|| truncated(bytes))??);
        }
        at += 2 + segment.len();
    }
    frame
        .ok_or_else(|| PictureError::Corrupt { detail: "no frame header before the end of the image".into() })
}

const END_OF_IMAGE: u8 = 0xd9;

/// The next byte after 0xff that is neither stuffing (0), a fill byte (0xff) nor a restart marker.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)? + 1;
        match bytes.get(at)? {
            0 | 0xd0..=0xd7 => at += 1,
            0xff => {}
            &marker => return Some((marker, at + 1)),
        }
    }
}

fn has_no_segment(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd8)
}

/// The segment after a marker, without its two bytes of length.
fn segment(bytes: &[u8], at: usize) -> Result<&[u8], PictureError> {
    let Some(&[high, low]) = bytes.get(at..at + 2) else { return Err(truncated(bytes)) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length < 2 {
        return Err(PictureError::Corrupt { detail: format!("a segment of length {length}") });
    }
    bytes.get(at + 2..at + length).ok_or_else(|| truncated(bytes))
}

/// SOF0 to SOF15 without DHT (c4), JPG (c8) and DAC (cc).
fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// `None` when the segment is too short.
fn read_frame(segment: &[u8], marker: u8, limits: &Limits) -> Option<Result<Frame, PictureError>> {
    let &[_precision, h1, h0, w1, w0, components, ..] = segment else { return None };
    let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
    let checked = limits.check_size(width, height).and_then(|()| {
        check_components(components)?;
        limits.check_memory(decoder_bytes(width, height, components, marker == PROGRESSIVE))?;
        Ok(Frame { width, height, components })
    });
    Some(checked)
}

fn check_components(components: u8) -> Result<(), PictureError> {
    match components {
        1 | 3 | 4 => Ok(()),
        other => Err(PictureError::UnsupportedFeature { detail: format!("{other} colour components") }),
    }
}

const PROGRESSIVE: u8 = 0xc2;

/// RGB pixels; a progressive picture also keeps two bytes for each coefficient until the last scan.
fn decoder_bytes(width: u32, height: u32, components: u8, progressive: bool) -> u64 {
    let pixels = u64::from(width) * u64::from(height);
    pixels * if progressive { 3 + 2 * u64::from(components) } else { 3 }
}
