//! The perceptual hash, how a picture looks in 64 bits: pictures that differ little have hashes that differ in few bits.
//!
//! The hash is pHash as the Python library imagehash computes it: 32 x 32 pixels of luminance, their discrete cosine
//! transform, and of its 8 x 8 lowest frequencies one bit each: above their median or not
//! (<https://github.com/JohannesBuchner/imagehash/blob/master/imagehash/__init__.py>, `phash`). It does not see
//! colours, and a mirrored or turned picture is another one.

use std::f64::consts::PI;
use std::fmt;
use std::sync::LazyLock;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{Interpolation, resize};

const SIDE: usize = 32;
const LOW: usize = 8;

/// Standard deviation of the luminance, 0 to 255, below which a picture shows nothing: the hash of noise is noise.
const FLAT: f64 = 4.0;

/// The perceptual hash of a picture, by which pictures that look alike are found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerceptualHash(pub u64);

impl PerceptualHash {
    /// The perceptual hash of an upright picture; none for one that is nearly of one brightness.
    pub fn of(picture: &RgbImage) -> Option<Self> {
        let small = resize(picture, SIDE as u32, SIDE as u32, Interpolation::Bilinear);
        let luminance: Vec<f64> = small.pixels().map(|color| luminance(color.0)).collect();
        if luminance.len() != SIDE * SIDE || deviation(&luminance) < FLAT {
            return None;
        }
        let low = low_frequencies(&luminance);
        let mut sorted = low;
        sorted.sort_unstable_by(f64::total_cmp);
        let median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2.0;
        Some(PerceptualHash(low.iter().fold(0, |bits, &value| bits << 1 | u64::from(value > median))))
    }

    /// Number of bits that differ, 0 to 64.
    pub fn distance(self, other: PerceptualHash) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

impl fmt::Debug for PerceptualHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PerceptualHash({:016x})", self.0)
    }
}

/// Luminance by Rec. 601, as Pillow's `convert("L")` has it.
fn luminance([r, g, b]: [u8; 3]) -> f64 {
    0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// The type-II cosine transform's basis: `COSINES[frequency][position]`. Its scale does not matter for the bits.
static COSINES: LazyLock<[[f64; SIDE]; LOW]> = LazyLock::new(|| {
    std::array::from_fn(|frequency| {
        std::array::from_fn(|x| (PI * frequency as f64 * (x as f64 + 0.5) / SIDE as f64).cos())
    })
});

/// The 8 x 8 lowest frequencies of 32 x 32 values.
///
/// The transform is taken apart into one over rows and one over columns, and only the frequencies that are wanted are
/// computed: 8 x 32 x (32 + 8) products, where the whole of both would need 2 x 32 x 32 x 32.
fn low_frequencies(luminance: &[f64]) -> [f64; LOW * LOW] {
    let dot = |basis: &[f64; SIDE], values: &[f64]| basis.iter().zip(values).map(|(a, b)| a * b).sum::<f64>();
    let mut across = [[0.0; SIDE]; LOW];
    for (y, row) in luminance.chunks_exact(SIDE).enumerate() {
        for (frequency, basis) in COSINES.iter().enumerate() {
            across[frequency][y] = dot(basis, row);
        }
    }
    std::array::from_fn(|i| dot(&COSINES[i / LOW], &across[i % LOW]))
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Soft spots of light and shade.
    fn pattern(width: u32, height: u32, seed: u32) -> RgbImage {
        let spots = RgbImage::from_fn(6, 5, |x, y| {
            Rgb([blake3::hash(&[seed as u8, x as u8, y as u8]).as_bytes()[0] / 2 + 60; 3])
        });
        resize(&spots, width, height, Interpolation::Bicubic)
    }

    #[test]
    fn a_smaller_brighter_copy_looks_alike() {
        let picture = pattern(400, 300, 1);
        let mut copy = resize(&picture, 120, 90, Interpolation::Bilinear);
        copy.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|value| value.saturating_add(15)));
        let distance = PerceptualHash::of(&picture).unwrap().distance(PerceptualHash::of(&copy).unwrap());
        assert!(distance <= 2, "{distance}");
    }

    #[test]
    fn other_pictures_look_different() {
        let hashes: Vec<PerceptualHash> =
            (0..20).map(|i| PerceptualHash::of(&pattern(64, 64, i)).unwrap()).collect();
        for (i, a) in hashes.iter().enumerate() {
            for b in &hashes[..i] {
                assert!(a.distance(*b) > 12, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_picture_of_one_brightness_has_no_look() {
        let mut noisy = RgbImage::from_fn(50, 50, |x, y| Rgb([200 + ((x * 7 + y * 13) % 3) as u8; 3]));
        assert_eq!(PerceptualHash::of(&noisy), None);
        noisy.put_pixel(0, 0, Rgb([0; 3]));
        assert_eq!(PerceptualHash::of(&noisy), None);
    }
}
