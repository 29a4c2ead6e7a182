//! The search for a learning rate: steps of the last phase at rates that rise, on a copy of the network.

use std::ops::ControlFlow;
use tl_data::Progress;
use tl_report::{RateCurve, RatePoint};

use super::{EpochBatches, PhaseRun, Trainer};
use crate::error::TrainError;
use crate::rates::{BETA, DIVERGED, RateSearch};
use crate::smoothed_mean::SmoothedMean;
use crate::state_dict::StateDict;
use crate::train_state::{Batch, TrainState};

/// A search under way.
struct Search<'a> {
    settings: &'a RateSearch,
    points: Vec<RatePoint>,
    smooth: SmoothedMean,
    best: f64,
    stopped: Option<String>,
}

impl Trainer<'_> {
    /// Losses at rising rates, with what learns in the last phase. Neither the backbone nor the head that it begins with changes.
    pub fn find(&self, settings: &RateSearch) -> Result<RateCurve, TrainError> {
        let Some(phase) = self.plan.phases.last() else { return Err(nothing_to_find(self)) };
        let boundary = phase.unfreeze.boundary(&self.initial.backbone.stages())?;
        let mut train_state = self.train_state(phase, boundary, &StateDict::default());
        let changed = self.changed_prefix(&[boundary], &train_state);
        let pictures = changed.as_ref().map(|frozen| self.pictures.on(frozen));
        let pictures = pictures.as_ref().unwrap_or(self.pictures);
        let phase_run = self.phase_run(phase, pictures, boundary, self.plan.phases.len() - 1);
        let mut search = Search::new(settings);
        let mut epoch = 0;
        while self.search_epoch(&phase_run, &mut train_state, &mut search, epoch)?.is_continue() {
            epoch += 1;
        }
        let caution = settings.caution(&search.points);
        Ok(RateCurve {
            suggestions: settings.suggest(&search.points),
            points: search.points,
            stopped: search.stopped,
            caution,
            learns: phase.unfreeze.what_learns(),
            pictures: self.split.train.len(),
        })
    }

    /// Steps up to the end of an epoch or of the search.
    fn search_epoch(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &mut TrainState,
        search: &mut Search<'_>,
        epoch: usize,
    ) -> Result<ControlFlow<()>, TrainError> {
        let batches_of_epoch = EpochBatches::new(self, phase_run, epoch);
        let drafts = (0..phase_run.pace.per_epoch).map(|number| batches_of_epoch.step(number));
        let flow = self.loader(phase_run).load(phase_run.batches.keep, drafts, |made| {
            let batches = match made {
                Ok(batches) => batches,
                Err(error) => return ControlFlow::Break(Err(error)),
            };
            let rate = search.rate();
            let flow = search
                .add(rate, self.search_step(phase_run, train_state, rate, search.points.len(), &batches));
            let (done, total) = (search.points.len(), search.settings.steps);
            self.monitor.observer.progress(Progress { done, total });
            flow.map_break(Ok)
        });
        flow.break_value().transpose().map(|end| end.map_or(ControlFlow::Continue(()), ControlFlow::Break))
    }

    fn search_step(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &mut TrainState,
        rate: f64,
        number: usize,
        batches: &[Batch],
    ) -> f64 {
        let share = rate / phase_run.phase.rate;
        train_state.step(batches, &self.rule(phase_run, share, (number as u64) << 16))
    }
}

impl<'a> Search<'a> {
    fn new(settings: &'a RateSearch) -> Self {
        Self {
            settings,
            points: Vec::new(),
            smooth: SmoothedMean::new(BETA),
            best: f64::INFINITY,
            stopped: None,
        }
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

fn nothing_to_find(trainer: &Trainer<'_>) -> TrainError {
    TrainError::Setting {
        what: "recipe".to_owned(),
        value: trainer.plan.steps.recipe.to_string(),
        rule: "one that trains in steps".to_owned(),
    }
}
