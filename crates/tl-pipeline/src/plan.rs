//! The step plan: which phases are trained in steps, if any are, and what follows from them.

use burn::tensor::Device;
use tl_backbones::Stage;
use tl_data::Sampling;
use tl_heads::LossKind;
use tl_train::{Phase, Recipe, StepsConfig, Unfreeze};

use crate::augmentation::augmentation_name;
use crate::config::{HeadKind, TrainConfig};
use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::setup::Setup;

/// Training pictures of a class from which on a network is tuned without being asked.
const TUNABLE: usize = 20;

/// The recipe, decided, and its phases.
#[derive(Debug)]
pub(crate) struct StepPlan {
    pub(crate) recipe: Recipe,
    /// Who decided, or why it is this one.
    pub(crate) why: String,
    /// The phases that are trained in steps.
    pub(crate) phases: Vec<Phase>,
}

impl StepPlan {
    /// The plan for so many training pictures.
    pub(crate) fn of(setup: &Setup<'_>, features: &ModeFeatures<'_>, pictures: usize) -> Self {
        let each = pictures / features.data().classes.len().max(1);
        let (recipe, why) = recipe(setup, each);
        let steps = StepsConfig { recipe, ..setup.config.steps.clone() };
        let stages = features.source().frozen.backbone().end().0;
        let phases = steps.resolve(stages, pictures, setup.config.head == HeadKind::Layers);
        Self { recipe, why, phases }
    }

    /// Refuses settings of steps where none are taken.
    ///
    /// # Errors
    /// [`PipelineError::Setting`], naming the setting.
    pub(crate) fn check(
        &self,
        steps: &StepsConfig,
        stages: &[Stage],
        multi_label: bool,
    ) -> Result<(), PipelineError> {
        let asked = [
            steps.epochs.map(|epochs| ("epochs", epochs.to_string())),
            steps.rate.map(|rate| ("lr", rate.to_string())),
            steps.ema.map(|share| ("ema", share.to_string())),
            steps.mixup.map(|mixup| ("mixup", mixup.alpha.to_string())),
            steps.cutmix.map(|cutmix| ("cutmix", cutmix.alpha.to_string())),
            steps.optimizer.map(|optimizer| ("optimizer", format!("{:?}", optimizer.kind).to_lowercase())),
            steps.decay.map(|decay| ("weight decay", decay.to_string())),
            steps.clip.map(|clip| ("clip", clip.to_string())),
            steps.patience.map(|patience| ("patience", patience.to_string())),
            steps.views.map(|views| ("views", views.to_string())),
            steps.norms.map(|norms| ("batch norms", format!("{norms:?}").to_lowercase())),
            steps.class_weights.map(|weights| ("class weights", format!("{weights:?}").to_lowercase())),
            (steps.sampler != Sampling::Natural)
                .then(|| ("sampler", format!("{:?}", steps.sampler).to_lowercase())),
            (steps.loss.smoothing != 0.0).then(|| ("label smoothing", steps.loss.smoothing.to_string())),
            matches!(steps.loss.kind, LossKind::Focal { .. }).then(|| ("loss", "focal".to_owned())),
            // Several labels have it without being asked.
            (steps.loss.kind == LossKind::Binary && !multi_label).then(|| ("loss", "binary".to_owned())),
            steps.augment_head.then(|| ("augment", augmentation_name(&steps.augment))),
            steps.checkpoint_activations.then(|| ("checkpoint activations", "true".to_owned())),
        ];
        let refuse = |what: &str, value: String, rule: &str| {
            Err(PipelineError::Setting { what: what.to_owned(), value, rule: rule.to_owned() })
        };
        match asked.into_iter().flatten().next() {
            Some((what, value)) if self.phases.is_empty() => refuse(
                what,
                value,
                "left out where nothing is trained in steps: name a `--recipe`, or layers of a `--head`",
            ),
            _ if steps.checkpoint_activations && !self.has_segments(stages) => refuse(
                "checkpoint activations",
                "true".to_owned(),
                "left out where no phase trains two stages or more: all that one stage keeps is needed at once",
            ),
            _ => Ok(()),
        }
    }

    /// Is there a phase in which stages of the network can be computed again, one after the other?
    fn has_segments(&self, stages: &[Stage]) -> bool {
        let boundaries = self.phases.iter().filter_map(|phase| phase.unfreeze.boundary(stages).ok());
        boundaries.into_iter().any(|boundary| boundary.0 + 1 < stages.len())
    }

    /// Can what comes out of these phases be worse than the head on the frozen network, and so be compared with it?
    pub(crate) fn is_compared(&self, config: &TrainConfig) -> bool {
        config.steps.recipe != Recipe::Scratch
            && self.phases.iter().any(|phase| phase.unfreeze != Unfreeze::Head)
    }

    /// Does anybody ask for the head that the frozen network gets by itself? Not where layers learn alone, or all of a
    /// network from random weights.
    pub(crate) fn needs_probe(&self, config: &TrainConfig) -> bool {
        self.phases.is_empty() || self.is_compared(config) || begins_solved(config)
    }
}

/// Do steps begin with the head that can be solved for?
pub(crate) fn begins_solved(config: &TrainConfig) -> bool {
    let solvable = config.steps.head.is_linear() && config.head != HeadKind::Layers;
    solvable && config.steps.recipe.begins_with_probe()
}

/// The recipe for so many pictures of a class, and why.
fn recipe(setup: &Setup<'_>, each: usize) -> (Recipe, String) {
    let steps = &setup.config.steps;
    if steps.recipe != Recipe::Auto || !steps.phases.is_empty() {
        return (steps.recipe, "asked for".to_owned());
    }
    if *setup.device() == Device::flex() {
        let why = "on a processor the head alone is trained, which takes seconds; `--recipe lp-ft` goes on with the network";
        return (Recipe::Features, why.to_owned());
    }
    if each < TUNABLE {
        let why = format!("{each} pictures a class are few to tune a network with; `--recipe lp-ft` tries");
        return (Recipe::Features, why);
    }
    (Recipe::LpFt, format!("{each} pictures a class and a GPU: the best head, then the network from there"))
}
