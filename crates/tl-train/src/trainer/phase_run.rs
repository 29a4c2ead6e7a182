//! A phase under way: how long it is, what its steps are taken by, and how much work is ahead.

use std::time::Instant;
use tl_backbones::Boundary;
use tl_heads::Loss;

use super::Trainer;
use crate::boundary_features::BoundaryFeatures;
use crate::cursor::{Cursor, Plateau};
use crate::error::TrainError;
use crate::groups::Rates;
use crate::inputs::{PictureSource, PrefixOutput};
use crate::recipe::Phase;
use crate::schedule::SchedulePosition;

/// A phase under way.
pub(super) struct PhaseRun<'a> {
    pub(super) phase: &'a Phase,
    pub(super) rates: Rates,
    pub(super) rows: BoundaryFeatures<'a>,
    pub(super) loss: Loss,
    pub(super) per_epoch: usize,
    pub(super) steps: usize,
    /// Epochs and steps of the phases before.
    pub(super) epochs_before: usize,
    pub(super) steps_before: usize,
    /// Do the training pictures come as they are?
    pub(super) plain: bool,
    /// Do the same views of them come again?
    pub(super) keeps: bool,
    /// May they be mixed?
    pub(super) mixes: bool,
    /// Work that is left after this phase, as [`StepMetrics::ahead`](super::StepMetrics::ahead) counts it.
    pub(super) ahead: Option<f64>,
    pub(super) last_save: Instant,
}

impl Trainer<'_> {
    pub(super) fn phase_run<'b>(
        &self,
        phase: &'b Phase,
        pictures: &'b PictureSource<'b>,
        boundary: Boundary,
        number: usize,
    ) -> PhaseRun<'b> {
        let at_end = boundary == self.backbone.end();
        let cut = PrefixOutput { boundary, at_end, pooling: self.steps.head.pooling };
        let (per_epoch, steps) = self.pace(phase);
        let before = self.phases.iter().take(number).map(|phase| {
            let (per_epoch, steps) = self.pace(phase);
            (steps.div_ceil(per_epoch), steps)
        });
        let (epochs_before, steps_before) = before.fold((0, 0), |sum, pace| (sum.0 + pace.0, sum.1 + pace.1));
        // A head alone trains on features that are computed once, unless changes are asked for.
        let plain = !self.steps.changes(at_end);
        let weights = self.steps.class_weights.map(|how| how.of(&self.counts()));
        PhaseRun {
            phase,
            rates: Rates::new(phase, self.backbone.stages()),
            rows: BoundaryFeatures::new(pictures, cut),
            loss: self.steps.loss.init(weights.as_deref(), &self.device.clone().autodiff()),
            per_epoch,
            steps,
            epochs_before,
            steps_before,
            plain,
            keeps: plain || self.steps.views.is_some(),
            mixes: !at_end || self.steps.changes_for_the_head(),
            ahead: self.ahead(number),
            last_save: (self.clock)(),
        }
    }

    /// Work of the phases behind this one, in steps of this one.
    pub(super) fn ahead(&self, number: usize) -> Option<f64> {
        let later = self.phases.get(number + 1..).unwrap_or_default();
        let work = |phase: &Phase| Some(self.pace(phase).1 as f64 * self.multiply_adds(phase)?);
        let here = self.phases.get(number).and_then(|phase| self.multiply_adds(phase));
        later.iter().map(|phase| Some(work(phase)? / here?)).sum()
    }

    /// Multiply-adds of a picture in a step of a phase, forwards and twice as many back; `None` if the head alone learns.
    fn multiply_adds(&self, phase: &Phase) -> Option<f64> {
        let stages = &self.pictures.summary.stages;
        let boundary = phase.unfreeze.boundary(&self.backbone.stages()).ok()?.0;
        let learning: u64 = stages.iter().skip(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen: u64 = stages.iter().take(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen = if self.pictures.augment.is_none() { 0 } else { frozen };
        (learning > 0).then_some((frozen + 3 * learning) as f64)
    }

    /// Steps of an epoch and of a phase.
    pub(super) fn pace(&self, phase: &Phase) -> (usize, usize) {
        let together = self.steps.batch * self.steps.accumulate;
        let pictures = self.train.len();
        // A single picture has no statistics for batch normalisation to learn from: it comes in another epoch.
        let alone = usize::from(pictures > together && pictures % together == 1);
        let per_epoch = (pictures - alone).div_ceil(together).max(1);
        (per_epoch, phase.steps.unwrap_or(phase.epochs * per_epoch))
    }
}

impl PhaseRun<'_> {
    /// Training has come to nothing, in the step that was taken last.
    pub(super) fn diverged(&self, cursor: &Cursor, loss: f64) -> TrainError {
        let rate = self.phase.rate * self.share(cursor.step.saturating_sub(1), cursor.plateau);
        TrainError::Diverged { phase: self.phase.name.clone(), step: cursor.step, rate, loss }
    }

    /// Share of the peak rates for the step that comes after so many.
    pub(super) fn share(&self, step: usize, plateau: Plateau) -> f64 {
        let warmup = (self.phase.warmup * self.steps as f64).round() as usize;
        let moment = SchedulePosition { step, steps: self.steps, per_epoch: self.per_epoch, warmup };
        self.phase.schedule.share(moment) * plateau.share
    }
}
