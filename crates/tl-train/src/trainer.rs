//! The phases of a recipe, one after the other: steps, judgement on validation pictures after every epoch, checkpoints.

mod batches;
mod epoch;
mod find;
mod judge;
mod loader;
mod phase_run;

use burn::module::Module;
use burn::tensor::Device;
use std::path::Path;
use std::time::Instant;
use tl_backbones::{Backbone, Boundary};
use tl_data::SampleId;
use tl_frozen::Frozen;
use tl_heads::{FittedHead, Head};
use tl_report::{CurvePoint, PhaseCard};

use crate::checkpoint::Checkpoints;
use crate::config::StepsConfig;
use crate::cursor::{Best, Cursor, Scores};
use crate::error::TrainError;
use crate::groups::{Group, Rates};
use crate::inputs::PictureSource;
use crate::network::Network;
use crate::observer::TrainObserver;
use crate::recipe::{Norms, Phase, Recipe};
use crate::run_log::TrialLog;
use crate::segments::Segments;
use crate::snapshot::Snapshot;
use crate::state_dict::StateDict;
use crate::train_state::{ModelEma, TrainState};
use batches::EpochBatches;
use loader::DataLoader;
use phase_run::PhaseRun;

/// A loss above this is one that diverges; that of guessing among a thousand classes is 7.
const DIVERGED: f64 = 1e3;
/// Pictures of a batch in evaluation.
const JUDGED: usize = 32;

/// Everything that training in steps is a function of.
#[derive(Clone)]
pub struct Trainer<'a> {
    /// What is done.
    pub plan: TrainPlan<'a>,
    /// The pictures, and how they are prepared.
    pub pictures: &'a PictureSource<'a>,
    /// What the first phase begins with.
    pub initial: InitialNetwork<'a>,
    /// Which pictures are for what.
    pub split: TrainSplit<'a>,
    /// What it is done on.
    pub compute: Compute<'a>,
    /// What is told and written down of it.
    pub monitor: Monitor<'a>,
}

/// The settings of training in steps, and its phases.
#[derive(Clone, Copy)]
pub struct TrainPlan<'a> {
    /// The settings.
    pub steps: &'a StepsConfig,
    /// The phases, resolved.
    pub phases: &'a [Phase],
}

/// The network and the head that the first phase begins with.
#[derive(Clone, Copy)]
pub struct InitialNetwork<'a> {
    /// The backbone, on a device without autodiff.
    pub backbone: &'a Backbone,
    /// The head on top of it.
    pub head: &'a Head,
}

/// The training set and the validation set.
#[derive(Clone, Copy)]
pub struct TrainSplit<'a> {
    /// Pictures to train on.
    pub train: &'a [SampleId],
    /// Pictures to judge by, after every epoch. If there are none, the last epoch is kept.
    pub validation: &'a [SampleId],
}

/// Devices and threads.
#[derive(Clone, Copy)]
pub struct Compute<'a> {
    /// Where the network is and is judged.
    pub device: &'a Device,
    /// Where steps are taken: that device, and perhaps others.
    pub devices: &'a [Device],
    /// Threads that load pictures.
    pub threads: usize,
}

/// Observer, checkpoints and log of a training.
#[derive(Clone, Copy)]
pub struct Monitor<'a> {
    /// What is told of every step and epoch, and what may stop the training.
    pub observer: &'a dyn TrainObserver,
    /// Where checkpoints are, if there are any.
    pub checkpoints: Option<&'a Checkpoints>,
    /// What time it is, for checkpoints.
    pub clock: &'a (dyn Fn() -> Instant + Sync),
    /// Where steps and epochs are written down.
    pub log: Option<&'a TrialLog>,
    /// The run's folder.
    pub run: &'a Path,
}

/// What training in steps leaves behind: the best epoch of all.
pub struct Trained {
    /// The network, for inference.
    pub backbone: Box<Backbone>,
    /// The head, for inference.
    pub head: FittedHead,
    /// Which epoch it is, and how it does.
    pub best: Best,
    pub(crate) cursor: Cursor,
    /// The phases, for the record.
    pub phases: Vec<PhaseCard>,
    /// What was frozen in every phase.
    pub lowest: Boundary,
    /// Parameters of the backbone behind it.
    pub trained: u64,
}

impl Trained {
    /// The learning curve, epoch by epoch.
    pub fn curve(&self) -> &[CurvePoint] {
        &self.cursor.curve
    }
}

