//! Any decoded picture to three colours of 8 bits.

use image::{DynamicImage, ImageBuffer, Pixel, RgbImage, RgbaImage};

use crate::ValueRange;

/// Gray is repeated, 16 bits become 8, transparency shows `background`. RGB is passed on without a copy.
///
/// Colours of 16 bits are read in `range`; transparency always has all of them.
pub(crate) fn flatten(picture: DynamicImage, background: [u8; 3], range: ValueRange) -> RgbImage {
    let color = |value: u16| if range.is_full() { to_8_bits(value) } else { range.to_8_bits(value) };
    let over = |[r, g, b, a]: [u8; 4]| composite([r, g, b], a, background);
    match picture {
        DynamicImage::ImageRgb8(rgb) => rgb,
        DynamicImage::ImageLuma8(gray) => map(&gray, |&[v]: &[u8; 1]| [v; 3]),
        DynamicImage::ImageLumaA8(gray) => map(&gray, |&[v, a]: &[u8; 2]| over([v, v, v, a])),
        DynamicImage::ImageRgba8(rgba) => flatten_rgba(&rgba, background),
        DynamicImage::ImageLuma16(gray) => map(&gray, |&[v]: &[u16; 1]| [color(v); 3]),
        DynamicImage::ImageLumaA16(gray) => {
            map(&gray, |&[v, a]: &[u16; 2]| over([color(v), color(v), color(v), to_8_bits(a)]))
        }
        DynamicImage::ImageRgb16(rgb) => map(&rgb, |rgb: &[u16; 3]| rgb.map(color)),
        DynamicImage::ImageRgba16(rgba) => {
            map(&rgba, |&[r, g, b, a]: &[u16; 4]| over([color(r), color(g), color(b), to_8_bits(a)]))
        }
        floating => flatten_rgba(&floating.into_rgba8(), background),
    }
}

fn flatten_rgba(rgba: &RgbaImage, background: [u8; 3]) -> RgbImage {
    map(rgba, |&[r, g, b, a]: &[u8; 4]| composite([r, g, b], a, background))
}

fn map<P: Pixel, const N: usize>(
    picture: &ImageBuffer<P, Vec<P::Subpixel>>,
    color: impl Fn(&[P::Subpixel; N]) -> [u8; 3],
) -> RgbImage {
    let mut out = RgbImage::new(picture.width(), picture.height());
    let (pixels, _) = picture.as_raw().as_chunks::<N>();
    let (colors, _) = out.as_chunks_mut::<3>();
    for (to, from) in colors.iter_mut().zip(pixels) {
        *to = color(from);
    }
    out
}

/// v / 257, rounded: 65,535 becomes 255, and 8-bit values stored in 16 bits come back exactly.
pub(crate) fn to_8_bits(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// `color` over an opaque background, in Pillow's integer arithmetic:
/// <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/AlphaComposite.c>
fn composite(color: [u8; 3], alpha: u8, background: [u8; 3]) -> [u8; 3] {
    const PRECISION_BITS: u32 = 7;
    let a = u32::from(alpha) << PRECISION_BITS;
    let rest = (255 << PRECISION_BITS) - a;
    std::array::from_fn(|i| {
        let sum = u32::from(color[i]) * a + u32::from(background[i]) * rest + (0x80 << PRECISION_BITS);
        ((((sum >> 8) + sum) >> 8) >> PRECISION_BITS) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest() {
        for value in 0..=u16::MAX {
            let exact = f64::from(value) / 257.0;
            assert_eq!(f64::from(to_8_bits(value)), exact.round(), "{value}");
        }
    }

    #[test]
    fn compositing_is_within_one_of_the_exact_value() {
        for alpha in 0..=255 {
            for color in (0..=255).step_by(5) {
                let [got, ..] = composite([color; 3], alpha, [200; 3]);
                let exact = (f64::from(color) * f64::from(alpha) + 200.0 * f64::from(255 - alpha)) / 255.0;
                assert!((f64::from(got) - exact).abs() <= 1.0, "{color} at {alpha}: {got}, exactly {exact}");
            }
        }
        assert_eq!(composite([1, 2, 3], 255, [9; 3]), [1, 2, 3]);
        assert_eq!(composite([1, 2, 3], 0, [9; 3]), [9; 3]);
    }
}
