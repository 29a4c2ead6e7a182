//! Lines over the epochs.

use crate::text::{esc, number};

/// Outer size in pixels.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 250.0;
/// Margins: the right one holds the names of the lines.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 76.0;
const TOP: f64 = 26.0;
const BELOW: f64 = 44.0;
/// The least distance between two lines' names.
const LEADING: f64 = 15.0;

/// A line of the chart.
pub(crate) struct Series {
    /// The line's name, written at its end.
    pub(crate) name: &'static str,
    /// Whether the line is the one to look at.
    pub(crate) main: bool,
    /// Points from left to right; all finite.
    pub(crate) points: Vec<(f64, f64)>,
}

/// What the vertical axis counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A quantity that starts at zero.
    Number,
    /// A share, labelled in per cent.
    Share,
}

/// A moment worth a vertical line.
pub(crate) struct Mark {
    /// The place of the mark on the horizontal axis.
    pub(crate) at: f64,
    /// What begins there.
    pub(crate) label: String,
}

/// The chart of `series`, which must hold at least one point.
pub(crate) fn lines(label: &str, series: &[Series], unit: Unit, marks: &[Mark]) -> String {
    let frame = Frame::around(series, unit);
    let ends = label_heights(&frame, series);
    let drawn = series.iter().zip(ends).map(|(series, end)| draw(&frame, series, end));
    format!(
        r#"<svg class="chart lines" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"
role="img" aria-label="{label}">
{axes}{marks}{lines}
<text class="soft" x="{middle}" y="{bottom}" text-anchor="middle">epoch</text>
</svg>"#,
        label = esc(label),
        axes = frame.axes(unit),
        marks = marks.iter().map(|mark| frame.mark(mark)).collect::<String>(),
        lines = drawn.collect::<String>(),
        middle = (LEFT + WIDTH - RIGHT) / 2.0,
        bottom = HEIGHT - 6.0,
    )
}

