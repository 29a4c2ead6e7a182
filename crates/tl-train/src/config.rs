//! The settings of training in steps.

use serde::{Deserialize, Serialize};
use tl_backbones::Stage;
use tl_data::{ClassWeights, Sampling};
use tl_heads::{HeadConfig, LossConfig};
use tl_image::{Augment, AugmentPreset, CutMix, MixUp};

use crate::bounds::is_positive;
use crate::error::TrainError;
use crate::optimizer::OptimizerConfig;
use crate::recipe::{Norms, Phase, Recipe, Unfreeze};

/// Settings of training in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepsConfig {
    /// The recipe, unless there are phases.
    pub recipe: Recipe,
    /// The part of the backbone that learns in the recipe's last phase, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfreeze: Option<Unfreeze>,
    /// Epochs of the recipe's last phase, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Peak learning rate of the recipe's last phase, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// What batch norms behind the boundary do, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norms: Option<Norms>,
    /// The optimiser of all phases, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerConfig>,
    /// Weight decay of all phases, instead of what the recipe says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay: Option<f64>,
    /// Pictures of a step, at least 1.
    pub batch: usize,
    /// Choose `batch` by the memory there is; `run.toml` holds what was chosen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub auto_batch: bool,
    /// Batches whose gradients are added up before a step, at least 1.
    pub accumulate: usize,
    /// Keep only the maps between stages that learn, and compute what is between them again for the gradients: less memory
    /// for more time. It changes no bit of a result.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub checkpoint_activations: bool,
    /// The loss that training lowers.
    pub loss: LossConfig,
    /// Weights of classes in the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// The sampler: how often pictures of each class are drawn.
    pub sampler: Sampling,
    /// Random changes of the training pictures.
    pub augment: Augment,
    /// Change pictures in phases whose head alone learns, too: set where the changes were asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub augment_head: bool,
    /// Number of augmented views of each picture that are kept and taken in turn; without it, every epoch has new ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<u64>,
    /// Pictures faded into each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixup: Option<MixUp>,
    /// Parts of pictures pasted over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cutmix: Option<CutMix>,
    /// Longest that the gradients together may be; longer ones are shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Share of the past in a moving average of the weights, which is then what is judged and kept; 0 to below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// Epochs without a lower validation loss after which a phase ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Minutes from one checkpoint to the next; there is one at the end of each phase, too. 0: after every step.
    pub checkpoint_minutes: f64,
    /// Steps between two checkpoints, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_steps: Option<usize>,
    /// Layers of a head that is trained in steps.
    pub head: HeadConfig,
    /// The phases, spelt out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
}

impl Default for StepsConfig {
    fn default() -> Self {
        Self {
            recipe: Recipe::Auto,
            unfreeze: None,
            epochs: None,
            rate: None,
            norms: None,
            optimizer: None,
            decay: None,
            batch: 32,
            auto_batch: false,
            accumulate: 1,
            checkpoint_activations: false,
            loss: LossConfig::default(),
            class_weights: None,
            sampler: Sampling::Natural,
            augment: AugmentPreset::Light.into(),
            augment_head: false,
            views: None,
            mixup: None,
            cutmix: None,
            clip: None,
            ema: None,
            patience: None,
            checkpoint_minutes: 2.0,
            checkpoint_steps: None,
            head: HeadConfig::default(),
            phases: Vec::new(),
        }
    }
}

