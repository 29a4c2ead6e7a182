//! The dashboard: how far a job is, on the whole screen of a terminal.

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tl_data::{Dataset, Progress};
use tl_files::shown;
use tl_model::FetchObserver;
use tl_pipeline::{JobStage, Observer};
use tl_report::Choice;
use tl_train::{Checkpoint, EpochMetrics, Group, Phase, StepMetrics, TrainObserver};
use tl_weights::{Event, Weights};

use crate::panels::{self, Panels};
use crate::phase_progress::{PhaseProgress, far};
use crate::progress::doing;
use crate::screen::{self, Frames};
use crate::signals::Stop;
use crate::verbosity::Verbosity;
use crate::{terminal, text, transfer};

/// The screen is drawn this often,
const EVERY: Duration = Duration::from_millis(100);
/// and so many drawings later in whole, over what keys have left there.
const WHOLE: usize = 50;

/// Shows a job on the whole screen; what else would be said on standard error is said there when it is over.
pub(crate) struct Dashboard {
    verbosity: Verbosity,
    stop: Stop,
    state: Arc<Mutex<State>>,
}

/// What has been seen of the job.
struct State {
    panels: Panels,
    /// Lines for the end.
    said: Vec<String>,
    /// The step's beginning.
    begun: Instant,
    /// Progress of training in steps: what has been seen of the phase, when last, and steps up to then and before the
    /// phase.
    progress: PhaseProgress,
    seen: Instant,
    steps: usize,
    before: usize,
}

impl Dashboard {
    /// Takes the screen.
    ///
    /// # Errors
    /// If nothing is to be said, or standard error is no terminal, or not one that can be drawn on.
    pub(crate) fn open(verbosity: Verbosity) -> Result<Self> {
        let conflict = |message: &str| Err(clap::Error::raw(ErrorKind::ArgumentConflict, message).into());
        if verbosity == Verbosity::Quiet {
            // clap does not see it where `--quiet` comes before the command.
            return conflict("the argument '--tui' cannot be used with '--quiet'\n");
        }
        if !std::io::stderr().is_terminal() {
            return conflict("--tui needs a terminal; leave it out\n");
        }
        let stop = Stop::after(screen::leave)?;
        let terminal = screen::take().context("cannot draw on this terminal; leave `--tui` out")?;
        let state = Arc::new(Mutex::new(State::new(Instant::now())));
        let (seen, asked) = (Arc::clone(&state), stop.clone());
        thread::spawn(move || draw(terminal, &seen, &asked));
        Ok(Self { verbosity, stop, state })
    }

    /// Leaves the screen, and says what was said.
    pub(crate) fn finish(&self) {
        screen::leave();
        self.lock().said.iter().for_each(|line| anstream::eprintln!("{}", terminal::line(line)));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws until the screen is left.
fn draw(mut terminal: Terminal<CrosstermBackend<Frames>>, state: &Mutex<State>, stop: &Stop) {
    for times in 1_usize.. {
        if !screen::is_taken() {
            return;
        }
        // A terminal that is gone is no reason to end the job.
        let whole = times.is_multiple_of(WHOLE).then(|| terminal.size()).and_then(Result::ok);
        let _gone = whole.map(|size| terminal.resize(size.into()));
        let _gone = terminal.draw(|frame| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.panels.stopping = stop.is_set();
            panels::draw(&state.panels, frame);
        });
        thread::sleep(EVERY);
    }
}

impl State {
    fn new(now: Instant) -> Self {
        let (panels, said, progress) = (Panels::default(), Vec::new(), PhaseProgress::new());
        Self { panels, said, begun: now, progress, seen: now, steps: 0, before: 0 }
    }

    /// Work of this name begins.
    fn begin(&mut self, doing: &str, now: Instant) {
        let panels = &mut self.panels;
        (panels.doing, panels.share, self.begun) = (shown(doing).to_string(), 0.0, now);
        [&mut panels.far, &mut panels.pace].into_iter().for_each(String::clear);
    }

    fn say(&mut self, line: String) {
        self.panels.notes.push(panels::plain(&line));
        self.said.push(line);
    }

    fn progress(&mut self, progress: Progress, now: Instant) {
        let share = progress.done as f64 / progress.total.max(1) as f64;
        // Files finish in any order on several threads.
        if share >= self.panels.share {
            (self.panels.far, self.panels.share) = (far(progress, now - self.begun), share);
        }
    }

    fn phase(&mut self, phase: &Phase, groups: &[Group], now: Instant) {
        self.begin(&phase.name, now);
        self.said.extend(text::phase(phase, groups));
        self.panels.groups = text::groups(groups).iter().map(|line| panels::plain(line)).collect();
        (self.progress, self.seen, self.before) = (PhaseProgress::new(), now, self.steps);
    }

    fn step_end(&mut self, news: &StepMetrics<'_>, now: Instant) {
        let loss = self.progress.add(news, now - self.seen);
        (self.seen, self.steps) = (now, self.before + news.step);
        let panels = &mut self.panels;
        (panels.place, panels.pace) =
            (shown(self.progress.place(news)).to_string(), self.progress.pace(news));
        panels.far = format!("{} of {} steps", news.step, news.steps);
        panels.share = news.step as f64 / news.steps.max(1) as f64;
        panels.training.add(self.steps, loss);
    }

    fn epoch_end(&mut self, news: &EpochMetrics<'_>) {
        self.said.push(text::epoch(news));
        if let Some((loss, _)) = news.val {
            self.panels.validation.add(self.steps, loss);
        }
        self.panels.epoch_end(news);
    }
}

impl FetchObserver for Dashboard {
    fn fetching(&self, weights: &Weights) {
        let mut state = self.lock();
        state.begin(&format!("fetching {}", weights.name), Instant::now());
        state.say(transfer::announced(weights));
    }

