//! The panels of the dashboard: what they show, and where on the screen.

use anstream::adapter::strip_str;
use ratatui::Frame;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Borders, Chart, Dataset, GraphType, LineGauge, Paragraph, Wrap};
use tl_train::EpochMetrics;

use crate::text;

/// Height of the terminal from which on there is a chart, and width from which on there is a table of groups.
const TALL: u16 = 18;
const WIDE: u16 = 80;
/// Maximum number of points of a curve: a wide terminal has no more columns of dots.
const POINTS: usize = 1024;
const EPOCHS: [&str; 6] = ["phase", "epoch", "  loss", "validation", "  right", ""];

/// What is shown.
#[derive(Default)]
pub(crate) struct Panels {
    /// What is under way, how far it is in words, and as a share.
    pub(crate) doing: String,
    pub(crate) far: String,
    pub(crate) share: f64,
    /// Has a signal asked for an end?
    pub(crate) stopping: bool,
    /// The state of training in steps: where it is, how fast and how long.
    pub(crate) place: String,
    pub(crate) pace: String,
    /// Smoothed losses of training, and losses of validation.
    pub(crate) training: Curve,
    pub(crate) validation: Curve,
    /// Rows of [`EPOCHS`].
    epochs: Vec<Vec<String>>,
    /// Lines of the phase's table.
    pub(crate) groups: Vec<String>,
    /// Everything else that was said.
    pub(crate) notes: Vec<String>,
}

/// Losses by steps, thinned out as they become many.
pub(crate) struct Curve {
    points: Vec<(f64, f64)>,
    /// Steps between two points.
    every: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), every: 1 }
    }
}

impl Curve {
    pub(crate) fn add(&mut self, step: usize, loss: f64) {
        if !loss.is_finite() || !step.is_multiple_of(self.every) {
            return;
        }
        self.points.push((step as f64, loss));
        if self.points.len() > POINTS {
            self.every *= 2;
            self.points.retain(|(step, _)| (*step as usize).is_multiple_of(self.every));
        }
    }
}

impl Panels {
    pub(crate) fn epoch_end(&mut self, news: &EpochMetrics<'_>) {
        let (loss, right) = news.val.unzip();
        if news.best {
            // There is one best epoch.
            self.epochs.iter_mut().filter_map(|row| row.last_mut()).for_each(String::clear);
        }
        self.epochs.push(vec![
            news.phase.to_owned(),
            format!("{:>5}", news.epoch),
            format!("{:.4}", news.train_loss),
            loss.map_or_else(String::new, |loss| format!("{loss:>10.4}")),
            right.map_or_else(String::new, |right| format!("{:>7}", text::percent(right))),
            if news.best && news.val.is_some() { "best" } else { "" }.to_owned(),
        ]);
    }
}

/// A line without its colours.
pub(crate) fn plain(line: &str) -> String {
    strip_str(line).to_string()
}

/// Fills the frame.
pub(crate) fn draw(panels: &Panels, frame: &mut Frame<'_>) {
    let area = frame.area();
    let facts = [panels.place.as_str(), panels.pace.as_str()];
    let wrapped = |text: &str| text.chars().count().div_ceil(usize::from(area.width.max(1)));
    let (tall, wide) = (area.height >= TALL, area.width >= WIDE);
    // With a title and a heading.
    let rows = match panels.epochs.len().max(if wide { panels.groups.len() } else { 0 }) {
        0 => 0,
        rows => (rows + 2).min(usize::from(area.height / if tall { 3 } else { 2 })),
    };
    let parts = [
        Length(1),
        Length(facts.map(wrapped).iter().sum::<usize>() as u16),
        if tall && !panels.training.points.is_empty() { Fill(2) } else { Length(0) },
        Length(rows as u16),
        Fill(1),
    ];
    let [top, middle, chart, tables, bottom] = Layout::vertical(parts).areas(area);
    frame.render_widget(gauge(panels), top);
    frame.render_widget(Paragraph::new(facts.join("\n")).wrap(Wrap::default()), middle);
    if !chart.is_empty() {
        frame.render_widget(losses(panels), chart);
    }
    let groups = if wide { Fill(2) } else { Length(0) };
    let [left, right] = Layout::horizontal([Fill(3), groups]).areas(tables);
    frame.render_widget(epochs(panels, left), left);
    frame.render_widget(groups_of(panels, right), right);
    frame.render_widget(notes(panels, bottom), bottom);
}

