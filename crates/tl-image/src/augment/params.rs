//! The random parameters that were drawn for one picture, ready to be rendered.

use image::{Rgb, RgbImage};

use super::color::ColorStep;
use super::drawing::{Drawing, Layer};
use super::render::Viewport;
use super::source_pixels::SourcePixels;
use crate::{Interpolation, Preprocess};

/// All that was drawn for one picture: where each pixel of the result comes from, and how its colour changes.
///
/// It was drawn from the size alone, so a decoder may be told what to decode before there is a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentParams {
    full: (u32, u32),
    view: Viewport,
    layers: Vec<Layer>,
    after: Vec<ColorStep>,
}

impl AugmentParams {
    pub(super) fn new(drawing: Drawing, preprocess: &Preprocess) -> Self {
        let view = Viewport {
            side: preprocess.size,
            frame: drawing.frame,
            steps: drawing.steps,
            edge: drawing.edge,
            how: preprocess.interpolation,
        };
        AugmentParams { full: drawing.full(), view, layers: drawing.layers, after: drawing.after }
    }

    /// The part of the full picture that [`render`](Self::render) reads, `[left, top, right, bottom]` in its pixels,
    /// with what the kernels read around it. A cut-out of this part gives the same result as the whole.
    pub fn region(&self) -> [f64; 4] {
        let support = match self.view.how {
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
        };
        let (width, height) = (f64::from(self.full.0), f64::from(self.full.1));
        let mut region = [width, height, 0.0, 0.0];
        for layer in &self.layers {
            let [x, y] = self.view.needs(&layer.map, self.full);
            let (left, right) = x.region(self.view.frame[0], support, width);
            let (top, bottom) = y.region(self.view.frame[1], support, height);
            region = [region[0].min(left), region[1].min(top), region[2].max(right), region[3].max(bottom)];
        }
        region
    }

    /// The scale at which the picture is needed, above 0, up to 1: at 0.25 a decoder may deliver it at a quarter of its
    /// size, and no pixel of the result is made of fewer than one pixel.
    pub fn scale(&self) -> f64 {
        let needs = self.layers.iter().flat_map(|layer| self.view.needs(&layer.map, self.full));
        let smallest = needs.map(|need| need.step).fold(f64::INFINITY, f64::min);
        if smallest.is_finite() { 1.0 / smallest.max(1.0) } else { 1.0 }
    }

    /// The changed picture, a square of the side the network takes.
    ///
    /// The geometry comes first, in one resampling; then the colours change, in the order of the operations.
    pub fn render(&self, source: &SourcePixels<'_>) -> RgbImage {
        if !self.shows(source) {
            return RgbImage::from_pixel(self.view.side, self.view.side, Rgb(self.view.edge.color));
        }
        let mut result = match self.layers.as_slice() {
            [only] => self.layer(only, source),
            several => self.mixture(several, source),
        };
        self.after.iter().for_each(|step| step.apply(&mut result));
        result
    }

    /// [`render`](Self::render), then [`Preprocess::normalise_into`], in one go where no colour changes: `preprocess` is the
    /// one that the params was drawn for, and `out` has `3 * size * size` values.
    pub fn write_chw(&self, source: &SourcePixels<'_>, preprocess: &Preprocess, out: &mut [f32]) {
        match self.layers.as_slice() {
            [only] if only.colors.is_empty() && self.after.is_empty() && self.shows(source) => {
                self.view.write_chw(&only.map, source, preprocess, out);
            }
            _ => preprocess.normalise_into(&self.render(source), out),
        }
    }

    /// Is there something to be seen, and somewhere?
    fn shows(&self, source: &SourcePixels<'_>) -> bool {
        !source.pixels.is_empty() && source.full.0 > 0 && source.full.1 > 0 && self.view.side > 0
    }

    fn layer(&self, layer: &Layer, source: &SourcePixels<'_>) -> RgbImage {
        let mut picture = self.view.render(&layer.map, source);
        layer.colors.iter().for_each(|step| step.apply(&mut picture));
        picture
    }

    /// Fractions are cut off, as in torchvision.
    fn mixture(&self, layers: &[Layer], source: &SourcePixels<'_>) -> RgbImage {
        let mut sums = vec![0.0_f32; 3 * (self.view.side as usize).pow(2)];
        for layer in layers {
            let picture = self.layer(layer, source);
            let share = layer.share as f32;
            sums.iter_mut().zip(picture.iter()).for_each(|(sum, value)| *sum += share * f32::from(*value));
        }
        let mut out = RgbImage::new(self.view.side, self.view.side);
        // Shares sum to 1 but for rounding, which must not cost a whole step.
        out.iter_mut().zip(sums).for_each(|(value, sum)| *value = (sum + 1e-3) as u8);
        out
    }
}
