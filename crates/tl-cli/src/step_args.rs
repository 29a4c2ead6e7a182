//! Arguments of training in steps.

use anyhow::{Context, Result};
use clap::Args as ClapArgs;
use serde::Deserialize;
use std::path::Path;
use std::str::FromStr;
use tl_data::{ClassWeights, Sampling};
use tl_heads::{HeadConfig, LossKind};
use tl_image::{Augment, AugmentPreset, CutMix, MixUp};
use tl_pipeline::{HeadKind, read_settings};
use tl_train::{Norms, OptimizerConfig, OptimizerKind, Phase, Recipe, StepsConfig, Unfreeze};

/// Fine-tuning, and heads that are trained in steps.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Fine-tuning")]
pub(crate) struct StepArgs {
    /// Training recipe: features (the head alone), classic (Keras's guide), lp-ft (linear probing, then fine-tuning
    /// everything), fine-tune (fastai's), gradual (gradual unfreezing), bit (BiT-HyperRule), full (everything from a
    /// new head), scratch (random weights); or a TOML file of phases [default: auto].
    #[arg(long, value_name = "NAME|FILE")]
    recipe: Option<String>,
    /// Unfrozen layers in the last phase: head, all, a number of last stages, or the name of the first stage that
    /// learns [default: the recipe's].
    #[arg(long, value_name = "STAGE|N|all")]
    unfreeze: Option<String>,
    /// Epochs of the last phase, passes over the training pictures [default: the recipe's].
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Batch size: pictures of a step, or auto, as many as the free memory allows [default: 32].
    #[arg(long, alias = "batch-size", value_name = "N|auto", value_parser = batch)]
    batch: Option<Batch>,
    /// Learning rate, the peak of the last phase [default: the recipe's].
    #[arg(long, alias = "learning-rate", value_name = "RATE")]
    lr: Option<f64>,
    /// Optimizer of all phases: sgd, adam, adamw or lamb [default: the recipe's].
    #[arg(long, value_name = "NAME")]
    optimizer: Option<String>,
    /// Weight decay; biases and norms are spared [default: the recipe's].
    #[arg(long, value_name = "DECAY")]
    weight_decay: Option<f64>,
    /// Frozen batch norm: batch norms of unfrozen stages keep their running statistics [default: the recipe's].
    #[arg(long, conflicts_with = "train_bn")]
    freeze_bn: bool,
    /// Batch norm in training mode: batch norms of unfrozen stages use the statistics of the batches [default: the
    /// recipe's].
    #[arg(long)]
    train_bn: bool,
    /// Data augmentation: none, light, keras, fastai, trivial or strong, or a TOML file of operations [default: light].
    #[arg(long, value_name = "PRESET|FILE")]
    augment: Option<String>,
    /// Views: keep this many augmented versions of each picture and take them in turn [default: new ones in every
    /// epoch].
    #[arg(long, value_name = "K")]
    views: Option<u64>,
    /// MixUp alpha: blend pairs of pictures and their labels [default: off].
    #[arg(long, value_name = "ALPHA")]
    mixup: Option<f64>,
    /// CutMix alpha: paste a part of one picture over another and mix their labels [default: off].
    #[arg(long, value_name = "ALPHA")]
    cutmix: Option<f64>,
    /// Loss function: cross-entropy, focal or binary [default: cross-entropy, binary where pictures have several
    /// labels].
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,
    /// Label smoothing: fraction of every target that is spread over the classes [default: 0].
    #[arg(long, value_name = "FRACTION")]
    label_smoothing: Option<f64>,
    /// Class weights in the loss, against imbalance: balanced, sqrt or effective [default: none].
    #[arg(long, value_name = "NAME")]
    class_weights: Option<String>,
    /// Sampler, how often the classes are drawn: natural, balanced or sqrt [default: natural].
    #[arg(long, value_name = "NAME")]
    sampler: Option<String>,
    /// Gradient clipping: maximum norm of all gradients together [default: off].
    #[arg(long, value_name = "NORM")]
    clip: Option<f64>,
    /// Activation checkpointing: keep only the maps between unfrozen stages and compute the rest again for the
    /// gradients; less memory, more time.
    #[arg(long)]
    checkpoint_activations: bool,
    /// Gradient accumulation: number of batches whose gradients are added up before a step [default: 1].
    #[arg(long, value_name = "N")]
    accumulate: Option<usize>,
    /// Exponential moving average of the weights with this decay, such as 0.999; the average is evaluated and kept
    /// [default: off].
    #[arg(long, value_name = "DECAY")]
    ema: Option<f64>,
    /// Early stopping patience: epochs without a lower validation loss after which a phase ends [default: off].
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<usize>,
    /// Checkpoint interval in minutes; 0 writes one after every step [default: 2].
    #[arg(long, value_name = "MINUTES")]
    checkpoint_minutes: Option<f64>,
    /// Checkpoint interval in steps, besides that in minutes [default: off].
    #[arg(long, value_name = "N")]
    checkpoint_steps: Option<usize>,
}