impl Trainer<'_> {
    /// Trains, from the newest checkpoint on if there is one.
    pub fn train(&self) -> Result<Trained, TrainError> {
        // From here on, signals are waited with until a checkpoint is written.
        self.stop_if_asked()?;
        let stages = self.initial.backbone.stages();
        let boundaries: Result<Vec<Boundary>, TrainError> =
            self.plan.phases.iter().map(|phase| phase.unfreeze.boundary(&stages)).collect();
        let boundaries = boundaries?;
        let lowest = boundaries.iter().copied().min().unwrap_or(self.initial.backbone.end());
        let saved = self
            .monitor
            .checkpoints
            .map(|checkpoints| Snapshot::newest(checkpoints, self.monitor.observer))
            .transpose()?
            .flatten();
        let (mut cursor, mut best, mut saved) = match saved {
            Some(saved) => {
                self.go_on_with_log(&saved.cursor)?;
                (saved.cursor.clone(), saved.best.clone(), Some(saved))
            }
            None => (Cursor::default(), StateDict::default(), None),
        };
        while let Some(phase) = self.plan.phases.get(cursor.phase) {
            let boundary = boundaries[cursor.phase];
            let mut train_state = self.train_state(phase, boundary, &best);
            if let Some(saved) = saved.take() {
                self.restore(&mut train_state, saved);
            }
            let changed = self.changed_prefix(&boundaries[..=cursor.phase], &train_state);
            let pictures = changed.as_ref().map(|frozen| self.pictures.on(frozen));
            let pictures = pictures.as_ref().unwrap_or(self.pictures);
            self.run(phase, pictures, &mut train_state, lowest, &mut cursor, &mut best)?;
            cursor.next_phase();
        }
        Ok(self.trained(lowest, &best, cursor))
    }

    /// What makes the batches of a phase.
    fn loader<'b>(&self, phase_run: &'b PhaseRun<'_>) -> DataLoader<'b> {
        let step = self.plan.steps.batch * self.plan.steps.accumulate;
        DataLoader { rows: &phase_run.rows, threads: self.compute.threads, step }
    }

    fn go_on_with_log(&self, cursor: &Cursor) -> Result<(), TrainError> {
        let whole = self.monitor.log.map_or(Ok(true), |log| log.go_on(cursor.logged))?;
        if !whole {
            self.monitor
                .observer
                .noted("log", "it is shorter than it was at the checkpoint: earlier lines are lost");
        }
        Ok(())
    }

    /// The network, if what lies before the last of these boundaries is something else than the pretrained one: random, or
    /// trained by earlier phases.
    fn changed_prefix(&self, boundaries: &[Boundary], train_state: &TrainState) -> Option<Frozen> {
        let (last, earlier) = boundaries.split_last()?;
        let scratch = self.plan.steps.recipe == Recipe::Scratch;
        let changed = last.0 > 0 && (scratch || earlier.iter().any(|earlier| earlier < last));
        changed.then(|| Frozen::new(train_state.network.backbone(), self.compute.device.clone()))
    }

    /// The network at the best epoch so far, with an optimiser that remembers nothing.
    fn train_state(&self, phase: &Phase, boundary: Boundary, best: &StateDict) -> TrainState {
        let network = Network::begin(self.initial.backbone, self.initial.head, boundary, phase.norms);
        let network = if best.tensors.is_empty() { network } else { network.with_state(best) };
        TrainState {
            average: self.plan.steps.ema.map(|decay| ModelEma::new(decay, &network)),
            network,
            optimizer: phase.optimizer.init(),
            boundary,
            segments: self.segments(boundary),
            pooling: self.plan.steps.head.pooling,
            devices: self.compute.devices.iter().map(|device| device.clone().autodiff()).collect(),
        }
    }

    fn segments(&self, boundary: Boundary) -> Segments {
        if self.plan.steps.checkpoint_activations {
            Segments::of_stages(&self.pictures.network.summary, boundary)
        } else {
            Segments::whole(boundary)
        }
    }

    fn restore(&self, train_state: &mut TrainState, saved: Snapshot) {
        train_state.network = train_state.network.with_state(&saved.network);
        train_state.optimizer.restore(&train_state.network.learning(), saved.optimizer, self.compute.device);
        let average = self.plan.steps.ema.zip(saved.average.as_ref());
        train_state.average =
            average.map(|(decay, state)| ModelEma::restored(decay, state, self.compute.device));
    }

    fn trained(&self, lowest: Boundary, best: &StateDict, cursor: Cursor) -> Trained {
        let network =
            Network::begin(self.initial.backbone, self.initial.head, lowest, Norms::Frozen).with_state(best);
        let (backbone, head) = (Box::new(network.backbone()), network.head().fitted());
        let nothing = Best { phase: 0, epoch: 0, scores: Scores { log_loss: f64::INFINITY, accuracy: 0.0 } };
        let best = cursor.best.clone().unwrap_or(nothing);
        let behind = self.pictures.network.summary.stages.iter().skip(lowest.0);
        let trained = behind.map(|stage| stage.parameters).sum();
        Trained { backbone, head, best, cursor, phases: self.cards(), lowest, trained }
    }

    fn cards(&self) -> Vec<PhaseCard> {
        let (stages, head) = (self.initial.backbone.stages(), self.initial.head.num_params());
        let card = |phase: &Phase| {
            let boundary = phase.unfreeze.boundary(&stages).ok()?;
            let rates = Rates::new(phase, stages.clone());
            Some(phase.card(rates.groups(&self.pictures.network.summary, boundary, head)))
        };
        self.plan.phases.iter().filter_map(card).collect()
    }

    fn run(
        &self,
        phase: &Phase,
        pictures: &PictureSource<'_>,
        train_state: &mut TrainState,
        lowest: Boundary,
        cursor: &mut Cursor,
        best: &mut StateDict,
    ) -> Result<(), TrainError> {
        let mut phase_run = self.phase_run(phase, pictures, train_state.boundary, cursor.phase);
        let head = train_state.network.head_parameters();
        let groups: Vec<Group> =
            phase_run.rates.groups(&self.pictures.network.summary, train_state.boundary, head);
        self.monitor.observer.phase(phase, &groups);
        let patience = self.plan.steps.patience.unwrap_or(usize::MAX);
        let (per_epoch, steps) = (phase_run.pace.per_epoch, phase_run.pace.steps);
        // By epochs: one of which all steps are taken may still have to be judged.
        let goes_on = |cursor: &Cursor| cursor.epoch * per_epoch < steps && cursor.waited < patience;
        while goes_on(cursor) {
            self.epoch(&mut phase_run, train_state, cursor, best, lowest)?;
            self.judge(&phase_run, train_state, lowest, cursor, best)?;
            // Not after each epoch: of a few pictures and a large network that would be gigabytes a minute.
            if self.is_due(phase_run.last_save, cursor) || !goes_on(cursor) {
                self.save(&phase_run, train_state, lowest, cursor, best)?;
                phase_run.last_save = (self.monitor.clock)();
            }
            self.stop_if_asked()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