impl StepsConfig {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`TrainError::Setting`], naming the setting.
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |what: &str, value: &dyn std::fmt::Display, rule: &str| {
            Err(TrainError::Setting {
                what: what.to_owned(),
                value: value.to_string(),
                rule: rule.to_owned(),
            })
        };
        self.head.validate()?;
        self.loss.validate()?;
        let ema = self.ema.unwrap_or(0.5);
        let decay = self.decay.map(|decay| OptimizerConfig { decay, ..OptimizerConfig::default() });
        let mut optimizers = self.optimizer.iter().chain(&decay);
        if let Some((what, value, rule)) = optimizers.find_map(OptimizerConfig::wrong) {
            return refuse(&format!("{what} of the optimizer"), &value, rule);
        }
        match self {
            _ if self.batch == 0 => refuse("batch", &self.batch, "at least 1"),
            _ if self.accumulate == 0 => refuse("accumulate", &self.accumulate, "at least 1"),
            _ if self.views == Some(0) => refuse("views", &0, "at least 1"),
            _ if self.patience == Some(0) => refuse("patience", &0, "at least 1"),
            _ if self.epochs == Some(0) => refuse("epochs", &0, "at least 1"),
            _ if self.rate.is_some_and(|rate| !is_positive(rate)) => {
                refuse("rate", &self.rate.unwrap_or_default(), "above 0")
            }
            _ if self.clip.is_some_and(|clip| !is_positive(clip)) => {
                refuse("clip", &self.clip.unwrap_or_default(), "above 0")
            }
            _ if !(0.0..1.0).contains(&ema) => refuse("ema", &ema, "from 0 to below 1"),
            Self { mixup: Some(mixup), .. } if mixup.check().is_err() => {
                refuse("mixup", &mixup.alpha, ALPHAS)
            }
            Self { cutmix: Some(cutmix), .. } if cutmix.check().is_err() => {
                refuse("cutmix", &cutmix.alpha, ALPHAS)
            }
            _ if !(0.0..=f64::INFINITY).contains(&self.checkpoint_minutes) => {
                refuse("checkpoint_minutes", &self.checkpoint_minutes, "at least 0")
            }
            _ if self.checkpoint_steps == Some(0) => refuse("checkpoint_steps", &0, "at least 1"),
            _ => self.phases.iter().try_for_each(Phase::check),
        }
    }

    /// Are pictures changed in a phase, whose head may be all that learns?
    pub fn changes(&self, head_alone: bool) -> bool {
        !self.augment.is_none() && (!head_alone || self.changes_for_the_head())
    }

    /// Are other views than the plain one worth computing where the head alone learns?
    pub(crate) fn changes_for_the_head(&self) -> bool {
        self.views.is_some() || self.augment_head
    }

    /// Refuses boundaries that a backbone of these stages does not have.
    pub fn check_stages(&self, stages: &[Stage]) -> Result<(), TrainError> {
        let phases = self.resolve(stages.len(), 1, false);
        let mut asked = phases.iter().map(|phase| &phase.unfreeze).chain(&self.unfreeze);
        asked.try_for_each(|unfreeze| unfreeze.boundary(stages).map(drop))
    }

    /// The phases that are trained in steps, with `stages` stages of the backbone and `pictures` to train on. A head of
    /// layers cannot be solved for: recipes that begin with the best head train it in a phase of its own.
    pub fn resolve(&self, stages: usize, pictures: usize, layered: bool) -> Vec<Phase> {
        let named = self.recipe.phases(stages, self.batch, pictures);
        let mut phases = if self.phases.is_empty() { named } else { self.phases.clone() };
        let tunes = !phases.is_empty();
        if layered && self.phases.is_empty() && self.recipe.begins_with_probe() {
            phases.insert(0, Phase { name: "head".to_owned(), epochs: 30, rate: 3e-3, ..Phase::default() });
        }
        if let Some(last) = phases.last_mut() {
            let asked = self.unfreeze.clone().filter(|_| tunes);
            last.unfreeze = asked.unwrap_or_else(|| last.unfreeze.clone());
            last.steps = last.steps.filter(|_| self.epochs.is_none());
            last.epochs = self.epochs.unwrap_or(last.epochs);
            last.rate = self.rate.unwrap_or(last.rate);
        }
        for phase in &mut phases {
            phase.norms = self.norms.unwrap_or(phase.norms);
            phase.optimizer = self.optimizer.unwrap_or(phase.optimizer);
            phase.optimizer.decay = self.decay.unwrap_or(phase.optimizer.decay);
        }
        phases
    }
}

/// The values that alpha of MixUp and CutMix may have.
const ALPHAS: &str = "from 0.01 to 100";
