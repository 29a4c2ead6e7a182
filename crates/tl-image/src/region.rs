//! The part of a picture that is needed, at the resolution that is needed.

use std::ops::Range;

use image::RgbImage;
use image::imageops::crop_imm;
use image::metadata::Orientation;

use crate::contained::contained_or;
use crate::decode::decode_stored;
use crate::jpeg::{self, Decoded, Window};
use crate::orientation::upright;
use crate::sniff::sniff;
use crate::{Format, Interpolation, Limits, PictureError, resize_box};

/// What will be made of a picture: the part between these borders, resized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionRequest {
    /// Left, top, right and bottom border, in pixels of the upright picture at full size; fractions are fine.
    pub region: [f64; 4],
    /// Width and height to which the region will be resized, in pixels.
    pub output: (u32, u32),
}

impl RegionRequest {
    /// Pixels of the picture for each pixel of the output, horizontally and vertically.
    pub fn pixels_per_output(&self) -> (f64, f64) {
        let [left, top, right, bottom] = self.region;
        let (width, height) = self.output;
        ((right - left) / f64::from(width.max(1)), (bottom - top) / f64::from(height.max(1)))
    }
}

impl RegionRequest {
    /// The request that serves both: the region around both, at the finer of the two scales.
    #[must_use]
    pub fn and(&self, other: &RegionRequest) -> RegionRequest {
        let ([left, top, right, bottom], [l, t, r, b]) = (self.region, other.region);
        let region = [left.min(l), top.min(t), right.max(r), bottom.max(b)];
        let ((x, y), (also_x, also_y)) = (self.pixels_per_output(), other.pixels_per_output());
        let pixels =
            |length: f64, per_output: f64| (length / per_output.max(f64::MIN_POSITIVE)).ceil() as u32;
        let [left, top, right, bottom] = region;
        RegionRequest {
            region,
            output: (pixels(right - left, x.min(also_x)), pixels(bottom - top, y.min(also_y))),
        }
    }
}

/// Pixels around the region that was wanted; perhaps the whole picture, perhaps at a reduced resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRegion {
    /// The pixels, upright.
    pub pixels: RgbImage,
    /// Width and height of the whole upright picture at full size.
    pub full: (u32, u32),
    /// Left and top border of `pixels`, in full-size pixels of the upright picture. Reduced pixels at the right and
    /// bottom border of the stored picture may stand out by a fraction of one; when it is turned, that is at the left.
    pub origin: (i32, i32),
    /// Side of the square of full-size pixels of which one of `pixels` is the mean: 1, 2, 4 or 8.
    pub scale: u32,
}

impl DecodedRegion {
    /// A whole picture at full size.
    pub fn whole(pixels: RgbImage) -> Self {
        DecodedRegion { full: pixels.dimensions(), pixels, origin: (0, 0), scale: 1 }
    }

    /// [`resize_box`] of the full-size region, which should be the one that was wanted.
    pub fn resize(&self, region: [f64; 4], width: u32, height: u32, how: Interpolation) -> RgbImage {
        resize_box(&self.pixels, self.part(region), width, height, how)
    }

    /// A full-size region, in `pixels`.
    pub(crate) fn part(&self, [left, top, right, bottom]: [f64; 4]) -> [f64; 4] {
        let scale = f64::from(self.scale);
        let (x, y) = (f64::from(self.origin.0), f64::from(self.origin.1));
        [(left - x) / scale, (top - y) / scale, (right - x) / scale, (bottom - y) / scale]
    }
}

/// Reduced pixels that are left for each pixel of output, at least; see [`decode_part`].
const LEAST_PER_OUTPUT: f64 = 3.0;

/// Decodes what `wanted` asks for, given the width and height of the upright picture at full size.
///
/// Baseline JPEGs are decoded only around the region, with what a kernel of 4 output pixels (or 4 pixels when it is
/// enlarged) reads beyond it, and at 1/2, 1/4 or 1/8 of the resolution when at least 3 reduced pixels are left for
/// each pixel of output. At full resolution the pixels are those of [`decode`](crate::decode); what reducing changes
/// is measured in `tests/it/parts.rs`. Other pictures come whole. Damage is found as by `decode`, wherever it is, unless
/// [`Limits::checked`].
///
/// Errors: as [`decode`](crate::decode).
pub fn decode_part(
    bytes: &[u8],
    limits: &Limits,
    background: [u8; 3],
    wanted: impl FnOnce((u32, u32)) -> RegionRequest,
) -> Result<DecodedRegion, PictureError> {
    let choose = |size, turned| window(&wanted(upright_size(size, turned)), size, turned);
    Ok(StoredRegion::decode(bytes, limits, background, choose)?.cutout())
}

/// A decoded picture, or a part of it, as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredRegion {
    pub(crate) pixels: RgbImage,
    pub(crate) window: Window,
    pub(crate) shape: Shape,
    pub(crate) kind: RegionKind,
}

/// How what was decoded goes with what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegionKind {
    /// The window that was asked for.
    Asked,
    /// The whole picture at full size, as always with this file.
    Whole,
    /// The whole picture at full size, but with another window it may be different.
    WholeThisTime,
}

/// What is known of a picture before its pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Width and height as stored, at full size.
    pub(crate) size: (u32, u32),
    /// The orientation of the stored pixels.
    pub(crate) turned: Orientation,
}

impl Shape {
    /// The window around what is wanted, given the width and height of the upright picture.
    pub(crate) fn window(self, wanted: impl FnOnce((u32, u32)) -> RegionRequest) -> Window {
        window(&wanted(upright_size(self.size, self.turned)), self.size, self.turned)
    }
}

