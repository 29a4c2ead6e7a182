//! JPEG: sequential and progressive pictures of 8 bits a sample, in whatever structure the standard allows.
//!
//! The usual ones, baseline in one scan, have a decoder of their own, which can leave out what is not needed. All others,
//! and those in which it finds anything unusual, damaged or too large, go to a slower one, whose verdict counts.

mod any;
mod baseline;
mod bit_reader;
mod blocks;
mod canvas;
mod color;
mod color_space;
mod entropy;
mod huffman;
mod idct;
mod layout;
mod markers;
mod plan;
mod process;
mod scan;
mod tables;
mod window;

use image::RgbImage;
use image::metadata::Orientation;

use self::markers::Markers;
use self::scan::Scan;
pub(crate) use self::window::Window;
use crate::orientation::upright;
use crate::{ColorMode, Format, Limits, PictureError, PictureHeader};

/// Reads the header, follows the markers to the end of the picture and checks that its scans make one.
pub(crate) fn read_header(bytes: &[u8], limits: &Limits) -> Result<PictureHeader, PictureError> {
    let markers = Markers::follow(bytes, limits)?;
    any::check(bytes, &markers, limits)?;
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

/// Decodes bytes as JPEG, whatever they begin with, to upright RGB: [`decode`](fn@crate::decode) without telling the format.
///
/// Errors: any [`PictureError`] that concerns content.
pub fn decode_jpeg(bytes: &[u8], limits: &Limits) -> Result<RgbImage, PictureError> {
    let (picture, orientation) = decode(bytes, limits)?;
    Ok(upright(picture, orientation))
}

/// What was decoded.
pub(crate) enum Decoded {
    /// The window that was chosen.
    Window(Window),
    /// The whole picture, as for any other window: it is not of the kind that the fast decoder reads.
    Whole,
    /// The whole picture, since the fast decoder gave up.
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
        None => Ok((any::decode(bytes, &markers, limits)?, whole)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every file that the fast decoder reads has the same pixels in the other one.
    #[test]
    fn both_decoders_agree() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg");
        let mut compared = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "jpg") {
                continue;
            }
            let (bytes, limits) = (std::fs::read(&path).unwrap(), Limits::default());
            let markers = Markers::follow(&bytes, &limits).unwrap();
            let window = Window::whole((markers.frame.width, markers.frame.height));
            let fast = baseline::decode(&Scan::read(&bytes, &markers).unwrap(), &window, false).unwrap();
            assert_eq!(any::decode(&bytes, &markers, &limits).unwrap(), fast, "{}", path.display());
            compared += 1;
        }
        assert!(compared >= 25, "{compared}");
    }
}
