//! Colours that are multiplied with their alpha ("associated alpha"): TIFF 6.0, section 18.

use image::{DynamicImage, ImageBuffer, Pixel, Rgb};

/// Puts colours that are multiplied with their alpha on `background`: c + (1 - a) background.
///
/// 16 bits stay 16 bits. A color that is larger than its alpha, which cannot be, is cut at white.
pub(super) fn flatten_multiplied(picture: DynamicImage, background: [u8; 3]) -> DynamicImage {
    let bytes = |color: u8, alpha: u8, behind: u8| {
        let rest = (u32::from(255 - alpha) * u32::from(behind) + 127) / 255;
        (u32::from(color) + rest).min(255) as u8
    };
    let words = |color: u16, alpha: u16, behind: u8| {
        let rest = (u32::from(65_535 - alpha) * u32::from(behind) + 127) / 255;
        (u32::from(color) + rest).min(65_535) as u16
    };
    match picture {
        DynamicImage::ImageLumaA8(gray) => put_on(&gray, background, bytes).into(),
        DynamicImage::ImageRgba8(rgba) => put_on(&rgba, background, bytes).into(),
        DynamicImage::ImageLumaA16(gray) => put_on(&gray, background, words).into(),
        DynamicImage::ImageRgba16(rgba) => put_on(&rgba, background, words).into(),
        without_alpha => without_alpha,
    }
}

fn put_on<P: Pixel<Subpixel = S>, S: Copy + image::Primitive>(
    picture: &ImageBuffer<P, Vec<S>>,
    background: [u8; 3],
    over: impl Fn(S, S, u8) -> S,
) -> ImageBuffer<Rgb<S>, Vec<S>>
where
    Rgb<S>: Pixel<Subpixel = S>,
{
    let each = usize::from(P::CHANNEL_COUNT);
    let mut out = ImageBuffer::new(picture.width(), picture.height());
    for (to, from) in out.pixels_mut().zip(picture.as_raw().chunks_exact(each)) {
        let color = |i: usize| if each == 4 { from[i] } else { from[0] };
        *to = Rgb(std::array::from_fn(|i| over(color(i), from[each - 1], background[i])));
    }
    out
}
