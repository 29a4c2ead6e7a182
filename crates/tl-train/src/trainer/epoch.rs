//! The steps of an epoch, with a checkpoint where one is due.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tl_backbones::Boundary;

use super::{DIVERGED, EpochBatches, PhaseRun, Trainer};
use crate::cursor::Cursor;
use crate::error::TrainError;
use crate::metrics::StepMetrics;
use crate::run_log::TrialLog;
use crate::snapshot::SnapshotRef;
use crate::state_dict::StateDict;
use crate::train_state::{Batch, StepRule, TrainState};

impl Trainer<'_> {
    /// Steps up to the end of the epoch.
    pub(super) fn epoch(
        &self,
        phase_run: &mut PhaseRun<'_>,
        train_state: &mut TrainState,
        cursor: &mut Cursor,
        best: &mut StateDict,
        lowest: Boundary,
    ) -> Result<(), TrainError> {
        let begun = cursor.epoch * phase_run.pace.per_epoch;
        let jobs = cursor.step - begun..phase_run.pace.per_epoch.min(phase_run.pace.steps - begun);
        let batches_of_epoch = EpochBatches::new(self, phase_run, cursor.epoch);
        let drafts = jobs.map(|number| batches_of_epoch.step(number));
        let mut last_save = phase_run.last_save;
        let shared = &*phase_run;
        let flow = self.loader(shared).load(shared.batches.keep, drafts, |made| {
            let done = made.and_then(|batches| {
                self.step(shared, train_state, cursor, &batches)?;
                if self.is_due(last_save, cursor) {
                    self.save(shared, train_state, lowest, cursor, best)?;
                    last_save = (self.monitor.clock)();
                    self.stop_if_asked()?;
                }
                Ok(())
            });
            done.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        });
        phase_run.last_save = last_save;
        flow.break_value().map_or(Ok(()), Err)
    }

    /// Whether a checkpoint is due: it is time for one, or somebody asked to stop.
    pub(super) fn is_due(&self, last: Instant, cursor: &Cursor) -> bool {
        let minutes =
            Duration::try_from_secs_f64(self.plan.steps.checkpoint_minutes * 60.0).unwrap_or(Duration::MAX);
        let steps = self.plan.steps.checkpoint_steps;
        self.monitor.observer.stop()
            || self.monitor.checkpoints.is_some()
                && ((self.monitor.clock)().saturating_duration_since(last) >= minutes
                    || steps.is_some_and(|steps| cursor.step.is_multiple_of(steps.max(1))))
    }

    pub(super) fn stop_if_asked(&self) -> Result<(), TrainError> {
        if self.monitor.observer.stop() {
            Err(TrainError::Stopped { run: self.monitor.run.to_owned() })
        } else {
            Ok(())
        }
    }

    fn step(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &mut TrainState,
        cursor: &mut Cursor,
        batches: &[Batch],
    ) -> Result<(), TrainError> {
        let share = phase_run.share(cursor.step, cursor.plateau);
        // Steps of all phases together stay far below 2^40, batches of a step below 2^16.
        let number = ((cursor.phase as u64) << 56) | ((cursor.step as u64) << 16);
        let loss = train_state.step(batches, &self.rule(phase_run, share, number));
        let (phase, rate) = (phase_run.phase.name.as_str(), phase_run.phase.rate * share);
        cursor.step += 1;
        if !loss.is_finite() || loss > DIVERGED {
            return Err(phase_run.diverged(cursor, loss));
        }
        let pictures = batches.iter().map(|batch| batch.pictures).sum();
        cursor.sum.add(loss, pictures);
        let (step, steps, per_epoch) = (cursor.step, phase_run.pace.steps, phase_run.pace.per_epoch);
        let ahead = phase_run.ahead;
        let news = StepMetrics { phase, step, steps, per_epoch, loss, rate, pictures, ahead };
        self.monitor.observer.step_end(&news);
        self.monitor.log.map_or(Ok(()), |log| log.step(&news, phase_run.before.steps + step))
    }

    /// How a step of a phase is taken, at this share of the peak rates; its dropout comes from the seed and from `number`.
    pub(super) fn rule<'b>(&self, phase_run: &'b PhaseRun<'_>, share: f64, number: u64) -> StepRule<'b> {
        StepRule {
            loss: &phase_run.loss,
            rates: &phase_run.rates,
            share,
            clip: self.plan.steps.clip,
            key: number.wrapping_add(self.pictures.input.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        }
    }

    pub(super) fn save(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &TrainState,
        lowest: Boundary,
        cursor: &Cursor,
        best: &StateDict,
    ) -> Result<(), TrainError> {
        let Some(checkpoints) = self.monitor.checkpoints else { return Ok(()) };
        let logged = self.monitor.log.map_or(Ok(cursor.logged), TrialLog::sync)?;
        let saved = SnapshotRef {
            cursor: Cursor { logged, ..cursor.clone() },
            train_state,
            lowest,
            best,
            place: (phase_run.phase.name.as_str(), cursor.step),
        };
        saved.commit(checkpoints, (phase_run.before.steps + cursor.step) as u64)
    }
}
