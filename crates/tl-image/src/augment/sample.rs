//! One resampling through a projective map.

use image::RgbImage;

use super::border::Edge;
use super::map::Map;
use crate::Interpolation;

/// A square of `side` pixels, each looked up in `source` where `map` says.
///
/// Bilinear or bicubic (a = -0.5) at the scale of `source`, which must be reduced enough before. Beyond the horizon of a
/// perspective there is the border's colour.
pub(super) fn sample(source: &RgbImage, map: &Map, side: u32, edge: &Edge, how: Interpolation) -> RgbImage {
    match how {
        Interpolation::Bilinear => sample_with(source, map, side, edge, |t| [1.0 - t, t]),
        Interpolation::Bicubic => sample_with(source, map, side, edge, cubic),
    }
}

/// Weights of the four pixels around a place that is `t` behind the second: the cubic with a = -0.5.
fn cubic(t: f32) -> [f32; 4] {
    let near = |x: f32| (1.5 * x - 2.5) * x * x + 1.0;
    let far = |x: f32| ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

fn sample_with<const N: usize>(
    source: &RgbImage,
    map: &Map,
    side: u32,
    edge: &Edge,
    weights: impl Fn(f32) -> [f32; N],
) -> RgbImage {
    let mut out = RgbImage::new(side, side);
    let taps = Taps { source, edge };
    let step = map.step_x();
    for (y, row) in out.chunks_exact_mut((3 * side as usize).max(1)).enumerate() {
        let start = map.homogeneous(0.5, y as f64 + 0.5);
        for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let place = std::array::from_fn(|i| start[i] + x as f64 * step[i]);
            *pixel = match Map::divided(place) {
                Some((u, v)) => taps.color(u - 0.5, v - 0.5, &weights),
                None => edge.color,
            };
        }
    }
    out
}

struct Taps<'a> {
    source: &'a RgbImage,
    edge: &'a Edge,
}

impl Taps<'_> {
    /// The colour at a place, counted from the middle of the first pixel.
    #[inline]
    fn color<const N: usize>(&self, u: f64, v: f64, weights: &impl Fn(f32) -> [f32; N]) -> [u8; 3] {
        let ((column, u), (row, v)) = (split(u), split(v));
        let (across, down) = (weights(u), weights(v));
        let before = (N / 2 - 1) as i64;
        let (x, y) = (column - before, row - before);
        let (width, height) = (i64::from(self.source.width()), i64::from(self.source.height()));
        let inside = x >= 0 && y >= 0 && x <= width - N as i64 && y <= height - N as i64;
        let sums = if inside {
            self.inside((3 * (y * width + x)) as usize, 3 * width as usize, across, down)
        } else {
            self.at_the_border(x, y, across, down)
        };
        // The cast stops at 0 and 255.
        sums.map(|sum| (sum + 0.5) as u8)
    }

    #[inline]
    fn inside<const N: usize>(&self, first: usize, row: usize, across: [f32; N], down: [f32; N]) -> [f32; 3] {
        let mut sums = [0.0; 3];
        for (j, down) in down.into_iter().enumerate() {
            let (colors, _) = self.source.as_raw()[first + j * row..][..3 * N].as_chunks::<3>();
            let mut line = [0.0; 3];
            for (color, across) in colors.iter().zip(across) {
                for (sum, value) in line.iter_mut().zip(color) {
                    *sum += across * f32::from(*value);
                }
            }
            sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += down * value);
        }
        sums
    }

    #[cold]
    fn at_the_border<const N: usize>(&self, x: i64, y: i64, across: [f32; N], down: [f32; N]) -> [f32; 3] {
        let (width, height) = (i64::from(self.source.width()), i64::from(self.source.height()));
        let mut sums = [0.0; 3];
        for (j, down) in down.into_iter().enumerate() {
            let row = self.edge.fold(y + j as i64, height);
            for (i, across) in across.into_iter().enumerate() {
                let column = self.edge.fold(x + i as i64, width);
                let color = match (column, row) {
                    (Some(column), Some(row)) => self.source.get_pixel(column as u32, row as u32).0,
                    _ => self.edge.color,
                };
                sums.iter_mut().zip(color).for_each(|(sum, value)| *sum += across * down * f32::from(value));
            }
        }
        sums
    }
}

/// The pixel at or before a place, and how far behind it the place is. Without `floor`, which is a call on x86-64.
#[inline]
fn split(place: f64) -> (i64, f32) {
    // Far away, near the horizon of a perspective, the border repeats anyway.
    let place = place.clamp(-1e9, 1e9);
    let cut = f64::from(place as i32);
    let pixel = if cut > place { cut - 1.0 } else { cut };
    (i64::from(pixel as i32), (place - pixel) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BorderMode;

    #[test]
    fn cubic_weights_sum_to_1_and_are_pillows() {
        for t in [0.0, 0.25, 0.5, 0.9] {
            assert!((cubic(t).iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        // The kernel with a = -0.5 at 1.5, 0.5, 0.5 and 1.5.
        assert_eq!(cubic(0.5), [-0.0625, 0.5625, 0.5625, -0.0625]);
    }

    #[test]
    fn the_identity_copies() {
        let picture = RgbImage::from_fn(7, 7, |x, y| image::Rgb([x as u8 * 30, y as u8 * 30, (x * y) as u8]));
        for mode in [BorderMode::Nearest, BorderMode::Reflect, BorderMode::Wrap, BorderMode::Constant] {
            for how in [Interpolation::Bilinear, Interpolation::Bicubic] {
                assert_eq!(sample(&picture, &Map::IDENTITY, 7, &Edge { mode, color: [9; 3] }, how), picture);
            }
        }
    }
}
