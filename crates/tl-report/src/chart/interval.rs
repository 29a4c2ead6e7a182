//! Shares on a line from 0 to 100 %: an estimate with its interval, or several measurements.

use super::across;
use crate::Interval;
use crate::text::{self, esc, percent_whole};

/// What would be reached without looking at the pictures.
pub(crate) struct Baseline {
    /// The baseline's share of right answers.
    pub(crate) share: f64,
    /// The baseline in a few words.
    pub(crate) label: String,
}

/// A figure with its interval against a baseline, with a scale; `name` is what it is.
pub(crate) fn interval(name: &str, estimate: f64, interval: Interval, baseline: Option<&Baseline>) -> String {
    format!(
        r#"<svg class="chart interval" width="100%" height="{height}" role="img" aria-label="{summary}">
{baseline}{scale}{ends}{bar}
</svg>"#,
        height = if baseline.is_some() { 100 } else { 76 },
        summary = summary(name, estimate, interval, baseline),
        scale = scale(52, 72),
        baseline = baseline.map(draw_baseline).unwrap_or_default(),
        ends = ends(interval),
        bar = bar(estimate, interval, 22, 24),
    )
}

fn summary(name: &str, estimate: f64, interval: Interval, baseline: Option<&Baseline>) -> String {
    let (low, high) = text::ends(interval);
    let mut text = format!("{name} {}, 95 % interval from {low} to {high}", text::percent(estimate));
    if let Some(Baseline { share, label }) = baseline {
        text += &format!("; {}: {}", esc(label), percent_whole(*share));
    }
    text
}

/// The axis with a label every quarter: its line at height `y`, the labels on the line `labels`.
fn scale(y: u32, labels: u32) -> String {
    let tick = |quarter: u32| {
        let x = across(f64::from(quarter) / 4.0);
        format!(
            r#"<line class="grid" x1="{x}" x2="{x}" y1="14" y2="{end}"/>
<text x="{x}" y="{labels}" text-anchor="middle">{percent}</text>"#,
            end = y + 4,
            percent = quarter * 25,
        )
    };
    let ticks: String = (0..=4).map(tick).collect();
    format!(r#"<line class="axis" x1="0" x2="100%" y1="{y}" y2="{y}"/>{ticks}"#)
}

fn draw_baseline(Baseline { share, label }: &Baseline) -> String {
    // The label grows away from the nearer edge, so that it always fits.
    let anchor = if *share > 0.5 { "end" } else { "start" };
    format!(
        r#"<line class="baseline" x1="{x}" x2="{x}" y1="14" y2="84"/>
<text class="strong" x="{x}" y="96" text-anchor="{anchor}">{label}: {share}</text>"#,
        x = across(*share),
        label = esc(label),
        share = percent_whole(*share),
    )
}

fn ends(interval: Interval) -> String {
    let (low, high) = text::ends(interval);
    format!(
        r#"<text class="strong" x="{}" y="38" dx="-8" text-anchor="end">{low}</text>
<text class="strong" x="{}" y="38" dx="8">{high}</text>"#,
        across(interval.low),
        across(interval.high),
    )
}

fn bar(estimate: f64, Interval { low, high }: Interval, y: u32, height: u32) -> String {
    format!(
        r#"<rect class="range" x="{low}" width="{width}" y="{y}" height="{height}" rx="3"/>
<line class="estimate" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>"#,
        low = across(low),
        width = across(high - low),
        x = across(estimate),
        top = y.saturating_sub(3),
        bottom = y + height + 3,
    )
}

/// An interval in the height of a line of text, for a table.
pub(crate) fn interval_row(estimate: f64, interval: Interval) -> String {
    format!(
        r#"<svg class="chart row" width="100%" height="16" aria-hidden="true">
<line class="axis" x1="0" x2="100%" y1="8" y2="8"/>{}</svg>"#,
        bar(estimate, interval, 4, 8)
    )
}

/// Measurements of the same share as dots, with a line at their mean.
pub(crate) fn spread(values: &[f64], mean: f64) -> String {
    let dots: String = values
        .iter()
        .map(|value| format!(r#"<circle class="dot" cx="{}" cy="28" r="6"/>"#, across(*value)))
        .collect();
    format!(
        r#"<svg class="chart interval" width="100%" height="68" role="img"
aria-label="{count} accuracies around a mean of {percent}">
{scale}<line class="estimate" x1="{x}" x2="{x}" y1="14" y2="42"/>{dots}
</svg>"#,
        count = values.len(),
        percent = percent_whole(mean),
        scale = scale(44, 64),
        x = across(mean),
    )
}
