//! Antialiased resizing with Pillow's arithmetic.

use image::RgbImage;

use crate::Interpolation;
use crate::resample::{Resampling, RowSink, resample};

/// Resizes to `width` x `height` pixels as Pillow's `Image.resize` does: up to version 12 to the bit, as later ones where
/// they begin with columns; where those begin with rows, 1/255 off in our golden pictures.
///
/// A side of 0 gives an empty picture.
pub fn resize(picture: &RgbImage, width: u32, height: u32, how: Interpolation) -> RgbImage {
    let whole = [0.0, 0.0, f64::from(picture.width()), f64::from(picture.height())];
    resize_box(picture, whole, width, height, how)
}

/// Resizes the part `[left, top, right, bottom]` to `width` x `height` pixels, in one pass.
///
/// The borders are in pixels of `picture` and may be fractions; what lies outside the picture is cut off. As with
/// Pillow's `resize(box=..)`, the kernel reads across the borders of the box where the picture goes on, so a box
/// gives the same pixels as resizing everything and cropping.
pub fn resize_box(
    picture: &RgbImage,
    part: [f64; 4],
    width: u32,
    height: u32,
    how: Interpolation,
) -> RgbImage {
    let mut out = RgbImage::new(width, height);
    let what = Resampling { part, size: (width, height), how, mirrored: (false, false) };
    resample(picture, &what, &mut Pixels { picture: &mut out, first: (0, 0) });
    out
}

/// Rows of a result go into a picture, which may be larger.
pub(crate) struct Pixels<'a> {
    pub(crate) picture: &'a mut RgbImage,
    /// Where the result begins: left, top.
    pub(crate) first: (u32, u32),
}

impl RowSink for Pixels<'_> {
    #[inline(always)]
    fn row(&mut self, y: usize, colors: &[u8]) {
        let (x, y) = (3 * self.first.0 as usize, self.first.1 as usize + y);
        let row = 3 * self.picture.width() as usize * y;
        if let Some(row) = self.picture.get_mut(row + x..row + x + colors.len()) {
            row.copy_from_slice(colors);
        }
    }
}