impl StoredRegion {
    /// Decodes the window that is chosen when the size and the orientation are known, or all where only all can be decoded.
    pub(crate) fn decode(
        bytes: &[u8],
        limits: &Limits,
        background: [u8; 3],
        choose: impl FnOnce((u32, u32), Orientation) -> Window,
    ) -> Result<Self, PictureError> {
        contained_or(|| Self::decode_known(bytes, limits, background, choose))
    }

    fn decode_known(
        bytes: &[u8],
        limits: &Limits,
        background: [u8; 3],
        choose: impl FnOnce((u32, u32), Orientation) -> Window,
    ) -> Result<Self, PictureError> {
        let format = sniff(bytes)?;
        if format != Format::Jpeg {
            let (pixels, turned) = decode_stored(bytes, format, limits, background)?;
            let size = pixels.dimensions();
            let (window, shape) = (Window::whole(size), Shape { size, turned });
            return Ok(StoredRegion { pixels, window, shape, kind: RegionKind::Whole });
        }
        let mut shape = Shape { size: (0, 0), turned: Orientation::NoTransforms };
        let (pixels, decoded) = jpeg::decode_window(bytes, limits, |size, turned| {
            shape = Shape { size, turned };
            choose(size, turned)
        })?;
        let whole = || Window::whole(shape.size);
        let (window, kind) = match decoded {
            Decoded::Window(window) => (window, RegionKind::Asked),
            Decoded::Whole => (whole(), RegionKind::Whole),
            Decoded::WholeThisTime => (whole(), RegionKind::WholeThisTime),
        };
        Ok(StoredRegion { pixels, window, shape, kind })
    }

    /// The pixels of a window inside this one, at the same reduction, or all where the whole is what there is.
    pub(crate) fn part(&self, window: Window) -> Self {
        let window = if self.kind == RegionKind::Asked { window } else { self.window.clone() };
        let [left, top] = [(&window.columns, &self.window.columns), (&window.rows, &self.window.rows)]
            .map(|(inner, outer)| (inner.start - outer.start) as u32);
        let (width, height) = (window.columns.len() as u32, window.rows.len() as u32);
        let pixels = crop_imm(&self.pixels, left, top, width, height).to_image();
        StoredRegion { pixels, window, shape: self.shape, kind: self.kind }
    }

    /// The decoded region, turned upright.
    pub(crate) fn cutout(self) -> DecodedRegion {
        let StoredRegion { pixels, window, shape: Shape { size, turned }, .. } = self;
        let borders = [&window.columns, &window.rows]
            .map(|range| [range.start, range.end].map(|at| (at * window.reduction) as f64));
        let [[left, right], [top, bottom]] = borders;
        let [left, top, ..] = turned_box([left, top, right, bottom], size, turned);
        DecodedRegion {
            pixels: upright(pixels, turned),
            full: upright_size(size, turned),
            origin: (left as i32, top as i32),
            scale: window.reduction as u32,
        }
    }
}

/// The window of the stored picture, with what kernels read around it.
fn window(wanted: &RegionRequest, stored: (u32, u32), orientation: Orientation) -> Window {
    let (across, down) = wanted.pixels_per_output();
    let fits = |reduction: &usize| across.min(down) >= LEAST_PER_OUTPUT * *reduction as f64;
    let reduction = [8, 4, 2].into_iter().find(fits).unwrap_or(1);
    let (x, y) = (4.0 * across.max(1.0) + 1.0, 4.0 * down.max(1.0) + 1.0);
    let [left, top, right, bottom] = wanted.region;
    let around = [left - x, top - y, right + x, bottom + y];
    let [left, top, right, bottom] = stored_box(around, stored, orientation);
    Window {
        columns: reduced(left, right, stored.0, reduction),
        rows: reduced(top, bottom, stored.1, reduction),
        reduction,
    }
}

/// Full-size borders to a range of reduced pixels, at least one.
fn reduced(first: f64, end: f64, side: u32, reduction: usize) -> Range<usize> {
    let last = (side as usize).div_ceil(reduction).max(1) - 1;
    let scale = reduction as f64;
    // Conversion saturates; NaN gives 0.
    let first = ((first / scale).floor() as usize).min(last);
    first..((end / scale).ceil() as usize).clamp(first + 1, last + 1)
}

fn turns(orientation: Orientation) -> bool {
    orientation.to_exif() >= 5
}

fn upright_size((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    if turns(orientation) { (height, width) } else { (width, height) }
}

/// Borders in the stored picture to borders in the upright one: EXIF 2.3, tag 274.
fn turned_box(
    [left, top, right, bottom]: [f64; 4],
    (width, height): (u32, u32),
    orientation: Orientation,
) -> [f64; 4] {
    let (w, h) = (f64::from(width), f64::from(height));
    let mirrored = [w - right, top, w - left, bottom];
    let flipped = [left, h - bottom, right, h - top];
    let swapped = |[left, top, right, bottom]: [f64; 4]| [top, left, bottom, right];
    match orientation {
        Orientation::NoTransforms => [left, top, right, bottom],
        Orientation::FlipHorizontal => mirrored,
        Orientation::Rotate180 => [w - right, h - bottom, w - left, h - top],
        Orientation::FlipVertical => flipped,
        Orientation::Rotate90FlipH => swapped([left, top, right, bottom]),
        Orientation::Rotate90 => swapped(flipped),
        Orientation::Rotate270FlipH => swapped([w - right, h - bottom, w - left, h - top]),
        Orientation::Rotate270 => swapped(mirrored),
    }
}

/// Borders in the upright picture to borders in the stored one: the way back is the same, but for quarter turns.
fn stored_box(borders: [f64; 4], stored: (u32, u32), orientation: Orientation) -> [f64; 4] {
    let back = match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        other => other,
    };
    turned_box(borders, upright_size(stored, orientation), back)
}
