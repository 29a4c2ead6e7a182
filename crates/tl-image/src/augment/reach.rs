//! Which part of the source a map needs, and how finely.

use std::f64::consts::SQRT_2;

use super::border::Edge;
use super::map::Map;

/// What is needed of one axis of the source, in pixels at full size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Need {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Pixels of the picture that may become one before the map is sampled; at 1 or below none.
    pub(super) step: f64,
}

/// The most pixels of the reduced source that lie between neighbours of the result: with the triangle kernel, 2 pixels
/// wide, every one of them still counts, and rotations and moderate shears cost no sharpness.
const LARGEST_STEP: f64 = SQRT_2;

/// What `map` needs of a source of `full` pixels for a square of `side` pixels.
///
/// `steps` are the source pixels for each pixel of the result before anything was moved: by so much the source may be
/// reduced at least, as if it were first resized to the target. Where the map itself makes things smaller, by more than
/// [`LARGEST_STEP`] in the middle of the result, it is reduced further.
pub(super) fn needs(map: &Map, side: f64, full: (u32, u32), steps: (f64, f64), edge: &Edge) -> [Need; 2] {
    let (width, height) = (f64::from(full.0), f64::from(full.1));
    if let Some(([sx, x], [sy, y])) = map.axes() {
        let axis = |scale: f64, shift: f64, len: f64| {
            let (a, b) = (shift, shift + scale * side);
            within(edge, a.min(b), a.max(b), scale.abs(), len)
        };
        return [axis(sx, x, width), axis(sy, y, height)];
    }
    let speed = map.speed(side / 2.0, side / 2.0);
    let step = |base: f64, speed: f64| base.max(1.0) * (speed / base.max(1.0) / LARGEST_STEP).max(1.0);
    let (step_x, step_y) = (step(steps.0, speed.0), step(steps.1, speed.1));
    let ([left, right], [top, bottom]) = extent(map, side).unwrap_or(([0.0, width], [0.0, height]));
    [within(edge, left, right, step_x, width), within(edge, top, bottom, step_y, height)]
}

/// The part of the source between two positions, at least one step long, and inside the source.
fn within(edge: &Edge, from: f64, to: f64, step: f64, len: f64) -> Need {
    let (from, to) = edge.seen(from, to, len);
    let step = if step.is_finite() { step.clamp(1e-6, len.max(1.0)) } else { 1.0 };
    let from = from.min(len - step).max(0.0);
    Need { from, to: to.max(from + step).min(len), step }
}

/// The range of x and of y that the square's corners come from; `None` when one of them is behind the horizon.
fn extent(map: &Map, side: f64) -> Option<([f64; 2], [f64; 2])> {
    let mut range = ([f64::INFINITY, f64::NEG_INFINITY], [f64::INFINITY, f64::NEG_INFINITY]);
    for (x, y) in [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)] {
        let (x, y) = map.apply(x, y)?;
        range.0 = [range.0[0].min(x), range.0[1].max(x)];
        range.1 = [range.1[0].min(y), range.1[1].max(y)];
    }
    Some(range)
}

/// Pixels of the reduced source beyond those that are needed: the cubic reads so many.
const SPARE: f64 = 2.0;

/// Part `from..to` of an axis of the source, to be reduced to so many pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) pixels: u32,
}

impl Need {
    /// What to reduce: whole pixels of a raster that begins at `raster` (and so the pixels that reducing everything
    /// gives), with some to spare, inside `0..len`.
    pub(super) fn cut(&self, raster: f64, len: f64) -> Cut {
        let place = |pixel: f64| (raster + pixel * self.step).clamp(0.0, len);
        let from = place(((self.from - raster) / self.step).floor() - SPARE);
        let to = place(((self.to - raster) / self.step).ceil() + SPARE);
        Cut { from, to, pixels: ((to - from) / self.step).round().max(1.0) as u32 }
    }

    /// All that is read, with the resizer's kernel of `support` pixels to either side.
    pub(super) fn region(&self, raster: f64, support: f64, len: f64) -> (f64, f64) {
        let step = self.step.max(1.0);
        let cut = Need { step, ..*self }.cut(raster, len);
        // One step more, in case a decoder's reduced pixels are the raster.
        let margin = (support + 1.0) * step + 1.0;
        ((cut.from - margin).max(0.0), (cut.to + margin).min(len))
    }
}
