//! Recipes: lists of phases, each with a boundary behind which the network learns.

use serde::{Deserialize, Serialize};
use std::fmt;
use tl_backbones::{Boundary, Stage};

use crate::bounds::is_positive;
use crate::error::TrainError;
use crate::optimizer::{OptimizerConfig, OptimizerKind};
use crate::schedule::Schedule;

/// How much of the backbone learns. In TOML and on the command line: `head`, `all`, the name of a stage, or a number of
/// stages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Unfreeze {
    /// Nothing of it: the head alone.
    #[default]
    Head,
    /// The last stages, so many of them.
    Last(usize),
    /// This stage and all behind it.
    From(String),
    /// The whole backbone.
    All,
}

impl Unfreeze {
    /// What learns, in words: `the last 2 stages and the head`.
    pub fn what_learns(&self) -> String {
        match self {
            Self::Head | Self::Last(0) => "the head alone".to_owned(),
            Self::Last(1) => "the last stage and the head".to_owned(),
            Self::Last(stages) => format!("the last {stages} stages and the head"),
            Self::From(stage) => format!("all from {stage} on"),
            Self::All => "the whole network".to_owned(),
        }
    }
}

/// What the batch norms behind the boundary do. Those before it are always frozen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norms {
    /// Batch norms use and keep their running statistics, as Keras's guide to transfer learning does:
    /// <https://keras.io/guides/transfer_learning/>. Scales and shifts learn.
    #[default]
    Frozen,
    /// Batch norms normalise by each batch, and running statistics follow.
    Train,
}

/// A part of training with one boundary and one schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Phase {
    /// The phase's name in logs and reports.
    pub name: String,
    /// The part of the backbone that learns.
    pub unfreeze: Unfreeze,
    /// Passes over the pictures.
    pub epochs: usize,
    /// Steps, instead of `epochs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Peak learning rate of the head.
    pub rate: f64,
    /// Peak learning rate of the last stage, as a share of the head's.
    pub backbone: f64,
    /// Peak learning rate of each stage before it, as a share of that of the stage behind it.
    pub stage_decay: f64,
    /// How the rates change over the phase.
    pub schedule: Schedule,
    /// Share of the steps in which the rates rise to their peak, before the schedule begins.
    pub warmup: f64,
    /// The optimizer of the phase.
    pub optimizer: OptimizerConfig,
    /// What batch norms do.
    pub norms: Norms,
}

impl Default for Phase {
    fn default() -> Self {
        Self {
            name: "train".to_owned(),
            unfreeze: Unfreeze::Head,
            epochs: 10,
            steps: None,
            rate: 1e-3,
            backbone: 1.0,
            stage_decay: 1.0,
            schedule: Schedule::Cosine,
            warmup: 0.0,
            optimizer: OptimizerConfig::default(),
            norms: Norms::Frozen,
        }
    }
}

impl Phase {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// [`TrainError::Setting`], naming the setting and the phase.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let refuse = |what: &str, value: &dyn std::fmt::Display, rule: &str| {
            let what = format!("{what} of phase {}", self.name);
            Err(TrainError::Setting { what, value: value.to_string(), rule: rule.to_owned() })
        };
        if let Some((what, value, rule)) = self.optimizer.wrong().or_else(|| self.schedule.wrong()) {
            return refuse(what, &value, rule);
        }
        match self {
            _ if self.epochs == 0 && self.steps.is_none() => refuse("epochs", &0, "at least 1"),
            _ if self.steps == Some(0) => refuse("steps", &0, "at least 1"),
            _ if !is_positive(self.rate) => refuse("rate", &self.rate, "above 0"),
            _ if !is_positive(self.backbone) => refuse("backbone", &self.backbone, "above 0"),
            _ if !is_positive(self.stage_decay) => refuse("stage_decay", &self.stage_decay, "above 0"),
            _ if !(0.0..1.0).contains(&self.warmup) => refuse("warmup", &self.warmup, "from 0 to below 1"),
            _ => Ok(()),
        }
    }
}

