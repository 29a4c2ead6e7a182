//! The confusion matrix: counts in cells for up to a few dozen classes, a plain heat map beyond.

use crate::Confusion;
use crate::text::{esc, shortened};

/// Beyond this many classes labels would be smaller than anyone reads.
const MOST_LABELLED: usize = 60;
/// Width in pixels that the cells may take together; with the longest labels the page's full width.
const ROOM: f64 = 740.0;
/// Width of a page's right column, in pixels.
const COLUMN: f64 = 750.0;
/// Strength above which white reads better than black on a cell, with the colours in `style.css`.
pub(crate) const ON_CELL: f64 = 0.74;
/// Shades of the heat map.
const SHADES: usize = 8;

/// The matrix of `confusion`; each cell is shaded by its share of the row.
pub(crate) fn matrix(confusion: &Confusion) -> String {
    match confusion.classes().len() {
        0..=MOST_LABELLED => labelled(confusion),
        _ => heat_map(confusion),
    }
}

/// Whether the matrix needs more than the page's right column.
pub(crate) fn is_wide(confusion: &Confusion) -> bool {
    let classes = confusion.classes().len();
    classes <= MOST_LABELLED && Layout::new(confusion).size(classes).0 > COLUMN
}

/// The scale of the shades, as HTML.
pub(crate) fn legend() -> String {
    let step = |percent: u32| {
        let strength = shade(f64::from(percent) / 100.0);
        format!(
            r#"<span><svg class="swatch" width="14" height="14" aria-hidden="true">
<rect class="cell" width="14" height="14" fill-opacity="{strength:.2}"/></svg> {percent}&nbsp;%</span>"#
        )
    };
    let steps: String = [1, 5, 25, 50, 100].into_iter().map(step).collect();
    format!(r#"<span class="legend">Share of the row: {steps}</span>"#)
}

/// How strongly to shade a share: by its root, so that the few mistakes of a good model can be seen at all.
fn shade(share: f64) -> f64 {
    0.14 + 0.86 * share.sqrt()
}

/// Sizes in pixels.
struct Layout {
    cell: f64,
    font: f64,
    left: f64,
    top: f64,
    /// Room for the last column's slanted label.
    right: f64,
    slanted: bool,
    longest: usize,
}

impl Layout {
    fn new(confusion: &Confusion) -> Self {
        const LONGEST: usize = 20;
        let classes = confusion.classes();
        let cell = (ROOM / classes.len().max(1) as f64).clamp(12.0, 48.0);
        let font = (cell * 0.8).min(13.0);
        let characters = classes.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(LONGEST);
        // A wide guess of a letter's width: names must not be cut by a font that is not ours to choose.
        let width = characters as f64 * font * 0.62;
        let slanted = width > cell;
        let lean = if slanted { width * 0.71 } else { font };
        Self {
            cell,
            font,
            left: (width + 10.0).max(44.0),
            top: lean + 34.0,
            right: if slanted { lean } else { 2.0 },
            slanted,
            longest: LONGEST,
        }
    }

    fn size(&self, classes: usize) -> (f64, f64) {
        let side = classes as f64 * self.cell;
        (self.left + side + self.right, self.top + side + 2.0)
    }
}

fn labelled(confusion: &Confusion) -> String {
    let layout = Layout::new(confusion);
    let classes = confusion.classes();
    let (width, height) = layout.size(classes.len());
    let labels: String = classes.iter().enumerate().map(|(at, name)| names(&layout, at, name)).collect();
    let cells: String = (0..classes.len()).map(|truth| row(&layout, confusion, truth)).collect();
    format!(
        r#"<svg class="chart matrix" width="{width:.0}" height="{height:.0}"
viewBox="0 0 {width:.0} {height:.0}" font-size="{font:.1}" role="img" aria-label="{summary}">
<text class="soft" x="{left:.1}" y="12" font-size="12">answer →</text>
<text class="soft" x="{end:.1}" y="{above:.1}" text-anchor="end" font-size="12">truth ↓</text>
{labels}{cells}
</svg>"#,
        font = layout.font,
        summary = summary(confusion),
        left = layout.left,
        end = layout.left - 8.0,
        above = layout.top - 8.0,
    )
}

fn summary(confusion: &Confusion) -> String {
    format!(
        "Confusion matrix of {} classes: {} of {} pictures on the diagonal",
        confusion.classes().len(),
        confusion.correct(),
        confusion.total()
    )
}

/// The class's name to the left of its row and above its column.
fn names(layout: &Layout, at: usize, name: &str) -> String {
    let Layout { cell, font, left, top, .. } = layout;
    let middle = (at as f64 + 0.5) * cell;
    let short = shortened(name, layout.longest);
    let label = esc(&short);
    let (x, y) = (left + middle, top - 8.0);
    let column = match layout.slanted {
        true => format!(r#"transform="translate({:.1} {y:.1}) rotate(-45)""#, x + font * 0.35),
        false => format!(r#"x="{x:.1}" y="{y:.1}" text-anchor="middle""#),
    };
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text><text {column}>{label}</text>\n",
        left - 8.0,
        top + middle + font * 0.35,
    )
}

fn row(layout: &Layout, confusion: &Confusion, truth: usize) -> String {
    let support = confusion.support(truth);
    let counts = confusion.counts()[truth].iter().enumerate();
    counts
        .map(|(predicted, &count)| draw_cell(layout, confusion, (truth, predicted), count, support))
        .collect()
}

fn draw_cell(
    layout: &Layout,
    confusion: &Confusion,
    (truth, predicted): (usize, usize),
    count: usize,
    support: usize,
) -> String {
    let Layout { cell, font, left, top, .. } = layout;
    let (x, y) = (left + predicted as f64 * cell, top + truth as f64 * cell);
    let side = cell - if *cell > 20.0 { 2.0 } else { 1.0 };
    if count == 0 {
        return format!(
            r#"<rect class="empty" x="{x:.1}" y="{y:.1}" width="{side:.1}" height="{side:.1}"/>"#
        );
    }
    let strength = shade(count as f64 / support as f64);
    let classes = confusion.classes();
    format!(
        r#"<rect class="cell" x="{x:.1}" y="{y:.1}" width="{side:.1}" height="{side:.1}"
fill-opacity="{strength:.2}"><title>{truth} answered as {predicted}: {count} of {support}</title></rect>
{number}"#,
        truth = esc(&classes[truth]),
        predicted = esc(&classes[predicted]),
        number = number(count, strength, x + side / 2.0, y + side / 2.0, (*cell, *font)),
    )
}

/// The count, if it fits into its cell.
fn number(count: usize, strength: f64, x: f64, y: f64, (cell, font): (f64, f64)) -> String {
    let digits = count.to_string().len() as f64;
    let size = font.min((cell - 3.0) / (digits * 0.62));
    if size < 7.0 {
        return String::new();
    }
    let class = if strength > ON_CELL { "on-cell" } else { "in-cell" };
    let baseline = y + size * 0.36;
    format!(
        r#"<text class="{class}" x="{x:.1}" y="{baseline:.1}"
text-anchor="middle" font-size="{size:.1}">{count}</text>"#
    )
}

/// A square per cell that is not empty, gathered into a path per shade to keep the page small.
fn heat_map(confusion: &Confusion) -> String {
    let mut paths = vec![String::new(); SHADES];
    // With a thousand classes a cell is below a pixel: no square is below a two-hundredth of the side.
    let side = confusion.classes().len().div_ceil(200);
    for (truth, row) in confusion.counts().iter().enumerate() {
        let support = confusion.support(truth) as f64;
        for (predicted, &count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
            let strength = shade(count as f64 / support);
            let bucket = ((strength * SHADES as f64) as usize).min(SHADES - 1);
            paths[bucket] += &format!("M{predicted} {truth}h{side}v{side}h-{side}z");
        }
    }
    let paths: String = paths.iter().enumerate().map(|(shade, path)| heat(shade, path)).collect();
    format!(
        r#"<svg class="chart heat" viewBox="0 0 {side} {side}" role="img" aria-label="{summary}">
<rect class="empty" width="{side}" height="{side}"/>{paths}</svg>"#,
        side = confusion.classes().len(),
        summary = summary(confusion),
    )
}

fn heat(shade: usize, path: &str) -> String {
    match path {
        "" => String::new(),
        path => {
            let opacity = (shade as f64 + 1.0) / SHADES as f64;
            format!(r#"<path class="cell" fill-opacity="{opacity:.2}" d="{path}"/>"#)
        }
    }
}
