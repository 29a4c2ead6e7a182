//! Coefficients to pixels, a row of units at a time.

use image::RgbImage;
use pulp::{Simd, WithSimd};

use super::blocks::Blocks;
use super::color::ChromaRow;
use super::idct::{Block, flat, inverse};
use super::layout::{Component, Layout, corrupt};
use super::tables::QuantTable;
use super::window::Plane;
use crate::PictureError;

/// A picture that is drawn from its top to its bottom.
pub(super) struct Canvas<'a> {
    layout: &'a Layout,
    steps: &'a [QuantTable],
    /// The last three rows of units: samples are interpolated with those above and below.
    planes: Vec<Plane>,
    enlargers: Vec<Upsampler>,
    picture: RgbImage,
}

/// Rows of units that are kept.
const KEPT: usize = 3;

impl<'a> Canvas<'a> {
    pub(super) fn new(layout: &'a Layout, steps: &'a [QuantTable]) -> Result<Self, PictureError> {
        let size = u32::try_from(layout.width).ok().zip(u32::try_from(layout.height).ok());
        let (width, height) = size.ok_or_else(|| corrupt("it is too large"))?;
        let planes: Vec<Plane> = layout.components.iter().map(|component| plane(layout, component)).collect();
        let both = layout.components.iter().zip(&planes);
        let enlargers = both.map(|(component, plane)| Upsampler::new(layout, component, plane)).collect();
        Ok(Canvas { layout, steps, planes, enlargers, picture: RgbImage::new(width, height) })
    }

    /// Takes the next row of units. Rows have to come in their order.
    pub(super) fn draw(&mut self, row: usize, coefficients: &[Blocks]) {
        pulp::Arch::new().dispatch(Draw { canvas: self, row, coefficients });
    }

    pub(super) fn finish(self) -> RgbImage {
        self.picture
    }

    /// Pixels of a row of units whose neighbours are there.
    #[inline(always)]
    fn write(&mut self, row: usize) {
        let (width, high) = (self.layout.width, 8 * self.layout.largest.1);
        let rows = row * high..((row + 1) * high).min(self.layout.height);
        let pixels = self.picture.get_mut(3 * width * rows.start..3 * width * rows.end).unwrap_or_default();
        for (y, out) in rows.zip(pixels.chunks_exact_mut((3 * width).max(1))) {
            let mut samples: [&[u8]; 4] = [&[]; 4];
            for ((to, plane), enlarger) in samples.iter_mut().zip(&self.planes).zip(&mut self.enlargers) {
                *to = enlarger.row(plane, y).get(..width).unwrap_or_default();
            }
            self.layout.space.write_row(samples, out);
        }
    }

    /// Transforms a row of units into the planes.
    #[inline(always)]
    fn transform(&mut self, row: usize, coefficients: &[Blocks]) {
        let components = self.layout.components.iter().zip(self.steps).zip(coefficients);
        for (plane, ((component, steps), blocks)) in self.planes.iter_mut().zip(components) {
            let band = plane.stride * 8 * component.v;
            if row >= KEPT {
                plane.samples.copy_within(band.., 0);
                plane.top += 8 * component.v;
            }
            let samples = plane.samples.get_mut(row.min(KEPT - 1) * band..).unwrap_or_default();
            let rows = row * component.v..((row + 1) * component.v).min(component.blocks.1);
            for (blocks, samples) in rows.map(|row| blocks.row(row)).zip(samples.chunks_mut(8 * plane.stride))
            {
                for (block, x) in blocks.iter().take(component.blocks.0).zip((0..).step_by(8)) {
                    if let Some(out) = samples.get_mut(x..) {
                        to_samples(block, steps, out, plane.stride);
                    }
                }
            }
        }
    }
}

struct Draw<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    row: usize,
    coefficients: &'a [Blocks],
}

impl WithSimd for Draw<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.canvas.transform(self.row, self.coefficients);
        if let Some(above) = self.row.checked_sub(1) {
            self.canvas.write(above);
        }
        if self.row + 1 == self.canvas.layout.units.1 {
            self.canvas.write(self.row);
        }
    }
}

#[inline(always)]
fn to_samples(block: &Block, steps: &QuantTable, out: &mut [u8], stride: usize) {
    let mut values: Block = [0; 64];
    for ((to, &coefficient), &step) in values.iter_mut().zip(block).zip(steps) {
        *to = coefficient.wrapping_mul(step as i16);
    }
    // Most blocks have few coefficients: for one colour, or 4 x 4 of low frequency, the transform is shorter.
    let any = |places: &[i16]| places.iter().fold(0, |any, value| any | value) != 0;
    let high = values.as_chunks::<8>().0.iter().fold(0, |any, row| any | row[4] | row[5] | row[6] | row[7]);
    if !any(&values[1..]) {
        flat(values[0], 8, out, stride);
    } else if high == 0 && !any(&values[32..]) {
        inverse(&values, 10, 8, out, stride);
    } else {
        inverse(&values, 64, 8, out, stride);
    }
}

fn plane(layout: &Layout, component: &Component) -> Plane {
    let stride = 8 * component.stride;
    let rows = 8 * component.v * layout.units.1.min(KEPT);
    let (wide, high) = whole_ratio(layout, component).unwrap_or((1, 1));
    let (width, height) = (component.width, component.height);
    Plane { samples: vec![0; stride * rows], stride, side: 8, left: 0, top: 0, width, height, wide, high }
}

/// Pixels for each sample, in each direction, where these are 1 or 2.
fn whole_ratio(layout: &Layout, component: &Component) -> Option<(usize, usize)> {
    let ratio = |largest: usize, factor: usize| (1..=2).find(|ratio| factor * ratio == largest);
    ratio(layout.largest.0, component.h).zip(ratio(layout.largest.1, component.v))
}

/// Brings rows of a component to the resolution of the picture.
enum Upsampler {
    /// Triangle filter for one or two pixels a sample: interpolated as libjpeg does it.
    ChromaRow(ChromaRow),
    /// Any other ratio: the sample that the pixel lies in, which libjpeg takes too where the ratio is a whole number.
    Nearest { columns: Vec<usize>, pixels: Vec<u8>, v: usize, largest: usize },
}

impl Upsampler {
    fn new(layout: &Layout, component: &Component, plane: &Plane) -> Self {
        if whole_ratio(layout, component).is_some() {
            return Upsampler::ChromaRow(ChromaRow::new(plane));
        }
        let columns = (0..layout.width).map(|x| sample_at(x, component.h, layout.largest.0)).collect();
        let (v, largest) = (component.v, layout.largest.1);
        Upsampler::Nearest { columns, pixels: vec![0; layout.width], v, largest }
    }

    #[inline(always)]
    fn row<'a>(&'a mut self, plane: &'a Plane, y: usize) -> &'a [u8] {
        match self {
            Upsampler::ChromaRow(line) => line.pixels(plane, y),
            Upsampler::Nearest { columns, pixels, v, largest } => {
                let samples = plane.row(sample_at(y, *v, *largest));
                for (pixel, &column) in pixels.iter_mut().zip(&*columns) {
                    *pixel = samples.get(column).copied().unwrap_or(0);
                }
                pixels
            }
        }
    }
}

/// The sample that the middle of a pixel lies in.
fn sample_at(pixel: usize, factor: usize, largest: usize) -> usize {
    (2 * pixel + 1) * factor / (2 * largest)
}
