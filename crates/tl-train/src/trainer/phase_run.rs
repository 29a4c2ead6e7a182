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
    pub(super) pace: Pace,
    /// What the phases before came to.
    pub(super) before: Before,
    pub(super) batches: BatchRules,
    /// Work that is left after this phase, as [`StepMetrics::ahead`](super::StepMetrics::ahead) counts it.
    pub(super) ahead: Option<f64>,
    /// When the last checkpoint was written.
    pub(super) last_save: Instant,
}

/// How many steps an epoch and a phase have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) per_epoch: usize,
    pub(super) steps: usize,
}

/// Epochs and steps of earlier phases.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    pub(super) epochs: usize,
    pub(super) steps: usize,
}

/// What may happen to the pictures of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchRules {
    /// Training pictures are not augmented.
    pub(super) plain: bool,
    /// The same views of them come again, so that what is computed of them is kept.
    pub(super) keep: bool,
    /// They may be mixed, by MixUp or CutMix.
    pub(super) mix: bool,
}

impl Trainer<'_> {
    pub(super) fn phase_run<'b>(
        &self,
        phase: &'b Phase,
        pictures: &'b PictureSource<'b>,
        boundary: Boundary,
        number: usize,
    ) -> PhaseRun<'b> {
        let at_end = boundary == self.initial.backbone.end();
        let cut = PrefixOutput { boundary, at_end, pooling: self.plan.steps.head.pooling };
        let before = self.plan.phases.iter().take(number).fold(Before::default(), |before, phase| {
            let Pace { per_epoch, steps } = self.pace(phase);
            Before { epochs: before.epochs + steps.div_ceil(per_epoch), steps: before.steps + steps }
        });
        // A head alone trains on features that are computed once, unless changes are asked for.
        let plain = !self.plan.steps.changes(at_end);
        let weights = self.plan.steps.class_weights.map(|how| how.of(&self.counts()));
        PhaseRun {
            phase,
            rates: Rates::new(phase, self.initial.backbone.stages()),
            rows: BoundaryFeatures::new(pictures, cut),
            loss: self.plan.steps.loss.init(weights.as_deref(), &self.compute.device.clone().autodiff()),
            pace: self.pace(phase),
            before,
            batches: BatchRules {
                plain,
                keep: plain || self.plan.steps.views.is_some(),
                mix: !at_end || self.plan.steps.changes_for_the_head(),
            },
            ahead: self.ahead(number),
            last_save: (self.monitor.clock)(),
        }
    }

    /// Work of the phases behind this one, in steps of this one.
    pub(super) fn ahead(&self, number: usize) -> Option<f64> {
        let later = self.plan.phases.get(number + 1..).unwrap_or_default();
        let work = |phase: &Phase| Some(self.pace(phase).steps as f64 * self.multiply_adds(phase)?);
        let here = self.plan.phases.get(number).and_then(|phase| self.multiply_adds(phase));
        later.iter().map(|phase| Some(work(phase)? / here?)).sum()
    }

    /// Multiply-adds of a picture in a step of a phase, forwards and twice as many back; `None` if the head alone learns.
    fn multiply_adds(&self, phase: &Phase) -> Option<f64> {
        let stages = &self.pictures.network.summary.stages;
        let boundary = phase.unfreeze.boundary(&self.initial.backbone.stages()).ok()?.0;
        let learning: u64 = stages.iter().skip(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen: u64 = stages.iter().take(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen = if self.pictures.input.augment.is_none() { 0 } else { frozen };
        (learning > 0).then_some((frozen + 3 * learning) as f64)
    }

    /// Steps of an epoch and of a phase.
    pub(super) fn pace(&self, phase: &Phase) -> Pace {
        let together = self.plan.steps.batch * self.plan.steps.accumulate;
        let pictures = self.split.train.len();
        // A single picture has no statistics for batch normalisation to learn from: it comes in another epoch.
        let alone = usize::from(pictures > together && pictures % together == 1);
        let per_epoch = (pictures - alone).div_ceil(together).max(1);
        Pace { per_epoch, steps: phase.steps.unwrap_or(phase.epochs * per_epoch) }
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
        let warmup = (self.phase.warmup * self.pace.steps as f64).round() as usize;
        let moment =
            SchedulePosition { step, steps: self.pace.steps, per_epoch: self.pace.per_epoch, warmup };
        self.phase.schedule.share(moment) * plateau.share
    }
}
