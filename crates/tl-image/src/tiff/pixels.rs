//! Samples to pixels that `image` knows.

use image::{DynamicImage, ImageBuffer};

use super::layout::Layout;
use super::meaning::Colors;
use super::ycbcr::Conversion;
use super::{corrupt, unsupported};
use crate::PictureError;
use crate::flatten::to_8_bits;

/// Samples of up to 8 bits.
pub(super) fn of_bytes(mut samples: Vec<u8>, layout: &Layout<'_>) -> Result<DynamicImage, PictureError> {
    let alpha = layout.meaning.alpha.is_some();
    let largest = (1_u32 << layout.bits) - 1;
    let to_full = |value: u8| (u32::from(value) * 255 / largest) as u8;
    match layout.meaning.colors {
        Colors::Palette => {
            let table = palette(layout);
            let pixels = recolored(&samples, alpha, |&[at]: &[u8; 1]| table[usize::from(at)], to_full);
            return from_bytes(pixels, layout, 3);
        }
        Colors::Cmyk => {
            let pixels = recolored(&samples, alpha, |&[c, m, y, k]: &[u8; 4]| cmyk([c, m, y], k), to_full);
            return from_bytes(pixels, layout, 3);
        }
        // JPEG comes as RGB.
        Colors::YCbCr if layout.compression != super::compression::Compression::Jpeg => {
            let conversion = Conversion::read(layout);
            let pixels = recolored(&samples, alpha, |pixel: &[u8; 3]| conversion.rgb(*pixel), to_full);
            return from_bytes(pixels, layout, 3);
        }
        _ => {}
    }
    if layout.bits < 8 {
        samples.iter_mut().for_each(|sample| *sample = to_full(*sample));
    }
    if layout.meaning.colors == Colors::WhiteIsZero {
        let each = 1 + usize::from(alpha);
        samples.iter_mut().step_by(each).for_each(|gray| *gray = 255 - *gray);
    }
    from_bytes(samples, layout, layout.meaning.colors.samples())
}

/// Samples of 9 to 16 bits.
pub(super) fn of_words(mut samples: Vec<u16>, layout: &Layout<'_>) -> Result<DynamicImage, PictureError> {
    let alpha = layout.meaning.alpha.is_some();
    let largest = (1_u32 << layout.bits) - 1;
    let to_full = |value: u16| ((u32::from(value) * 65_535 + largest / 2) / largest) as u16;
    match layout.meaning.colors {
        Colors::Palette => {
            let table = palette(layout);
            let color = |&[at]: &[u16; 1]| table[usize::from(at)];
            let pixels = recolored(&samples, alpha, color, |a| to_8_bits(to_full(a)));
            return from_bytes(pixels, layout, 3);
        }
        Colors::Cmyk => {
            let ink = |value: u16, k: u16| {
                ((u32::from(65_535 - value) * u32::from(65_535 - k) + 32_767) / 65_535) as u16
            };
            let color = |&[c, m, y, k]: &[u16; 4]| [c, m, y].map(|value| ink(value, k));
            return from_words(recolored(&samples, alpha, color, to_full), layout, 3);
        }
        _ => {}
    }
    if layout.bits < 16 {
        samples.iter_mut().for_each(|sample| *sample = to_full(*sample));
    }
    if layout.meaning.colors == Colors::WhiteIsZero {
        let each = 1 + usize::from(alpha);
        samples.iter_mut().step_by(each).for_each(|gray| *gray = 65_535 - *gray);
    }
    from_words(samples, layout, layout.meaning.colors.samples())
}

/// How far beyond 0 and 1 a number may be: half a step of 8 bits.
const BEYOND: f32 = 0.5 / 255.0;

/// Samples between 0 and 1. Others are measurements of which nobody knows which is white.
pub(super) fn of_floats(samples: Vec<f32>, layout: &Layout<'_>) -> Result<DynamicImage, PictureError> {
    let inside = |value: &f32| (-BEYOND..=1.0 + BEYOND).contains(value);
    if !samples.iter().all(inside) {
        let (low, high) = samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(*value), high.max(*value))
        });
        return Err(unsupported(format!("floating-point samples from {low} to {high}, beyond 0 to 1")));
    }
    let to_byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let mut bytes: Vec<u8> = samples.into_iter().map(to_byte).collect();
    if layout.meaning.colors == Colors::WhiteIsZero {
        let each = 1 + usize::from(layout.meaning.alpha.is_some());
        bytes.iter_mut().step_by(each).for_each(|gray| *gray = 255 - *gray);
    }
    from_bytes(bytes, layout, layout.meaning.colors.samples())
}

/// Converts the colours of all pixels, and keeps their alpha if they have one.
fn recolored<T: Copy, U, const N: usize>(
    samples: &[T],
    alpha: bool,
    color: impl Fn(&[T; N]) -> [U; 3],
    opacity: impl Fn(T) -> U,
) -> Vec<U> {
    let mut out = Vec::with_capacity(samples.len() / (N + usize::from(alpha)) * (3 + usize::from(alpha)));
    for pixel in samples.chunks_exact(N + usize::from(alpha)) {
        if let Some((stored, rest)) = pixel.split_first_chunk::<N>() {
            out.extend(color(stored));
            out.extend(rest.first().map(|a| opacity(*a)));
        }
    }
    out
}

/// A color for every value of a sample. The table in the file has 16 bits a value, which programs fill with v x 256 or
/// v x 257, and old ones with v: libtiff's `checkcmap`.
fn palette(layout: &Layout<'_>) -> Vec<[u8; 3]> {
    let shift = if layout.palette.iter().any(|value| *value > 255) { 8 } else { 0 };
    let (red, rest) = layout.palette.split_at(1 << layout.bits);
    let (green, blue) = rest.split_at(1 << layout.bits);
    let colors = red.iter().zip(green).zip(blue);
    colors.map(|((r, g), b)| [r, g, b].map(|value| (value >> shift) as u8)).collect()
}

/// Converts CMYK to RGB as Pillow does: <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c>
fn cmyk(inks: [u8; 3], black: u8) -> [u8; 3] {
    let light = u32::from(255 - black);
    inks.map(|ink| {
        let product = u32::from(ink) * light + 128;
        light.saturating_sub(((product >> 8) + product) >> 8) as u8
    })
}

fn from_bytes(samples: Vec<u8>, layout: &Layout<'_>, colors: usize) -> Result<DynamicImage, PictureError> {
    let (width, height) = (layout.width, layout.height);
    let picture = match (colors, layout.meaning.alpha.is_some()) {
        (1, false) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        (1, true) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA8),
        (_, false) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
        (_, true) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
    };
    picture.ok_or_else(|| corrupt("fewer samples than pixels"))
}

fn from_words(samples: Vec<u16>, layout: &Layout<'_>, colors: usize) -> Result<DynamicImage, PictureError> {
    let (width, height) = (layout.width, layout.height);
    let picture = match (colors, layout.meaning.alpha.is_some()) {
        (1, false) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16),
        (1, true) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA16),
        (_, false) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb16),
        (_, true) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba16),
    };
    picture.ok_or_else(|| corrupt("fewer samples than pixels"))
}
