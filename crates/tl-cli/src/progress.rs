//! Progress, how far a job is: a bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tl_data::{Dataset, Progress};
use tl_files::shown;
use tl_model::FetchObserver;
use tl_pipeline::{JobStage, Observer};
use tl_report::Choice;
use tl_train::{Checkpoint, EpochMetrics, Group, Phase, StepMetrics, TrainObserver};
use tl_weights::{Event, Weights};

use crate::phase_progress::{PhaseProgress, far};
use crate::signals::Stop;
use crate::terminal;
use crate::text;
use crate::transfer::Transfer;
use crate::verbosity::{EVERY, Verbosity, has_bars};

/// Shows a job on standard error.
pub(crate) struct Display {
    verbosity: Verbosity,
    bars: bool,
    state: Mutex<State>,
    transfer: Mutex<Option<Transfer>>,
    stop: Option<Stop>,
}

struct State {
    step: JobStage,
    bar: ProgressBar,
    begun: Instant,
    said: Instant,
    /// Progress of training in steps: what has been seen of the phase, and when last.
    progress: PhaseProgress,
    seen: Instant,
}

impl Display {
    pub(crate) fn new(verbosity: Verbosity) -> Self {
        let now = Instant::now();
        let state = State {
            step: JobStage::Scan,
            bar: ProgressBar::hidden(),
            begun: now,
            said: now,
            progress: PhaseProgress::new(),
            seen: now,
        };
        let (bars, transfer) = (has_bars(verbosity), Mutex::default());
        Self { verbosity, bars, state: Mutex::new(state), transfer, stop: None }
    }

    /// Signals stop the job where it can be gone on with.
    pub(crate) fn stopped_by(self, stop: Stop) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.download().take();
        self.lock().bar.finish_and_clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn download(&self) -> std::sync::MutexGuard<'_, Option<Transfer>> {
        self.transfer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the bar off the screen while something else is written.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.lock().bar.suspend(write)
    }

    fn say(&self, line: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.lock().bar.suspend(|| anstream::eprintln!("{}", terminal::line(line)));
        }
    }
}

impl FetchObserver for Display {
    fn fetching(&self, weights: &Weights) {
        self.lock().bar.finish_and_clear();
        *self.download() = Some(Transfer::of(weights, self.verbosity));
    }

    fn transfer(&self, event: Event<'_>) {
        if let Some(transfer) = self.download().as_ref() {
            transfer.show(event);
        }
    }
}

impl TrainObserver for Display {
    fn progress(&self, progress: Progress) {
        let mut state = self.lock();
        state.bar.set_length(progress.total as u64);
        // Files finish in any order on several threads.
        state.bar.set_position(state.bar.position().max(progress.done as u64));
        if self.verbosity == Verbosity::Quiet || self.bars || state.said.elapsed() < EVERY {
            return;
        }
        state.said = Instant::now();
        eprintln!("{}: {}", doing(state.step), far(progress, state.begun.elapsed()));
    }

    fn phase(&self, phase: &Phase, groups: &[Group]) {
        text::phase(phase, groups).iter().for_each(|line| self.say(line));
        let mut state = self.lock();
        (state.progress, state.seen) = (PhaseProgress::new(), Instant::now());
        state.bar.set_style(style("{spinner} {wide_msg}\n  {prefix} {wide_bar}"));
        state.bar.set_message(shown(&phase.name).to_string());
        state.bar.set_prefix("");
        state.bar.set_position(0);
    }

    fn step_end(&self, news: &StepMetrics<'_>) {
        let mut state = self.lock();
        state.bar.set_length(news.steps as u64);
        state.bar.set_position(news.step as u64);
        let took = state.seen.elapsed();
        state.seen = Instant::now();
        state.progress.add(news, took);
        let (place, pace) = (shown(state.progress.place(news)).to_string(), state.progress.pace(news));
        state.bar.set_prefix(format!("{} {pace}", state.progress.curve()));
        state.bar.set_message(place.clone());
        if self.verbosity == Verbosity::Quiet || self.bars || state.said.elapsed() < EVERY {
            return;
        }
        state.said = Instant::now();
        eprintln!("{place}, {pace}");
    }

    fn epoch_end(&self, news: &EpochMetrics<'_>) {
        self.say(&text::epoch(news));
    }

    fn resumed(&self, checkpoint: &Checkpoint) {
        text::resumed(checkpoint).iter().for_each(|line| self.say(line));
    }

    fn noted(&self, what: &str, note: &str) {
        self.say(&text::row(what, note));
    }

    fn stop(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::asked)
    }
}

impl Observer for Display {
    fn stage(&self, step: JobStage) {
        if let Some(stop) = &self.stop {
            stop.leave();
        }
        self.download().take();
        let mut state = self.lock();
        state.bar.finish_and_clear();
        let now = Instant::now();
        let bar = if self.bars { bar(step) } else { ProgressBar::hidden() };
        *state = State { step, bar, begun: now, said: now, progress: PhaseProgress::new(), seen: now };
    }

    fn scanned(&self, data: &Dataset) {
        text::scanned(data, self.verbosity == Verbosity::Verbose).iter().for_each(|line| self.say(line));
    }

    fn tried(&self, what: &str) {
        if self.verbosity == Verbosity::Verbose {
            self.say(&text::row("tried", what));
        }
    }

    fn chosen(&self, choice: &Choice) {
        self.say(&text::chosen(choice));
    }
}

fn bar(step: JobStage) -> ProgressBar {
    let style = style("{spinner} {msg} {wide_bar} {pos}/{len} {per_sec} {eta} left");
    let bar = ProgressBar::new(0).with_style(style).with_message(doing(step));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

pub(crate) fn doing(step: JobStage) -> &'static str {
    match step {
        JobStage::Scan => "reading files",
        JobStage::Load => "loading the network",
        JobStage::Extract => "computing features",
        JobStage::Choose => "choosing settings",
        JobStage::Train => "training the head",
        JobStage::Write => "writing the run",
    }
}