/// What part of the plane is shown.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn around(series: &[Series], unit: Unit) -> Self {
        let points = || series.iter().flat_map(|series| &series.points);
        let (x0, x1) = range(points().map(|point| point.0));
        let (y0, y1) = range(points().map(|point| point.1));
        let y = match unit {
            // A loss starts at zero: half of it must look like half of it.
            Unit::Number => (0.0, next_tick(y1.max(1e-6))),
            // Accuracies of 94 and 96 % must not look equal: down to the next ten, and up to one only if
            // needed.
            Unit::Share => ((y0 * 10.0).floor().min(9.0) / 10.0, (y1 * 10.0).ceil() / 10.0),
        };
        let y = if y.1 > y.0 { y } else { (y.0, y.0 + 0.1) };
        let x0 = if x0 <= 1.0 { 0.0 } else { x0 };
        Self { x: (x0, if x1 > x0 { x1 } else { x0 + 1.0 }), y }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BELOW - (value - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - TOP - BELOW)
    }

    fn axes(&self, unit: Unit) -> String {
        let (left, right, floor) = (LEFT, WIDTH - RIGHT, HEIGHT - BELOW);
        let decimals = (-step(self.y).log10().floor()).max(0.0) as usize;
        let across = ticks(self.y).into_iter().map(|value| {
            let y = self.y(value);
            let label = match unit {
                Unit::Share => format!("{:.0}\u{a0}%", value * 100.0),
                Unit::Number => format!("{value:.decimals$}"),
            };
            format!(
                r#"<line class="grid" x1="{left}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>
<text x="{beside}" y="{baseline:.1}" text-anchor="end">{label}</text>"#,
                beside = left - 8.0,
                baseline = y + 4.0,
            )
        });
        let along =
            ticks(self.x).into_iter().filter(|value| (value - value.round()).abs() < 1e-9).map(|value| {
                let (x, under) = (self.x(value), floor + 17.0);
                format!(r#"<text x="{x:.1}" y="{under}" text-anchor="middle">{}</text>"#, number(value))
            });
        let base = format!(r#"<line class="axis" x1="{left}" x2="{right}" y1="{floor}" y2="{floor}"/>"#);
        across.chain(along).chain([base]).collect()
    }

    fn mark(&self, mark: &Mark) -> String {
        format!(
            r#"<line class="baseline" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{floor}"/>
<text class="soft" x="{x:.1}" y="{above}" dx="3">{label}</text>"#,
            x = self.x(mark.at),
            floor = HEIGHT - BELOW,
            above = TOP - 10.0,
            label = esc(&mark.label),
        )
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// The distance of about four ticks over the range: 1, 2 or 5 times a power of ten.
pub(super) fn step((low, high): (f64, f64)) -> f64 {
    let rough = (high - low) / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    // A little less than `rough` will do: 0.075 is not always three times 0.025.
    let round = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    round.unwrap_or(10.0) * power
}

/// The round values inside the range.
pub(super) fn ticks(range: (f64, f64)) -> Vec<f64> {
    let step = step(range);
    let first = (range.0 / step - 1e-9).ceil() as i64;
    let last = (range.1 / step + 1e-9).floor() as i64;
    (first..=last).map(|index| index as f64 * step).collect()
}

/// The first round value at or above `high`, for an axis that starts at zero.
pub(super) fn next_tick(high: f64) -> f64 {
    let step = step((0.0, high));
    (high / step - 1e-9).ceil() * step
}

/// Where each line's name goes: at its end, but not over another name.
fn label_heights(frame: &Frame, series: &[Series]) -> Vec<f64> {
    let end = |series: &Series| series.points.last().map_or(TOP, |point| frame.y(point.1));
    let mut order: Vec<(usize, f64)> = series.iter().map(end).enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut heights = vec![0.0; series.len()];
    let mut free = f64::NEG_INFINITY;
    for (index, y) in order {
        heights[index] = y.max(free);
        free = heights[index] + LEADING;
    }
    heights
}

fn draw(frame: &Frame, series: &Series, label_y: f64) -> String {
    let Some(&(last, _)) = series.points.last() else { return String::new() };
    let class = if series.main { "main" } else { "other" };
    let place = |(x, y): &(f64, f64)| format!("{:.1},{:.1}", frame.x(*x), frame.y(*y));
    let path = series.points.iter().map(place).collect::<Vec<_>>().join(" ");
    // Points of their own only where they can be told apart.
    let dots: String = match series.points.len() {
        0..=30 => series.points.iter().map(|point| dot(frame, class, *point)).collect(),
        _ => String::new(),
    };
    format!(
        r#"<polyline class="{class}" points="{path}"/>{dots}
<text class="{class}" x="{x:.1}" y="{y:.1}">{name}</text>"#,
        x = frame.x(last) + 9.0,
        y = label_y + 4.0,
        name = esc(series.name),
    )
}

fn dot(frame: &Frame, class: &str, (x, y): (f64, f64)) -> String {
    format!(r#"<circle class="{class}" cx="{:.1}" cy="{:.1}" r="3"/>"#, frame.x(x), frame.y(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let cases: [((f64, f64), &[f64]); 3] = [
            ((0.0, 1.6), &[0.0, 0.5, 1.0, 1.5]),
            ((0.7, 1.0), &[0.7, 0.8, 0.9, 1.0]),
            ((0.0, 25.0), &[0.0, 10.0, 20.0]),
        ];
        for (range, expected) in cases {
            let ticks = ticks(range);
            assert_eq!(ticks.len(), expected.len(), "{ticks:?}");
            assert!(ticks.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{ticks:?}");
        }
    }

    #[test]
    fn names_of_close_lines_do_not_overlap() {
        let line = |y| Series { name: "", main: true, points: vec![(1.0, y)] };
        let series = [line(0.50), line(0.51)];
        let frame = Frame { x: (0.0, 1.0), y: (0.0, 1.0) };
        let heights = label_heights(&frame, &series);
        assert!(heights[0] - heights[1] >= LEADING - 1e-9, "{heights:?}");
    }

    #[test]
    fn a_single_point_is_drawn_without_nan() {
        for unit in [Unit::Number, Unit::Share] {
            let series = [Series { name: "validation", main: true, points: vec![(1.0, 0.0)] }];
            let svg = lines("x", &series, unit, &[]);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
