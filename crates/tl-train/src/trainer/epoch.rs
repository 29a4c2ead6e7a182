//! The steps of an epoch, with a checkpoint where one is due.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tl_backbones::Boundary;

use super::{Course, DIVERGED, Lesson, Maker};
use crate::cursor::Cursor;
use crate::error::TrainError;
use crate::news::StepNews;
use crate::run_log::TrialLog;
use crate::save::Saving;
use crate::state::State;
use crate::train_state::{Batch, Pupil, StepRule};

impl Lesson<'_> {
    /// Steps up to the end of the epoch.
    pub(super) fn epoch(
        &self,
        course: &mut Course<'_>,
        pupil: &mut Pupil,
        cursor: &mut Cursor,
        best: &mut State,
        lowest: Boundary,
    ) -> Result<(), TrainError> {
        let begun = cursor.epoch * course.per_epoch;
        let jobs = cursor.step - begun..course.per_epoch.min(course.steps - begun);
        let maker = Maker::new(self, course, cursor.epoch);
        let drafts = jobs.map(|number| maker.step(number));
        let mut last_save = course.last_save;
        let shared = &*course;
        let flow = self.load(shared, shared.keeps, drafts, |made| {
            let done = made.and_then(|batches| {
                self.step(shared, pupil, cursor, &batches)?;
                if self.is_due(last_save, cursor) {
                    self.save(shared, pupil, lowest, cursor, best)?;
                    last_save = (self.clock)();
                    self.stop_if_asked()?;
                }
                Ok(())
            });
            done.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        });
        course.last_save = last_save;
        flow.break_value().map_or(Ok(()), Err)
    }

    /// Is it time for a checkpoint, or has somebody asked to stop?
    pub(super) fn is_due(&self, last: Instant, cursor: &Cursor) -> bool {
        let minutes =
            Duration::try_from_secs_f64(self.steps.checkpoint_minutes * 60.0).unwrap_or(Duration::MAX);
        let steps = self.steps.checkpoint_steps;
        self.watch.stop()
            || self.checkpoints.is_some()
                && ((self.clock)().saturating_duration_since(last) >= minutes
                    || steps.is_some_and(|steps| cursor.step.is_multiple_of(steps.max(1))))
    }

    pub(super) fn stop_if_asked(&self) -> Result<(), TrainError> {
        if self.watch.stop() { Err(TrainError::Stopped { run: self.run.to_owned() }) } else { Ok(()) }
    }

    fn step(
        &self,
        course: &Course<'_>,
        pupil: &mut Pupil,
        cursor: &mut Cursor,
        batches: &[Batch],
    ) -> Result<(), TrainError> {
        let share = course.share(cursor.step, cursor.plateau);
        // Steps of all phases together stay far below 2^40, batches of a step below 2^16.
        let number = ((cursor.phase as u64) << 56) | ((cursor.step as u64) << 16);
        let key = number.wrapping_add(self.pictures.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rule = StepRule { loss: &course.loss, rates: &course.rates, share, clip: self.steps.clip, key };
        let loss = pupil.step(batches, &rule);
        let (phase, rate) = (course.phase.name.as_str(), course.phase.rate * share);
        cursor.step += 1;
        if !loss.is_finite() || loss > DIVERGED {
            return Err(course.diverged(cursor, loss));
        }
        let pictures = batches.iter().map(|batch| batch.pictures).sum();
        cursor.sum.add(loss, pictures);
        let (step, steps, per_epoch) = (cursor.step, course.steps, course.per_epoch);
        let ahead = course.ahead;
        let news = StepNews { phase, step, steps, per_epoch, loss, rate, pictures, ahead };
        self.watch.trained(&news);
        self.log.map_or(Ok(()), |log| log.step(&news, course.steps_before + step))
    }

    pub(super) fn save(
        &self,
        course: &Course<'_>,
        pupil: &Pupil,
        lowest: Boundary,
        cursor: &Cursor,
        best: &State,
    ) -> Result<(), TrainError> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        let logged = self.log.map_or(Ok(cursor.logged), TrialLog::sync)?;
        let saved = Saving {
            cursor: Cursor { logged, ..cursor.clone() },
            pupil,
            lowest,
            best,
            place: (course.phase.name.as_str(), cursor.step),
        };
        saved.commit(checkpoints, (course.steps_before + cursor.step) as u64)
    }
}
