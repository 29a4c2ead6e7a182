//! How far a download is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tl_weights::{Event, Weights};

use crate::terminal;
use crate::text::{megabytes, row};
use crate::verbosity::{EVERY, Verbosity, has_bars};

const BAR: &str = "{spinner} {msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";

/// Shows one download on standard error.
pub(crate) struct Transfer {
    name: &'static str,
    verbosity: Verbosity,
    bar: ProgressBar,
    state: Mutex<State>,
}

struct State {
    /// Time and bytes at the first event: what an earlier run left is not speed.
    begun: Option<(Instant, u64)>,
    said: Instant,
}

impl Transfer {
    /// Says what is about to be fetched.
    pub(crate) fn of(weights: &Weights, verbosity: Verbosity) -> Self {
        let bar = if has_bars(verbosity) { bar(weights) } else { ProgressBar::hidden() };
        let state = Mutex::new(State { begun: None, said: Instant::now() });
        let transfer = Self { name: weights.name, verbosity, bar, state };
        transfer.say(&announced(weights));
        transfer
    }

    /// Follows the download.
    pub(crate) fn show(&self, event: Event<'_>) {
        match event {
            Event::Received { done, total } => self.received(done, total),
            other => said(&other).iter().for_each(|line| self.say(line)),
        }
    }

    fn received(&self, done: u64, total: Option<u64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = state.begun.is_none();
        let (begun, at) = *state.begun.get_or_insert((Instant::now(), done));
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if first {
            self.bar.reset_eta();
        }
        if !self.bar.is_hidden() || self.verbosity == Verbosity::Quiet || state.said.elapsed() < EVERY {
            return;
        }
        state.said = Instant::now();
        let rate = done.saturating_sub(at) as f64 / begun.elapsed().as_secs_f64();
        eprintln!("{}: {}", self.name, progress(done, total, rate));
    }

    fn say(&self, line: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.bar.suspend(|| anstream::eprintln!("{}", terminal::line(line)));
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is about to be fetched.
pub(crate) fn announced(weights: &Weights) -> String {
    let (name, size) = (weights.name, megabytes(weights.bytes));
    let (licence, place) = (weights.licence, weights.place());
    row("weights", &format!("{name} is not here: fetching {size} ({licence}) from {place}"))
}

/// What is worth a line.
pub(crate) fn said(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Received { .. } => None,
        Event::Waiting => Some(row("", "another process is fetching it: waiting")),
        Event::Retrying { fault, pause } => {
            Some(row("", &format!("{fault}; trying again in {} s", pause.as_secs_f32().ceil())))
        }
    }
}

fn bar(weights: &Weights) -> ProgressBar {
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(weights.bytes).with_style(style).with_message(weights.name);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// `12.3 of 97.8 MB, 3.1 MB/s, 28 s left`; `rate` in bytes per second.
fn progress(done: u64, total: Option<u64>, rate: f64) -> String {
    let rated = format!("{:.1} MB/s", rate / 1e6);
    match total.filter(|_| rate > 0.0) {
        Some(total) => {
            let left = total.saturating_sub(done) as f64 / rate;
            format!("{:.1} of {}, {rated}, {left:.0} s left", done as f64 / 1e6, megabytes(total))
        }
        None => format!("{}, {rated}", megabytes(done)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        assert_eq!(progress(12_300_000, Some(97_800_000), 3.05e6), "12.3 of 97.8 MB, 3.0 MB/s, 28 s left");
        assert_eq!(progress(12_300_000, None, 1e6), "12.3 MB, 1.0 MB/s");
        assert_eq!(progress(0, Some(1_000_000), 0.0), "0.0 MB, 0.0 MB/s");
    }
}
