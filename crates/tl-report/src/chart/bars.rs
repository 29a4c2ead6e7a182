//! Horizontal bars of a few segments.

use super::across;

/// A segment of a bar.
pub(crate) struct Segment {
    /// The segment's part of the full width.
    pub(crate) share: f64,
    /// Which tone of the accent colour, from 0, the strongest, to 2; `style.css` defines them.
    pub(crate) tone: u8,
}

/// A thin bar for a table row, where the row's cells hold the numbers.
pub(crate) fn bar(segments: &[Segment]) -> String {
    let mut start = 0.0;
    let draw = |Segment { share, tone }: &Segment| {
        let x = across(start);
        start += share;
        format!(r#"<rect class="tone-{tone}" x="{x}" width="{}" y="3" height="10"/>"#, across(*share))
    };
    let segments: String = segments.iter().map(draw).collect();
    format!(r#"<svg class="chart row" width="100%" height="16" aria-hidden="true">{segments}</svg>"#)
}
