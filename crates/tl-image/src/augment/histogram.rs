//! Changes that depend on which values a picture has.

use image::RgbImage;

use super::table::Table;

type Histogram = [u32; 256];

fn histograms(picture: &RgbImage) -> [Histogram; 3] {
    let mut counts = [[0; 256]; 3];
    for color in picture.as_chunks::<3>().0 {
        for (count, value) in counts.iter_mut().zip(color) {
            count[usize::from(*value)] += 1;
        }
    }
    counts
}

/// Lowest and highest value that occurs; (0, 0) where there is none.
fn ends(counts: &Histogram) -> (u8, u8) {
    let first = counts.iter().position(|&count| count > 0).unwrap_or(0);
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    (first as u8, last as u8)
}

fn apply(tables: &[Table; 3], picture: &mut RgbImage) {
    for color in picture.as_chunks_mut::<3>().0 {
        for (value, table) in color.iter_mut().zip(tables) {
            *value = table.at(*value);
        }
    }
}

/// Stretches each channel to 0..255; one that has a single value stays.
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_color.py>
pub(super) fn auto_contrast(picture: &mut RgbImage) {
    let tables = histograms(picture).map(|counts| {
        let (low, high) = ends(&counts);
        let scale = f32::from(high - low) * (1.0 / 255.0);
        Table::new(|v| if low == high { v } else { ((f32::from(v) - f32::from(low)) / scale) as u8 })
    });
    apply(&tables, picture);
}

/// Pillow's and torchvision's equalisation, channel by channel:
/// <https://github.com/python-pillow/Pillow/blob/11.1.0/src/PIL/ImageOps.py>
pub(super) fn equalize(picture: &mut RgbImage) {
    let tables = histograms(picture).map(|counts| {
        let (_, highest) = ends(&counts);
        let pixels: u32 = counts.iter().sum();
        let step = (pixels - counts[usize::from(highest)]) / 255;
        let mut below = [0_u32; 256];
        let mut sum = 0;
        for (below, count) in below.iter_mut().zip(counts) {
            *below = sum;
            sum += count;
        }
        Table::new(|v| match step {
            0 => v,
            _ if v == 0 => 0,
            _ => ((below[usize::from(v)] + step / 2) / step).min(255) as u8,
        })
    });
    apply(&tables, picture);
}

/// Adds a number to every value and clips to the values the picture had, as Keras does:
/// <https://github.com/keras-team/keras/blob/v3.11.0/keras/src/legacy/preprocessing/image.py>
pub(super) fn channel_shift(picture: &mut RgbImage, added: f64) {
    let (low, high) = picture.iter().fold((255, 0), |(low, high), &v| (v.min(low), v.max(high)));
    if low <= high {
        let shifted = |v: u8| (f64::from(v) + added).clamp(low.into(), high.into()).round() as u8;
        Table::new(shifted).apply(picture);
    }
}