/// The fine-tuning recipes, by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// A recipe chosen by the number of pictures and the device.
    #[default]
    Auto,
    /// The head alone, on features that are computed once.
    Features,
    /// The head, then the last stages at a hundredth of the rate: Keras's guide,
    /// <https://keras.io/guides/transfer_learning/>.
    Classic,
    /// The head to convergence, then everything from there: Kumar et al. 2022, <https://arxiv.org/abs/2202.10054>.
    LpFt,
    /// fastai's `fine_tune`: <https://github.com/fastai/fastai/blob/2.7.18/fastai/callback/schedule.py>.
    FineTune,
    /// The head, then one stage more in each phase, the last first: Howard and Ruder 2018,
    /// <https://arxiv.org/abs/1801.06146>.
    Gradual,
    /// BiT-HyperRule: Kolesnikov et al. 2020, <https://arxiv.org/abs/1912.11370>.
    Bit,
    /// Everything at once, from a new head.
    Full,
    /// Everything at once, from random weights: what transfer is measured against.
    Scratch,
}

impl Recipe {
    /// All that have a name of their own.
    pub const ALL: [Recipe; 9] = [
        Recipe::Auto,
        Recipe::Features,
        Recipe::Classic,
        Recipe::LpFt,
        Recipe::FineTune,
        Recipe::Gradual,
        Recipe::Bit,
        Recipe::Full,
        Recipe::Scratch,
    ];

    /// Whether the recipe begins with the best head on frozen features.
    pub fn begins_with_probe(self) -> bool {
        matches!(self, Self::Auto | Self::Features | Self::LpFt)
    }

    /// The phases that are trained in steps, for a backbone of so many stages and batches of so many pictures; `pictures` to
    /// train on. None for the head alone.
    pub fn phases(self, stages: usize, batch: usize, pictures: usize) -> Vec<Phase> {
        match self {
            Self::Auto | Self::Features => Vec::new(),
            Self::Classic => classic(),
            Self::LpFt => vec![tune("tune", Unfreeze::All, 5)],
            Self::FineTune => fine_tune(stages),
            Self::Gradual => gradual(stages),
            Self::Bit => vec![bit(batch, pictures)],
            Self::Full => {
                vec![Phase { rate: 1e-3, backbone: 0.1, warmup: 0.1, ..tune("full", Unfreeze::All, 10) }]
            }
            Self::Scratch => vec![scratch()],
        }
    }
}

fn classic() -> Vec<Phase> {
    let adam = OptimizerConfig { kind: OptimizerKind::Adam, decay: 0.0, ..OptimizerConfig::default() };
    let head =
        Phase { name: "head".to_owned(), schedule: Schedule::Constant, optimizer: adam, ..Phase::default() };
    let tune = Phase { name: "tune".to_owned(), unfreeze: Unfreeze::Last(2), rate: 1e-5, ..head.clone() };
    vec![head, tune]
}

fn tune(name: &str, unfreeze: Unfreeze, epochs: usize) -> Phase {
    Phase { name: name.to_owned(), unfreeze, epochs, rate: 1e-4, warmup: 0.1, ..Phase::default() }
}

fn fine_tune(stages: usize) -> Vec<Phase> {
    let base = 2e-3;
    let adam = OptimizerConfig::default();
    let cycle = |up, div| Schedule::OneCycle { up, div, div_final: 1e5 };
    let head = Phase {
        name: "frozen".to_owned(),
        epochs: 1,
        rate: base,
        schedule: cycle(0.99, 25.0),
        optimizer: adam,
        ..Phase::default()
    };
    let tune = Phase {
        name: "unfrozen".to_owned(),
        unfreeze: Unfreeze::All,
        epochs: 5,
        rate: base / 2.0,
        // fastai spreads `slice(base / 100, base)` evenly, on a logarithmic scale, over the groups of layers.
        backbone: 0.01_f64.powf(1.0 / stages.max(1) as f64),
        stage_decay: 0.01_f64.powf(1.0 / stages.max(1) as f64),
        schedule: cycle(0.3, 5.0),
        norms: Norms::Train,
        ..head.clone()
    };
    vec![head, tune]
}

fn gradual(stages: usize) -> Vec<Phase> {
    let head = Phase { name: "head".to_owned(), epochs: 3, ..Phase::default() };
    // A rate of 1/2.6 for each layer further down: section 3.2 of the paper.
    let stage =
        |last| Phase { stage_decay: 1.0 / 2.6, ..tune(&format!("last {last}"), Unfreeze::Last(last), 2) };
    std::iter::once(head).chain((1..=stages).map(stage)).collect()
}

