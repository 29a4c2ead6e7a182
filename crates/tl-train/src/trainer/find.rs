//! The search for a learning rate: steps of the last phase at rates that rise, on a copy of the network.

use std::ops::ControlFlow;
use tl_data::Progress;
use tl_report::{RateCurve, RatePoint};

use super::{Course, Lesson, Maker};
use crate::error::TrainError;
use crate::rates::{BETA, DIVERGED, RateSearch};
use crate::smooth::Smooth;
use crate::state::State;
use crate::train_state::{Batch, Pupil, StepRule};

/// A search under way.
struct Search<'a> {
    settings: &'a RateSearch,
    points: Vec<RatePoint>,
    smooth: Smooth,
    best: f64,
    stopped: Option<String>,
}

impl Lesson<'_> {
    /// Losses at rising rates, with what learns in the last phase. Neither the backbone nor the head of the lesson changes.
    pub fn find(&self, settings: &RateSearch) -> Result<RateCurve, TrainError> {
        let Some(phase) = self.phases.last() else { return Err(nothing_to_find(self)) };
        let boundary = phase.unfreeze.boundary(&self.backbone.stages())?;
        let mut pupil = self.pupil(phase, boundary, &State::default());
        let changed = self.changed_prefix(&[boundary], &pupil);
        let pictures = changed.as_ref().map(|frozen| self.pictures.on(frozen));
        let pictures = pictures.as_ref().unwrap_or(self.pictures);
        let course = self.course(phase, pictures, boundary, self.phases.len() - 1);
        let mut search = Search::new(settings);
        let mut epoch = 0;
        while self.search_epoch(&course, &mut pupil, &mut search, epoch)?.is_continue() {
            epoch += 1;
        }
        let caution = settings.caution(&search.points);
        Ok(RateCurve {
            suggestions: settings.suggest(&search.points),
            points: search.points,
            stopped: search.stopped,
            caution,
            learns: phase.unfreeze.what_learns(),
            pictures: self.train.len(),
        })
    }

    /// Steps up to the end of an epoch or of the search.
    fn search_epoch(
        &self,
        course: &Course<'_>,
        pupil: &mut Pupil,
        search: &mut Search<'_>,
        epoch: usize,
    ) -> Result<ControlFlow<()>, TrainError> {
        let maker = Maker::new(self, course, epoch);
        let drafts = (0..course.per_epoch).map(|number| maker.step(number));
        let flow = self.load(course, course.keeps, drafts, |made| {
            let batches = match made {
                Ok(batches) => batches,
                Err(error) => return ControlFlow::Break(Err(error)),
            };
            let rate = search.rate();
            let flow = search.add(rate, self.search_step(course, pupil, rate, search.points.len(), &batches));
            let (done, total) = (search.points.len(), search.settings.steps);
            self.watch.progress(Progress { done, total });
            flow.map_break(Ok)
        });
        flow.break_value().transpose().map(|end| end.map_or(ControlFlow::Continue(()), ControlFlow::Break))
    }

    fn search_step(
        &self,
        course: &Course<'_>,
        pupil: &mut Pupil,
        rate: f64,
        number: usize,
        batches: &[Batch],
    ) -> f64 {
        let share = rate / course.phase.rate;
        let key =
            ((number as u64) << 16).wrapping_add(self.pictures.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rule = StepRule { loss: &course.loss, rates: &course.rates, share, clip: self.steps.clip, key };
        pupil.step(batches, &rule)
    }
}

impl<'a> Search<'a> {
    fn new(settings: &'a RateSearch) -> Self {
        Self { settings, points: Vec::new(), smooth: Smooth::new(BETA), best: f64::INFINITY, stopped: None }
    }

    fn rate(&self) -> f64 {
        self.settings.rate(self.points.len())
    }

    fn add(&mut self, rate: f64, loss: f64) -> ControlFlow<()> {
        if !loss.is_finite() {
            self.stopped = Some(format!("at rate {rate:.1e} the loss was {loss}"));
            return ControlFlow::Break(());
        }
        let smoothed = self.smooth.add(loss);
        self.points.push(RatePoint { rate, loss, smoothed });
        self.best = self.best.min(smoothed);
        if smoothed > DIVERGED * self.best {
            self.stopped =
                Some(format!("at rate {rate:.1e} the running mean was {DIVERGED} times its lowest"));
            return ControlFlow::Break(());
        }
        if self.points.len() < self.settings.steps {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}

fn nothing_to_find(lesson: &Lesson<'_>) -> TrainError {
    TrainError::Setting {
        what: "recipe".to_owned(),
        value: lesson.steps.recipe.to_string(),
        rule: "one that trains in steps".to_owned(),
    }
}
