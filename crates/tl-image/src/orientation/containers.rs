//! Where TIFF and WebP keep their metadata.

use image::metadata::Orientation;

use super::{Metadata, ORIENTATION, UPRIGHT, from_number, xmp};
use crate::directory::Directory;

/// The tag of XMP: Adobe's XMP specification, part 3, 1.3.
const XMP: u16 = 700;

pub(super) fn tiff(bytes: &[u8]) -> Orientation {
    let Some(directory) = Directory::first(bytes) else { return UPRIGHT };
    let tag = directory.number(ORIENTATION).map(from_number);
    tag.or_else(|| xmp::orientation(directory.content(XMP)?)).unwrap_or(UPRIGHT)
}

/// Follows the chunks of a WebP: <https://developers.google.com/speed/webp/docs/riff_container>.
pub(super) fn webp(bytes: &[u8]) -> Metadata<'_> {
    let mut metadata = Metadata::default();
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some((kind, content, behind)) = chunk(rest) {
        match kind {
            b"EXIF" => metadata.exif.push(content.into()),
            b"XMP " => metadata.xmp.push(content.into()),
            _ => {}
        }
        rest = behind;
    }
    metadata
}

/// A chunk's name and content, and what lies behind it; contents of odd length are followed by a byte.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (kind, rest) = bytes.split_at_checked(4)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let content = rest.get(..length)?;
    Some((kind, content, rest.get(length + length % 2..).unwrap_or_default()))
}
