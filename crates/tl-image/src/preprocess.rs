//! Preprocessing: from an upright picture of any size to what a network takes.

use std::fmt;
use std::str::FromStr;

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

use crate::resample::{Resampling, RowSink, resample};
use crate::resize::Pixels;
use crate::{DecodedRegion, Interpolation, Limits, RegionRequest, ValueRange};

/// How a picture that is not square becomes square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResizeMode {
    /// Resize the shorter side, then cut the middle out: what lies at the ends is lost.
    #[default]
    Crop,
    /// Resize both sides to the target: proportions are lost.
    Squash,
    /// Resize to fit inside, and fill the rest: nothing is lost but resolution.
    Letterbox,
}

impl fmt::Display for ResizeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResizeMode::Crop => "crop",
            ResizeMode::Squash => "squash",
            ResizeMode::Letterbox => "letterbox",
        })
    }
}

impl FromStr for ResizeMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "crop" => Ok(ResizeMode::Crop),
            "squash" => Ok(ResizeMode::Squash),
            "letterbox" => Ok(ResizeMode::Letterbox),
            _ => Err(format!("`{text}` is not a resize mode, choose crop, squash or letterbox")),
        }
    }
}

/// What happens to a picture before a network sees it. It belongs to the network and travels with its weights.
///
/// The default is torchvision's for ImageNet: 256, of which the middle 224.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocess {
    /// Side of the square the network takes, in pixels.
    pub size: u32,
    /// Share of the shorter side that [`ResizeMode::Crop`] keeps, above 0, up to 1.
    pub crop: f32,
    /// The resampling kernel.
    pub interpolation: Interpolation,
    /// Subtracted from each colour in 0..1.
    pub mean: [f32; 3],
    /// The standard deviation that each colour is divided by.
    pub std: [f32; 3],
    /// How pictures become square.
    pub mode: ResizeMode,
    /// Colour of [`ResizeMode::Letterbox`]'s borders, and what shows through transparent pictures.
    pub fill: [u8; 3],
    /// Which values of pictures with 16 bits a colour are black and white.
    #[serde(default, skip_serializing_if = "ValueRange::is_full")]
    pub range: ValueRange,
}

/// The usual range is left out: keys of what was kept before there were others are made of this.
impl fmt::Debug for Preprocess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Preprocess { size, crop, interpolation, mean, std, mode, fill, range } = self;
        let mut all = f.debug_struct("Preprocess");
        all.field("size", size).field("crop", crop).field("interpolation", interpolation);
        all.field("mean", mean).field("std", std).field("mode", mode).field("fill", fill);
        if !range.is_full() {
            all.field("range", range);
        }
        all.finish()
    }
}

impl Default for Preprocess {
    fn default() -> Self {
        // https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html
        Preprocess {
            size: 224,
            crop: 0.875,
            interpolation: Interpolation::Bilinear,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            mode: ResizeMode::Crop,
            fill: [255; 3],
            range: ValueRange::FULL,
        }
    }
}

impl Preprocess {
    /// The limits, for pictures whose values are in the range of this preprocessing.
    pub fn limits(&self, limits: &Limits) -> Limits {
        limits.with_range(self.range)
    }

    /// The picture at `size` x `size`, 8 bits a colour: what the network sees, for people.
    pub fn picture(&self, picture: &RgbImage) -> RgbImage {
        let RegionRequest { region, output } = self.wanted(picture.dimensions());
        self.picture_from(picture, &self.resampling(region, output))
    }

    /// [`picture`](Self::picture) of a picture that was decoded as [`wanted`](Self::wanted) says.
    pub fn picture_of(&self, part: &DecodedRegion) -> RgbImage {
        let RegionRequest { region, output } = self.wanted(part.full);
        self.picture_from(&part.pixels, &self.resampling(part.part(region), output))
    }

    /// What is made of a picture of this width and height: for [`decode_part`](crate::decode_part).
    pub fn wanted(&self, full: (u32, u32)) -> RegionRequest {
        let whole = [0.0, 0.0, f64::from(full.0), f64::from(full.1)];
        match self.mode {
            ResizeMode::Crop => {
                RegionRequest { region: self.middle_square(full), output: (self.size, self.size) }
            }
            ResizeMode::Squash => RegionRequest { region: whole, output: (self.size, self.size) },
            ResizeMode::Letterbox => RegionRequest { region: whole, output: self.inside(full) },
        }
    }