fn gauge(panels: &Panels) -> LineGauge<'_> {
    let label = match panels.stopping {
        true => Line::from("stopping; Ctrl-C once more ends it at once"),
        false => Line::from(vec![panels.doing.as_str().bold(), " ".into(), panels.far.as_str().into()]),
    };
    let gauge = LineGauge::default().label(label).ratio(panels.share.clamp(0.0, 1.0));
    gauge.filled_symbol("━").unfilled_symbol("┄").filled_style(Style::new().cyan())
}

/// The chart of training and validation losses by steps.
fn losses(panels: &Panels) -> Chart<'_> {
    let points = || panels.training.points.iter().chain(&panels.validation.points);
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let all = || points().map(of);
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        if low < high { [low, high] } else { [high.max(0.0), high.max(0.0) + 1.0] }
    };
    let (steps, losses) = (bounds(|point| point.0), bounds(|point| point.1));
    let x = Axis::default().bounds(steps).labels(steps.map(|step| format!("step {step}")));
    let y = Axis::default().bounds(losses).labels(losses.map(|loss| format!("{loss:.3}")));
    let line = |curve, marker| Dataset::default().marker(marker).data(curve);
    let training = line(&panels.training.points, Marker::Braille).graph_type(GraphType::Line).cyan();
    let validation = line(&panels.validation.points, Marker::Dot).yellow();
    let title = Line::from(vec!["loss: ".into(), "⣀ training ".cyan(), "• validation".yellow()]);
    Chart::new(vec![training, validation]).x_axis(x).y_axis(y).block(panel(title))
}

/// The last epochs.
fn epochs(panels: &Panels, area: Rect) -> Paragraph<'_> {
    let rows = last(&panels.epochs, area.height.saturating_sub(2));
    let lines = text::table(&EPOCHS, rows).into_iter().map(|line| plain(&line).into());
    Paragraph::new(lines.collect::<Vec<Line<'_>>>()).block(panel("epochs".into()))
}

/// The last groups: those that learn are behind the frozen ones.
fn groups_of(panels: &Panels, area: Rect) -> Paragraph<'_> {
    let Some((head, rows)) = panels.groups.split_first() else { return Paragraph::default() };
    let lines = std::iter::once(head).chain(last(rows, area.height.saturating_sub(2)));
    Paragraph::new(lines.map(|line| line.as_str().into()).collect::<Vec<Line<'_>>>())
        .block(panel("groups".into()))
}

/// The last notes.
fn notes(panels: &Panels, area: Rect) -> Paragraph<'_> {
    let lines = last(&panels.notes, area.height.saturating_sub(1)).iter().map(|line| line.as_str().into());
    Paragraph::new(lines.collect::<Vec<Line<'_>>>()).block(panel("notes".into()))
}

fn panel(title: Line<'_>) -> Block<'_> {
    Block::new().borders(Borders::TOP).border_style(Style::new().dim()).title(title)
}

fn last<T>(all: &[T], most: u16) -> &[T] {
    &all[all.len().saturating_sub(most.into())..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_many_steps_are_thinned_out_evenly() {
        let mut curve = Curve::default();
        (1..=10_000).for_each(|step| curve.add(step, 1.0));
        curve.add(10_016, f64::NAN);
        let steps: Vec<f64> = curve.points.iter().map(|point| point.0).collect();
        assert!(steps.len() == 625 && steps.windows(2).all(|pair| pair[1] - pair[0] == 16.0), "{steps:?}");
    }
}
