//! Losses over learning rates, which are spread by their logarithms.

use super::lines::{next_tick, step, ticks};
use crate::text::esc;
use crate::{RateCurve, RatePoint};

/// Outer size in pixels, and margins.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BELOW: f64 = 48.0;
/// The distance of two names above the chart.
const LEADING: f64 = 14.0;

/// The chart of a search, which must have at least one point.
pub(crate) fn rates(curve: &RateCurve) -> String {
    let frame = Frame::around(curve);
    let suggestions = curve.suggestions.iter().enumerate();
    let marks: String = suggestions.map(|(index, found)| frame.mark(index, found.name, found.rate)).collect();
    format!(
        r#"<svg class="chart lines" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"
role="img" aria-label="Loss by learning rate">
{axes}{dots}{marks}
<polyline class="main" points="{line}"/>
<text class="soft" x="{middle}" y="{bottom}" text-anchor="middle">learning rate</text>
</svg>"#,
        axes = frame.axes(),
        dots = curve.points.iter().map(|point| frame.dot(point)).collect::<String>(),
        line = curve
            .points
            .iter()
            .map(|point| frame.place(point.rate, point.smoothed))
            .collect::<Vec<_>>()
            .join(" "),
        middle = (LEFT + WIDTH - RIGHT) / 2.0,
        bottom = HEIGHT - 6.0,
    )
}

/// What part of the plane is shown.
struct Frame {
    /// Powers of ten.
    x: (f64, f64),
    y: f64,
}

impl Frame {
    fn around(curve: &RateCurve) -> Self {
        let points = &curve.points;
        let rates = points.iter().map(|point| point.rate);
        let rates = rates.chain(curve.suggestions.iter().map(|found| found.rate));
        let logs = || rates.clone().map(f64::log10);
        let (low, high) = (logs().fold(f64::INFINITY, f64::min), logs().fold(f64::NEG_INFINITY, f64::max));
        let highest = points.iter().map(|point| point.smoothed).fold(1e-6, f64::max);
        Self { x: (low, if high > low { high } else { low + 1.0 }), y: next_tick(highest) }
    }

    fn x(&self, rate: f64) -> f64 {
        LEFT + (rate.log10() - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    /// A single loss may lie far above the running mean; it is drawn at the edge then.
    fn y(&self, loss: f64) -> f64 {
        HEIGHT - BELOW - (loss / self.y).min(1.0) * (HEIGHT - TOP - BELOW)
    }

    fn place(&self, rate: f64, loss: f64) -> String {
        format!("{:.1},{:.1}", self.x(rate), self.y(loss))
    }

    fn axes(&self) -> String {
        let (right, floor) = (WIDTH - RIGHT, HEIGHT - BELOW);
        let decimals = (-step((0.0, self.y)).log10().floor()).max(0.0) as usize;
        let across = ticks((0.0, self.y)).into_iter().map(|loss| {
            let y = self.y(loss);
            format!(
                r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>
<text x="{beside}" y="{baseline:.1}" text-anchor="end">{loss:.decimals$}</text>"#,
                beside = LEFT - 8.0,
                baseline = y + 4.0,
            )
        });
        let decades = self.x.0.ceil() as i32..=self.x.1.floor() as i32;
        let along = decades.map(|power| {
            let (x, under) = (self.x(10_f64.powi(power)), floor + 18.0);
            format!(r#"<text x="{x:.1}" y="{under}" text-anchor="middle">1e{power}</text>"#)
        });
        let base = format!(r#"<line class="axis" x1="{LEFT}" x2="{right}" y1="{floor}" y2="{floor}"/>"#);
        across.chain(along).chain([base]).collect()
    }

    fn dot(&self, point: &RatePoint) -> String {
        let (x, y) = (self.x(point.rate), self.y(point.loss));
        format!(r#"<circle class="other faint" cx="{x:.1}" cy="{y:.1}" r="2"/>"#)
    }

    /// Names are one below the other, so that close rates can be read.
    fn mark(&self, index: usize, name: &str, rate: f64) -> String {
        let class = if index == 0 { "main" } else { "soft" };
        format!(
            r#"<line class="baseline" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{floor}"/>
<text class="{class}" x="{x:.1}" y="{y:.1}" dx="4">{name}</text>"#,
            x = self.x(rate),
            floor = HEIGHT - BELOW,
            y = TOP + LEADING * (index as f64 - 2.0) - 4.0,
            name = esc(name),
        )
    }
}
