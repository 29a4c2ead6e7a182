//! The reliability diagram: what the model claimed against what came true.

use crate::{Bin, wilson};

/// Inner side in pixels, and the margins to its left and below it.
const SIDE: f64 = 260.0;
const LEFT: f64 = 48.0;
const BELOW: f64 = 46.0;
const TOP: f64 = 10.0;

/// A dot per bin, its area by the number of answers, with the 95 % interval of its accuracy.
pub(crate) fn diagram(bins: &[Bin]) -> String {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1);
    format!(
        r#"<svg class="chart reliability" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
role="img" aria-label="Reliability diagram: accuracy against confidence
in {count} bins; the table has the numbers">
{grid}<line class="ideal" x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}"/>{dots}
<text class="soft" x="{middle}" y="{bottom}" text-anchor="middle">confidence, %</text>
<text class="soft" transform="translate(12 {centre}) rotate(-90)" text-anchor="middle">right, %</text>
</svg>"#,
        width = LEFT + SIDE + 14.0,
        height = TOP + SIDE + BELOW,
        count = bins.len(),
        grid = (0..=4).map(|quarter| grid(f64::from(quarter) / 4.0)).collect::<String>(),
        x0 = x(0.0),
        y0 = y(0.0),
        x1 = x(1.0),
        y1 = y(1.0),
        dots = bins.iter().map(|bin| dot(bin, most)).collect::<String>(),
        middle = x(0.5),
        bottom = TOP + SIDE + BELOW - 6.0,
        centre = y(0.5),
    )
}

fn x(share: f64) -> f64 {
    LEFT + share.clamp(0.0, 1.0) * SIDE
}

fn y(share: f64) -> f64 {
    TOP + (1.0 - share.clamp(0.0, 1.0)) * SIDE
}

fn grid(at: f64) -> String {
    let (x, y) = (x(at), y(at));
    let (left, right, top, bottom) = (LEFT, LEFT + SIDE, TOP, TOP + SIDE);
    let class = if at == 0.0 { "axis" } else { "grid" };
    format!(
        r#"<line class="{class}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>
<line class="{class}" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>
<text x="{x}" y="{under}" text-anchor="middle">{percent:.0}</text>
<text x="{beside}" y="{baseline}" text-anchor="end">{percent:.0}</text>"#,
        under = bottom + 17.0,
        beside = left - 8.0,
        baseline = y + 4.0,
        percent = at * 100.0,
    )
}

fn dot(bin: &Bin, most: usize) -> String {
    let interval = wilson(bin.correct, bin.count);
    let radius = 3.0 + 5.0 * (bin.count as f64 / most.max(1) as f64).sqrt();
    format!(
        r#"<line class="whisker" x1="{x:.1}" x2="{x:.1}" y1="{low:.1}" y2="{high:.1}"/>
<circle class="dot" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#,
        x = x(bin.confidence),
        low = y(interval.low),
        high = y(interval.high),
        y = y(bin.accuracy()),
    )
}