/// <https://github.com/google-research/big_transfer/blob/140de6e704fd8d61f3e5ff20ffde130b7d5fd065/bit_hyperrule.py>
fn bit(batch: usize, pictures: usize) -> Phase {
    let (steps, warmup) = match pictures {
        0..20_000 => (500, 100),
        20_000..500_000 => (10_000, 500),
        _ => (20_000, 500),
    };
    let optimizer = OptimizerConfig { kind: OptimizerKind::Sgd, decay: 0.0, ..OptimizerConfig::default() };
    Phase {
        name: "bit".to_owned(),
        unfreeze: Unfreeze::All,
        steps: Some(steps),
        // 0.003 is for batches of 512.
        rate: 0.003 * batch as f64 / 512.0,
        schedule: Schedule::Staircase,
        warmup: f64::from(warmup) / steps as f64,
        optimizer,
        norms: Norms::Train,
        ..Phase::default()
    }
}

fn scratch() -> Phase {
    Phase { rate: 1e-3, norms: Norms::Train, ..tune("scratch", Unfreeze::All, 30) }
}

impl Unfreeze {
    /// The boundary in a backbone of these stages.
    ///
    /// # Errors
    /// [`TrainError::Stage`] if there is no such stage, or not so many.
    pub fn boundary(&self, stages: &[Stage]) -> Result<Boundary, TrainError> {
        let unknown = || TrainError::Stage {
            asked: self.to_string(),
            known: stages.iter().map(|stage| stage.name.clone()).collect(),
        };
        match self {
            Self::Head => Ok(Boundary(stages.len())),
            Self::All => Ok(Boundary(0)),
            Self::Last(count) => stages.len().checked_sub(*count).map(Boundary).ok_or_else(unknown),
            Self::From(name) => {
                stages.iter().position(|stage| stage.name == *name).map(Boundary).ok_or_else(unknown)
            }
        }
    }
}

impl From<String> for Unfreeze {
    fn from(text: String) -> Self {
        match text.as_str() {
            "head" => Self::Head,
            "all" => Self::All,
            _ => text.parse().map_or(Self::From(text), Self::Last),
        }
    }
}

impl From<Unfreeze> for String {
    fn from(unfreeze: Unfreeze) -> Self {
        unfreeze.to_string()
    }
}

impl fmt::Display for Unfreeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("head"),
            Self::All => f.write_str("all"),
            Self::Last(count) => write!(f, "{count}"),
            Self::From(name) => f.write_str(name),
        }
    }
}

impl Recipe {
    /// The recipe's name, as people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Features => "features",
            Self::Classic => "classic",
            Self::LpFt => "lp-ft",
            Self::FineTune => "fine-tune",
            Self::Gradual => "gradual",
            Self::Bit => "bit",
            Self::Full => "full",
            Self::Scratch => "scratch",
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<Stage> {
        ["stem", "layer1", "layer2"].map(Stage::of).to_vec()
    }

    #[test]
    fn boundaries_by_number_name_and_word() {
        for (text, boundary) in [("head", 3), ("all", 0), ("2", 1), ("0", 3), ("3", 0), ("layer1", 1)] {
            let unfreeze = Unfreeze::from(text.to_owned());
            assert_eq!(unfreeze.boundary(&stages()).unwrap(), Boundary(boundary), "{text}");
            assert_eq!(unfreeze.to_string(), text);
        }
    }

    #[test]
    fn a_boundary_past_the_end_names_the_stages() {
        for text in ["4", "layer9"] {
            let message = Unfreeze::from(text.to_owned()).boundary(&stages()).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("cannot unfreeze `{text}`: the network's stages are `stem`, `layer1`, `layer2`")
            );
        }
    }

    #[test]
    fn fine_tune_spreads_rates_from_the_head_to_a_hundredth_at_the_stem() {
        let tune = Recipe::FineTune.phases(4, 32, 100).remove(1);
        let stem = tune.rate * tune.backbone * tune.stage_decay.powi(3);
        assert!((stem - 1e-5).abs() < 1e-12, "{stem}");
    }

    #[test]
    fn another_weight_decay_leaves_the_recipe_its_optimizer() {
        let steps =
            crate::config::StepsConfig { recipe: Recipe::Bit, decay: Some(1e-4), ..Default::default() };
        let optimizer = steps.resolve(4, 100, false).remove(0).optimizer;
        assert_eq!((optimizer.kind, optimizer.decay), (OptimizerKind::Sgd, 1e-4));
    }

    #[test]
    fn bit_follows_its_rule() {
        let bit = |pictures| Recipe::Bit.phases(4, 512, pictures).remove(0);
        assert_eq!(
            [bit(19_999).steps, bit(20_000).steps, bit(500_000).steps],
            [500, 10_000, 20_000].map(Some)
        );
        assert_eq!((bit(10).rate, bit(10).warmup), (0.003, 0.2));
    }
}
