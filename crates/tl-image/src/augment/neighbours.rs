//! Changes that depend on neighbouring pixels.

use image::RgbImage;

/// 0 blurs, 1 changes nothing, above 1 sharpens; the outermost pixels stay.
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_color.py>
pub(super) fn sharpness(picture: &mut RgbImage, factor: f32) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if width <= 2 || height <= 2 {
        return;
    }
    let row = 3 * width;
    let before = picture.as_raw().clone();
    let rows = before.chunks_exact(row);
    let triples = rows.clone().zip(rows.clone().skip(1)).zip(rows.skip(2));
    for (out, ((above, at), below)) in picture.chunks_exact_mut(row).skip(1).zip(triples) {
        for i in 3..row - 3 {
            let column =
                |line: &[u8], i: usize| u16::from(line[i - 3]) + u16::from(line[i]) + u16::from(line[i + 3]);
            let sum = column(above, i) + column(at, i) + column(below, i) + 4 * u16::from(at[i]);
            let blurred = (f32::from(sum) / 13.0).round_ties_even();
            let value = f32::from(at[i]);
            out[i] = (value + (blurred - value) * (1.0 - factor)) as u8;
        }
    }
}

/// A Gaussian of this standard deviation on `kernel` pixels, mirrored about the outermost ones.
pub(super) fn gaussian_blur(picture: &mut RgbImage, kernel: u32, sigma: f64) {
    let weights = gaussian(kernel, sigma);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let middle = weights.len() / 2;
    let mut wide = vec![0.0_f32; picture.len()];
    let lines = picture.as_raw().chunks_exact((3 * width).max(1));
    for (line, out) in lines.zip(wide.chunks_exact_mut((3 * width).max(1))) {
        for (k, weight) in weights.iter().enumerate() {
            for (x, out) in out.chunks_exact_mut(3).enumerate() {
                let from = 3 * mirrored(x + k, middle, width);
                out.iter_mut().zip(&line[from..]).for_each(|(out, value)| *out += weight * f32::from(*value));
            }
        }
    }
    let mut sums = vec![0.0_f32; 3 * width];
    for (y, out) in picture.chunks_exact_mut((3 * width).max(1)).enumerate() {
        sums.fill(0.0);
        for (k, weight) in weights.iter().enumerate() {
            let line = &wide[mirrored(y + k, middle, height) * 3 * width..];
            sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * value);
        }
        out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = sum.round_ties_even() as u8);
    }
}

/// torchvision's kernel: its places are spread by `1 / sqrt 2`, so that `exp(-x^2 / sigma^2)` is the Gaussian.
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_misc.py>
fn gaussian(kernel: u32, sigma: f64) -> Vec<f32> {
    let middle = f64::from(kernel.saturating_sub(1)) / 2.0;
    let raw = |i: u32| (-0.5 * ((f64::from(i) - middle) / sigma).powi(2)).exp();
    let sum: f64 = (0..kernel).map(raw).sum();
    (0..kernel).map(|i| (raw(i) / sum) as f32).collect()
}

/// The place `at - middle` of `n`, reflected about the first and the last pixel as often as needed: `dcb|abcd|cba`.
fn mirrored(at: usize, middle: usize, n: usize) -> usize {
    let period = (2 * n).saturating_sub(2).max(1);
    let at = (at + period * middle - middle) % period;
    if at < n { at } else { period - at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_stand_on_the_outermost_pixels() {
        let line: Vec<usize> = (0..13).map(|at| mirrored(at, 5, 4)).collect();
        assert_eq!(line, [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        assert_eq!((0..9).map(|at| mirrored(at, 4, 1)).max(), Some(0));
        assert_eq!((0..5).map(|at| mirrored(at, 2, 2)).collect::<Vec<_>>(), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn one_colour_stays_that_colour() {
        for (width, height) in [(1, 1), (1, 9), (9, 2), (30, 30)] {
            let before = RgbImage::from_pixel(width, height, image::Rgb([10, 128, 250]));
            let mut picture = before.clone();
            gaussian_blur(&mut picture, 9, 2.0);
            sharpness(&mut picture, 1.7);
            assert_eq!(picture, before, "{width} x {height}");
        }
    }
}
