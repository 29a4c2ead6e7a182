//! The picture to be changed, or what a decoder made of it.

use image::RgbImage;

use crate::DecodedRegion;

/// The pixels of a picture, or of a part of it, at full size or uniformly reduced.
///
/// The point (u, v) of `pixels` is the point `origin + (u, v) / scale` of the full picture.
#[derive(Clone, Copy, Debug)]
pub struct SourcePixels<'a> {
    /// The pixels that there are.
    pub pixels: &'a RgbImage,
    /// Width and height of the full picture.
    pub full: (u32, u32),
    /// Where `pixels` begin in the full picture, in its pixels: left, top.
    pub origin: (f64, f64),
    /// Pixels there are for each pixel of the full picture along an axis: 0.5 is half size.
    pub scale: f64,
}

impl<'a> SourcePixels<'a> {
    /// A picture that is there as a whole.
    pub fn whole(pixels: &'a RgbImage) -> Self {
        SourcePixels { pixels, full: pixels.dimensions(), origin: (0.0, 0.0), scale: 1.0 }
    }

    /// A part of the full picture, in the pixels there are.
    pub(super) fn part(&self, [left, top, right, bottom]: [f64; 4]) -> [f64; 4] {
        let (x, y) = self.origin;
        [(left - x) * self.scale, (top - y) * self.scale, (right - x) * self.scale, (bottom - y) * self.scale]
    }
}

impl<'a> From<&'a DecodedRegion> for SourcePixels<'a> {
    fn from(cutout: &'a DecodedRegion) -> Self {
        let origin = (f64::from(cutout.origin.0), f64::from(cutout.origin.1));
        SourcePixels {
            pixels: &cutout.pixels,
            full: cutout.full,
            origin,
            scale: 1.0 / f64::from(cutout.scale.max(1)),
        }
    }
}
