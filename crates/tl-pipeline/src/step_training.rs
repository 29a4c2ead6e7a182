//! A data set and a network handed to training in steps: what it begins with, and what judges its epochs.

use std::path::Path;
use std::time::Instant;
use tl_data::{Dataset, SampleId};
use tl_frozen::Precision;
use tl_heads::{FittedHead, Head, Pooling, Standardiser};
use tl_image::Limits;
use tl_kernels::{Products, multiply_in};
use tl_model::PrecisionChoice;
use tl_train::{
    Checkpoints, Compute, InitialNetwork, InputConfig, KeptPictures, Monitor, NetworkShapes, Phase,
    PictureSource, Recipe, TrainError, TrainPlan, TrainSplit, Trainer, TrialLog, from_scratch,
};

use crate::config::HeadKind;
use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::plan::begins_solved;
use crate::setup::Setup;
use crate::split::{MONITORED, inner_folds};

/// Which pictures training in steps learns from, and which judge its epochs.
pub(crate) struct EpochSplit {
    pub(crate) learn: Vec<SampleId>,
    pub(crate) validation: Vec<SampleId>,
    /// Was the validation taken out of the training pictures?
    pub(crate) carved: bool,
}

/// Where training in steps leaves what it can be gone on from.
#[derive(Clone, Copy)]
pub(crate) struct CheckpointTarget<'a> {
    pub(crate) checkpoints: &'a Checkpoints,
    pub(crate) log: &'a TrialLog,
    pub(crate) run: &'a Path,
}

impl EpochSplit {
    /// Some of the training pictures judge where there is no `validation`.
    pub(crate) fn of(data: &Dataset, train: &[SampleId], validation: &[SampleId], seed: u64) -> Self {
        if !validation.is_empty() {
            return Self { learn: train.to_vec(), validation: validation.to_vec(), carved: false };
        }
        let folds = inner_folds(data, train, MONITORED, seed);
        let held_out = folds.into_iter().next().unwrap_or_default();
        let is_held_out = |position: &usize| held_out.contains(position);
        let (validation, learn): (Vec<usize>, Vec<usize>) = (0..train.len()).partition(is_held_out);
        let ids = |positions: Vec<usize>| positions.into_iter().map(|position| train[position]).collect();
        Self { learn: ids(learn), carved: !validation.is_empty(), validation: ids(validation) }
    }
}

/// Does something with a trainer on these pictures.
pub(crate) fn with_trainer<T>(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    phases: &[Phase],
    probe: Option<&FittedHead>,
    split: &EpochSplit,
    saving: Option<CheckpointTarget<'_>>,
    job: impl FnOnce(&Trainer<'_>) -> Result<T, TrainError>,
) -> Result<T, PipelineError> {
    let source = features.source();
    let steps = &setup.config.steps;
    let rounded = setup.config.precision == PrecisionChoice::Fixed(Precision::Bf16);
    let _multiplying = multiply_in(if rounded { Products::Bf16 } else { Products::F32 });
    let preprocess = features.preprocess();
    let side = preprocess.size as usize;
    let summary = tl_backbones::summary_at(&setup.architecture, [side, side]);
    let summary = summary.map_err(|error| PipelineError::TooSmall { detail: error.to_string() })?;
    let pictures = PictureSource {
        data: source.data,
        frozen: source.frozen,
        input: InputConfig {
            preprocess,
            limits: Limits::default(),
            augment: &steps.augment,
            seed: setup.config.seed,
        },
        network: NetworkShapes { summary, published_features: setup.architecture.features },
        kept: KeptPictures {
            known: Some(features),
            cache: source.cache.as_ref(),
            pixels: source.pixels.as_ref(),
        },
    };
    let head = first_head(setup, features, probe, split, pictures.features(steps.head.pooling))?;
    let pretrained = source.frozen.backbone();
    let fresh = || Box::new(from_scratch(setup.architecture.init(setup.device()), setup.config.seed));
    let scratch = (steps.recipe == Recipe::Scratch).then(fresh);
    let trainer = Trainer {
        plan: TrainPlan { steps, phases },
        pictures: &pictures,
        initial: InitialNetwork { backbone: scratch.as_deref().unwrap_or(pretrained), head: &head },
        split: TrainSplit { train: &split.learn, validation: &split.validation },
        compute: Compute { device: setup.device(), devices: setup.devices, threads: source.threads },
        monitor: Monitor {
            observer: setup.observer,
            checkpoints: saving.map(|saving| saving.checkpoints),
            clock: &Instant::now,
            log: saving.map(|saving| saving.log),
            run: saving.map_or(Path::new(""), |saving| saving.run),
        },
    };
    Ok(job(&trainer)?)
}

/// What the first phase begins with: another model's head if there is one that fits, else the solved head where the
/// recipe begins so and the head can be solved for.
fn first_head(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    probe: Option<&FittedHead>,
    split: &EpochSplit,
    width: usize,
) -> Result<Head, PipelineError> {
    let (device, classes) = (setup.device(), features.data().classes.len());
    let steps = &setup.config.steps;
    let fresh = || steps.head.init(width, classes, setup.config.seed, device);
    if !steps.head.is_linear() {
        return Ok(fresh());
    }
    let probe = probe.filter(|_| begins_solved(setup.config));
    let warm = setup.warm.as_ref().and_then(|warm| warm.head_on(steps.head.pooling));
    let solved = || probe.and_then(FittedHead::as_linear);
    let Some(linear) = warm.cloned().or_else(solved) else { return Ok(fresh()) };
    let linear = &linear;
    if steps.head.pooling != Pooling::Published || setup.config.head == HeadKind::Layers {
        return Ok(Head::from_linear(&steps.head, linear, device));
    }
    // A picture on its own has no statistics for the norm to learn from.
    let batches = steps.accumulate.max(setup.devices.len());
    let alone = steps.batch * steps.accumulate < 2 * batches || split.learn.len() < 2 * batches;
    if alone {
        return Ok(Head::from_linear(&steps.head, linear, device));
    }
    // Weights of features that hardly vary are large: without the norm, a network that learns spoils such a head.
    let scale = Standardiser::measure(&features.matrix(&split.learn));
    Ok(Head::from_standardised(&steps.head, linear, &scale, device)?)
}
