//! What other programs show of a damaged picture.

use std::io::Cursor;

use image::{ImageReader, RgbImage};

use crate::contained::contained;
use crate::flatten::flatten;
use crate::sniff::sniff;
use crate::{Format, Limits};

/// Decodes a damaged picture as a program that forgives errors shows it, for people to see what is missing; it is not turned
/// upright. None where nothing can be shown.
pub fn decode_forgivingly(bytes: &[u8], limits: &Limits, background: [u8; 3]) -> Option<RgbImage> {
    // Our reader of TIFF forgives nothing, and that of `image` panics.
    if sniff(bytes) == Ok(Format::Tiff) {
        return None;
    }
    contained(|| decode_known(bytes, limits, background)).ok().flatten()
}

fn decode_known(bytes: &[u8], limits: &Limits, background: [u8; 3]) -> Option<RgbImage> {
    // `image` does not hold every decoder to its limits, so the header decides.
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    let (width, height) = reader()?.into_dimensions().ok()?;
    limits.check_size(width, height).ok()?;
    limits.check_memory(u64::from(width) * u64::from(height) * 16).ok()?;
    Some(flatten(reader()?.decode().ok()?, background, limits.range))
}
