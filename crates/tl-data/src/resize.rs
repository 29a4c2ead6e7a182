//! Antialiased resizing with Pillow's kernels.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U16x3};
use fast_image_resize::{FilterType, ImageView, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::flatten::to_8_bits;

/// The resampling kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Triangle kernel, 2 pixels wide; Pillow's and torchvision's `BILINEAR` with antialiasing.
    #[default]
    Bilinear,
    /// Cubic kernel with a = -0.5, 4 pixels wide; Pillow's `BICUBIC`.
    Bicubic,
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interpolation::Bilinear => "bilinear",
            Interpolation::Bicubic => "bicubic",
        })
    }
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "bilinear" => Ok(Interpolation::Bilinear),
            "bicubic" => Ok(Interpolation::Bicubic),
            _ => Err(format!("`{text}` is not an interpolation, choose bilinear or bicubic")),
        }
    }
}

impl Interpolation {
    fn filter(self) -> FilterType {
        match self {
            Interpolation::Bilinear => FilterType::Bilinear,
            // Catmull-Rom is the cubic with a = -0.5.
            Interpolation::Bicubic => FilterType::CatmullRom,
        }
    }

    /// Reach of the kernel to either side, in pixels of the smaller picture.
    fn support(self) -> f64 {
        match self {
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
        }
    }
}

/// Resizes to `width` x `height` pixels as Pillow's `Image.resize` does, to within 1/255; of hard-edged noise, a few
/// values in a million are 2/255 off.
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
    let part = within(part, picture.dimensions());
    let [left, top, right, bottom] = part;
    let enlarges = right - left < f64::from(width) || bottom - top < f64::from(height);
    if enlarges {
        resize_in_16_bits(picture, part, (width, height), how)
    } else {
        resize_in_8_bits(picture, part, (width, height), how)
    }
}

fn resize_in_8_bits(
    picture: &RgbImage,
    part: [f64; 4],
    (width, height): (u32, u32),
    how: Interpolation,
) -> RgbImage {
    let mut out = RgbImage::new(width, height);
    let source = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture);
    let target = TypedImage::<U8x3>::from_buffer(width, height, &mut out);
    if let (Ok(source), Ok(mut target)) = (source, target) {
        columns_then_rows(&source, part, &mut target, how);
    }
    out
}

/// The resizer's weights for 8-bit pixels have 16 bits, too few for the large weights of enlarging; those for 16-bit
/// pixels have 32. It takes twice the time, for pictures that are small.
fn resize_in_16_bits(
    picture: &RgbImage,
    part: [f64; 4],
    (width, height): (u32, u32),
    how: Interpolation,
) -> RgbImage {
    let (pixels, _) = picture.as_chunks::<3>();
    let wide: Vec<U16x3> = pixels.iter().map(|color| U16x3::new(color.map(|v| u16::from(v) * 257))).collect();
    let mut target = TypedImage::<U16x3>::new(width, height);
    if let Ok(source) = TypedImageRef::new(picture.width(), picture.height(), &wide) {
        columns_then_rows(&source, part, &mut target, how);
    }
    let mut out = RgbImage::new(width, height);
    let (colors, _) = out.as_chunks_mut::<3>();
    for (to, from) in colors.iter_mut().zip(target.pixels()) {
        *to = from.0.map(to_8_bits);
    }
    out
}

/// Columns before rows, as Pillow does it up to version 12 and did when today's networks were trained (13 begins with
/// rows when they shrink much more: <https://github.com/python-pillow/Pillow/pull/9549>). Where the cubic kernel
/// overshoots and is clipped between the passes, the other order is up to 13/255 off in our golden pictures.
///
/// Asked for both passes at once, the resizer begins with rows at 8 bits, and fast_image_resize 6.1.0 subtracts with
/// overflow at 16 bits when the first weight of a row is 0.
fn columns_then_rows<P: PixelTrait>(
    source: &TypedImageRef<'_, P>,
    [left, top, right, bottom]: [f64; 4],
    target: &mut TypedImage<'_, P>,
    how: Interpolation,
) {
    let (width, height) = (target.width(), target.height());
    let rows = rows_read(top, bottom, height, source.height(), how);
    let (first, last) = (f64::from(rows.start), f64::from(rows.end));
    let mut between = TypedImage::<P>::new(width, rows.end - rows.start);
    pass(source, [left, first, right, last], &mut between, how);
    pass(&between, [0.0, top - first, f64::from(width), bottom - first], target, how);
}

fn pass<P: PixelTrait>(
    from: &impl ImageView<Pixel = P>,
    [left, top, right, bottom]: [f64; 4],
    to: &mut TypedImage<'_, P>,
    how: Interpolation,
) {
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(how.filter()))
        .crop(left, top, right - left, bottom - top)
        .use_alpha(false);
    let done = RESIZER.with_borrow_mut(|resizer| resizer.resize_typed(from, to, &options));
    debug_assert!(done.is_ok(), "a box inside the picture: {done:?}");
}

thread_local! {
    static RESIZER: RefCell<Resizer> = RefCell::new(Resizer::new());
}

/// Rows the vertical kernel can reach, with one to spare for rounding.
fn rows_read(top: f64, bottom: f64, height: u32, picture_height: u32, how: Interpolation) -> Range<u32> {
    let scale = ((bottom - top) / f64::from(height.max(1))).max(1.0);
    let reach = how.support() * scale + 1.0;
    let first = (top - reach).floor().max(0.0) as u32;
    let last = (bottom + reach).ceil() as u32;
    first..last.clamp(first, picture_height.max(first))
}

fn within([left, top, right, bottom]: [f64; 4], (width, height): (u32, u32)) -> [f64; 4] {
    let (width, height) = (f64::from(width), f64::from(height));
    let (left, top) = (left.clamp(0.0, width), top.clamp(0.0, height));
    [left, top, right.clamp(left, width), bottom.clamp(top, height)]
}
