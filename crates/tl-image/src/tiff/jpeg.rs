//! Chunks that are JPEG: Adobe's TIFF technical note 2.

use super::layout::Layout;
use super::meaning::Colors;
use super::{corrupt, tag};
use crate::{Limits, PictureError};

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];
const START_OF_SCAN: u8 = 0xda;
/// APP0 to APP15.
const APPLICATION: std::ops::RangeInclusive<u8> = 0xe0..=0xef;

/// The first `rows` rows of a chunk: gray, or red, green and blue.
pub(super) fn decode(
    stored: &[u8],
    layout: &Layout<'_>,
    rows: u32,
    limits: &Limits,
) -> Result<Vec<u8>, PictureError> {
    let whole = interchange(stored, layout)?;
    let (picture, _) = crate::jpeg::decode(&whole, limits)?;
    let (width, each) = (layout.chunks.width, layout.in_chunk());
    // A strip at the lower end may be stored whole.
    if picture.width() != width || picture.height() < rows {
        return Err(corrupt(format!(
            "a JPEG of {} x {} in a strip or tile of {width} x {rows}",
            picture.width(),
            picture.height()
        )));
    }
    let length = width as usize * rows as usize;
    let pixels = picture.as_raw().chunks_exact(3).take(length);
    Ok(pixels.flat_map(|pixel| &pixel[..each]).copied().collect())
}

/// A JPEG file by itself: the tables that all chunks share, then the chunk. What the colours are is said by TIFF, so that
/// segments of applications, which may say otherwise, are replaced by one of Adobe's:
/// <https://www.itu.int/rec/T-REC-T.872>, 6.5.3.
fn interchange(stored: &[u8], layout: &Layout<'_>) -> Result<Vec<u8>, PictureError> {
    let mut whole = START.to_vec();
    if layout.in_chunk() == 3 {
        let transform = u8::from(layout.meaning.colors == Colors::YCbCr);
        whole.extend_from_slice(b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0");
        whole.push(transform);
    }
    if let Some(tables) = layout.directory.content(tag::JPEG_TABLES) {
        let tables = tables.strip_prefix(&START).ok_or_else(|| corrupt("JPEG tables without a start"))?;
        add_segments(&mut whole, tables.strip_suffix(&END).unwrap_or(tables))?;
    }
    add_segments(
        &mut whole,
        stored.strip_prefix(&START).ok_or_else(|| corrupt("JPEG data without a start"))?,
    )?;
    if !whole.ends_with(&END) {
        // Fill bytes may follow the end, and then our decoder finds it.
        whole.extend_from_slice(&END);
    }
    Ok(whole)
}

/// Copies segments that are not an application's, and everything from the first scan on.
fn add_segments(whole: &mut Vec<u8>, mut bytes: &[u8]) -> Result<(), PictureError> {
    while let [0xff, marker, rest @ ..] = bytes {
        if *marker == START_OF_SCAN {
            whole.extend_from_slice(bytes);
            return Ok(());
        }
        if *marker == 0xff {
            bytes = &bytes[1..];
            continue;
        }
        let length = rest.first_chunk::<2>().map(|two| usize::from(u16::from_be_bytes(*two)));
        let segment = length
            .and_then(|length| bytes.get(..length + 2))
            .ok_or_else(|| corrupt("JPEG tables cut off"))?;
        if !APPLICATION.contains(marker) {
            whole.extend_from_slice(segment);
        }
        bytes = &bytes[segment.len()..];
    }
    Ok(())
}