    fn transfer(&self, event: Event<'_>) {
        let mut state = self.lock();
        if let Event::Received { done, total } = event {
            state.panels.far = text::megabytes(done);
            state.panels.share = total.map_or(0.0, |total| done as f64 / total.max(1) as f64);
        }
        transfer::said(&event).into_iter().for_each(|line| state.say(line));
    }
}

impl TrainObserver for Dashboard {
    fn progress(&self, progress: Progress) {
        self.lock().progress(progress, Instant::now());
    }

    fn phase(&self, phase: &Phase, groups: &[Group]) {
        self.lock().phase(phase, groups, Instant::now());
    }

    fn step_end(&self, news: &StepMetrics<'_>) {
        self.lock().step_end(news, Instant::now());
    }

    fn epoch_end(&self, news: &EpochMetrics<'_>) {
        self.lock().epoch_end(news);
    }

    fn resumed(&self, checkpoint: &Checkpoint) {
        text::resumed(checkpoint).into_iter().for_each(|line| self.lock().say(line));
    }

    fn noted(&self, what: &str, note: &str) {
        self.lock().say(text::row(what, note));
    }

    fn stop(&self) -> bool {
        self.stop.asked()
    }
}

impl Observer for Dashboard {
    fn stage(&self, step: JobStage) {
        self.stop.leave();
        self.lock().begin(doing(step), Instant::now());
    }

    fn scanned(&self, data: &Dataset) {
        let lines = text::scanned(data, self.verbosity == Verbosity::Verbose);
        lines.into_iter().for_each(|line| self.lock().say(line));
    }

    fn tried(&self, what: &str) {
        if self.verbosity == Verbosity::Verbose {
            self.lock().say(text::row("tried", what));
        }
    }

    fn chosen(&self, choice: &Choice) {
        self.lock().say(text::chosen(choice));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::backend::TestBackend;

    fn news(step: usize) -> StepMetrics<'static> {
        let loss = 2.0 / step as f64;
        let ahead = Some(0.0);
        StepMetrics { phase: "tune", step, steps: 40, per_epoch: 8, loss, rate: 1e-3, pictures: 32, ahead }
    }

    /// A phase of two groups, so many steps of half a second, and an epoch for each eight of them.
    fn trained(steps: usize) -> State {
        let mut now = Instant::now();
        let mut state = State::new(now);
        state.begin("reading files", now);
        state.say(text::row("skipped", "a\tb.jpg: the file is empty"));
        let group = |name: &str, rate| Group { name: name.to_owned(), parameters: 7686, rate };
        let phase = Phase { name: "tune".to_owned(), ..Phase::default() };
        state.phase(&phase, &[group("stem", None), group("head", Some(1e-3))], now);
        for step in 1..=steps {
            now += Duration::from_millis(500);
            state.step_end(&news(step), now);
            if step.is_multiple_of(8) {
                let epoch = step / 8;
                let (val, best) = (Some((1.0 / epoch as f64, 0.5)), epoch < 3);
                state.epoch_end(&EpochMetrics { phase: "tune", epoch, train_loss: 0.25, val, best });
            }
        }
        state
    }

    fn drawn(state: &State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| panels::draw(&state.panels, frame)).unwrap();
        terminal.backend().to_string()
    }

    fn assert_has(screen: &str, parts: &[&str]) {
        parts.iter().for_each(|part| assert!(screen.contains(part), "no `{part}` in\n{screen}"));
    }

    #[test]
    fn a_large_screen_shows_everything_and_a_small_one_what_matters_most() {
        let state = trained(24);
        let parts = [
            "tune 24 of 40 steps ━",
            "tune: epoch 3/5, step 24/40, loss ",
            "64 pictures/s, 8 s left",
            "    2  0.2500      0.5000   50.0 %  best",
            "    3  0.2500      0.3333   50.0 %   ",
            r"skipped   a\tb.jpg: the file is empty",
        ];
        let large = drawn(&state, 100, 30);
        assert_has(&large, &parts);
        assert_has(
            &large,
            &["loss: ⣀ training • validation", "step 24", "stem        7,686  frozen", "1.0e-3"],
        );
        let small = drawn(&state, 40, 10);
        assert_has(&small, &["tune 24 of 40 steps ━", parts[1], parts[2], "epochs", "notes"]);
        assert!(!small.contains("training •"), "{small}");
    }

    #[test]
    fn before_training_there_are_the_work_under_way_and_notes() {
        let now = Instant::now();
        let mut state = State::new(now);
        state.begin("reading files", now);
        for done in [20, 10] {
            state.progress(Progress { done, total: 80 }, now + Duration::from_secs(5));
        }
        state.say(text::row("device", "cpu"));
        assert_has(
            &drawn(&state, 60, 8),
            &["reading files 20 of 80, 15 s left ━", "notes──", "device    cpu"],
        );
        state.panels.stopping = true;
        assert_has(&drawn(&state, 60, 8), &["stopping; Ctrl-C once more"]);
    }

    #[test]
    fn what_was_said_is_kept_with_phases_and_epochs() {
        let said: Vec<String> = trained(8).said.iter().map(|line| panels::plain(line)).collect();
        let begins = [r"skipped   a\tb.jpg", "phase     tune: trains", "          group", "          stem"];
        let begins = begins.iter().chain(&["          head", "epoch     1 of tune: loss 0.2500"]);
        assert!(said.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{said:?}");
    }

    proptest! {
        #[test]
        fn no_size_is_too_small(width in 1_u16..=200, height in 1_u16..=60, steps in 0_usize..20) {
            let mut state = trained(steps);
            drawn(&state, width, height);
            state.panels.training = Default::default();
            drawn(&state, width, height);
        }
    }
}