/// Pictures of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Batch {
    Auto,
    Of(usize),
}

fn batch(text: &str) -> Result<Batch, String> {
    match text {
        "auto" => Ok(Batch::Auto),
        _ => text.parse().map(Batch::Of).map_err(|_| "a number or auto".to_owned()),
    }
}

/// beta of `effective`: the paper's choice for data sets of 10,000 pictures.
const BETA: f64 = 0.999;

/// What a file of phases holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phases {
    phases: Vec<Phase>,
}

/// What a file of operations holds: `augment = "keras"` or a list of `[[augment]]`, as a run's settings do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chain {
    pub(crate) augment: Augment,
}

impl StepArgs {
    /// What was typed, over `base`.
    ///
    /// # Errors
    /// If a word is not one of those that are known, or a file cannot be read.
    pub(crate) fn over(&self, base: StepsConfig) -> Result<StepsConfig> {
        let mut steps = base;
        self.recipe_over(&mut steps)?;
        steps.unfreeze = self.unfreeze.clone().map(Unfreeze::from).or(steps.unfreeze);
        if steps.unfreeze.is_some() && steps.recipe == Recipe::Auto && steps.phases.is_empty() {
            steps.recipe = Recipe::LpFt;
        }
        steps.epochs = self.epochs.or(steps.epochs);
        steps.rate = self.lr.or(steps.rate);
        match self.batch {
            Some(Batch::Of(pictures)) => (steps.batch, steps.auto_batch) = (pictures, false),
            Some(Batch::Auto) => steps.auto_batch = true,
            None => {}
        }
        steps.accumulate = self.accumulate.unwrap_or(steps.accumulate);
        steps.checkpoint_activations |= self.checkpoint_activations;
        steps.views = self.views.or(steps.views);
        steps.clip = self.clip.or(steps.clip);
        steps.ema = self.ema.or(steps.ema);
        steps.patience = self.patience.or(steps.patience);
        steps.mixup = self.mixup.map(|alpha| MixUp { alpha }).or(steps.mixup);
        steps.cutmix = self.cutmix.map(|alpha| CutMix { alpha }).or(steps.cutmix);
        steps.checkpoint_minutes = self.checkpoint_minutes.unwrap_or(steps.checkpoint_minutes);
        steps.checkpoint_steps = self.checkpoint_steps.or(steps.checkpoint_steps);
        steps.loss.smoothing = self.label_smoothing.unwrap_or(steps.loss.smoothing);
        self.words_over(&mut steps)?;
        Ok(steps)
    }

