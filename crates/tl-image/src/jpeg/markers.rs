//! The segments of a JPEG file: T.81, annex B. <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>

use std::ops::Range;

use image::metadata::Orientation;

use super::process::{self, HIERARCHY, JPEG_LS};
use crate::orientation::Metadata;
use crate::{Limits, PictureError};

pub(super) const BASELINE: u8 = 0xc0;
pub(super) const EXTENDED: u8 = 0xc1;
pub(super) const PROGRESSIVE: u8 = 0xc2;
pub(super) const HUFFMAN_TABLES: u8 = 0xc4;
const END_OF_IMAGE: u8 = 0xd9;
pub(super) const START_OF_SCAN: u8 = 0xda;
pub(super) const QUANTISATION_TABLES: u8 = 0xdb;
const NUMBER_OF_LINES: u8 = 0xdc;
pub(super) const RESTART_INTERVAL: u8 = 0xdd;
pub(super) const APP0: u8 = 0xe0;
pub(super) const APP1: u8 = 0xe1;
pub(super) const APP14: u8 = 0xee;

/// The frame header: T.81 B.2.2.
pub(super) struct Frame {
    /// Which of SOF0 to SOF15 it is.
    pub(super) marker: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: u8,
}

/// A marker and what follows it: its segment without the two bytes of length, empty for the end of the image.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    pub(super) content: &'a [u8],
    /// Where the marker and the segment lie in the file.
    pub(super) place: Range<usize>,
}

/// The markers from start to end of image.
pub(super) struct Markers<'a> {
    pub(super) frame: Frame,
    pub(super) segments: Vec<Segment<'a>>,
}

impl<'a> Markers<'a> {
    /// Follows the markers from start to end of image and checks the announced size.
    ///
    /// An end that is not there is the one sure sign of a truncated file: within compressed data, 0xff is always followed
    /// by 0 or a restart marker, and segments, with the thumbnails in them, are skipped by their length.
    pub(super) fn follow(bytes: &'a [u8], limits: &Limits) -> Result<Self, PictureError> {
        let (mut frame, mut segments): (Option<Frame>, Vec<Segment<'_>>) = (None, Vec::new());
        let (mut at, mut scans) = (2, 0);
        loop {
            let (marker, after) = next_marker(bytes, at).ok_or_else(|| PictureError::truncated(bytes))?;
            at = after;
            if has_no_segment(marker) {
                continue;
            }
            if marker == END_OF_IMAGE {
                segments.push(Segment { marker, content: &[], place: after - 2..after });
                break;
            }
            let content = segment(bytes, at)?;
            if is_frame_header(marker) && frame.is_none() {
                frame = Some(
                    read_frame(content, marker, limits).ok_or_else(|| PictureError::truncated(bytes))??,
                );
            }
            scans += usize::from(marker == START_OF_SCAN);
            if let Some(frame) = frame.as_mut().filter(|_| marker == NUMBER_OF_LINES && scans == 1) {
                frame.set_height(content, limits)?;
            }
            at += 2 + content.len();
            segments.push(Segment { marker, content, place: after - 2..at });
            if segments.len() > MOST_SEGMENTS {
                return Err(PictureError::Corrupt { detail: format!("more than {MOST_SEGMENTS} segments") });
            }
        }
        let frame = frame.ok_or_else(|| PictureError::Corrupt {
            detail: "no frame header before the end of the image".into(),
        })?;
        limits.check_size(frame.width, frame.height)?;
        Ok(Markers { frame, segments })
    }

    /// Orientation that the segments for applications state; upright when there is none.
    pub(super) fn orientation(&self) -> Orientation {
        let mut metadata = Metadata::default();
        let segments = self.segments.iter().filter(|segment| segment.marker == APP1);
        segments.for_each(|segment| metadata.add_app1(segment.content));
        metadata.orientation()
    }
}

/// Maximum number of segments. Of 64 KiB each, they would be larger than any file that is read; many more empty ones would
/// only take memory.
const MOST_SEGMENTS: usize = 1 << 16;

impl Frame {
    /// The size is within the limits, and so is the memory that a decoder needs.
    fn check(&self, limits: &Limits) -> Result<(), PictureError> {
        limits.check_size(self.width, self.height)?;
        let progressive = self.marker == PROGRESSIVE;
        limits.check_memory(decoder_bytes(self.width, self.height, self.components, progressive))
    }

    /// Sets the number of lines that a segment behind the first scan says or corrects: T.81, B.2.5.
    fn set_height(&mut self, content: &[u8], limits: &Limits) -> Result<(), PictureError> {
        let &[high, low, ..] = content else {
            return Err(PictureError::Corrupt { detail: "its number of lines is not whole".into() });
        };
        self.height = u16::from_be_bytes([high, low]).into();
        self.check(limits)
    }
}

/// The next byte after 0xff that is neither stuffing (0), a fill byte (0xff) nor a restart marker.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)? + 1;
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
    let Some(&[high, low]) = bytes.get(at..at + 2) else { return Err(PictureError::truncated(bytes)) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length < 2 {
        return Err(PictureError::Corrupt { detail: format!("a segment of length {length}") });
    }
    bytes.get(at + 2..at + length).ok_or_else(|| PictureError::truncated(bytes))
}

/// SOF0 to SOF15 without DHT (c4), JPG (c8) and DAC (cc); and those of processes that are only named.
pub(super) fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf | HIERARCHY | JPEG_LS) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// `None` when the segment is too short.
fn read_frame(segment: &[u8], marker: u8, limits: &Limits) -> Option<Result<Frame, PictureError>> {
    let &[precision, h1, h0, w1, w0, components, ..] = segment else { return None };
    let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
    let frame = Frame { marker, width, height, components };
    let checked = process::check(marker, precision).and_then(|()| {
        check_components(components)?;
        // A height of 0 is still to come.
        if height > 0 { frame.check(limits) } else { Ok(()) }
    });
    Some(checked.map(|()| frame))
}

fn check_components(components: u8) -> Result<(), PictureError> {
    match components {
        1 | 3 | 4 => Ok(()),
        other => Err(PictureError::UnsupportedFeature { detail: format!("{other} colour components") }),
    }
}

/// Memory that a decoder takes: RGB pixels; a progressive picture also keeps two bytes for each coefficient until the last
/// scan.
fn decoder_bytes(width: u32, height: u32, components: u8, progressive: bool) -> u64 {
    let pixels = u64::from(width) * u64::from(height);
    pixels * if progressive { 3 + 2 * u64::from(components) } else { 3 }
}