    /// The picture resized and normalised: `[3, size, size]`, flattened.
    pub fn tensor_chw(&self, picture: &RgbImage) -> Vec<f32> {
        let side = self.size as usize;
        let mut out = vec![0.0; 3 * side * side];
        self.write_chw(picture, &mut out);
        out
    }

    /// Like [`tensor_chw`](Self::tensor_chw), into a slice of `3 * size * size`, a part of a batch for example.
    pub fn write_chw(&self, picture: &RgbImage, out: &mut [f32]) {
        let RegionRequest { region, output } = self.wanted(picture.dimensions());
        self.write(picture, &self.resampling(region, output), out);
    }

    /// [`write_chw`](Self::write_chw) of a picture that was decoded as [`wanted`](Self::wanted) says.
    pub fn write_part(&self, part: &DecodedRegion, out: &mut [f32]) {
        let RegionRequest { region, output } = self.wanted(part.full);
        self.write(&part.pixels, &self.resampling(part.part(region), output), out);
    }

    /// [`write_chw`](Self::write_chw) of a crop, which fills the square whatever the [`mode`](Self::mode); the picture
    /// should have been decoded for it.
    pub fn write_crop(&self, part: &DecodedRegion, crop: &Crop, out: &mut [f32]) {
        let what = self.resampling(part.part(crop.region), (self.size, self.size));
        self.write(&part.pixels, &Resampling { mirrored: (crop.mirrored, false), ..what }, out);
    }

    /// Normalises pixels that have the right size already: (v / 255 - mean) / std, colour by colour.
    ///
    /// `out` has 3 values for each pixel; what does not fit is dropped.
    pub fn normalise_into(&self, pixels: &RgbImage, out: &mut [f32]) {
        let plane = pixels.width() as usize * pixels.height() as usize;
        let (colors, _) = pixels.as_chunks::<3>();
        for (channel, plane) in out.chunks_mut(plane.max(1)).take(3).enumerate() {
            let table = self.table(channel);
            for (value, color) in plane.iter_mut().zip(colors) {
                *value = table[usize::from(color[channel])];
            }
        }
    }

    fn resampling(&self, part: [f64; 4], size: (u32, u32)) -> Resampling {
        Resampling { part, size, how: self.interpolation, mirrored: (false, false) }
    }

    fn picture_from(&self, picture: &RgbImage, what: &Resampling) -> RgbImage {
        let mut out = RgbImage::from_pixel(self.size, self.size, Rgb(self.fill));
        let first = self.place(what.size);
        resample(picture, what, &mut Pixels { picture: &mut out, first });
        out
    }

    /// Normalised row by row as it is resampled, in the middle of `fill` where it is no square.
    fn write(&self, picture: &RgbImage, what: &Resampling, out: &mut [f32]) {
        self.write_at(picture, what, self.place(what.size), self.fill, out);
    }

    /// Writes as [`write`](Self::write) does, with the place of the result in the square given, and the colour around it.
    pub(crate) fn write_at(
        &self,
        picture: &RgbImage,
        what: &Resampling,
        first: (u32, u32),
        around: [u8; 3],
        out: &mut [f32],
    ) {
        let side = self.size as usize;
        let mut planes = out.chunks_mut((side * side).max(1));
        let mut planes = std::array::from_fn(|channel| Plane {
            values: planes.next().unwrap_or_default(),
            table: self.table(channel),
        });
        if what.size != (self.size, self.size) {
            for (plane, v) in planes.iter_mut().zip(around) {
                plane.values.fill(plane.table[usize::from(v)]);
            }
        }
        resample(picture, what, &mut Planes { planes, side, first });
    }

    /// Left and top border of a result of this size in the middle of the square.
    fn place(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let centred = |side: u32| self.size.saturating_sub(side) / 2;
        (centred(width), centred(height))
    }

    /// The normalised value of each of the 256 values of a colour: the division is made once for each.
    fn table(&self, channel: usize) -> [f32; 256] {
        std::array::from_fn(|v| (v as f32 / 255.0 - self.mean[channel]) / self.std[channel])
    }

