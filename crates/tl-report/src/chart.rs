//! Charts as inline SVG, coloured by the classes in `page/style.css`. Nothing here knows the record.
//!
//! Flat charts place their marks by per cent of the width, so that text keeps its size on a narrow screen;
//! the others have a fixed size in pixels.

mod bars;
mod interval;
mod lines;
mod matrix;
mod rates;
mod reliability;

pub(crate) use bars::{Segment, bar};
pub(crate) use interval::{Baseline, interval, interval_row, spread};
pub(crate) use lines::{Mark, Series, Unit, lines};
#[cfg(test)]
pub(crate) use matrix::ON_CELL;
pub(crate) use matrix::{is_wide, legend, matrix};
pub(crate) use rates::rates;
pub(crate) use reliability::diagram;

/// A share as a coordinate in per cent of the width.
fn across(share: f64) -> String {
    format!("{:.2}%", share.clamp(0.0, 1.0) * 100.0)
}
