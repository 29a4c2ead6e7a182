//! Orientation (EXIF): how a picture is to be turned, as the metadata of its file states it: one reader for every container.
//!
//! EXIF decides. Where no EXIF block states an orientation, XMP does, as in Pillow's `exif_transpose`. Of several blocks
//! the first that states one counts. A value that is not 1 to 8 is upright.

mod containers;
mod png;
mod xmp;

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use crate::Format;
use crate::directory::Directory;

/// The tag of the orientation in TIFF and EXIF: EXIF 2.3, table 6.
const ORIENTATION: u16 = 274;
/// What stands before EXIF in JPEG, and before it in other containers too when a program copied it from there.
const EXIF_PREFIX: &[u8] = b"Exif\0\0";
/// What stands before XMP in JPEG.
const XMP_PREFIX: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Number of bytes that may stand between the prefix and the EXIF block.
const PADDING: usize = 64;

/// Metadata of a file, in the order in which it counts.
#[derive(Default)]
pub(crate) struct Metadata<'a> {
    exif: Vec<Cow<'a, [u8]>>,
    xmp: Vec<Cow<'a, [u8]>>,
}

impl<'a> Metadata<'a> {
    /// Takes the content of an APP1 segment of a JPEG, which is one or the other or neither.
    pub(crate) fn add_app1(&mut self, content: impl Into<Cow<'a, [u8]>>) {
        let content = content.into();
        if content.starts_with(b"Exif\0") {
            self.exif.push(content);
        } else if content.starts_with(XMP_PREFIX) {
            self.xmp.push(content);
        }
    }

    pub(crate) fn orientation(&self) -> Orientation {
        let exif = self.exif.iter().find_map(|block| of_exif(block)).or_else(|| of_exif(&self.joined()));
        exif.or_else(|| self.xmp.iter().find_map(|text| xmp::orientation(text))).unwrap_or(UPRIGHT)
    }

    /// A block that is longer than a segment of a JPEG goes on in the next one, behind the prefix again.
    fn joined(&self) -> Vec<u8> {
        if self.exif.len() < 2 {
            return Vec::new();
        }
        self.exif.iter().flat_map(|block| without_prefix(block)).copied().collect()
    }
}

const UPRIGHT: Orientation = Orientation::NoTransforms;

/// What the file states; upright when it states nothing that can be read. JPEG has its segments at hand and asks
/// [`Metadata`] itself.
pub(crate) fn stated(bytes: &[u8], format: Format) -> Orientation {
    match format {
        Format::Tiff => containers::tiff(bytes),
        Format::Png => png::metadata(bytes).orientation(),
        Format::WebP => containers::webp(bytes).orientation(),
        Format::Gif | Format::Bmp | Format::Jpeg => UPRIGHT,
    }
}

fn without_prefix(mut block: &[u8]) -> &[u8] {
    while let Some(rest) = block.strip_prefix(EXIF_PREFIX) {
        block = rest;
    }
    block
}

/// `None` when the block does not state any.
fn of_exif(block: &[u8]) -> Option<Orientation> {
    let block = without_prefix(block);
    let starts = (0..block.len().min(PADDING)).map(|at| &block[at..]);
    let begins = |block: &&[u8]| {
        [b"II*\0", b"MM\0*", b"II\0*", b"MM*\0"].iter().any(|magic| block.starts_with(*magic))
    };
    let start = starts.into_iter().find(begins)?;
    Directory::first(start)?.number(ORIENTATION).map(from_number)
}

fn from_number(number: u64) -> Orientation {
    u8::try_from(number).ok().and_then(Orientation::from_exif).unwrap_or(UPRIGHT)
}

/// The picture turned upright.
pub(crate) fn upright(picture: RgbImage, orientation: Orientation) -> RgbImage {
    if orientation == Orientation::NoTransforms {
        return picture;
    }
    let mut turned = DynamicImage::ImageRgb8(picture);
    turned.apply_orientation(orientation);
    turned.into_rgb8()
}
