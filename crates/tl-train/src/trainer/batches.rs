//! The batches of an epoch: which pictures each has.

use tl_data::{ClassId, SampleId, Sampler};
use tl_image::{BatchKey, Blend};

use super::{PhaseRun, Trainer};
use crate::boundary_features::BatchPlan;
use crate::inputs::View;

/// Says which pictures the batches of an epoch have, and how they look.
pub(super) struct EpochBatches<'a> {
    trainer: &'a Trainer<'a>,
    phase_run: &'a PhaseRun<'a>,
    sampler: Sampler,
    epoch: usize,
}

impl<'a> EpochBatches<'a> {
    pub(super) fn new(trainer: &'a Trainer<'a>, phase_run: &'a PhaseRun<'a>, epoch: usize) -> Self {
        // A picture of several classes comes as often as its rarest; those of none are as a class of their own.
        let counts = trainer.counts();
        let none = ClassId(counts.len());
        let rarest = |&id: &SampleId| trainer.labels(id).min_by_key(|class| counts[class.0]).unwrap_or(none);
        let labels: Vec<ClassId> = trainer.split.train.iter().map(rarest).collect();
        let epoch = phase_run.before.epochs + epoch;
        let sampler =
            Sampler::new(&labels, trainer.plan.steps.sampler, trainer.pictures.input.seed, epoch as u64);
        Self { trainer, phase_run, sampler, epoch }
    }

    /// The batches of a step.
    pub(super) fn step(&self, number: usize) -> Vec<BatchPlan> {
        let steps = self.trainer.plan.steps;
        let together = steps.batch * steps.accumulate;
        let end = self.sampler.len().min((number + 1) * together);
        let ids: Vec<SampleId> =
            (number * together..end).map(|i| self.trainer.split.train[self.sampler.at(i)]).collect();
        // Several devices share the pictures of a step out.
        let batches = steps.accumulate.max(self.trainer.compute.devices.len());
        // As evenly as can be: a picture on its own has no statistics for batch normalisation to learn from.
        let parts = ids.len().div_ceil(together.div_ceil(batches)).max(1);
        let chunks = ids.chunks(ids.len().div_ceil(parts).max(1)).enumerate();
        chunks.map(|(i, ids)| self.draft(number * batches + i, ids)).collect()
    }

    fn draft(&self, number: usize, ids: &[SampleId]) -> BatchPlan {
        let epoch = self.epoch as u64;
        let view = match self.trainer.plan.steps.views {
            _ if self.phase_run.batches.plain => View::Plain,
            Some(views) => View::Changed(epoch % views),
            None => View::Changed(epoch),
        };
        let blend = if self.phase_run.batches.mix { self.blend(number, ids.len()) } else { None };
        // Mixed pictures never come again.
        let keep = self.phase_run.batches.keep && blend.is_none();
        BatchPlan { ids: ids.to_vec(), view, keep, blend }
    }

    /// MixUp, CutMix, or the two in turn.
    fn blend(&self, batch: usize, len: usize) -> Option<Blend> {
        let key = BatchKey {
            seed: self.trainer.pictures.input.seed,
            epoch: self.epoch as u64,
            batch: batch as u64,
        };
        let side = self.trainer.pictures.input.preprocess.size as usize;
        let mixup = || self.trainer.plan.steps.mixup.map(|mixup| mixup.draw(key, len));
        let cutmix = || self.trainer.plan.steps.cutmix.map(|cutmix| cutmix.draw(key, len, (side, side)));
        if batch.is_multiple_of(2) { mixup().or_else(cutmix) } else { cutmix().or_else(mixup) }
    }
}

impl Trainer<'_> {
    pub(super) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes()];
        self.split.train.iter().flat_map(|&id| self.labels(id)).for_each(|class| counts[class.0] += 1);
        counts
    }

    pub(super) fn classes(&self) -> usize {
        self.pictures.data.classes.len()
    }

    pub(super) fn labels(&self, id: SampleId) -> impl Iterator<Item = ClassId> {
        self.pictures.data.samples[id.0].labels()
    }
}
