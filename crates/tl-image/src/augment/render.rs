//! Rendering: from the source to the square, in one resampling.

use image::RgbImage;

use super::border::{BorderMode, Edge};
use super::map::Map;
use super::reach::{Cut, Need, needs};
use super::sample::sample;
use super::source_pixels::SourcePixels;
use crate::resample::{Resampling, resample};
use crate::resize::Pixels;
use crate::{Interpolation, Preprocess, resize_box};

/// All of a rendering but its map and its source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Viewport {
    pub(super) side: u32,
    /// Part of the source that is shown before anything is moved: its pixels are the raster of reductions.
    pub(super) frame: [f64; 4],
    pub(super) steps: (f64, f64),
    pub(super) edge: Edge,
    pub(super) how: Interpolation,
}

impl Viewport {
    pub(super) fn needs(&self, map: &Map, full: (u32, u32)) -> [Need; 2] {
        needs(map, self.side.max(1).into(), full, self.steps, &self.edge)
    }

    pub(super) fn render(&self, map: &Map, source: &SourcePixels<'_>) -> RgbImage {
        let Some(straight) = self.straight(map, source) else { return self.projected(map, source) };
        let mut out = RgbImage::from_pixel(self.side, self.side, image::Rgb(self.edge.color));
        resample(source.pixels, &straight.what, &mut Pixels { picture: &mut out, first: straight.first });
        out
    }

    /// Renders as [`render`](Self::render) does, then normalises into `[3, side, side]`.
    pub(super) fn write_chw(
        &self,
        map: &Map,
        source: &SourcePixels<'_>,
        preprocess: &Preprocess,
        out: &mut [f32],
    ) {
        match self.straight(map, source) {
            Some(Straight { what, first }) => {
                preprocess.write_at(source.pixels, &what, first, self.edge.color, out);
            }
            None => preprocess.normalise_into(&self.projected(map, source), out),
        }
    }

    /// Crops, scales and flips: the antialiased resizer goes straight from the source to the result.
    fn straight(&self, map: &Map, source: &SourcePixels<'_>) -> Option<Straight> {
        let ([sx, x], [sy, y]) = map.axes()?;
        let [left, top, right, bottom] = self.frame;
        let columns = self.span(sx, x, source.full.0, (left, right))?;
        let rows = self.span(sy, y, source.full.1, (top, bottom))?;
        let what = Resampling {
            part: source.part([columns.from, rows.from, columns.to, rows.to]),
            size: (columns.last - columns.first, rows.last - rows.first),
            how: self.how,
            mirrored: (sx < 0.0, sy < 0.0),
        };
        Some(Straight { what, first: (columns.first, rows.first) })
    }

    /// An axis of a straight map: which pixels of the result show which part of the source. `None` where the border of the
    /// source is seen and does not fall between two pixels, or is not of one colour.
    fn span(&self, scale: f64, shift: f64, len: u32, frame: (f64, f64)) -> Option<Span> {
        let (side, len) = (f64::from(self.side), f64::from(len));
        let (from, to) = (shift.min(shift + scale * side), shift.max(shift + scale * side));
        let (from, to) = (snapped(from, frame), snapped(to, frame));
        // Counted from the end of the result where the axis is turned round.
        let (before, after) = ((0.0 - from).max(0.0) / scale.abs(), (to - len).max(0.0) / scale.abs());
        let (before, after) = if scale < 0.0 { (after, before) } else { (before, after) };
        let whole = |pixels: f64| (pixels - pixels.round()).abs() < 1e-6;
        let inside = before < 1e-6 && after < 1e-6;
        let bars = self.edge.mode == BorderMode::Constant && whole(before) && whole(after);
        let (first, last) = (before.round(), side - after.round());
        let seen = first < last && from < len && to > 0.0;
        (seen && (inside || bars)).then(|| Span {
            from: from.max(0.0),
            to: to.min(len),
            first: first as u32,
            last: last as u32,
        })
    }

    /// An antialiased reduction on each axis to about the scale of the result, then one sampling.
    fn projected(&self, map: &Map, source: &SourcePixels<'_>) -> RgbImage {
        let [x, y] = self.needs(map, source.full);
        let is_fine = |need: &Need| need.step * source.scale <= 1.0 + 1e-9;
        if is_fine(&x) && is_fine(&y) {
            return self.sampled(map, source.pixels, source.origin, (source.scale, source.scale));
        }
        let coarsest = |need: Need| Need { step: need.step.max(1.0 / source.scale), ..need };
        let columns = coarsest(x).cut(self.frame[0], source.full.0.into());
        let rows = coarsest(y).cut(self.frame[1], source.full.1.into());
        let part = source.part([columns.from, rows.from, columns.to, rows.to]);
        let reduced = resize_box(source.pixels, part, columns.pixels, rows.pixels, self.how);
        let scale = |cut: &Cut| f64::from(cut.pixels) / (cut.to - cut.from);
        self.sampled(map, &reduced, (columns.from, rows.from), (scale(&columns), scale(&rows)))
    }

    fn sampled(&self, map: &Map, pixels: &RgbImage, origin: (f64, f64), scale: (f64, f64)) -> RgbImage {
        let map = map.then(&Map::shift(-origin.0, -origin.1)).then(&Map::scale(scale.0, scale.1));
        sample(pixels, &map, self.side, &self.edge, self.how)
    }
}

/// A border that is the frame's but for rounding is the frame's.
fn snapped(place: f64, (from, to): (f64, f64)) -> f64 {
    let near = |border: f64| (place - border).abs() < 1e-9 * (1.0 + border.abs());
    [from, to].into_iter().find(|border| near(*border)).unwrap_or(place)
}

/// What is resampled, and where in the square it goes: left, top.
struct Straight {
    what: Resampling,
    first: (u32, u32),
}

/// Part `from..to` of an axis of the source becomes pixels `first..last` of the result.
struct Span {
    from: f64,
    to: f64,
    first: u32,
    last: u32,
}
