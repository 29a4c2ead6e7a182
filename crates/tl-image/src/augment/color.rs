//! Changes of colours, on 8 bits a value.

use image::RgbImage;

use super::erase::Erase;
use super::table::Table;
use super::{histogram, hsv, neighbours};

/// A change of a picture's colours, fully drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ColorStep {
    /// Each value is changed on its own.
    Table(Table),
    /// Away from the mean gray, times a factor.
    Contrast(f64),
    /// Away from the pixel's own gray, times a factor.
    Saturation(f64),
    /// Turns of the colour circle.
    Hue(f64),
    Gray,
    /// Added to every value, of 255.
    ChannelShift(f64),
    AutoContrast,
    Equalize,
    Sharpness(f64),
    /// Kernel width and standard deviation in pixels.
    Blur {
        kernel: u32,
        sigma: f64,
    },
    Erase(Erase),
}

impl ColorStep {
    /// Appends a step; tables that follow each other become one.
    pub(super) fn push(steps: &mut Vec<ColorStep>, step: ColorStep) {
        match (steps.last_mut(), step) {
            (Some(ColorStep::Table(last)), ColorStep::Table(next)) => *last = last.then(&next),
            (_, step) => steps.push(step),
        }
    }

    pub(super) fn apply(&self, picture: &mut RgbImage) {
        match self {
            ColorStep::Table(table) => table.apply(picture),
            ColorStep::Contrast(factor) => contrast(picture, *factor),
            ColorStep::Saturation(factor) => saturation(picture, *factor),
            ColorStep::Hue(turns) => map_pixels(picture, |color| hsv::turn_hue(color, *turns as f32)),
            ColorStep::Gray => map_pixels(picture, |color| [gray(color) as u8; 3]),
            ColorStep::ChannelShift(added) => histogram::channel_shift(picture, *added),
            ColorStep::AutoContrast => histogram::auto_contrast(picture),
            ColorStep::Equalize => histogram::equalize(picture),
            ColorStep::Sharpness(factor) => neighbours::sharpness(picture, *factor as f32),
            ColorStep::Blur { kernel, sigma } => neighbours::gaussian_blur(picture, *kernel, *sigma),
            ColorStep::Erase(erase) => erase.apply(picture),
        }
    }
}

fn map_pixels(picture: &mut RgbImage, color: impl Fn([u8; 3]) -> [u8; 3]) {
    let (pixels, _) = picture.as_chunks_mut::<3>();
    pixels.iter_mut().for_each(|pixel| *pixel = color(*pixel));
}

/// Luma with torchvision's weights, fractions cut off:
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_color.py>
fn gray([r, g, b]: [u8; 3]) -> f32 {
    (f32::from(r) * 0.2989 + f32::from(g) * 0.587 + f32::from(b) * 0.114).floor()
}

/// `value`, moved away from `middle` by a factor.
fn blend(value: u8, middle: f32, factor: f32) -> u8 {
    (f32::from(value) * factor + middle * (1.0 - factor)) as u8
}

fn contrast(picture: &mut RgbImage, factor: f64) {
    let (pixels, _) = picture.as_chunks::<3>();
    let sum: u64 = pixels.iter().map(|color| gray(*color) as u64).sum();
    let mean = sum as f64 / pixels.len().max(1) as f64;
    Table::new(|v| blend(v, mean as f32, factor as f32)).apply(picture);
}

fn saturation(picture: &mut RgbImage, factor: f64) {
    let factor = factor as f32;
    map_pixels(picture, |color| {
        let gray = gray(color);
        color.map(|value| blend(value, gray, factor))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_follow_each_other_are_one_pass() {
        let mut steps = Vec::new();
        for table in [Table::brightness(0.5), Table::posterize(3), Table::solarize(100.0)] {
            ColorStep::push(&mut steps, ColorStep::Table(table));
        }
        let [ColorStep::Table(all)] = steps.as_slice() else { panic!("{} steps", steps.len()) };
        for v in 0..=255 {
            let expected = Table::solarize(100.0).at(Table::posterize(3).at(Table::brightness(0.5).at(v)));
            assert_eq!(all.at(v), expected);
        }
    }

    #[test]
    fn neutral_strengths_change_nothing() {
        for v in 0..=255 {
            for table in [
                Table::brightness(1.0),
                Table::posterize(8),
                Table::solarize(256.0),
                Table::lighting(0.5, 1.0),
            ] {
                assert_eq!(table.at(v), v);
            }
        }
    }
}