    fn recipe_over(&self, steps: &mut StepsConfig) -> Result<()> {
        let Some(recipe) = &self.recipe else { return Ok(()) };
        let known = Recipe::ALL.into_iter().find(|known| known.name() == recipe);
        match known {
            Some(known) => (steps.recipe, steps.phases) = (known, Vec::new()),
            None if recipe.ends_with(".toml") => {
                steps.phases = read_settings::<Phases>(Path::new(recipe))?.phases;
                anyhow::ensure!(!steps.phases.is_empty(), "there is no phase in `{recipe}`");
            }
            None => anyhow::bail!("{}", unknown("recipe", recipe, &Recipe::ALL.map(Recipe::name))),
        }
        Ok(())
    }

    fn words_over(&self, steps: &mut StepsConfig) -> Result<()> {
        if self.freeze_bn || self.train_bn {
            steps.norms = Some(if self.freeze_bn { Norms::Frozen } else { Norms::Train });
        }
        if let Some(name) = &self.optimizer {
            let kinds = [
                ("sgd", OptimizerKind::Sgd),
                ("adam", OptimizerKind::Adam),
                ("adamw", OptimizerKind::AdamW),
                ("lamb", OptimizerKind::Lamb),
            ];
            let kind = word("optimizer", name, &kinds)?;
            // torchvision's recipe for SGD: <https://github.com/pytorch/vision/tree/v0.21.0/references/classification>.
            steps.optimizer = Some(OptimizerConfig {
                kind,
                nesterov: kind == OptimizerKind::Sgd,
                ..OptimizerConfig::default()
            });
        }
        steps.decay = self.weight_decay.or(steps.decay);
        if let Some(name) = &self.loss {
            let focal = LossKind::Focal { gamma: 2.0 };
            let kinds =
                [("cross-entropy", LossKind::CrossEntropy), ("focal", focal), ("binary", LossKind::Binary)];
            steps.loss.kind = word("loss", name, &kinds)?;
        }
        if let Some(name) = &self.class_weights {
            let effective = ClassWeights::Effective { beta: BETA };
            let kinds = [
                ("balanced", ClassWeights::Balanced),
                ("sqrt", ClassWeights::Sqrt),
                ("effective", effective),
            ];
            steps.class_weights = Some(word("class weights", name, &kinds)?);
        }
        if let Some(name) = &self.sampler {
            let kinds =
                [("natural", Sampling::Natural), ("balanced", Sampling::Balanced), ("sqrt", Sampling::Sqrt)];
            steps.sampler = word("sampler", name, &kinds)?;
        }
        if let Some(augment) = &self.augment {
            steps.augment = match AugmentPreset::from_str(augment) {
                Ok(preset) => preset.into(),
                Err(_) if augment.ends_with(".toml") => read_settings::<Chain>(Path::new(augment))?.augment,
                Err(error) => return Err(error.into()),
            };
            steps.augment_head = !steps.augment.is_none();
        }
        Ok(())
    }
}

/// A head by name: a way to train a linear one, or layers.
#[derive(Debug, Clone)]
pub(crate) enum HeadName {
    Kind(HeadKind),
    Layers(HeadConfig),
}

impl FromStr for HeadName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(layers) = HeadConfig::named(text) {
            return Ok(Self::Layers(layers));
        }
        let ways = ["auto", "logistic", "adamw", "prototype", "neighbours"];
        match text.parse() {
            Ok(HeadKind::Layers) | Err(_) => Err(unknown("head", text, &[&ways, HeadConfig::NAMES].concat())),
            Ok(kind) => Ok(Self::Kind(kind)),
        }
    }
}

fn word<T: Copy>(what: &str, text: &str, known: &[(&str, T)]) -> Result<T> {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).with_context(|| unknown(what, text, &names))
}

fn unknown(what: &str, text: &str, known: &[&str]) -> String {
    format!("there is no {what} `{text}`, there are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Args;

    #[test]
    fn the_usual_names_of_batch_and_rate_are_taken_too() {
        for option in ["--batch", "--batch-size", "--lr", "--learning-rate"] {
            assert!(Args::try_parse_from(["tl", "train", "photos", option, "8"]).is_ok(), "{option}");
        }
    }
}