    /// What torchvision's `Resize(floor(size / crop))`, then `CenterCrop(size)` leave of a picture of this size:
    /// `[left, top, right, bottom]` in its pixels.
    pub(crate) fn middle_square(&self, (width, height): (u32, u32)) -> [f64; 4] {
        let shorter = self.resized_side();
        let scaled = |side: u32, other: u32| longer_side(shorter, side, side.min(other));
        let (new_width, new_height) = (scaled(width, height), scaled(height, width));
        let (left, right) = self.middle(width, new_width);
        let (top, bottom) = self.middle(height, new_height);
        [left, top, right, bottom]
    }

    /// Side the shorter side is resized to, floor(size / crop).
    fn resized_side(&self) -> u32 {
        // In f32, 0.8 is a little more than 0.8 and 224 / 0.8 a little less than 280.
        let crop = (f64::from(self.crop) * 1e6).round() / 1e6;
        (f64::from(self.size) / crop).floor().clamp(f64::from(self.size), f64::from(u32::MAX)) as u32
    }

    /// Borders of the middle, in pixels of the original side.
    fn middle(&self, side: u32, resized: u32) -> (f64, f64) {
        // Halves are rounded to even, as Python's round() does.
        let first = (f64::from(resized.saturating_sub(self.size)) / 2.0).round_ties_even();
        let scale = f64::from(side) / f64::from(resized.max(1));
        (first * scale, (first + f64::from(self.size)) * scale)
    }

    /// The largest size of the same proportions that fits.
    fn inside(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let scale = f64::from(self.size) / f64::from(width.max(height).max(1));
        let fit = |side: u32| ((f64::from(side) * scale).round() as u32).clamp(1, self.size.max(1));
        (fit(width), fit(height))
    }
}

/// A part of a picture that fills the square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// Left, top, right and bottom border, in pixels of the upright picture at full size; fractions are fine.
    pub region: [f64; 4],
    /// Is left exchanged for right?
    pub mirrored: bool,
}

/// Rows of a result go into the planes of a square, normalised.
struct Planes<'a> {
    planes: [Plane<'a>; 3],
    side: usize,
    /// Where the result begins: left, top.
    first: (u32, u32),
}

struct Plane<'a> {
    values: &'a mut [f32],
    table: [f32; 256],
}

impl RowSink for Planes<'_> {
    #[inline(always)]
    fn row(&mut self, y: usize, colors: &[u8]) {
        let (colors, _) = colors.as_chunks::<3>();
        let first = (y + self.first.1 as usize) * self.side + self.first.0 as usize;
        for (channel, Plane { values, table }) in self.planes.iter_mut().enumerate() {
            for (value, color) in values.get_mut(first..).unwrap_or_default().iter_mut().zip(colors) {
                *value = table[usize::from(color[channel])];
            }
        }
    }
}

/// int(shorter_resized * side / shorter), as torchvision computes it; the shorter side itself comes out exactly.
fn longer_side(resized: u32, side: u32, shorter: u32) -> u32 {
    let exact = u64::from(resized) * u64::from(side) / u64::from(shorter.max(1));
    u32::try_from(exact).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_range_is_not_written_and_one_that_is_missing_is_the_usual_one() {
        let usual = Preprocess::default();
        let text = serde_json::to_string(&usual).unwrap();
        assert!(!text.contains("range") && !format!("{usual:?}").contains("range"));
        assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), usual);
        let narrow = Preprocess { range: ValueRange::new(0, 4095).unwrap(), ..usual };
        let text = serde_json::to_string(&narrow).unwrap();
        assert!(text.contains(r#""range":"0:4095""#), "{text}");
        assert!(format!("{narrow:?}").contains("range: ValueRange { black: 0, white: 4095 }"));
        assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), narrow);
    }

    #[test]
    fn the_resized_side_is_exact_where_f32_is_not() {
        for (size, crop, expected) in [
            (224, 0.875, 256),
            (224, 0.8, 280),
            (288, 0.9, 320),
            (224, 0.95, 235),
            (224, 1.0, 224),
            (224, 2.0, 224),
        ] {
            let preprocess = Preprocess { size, crop, ..Preprocess::default() };
            assert_eq!(preprocess.resized_side(), expected, "{size} / {crop}");
        }
    }

    #[test]
    fn the_longer_side_is_cut_to_an_integer_as_torchvision_does() {
        for (resized, side, shorter, expected) in
            [(256, 500, 375, 341), (256, 375, 375, 256), (235, 640, 427, 352)]
        {
            assert_eq!(longer_side(resized, side, shorter), expected);
        }
    }
}
