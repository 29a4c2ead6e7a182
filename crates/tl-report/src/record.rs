//! The record, what a run knows about itself: a plain data model. `report.json` is exactly this.
//!
//! Shares are in [0, 1], times in seconds, sizes in bytes or pixels. A figure that may not exist is an
//! `Option`, so that no number in here ever has to be NaN.

use serde::{Deserialize, Serialize};

use crate::{DataCard, Error, Evaluation, MeanSpread, ModelCard, MultiLabel, Result, Setting};

/// The version of [`Record`]'s layout; it goes up when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// The record of a run, from the command to the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the record's form, [`SCHEMA`].
    pub schema: u32,
    /// Version of the program.
    pub tl_version: String,
    /// When the run ended, RFC 3339.
    pub created: String,
    /// The command as typed, one argument each.
    pub command: Vec<String>,
    /// The seed that everything random came from.
    pub seed: u64,
    /// The resolved settings worth naming: epochs, learning rates, batch size and the like.
    pub settings: Vec<Setting>,
    /// Versions of what the result depends on besides the program: libraries, device driver.
    pub versions: Vec<Setting>,
    /// Stages in the order they ran.
    pub timings: Vec<StageTime>,
    /// The most memory the process held, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The pictures of the run.
    pub data: DataCard,
    /// The network of the run.
    pub model: ModelCard,
    /// What the program decided by itself.
    pub choices: Vec<Choice>,
    /// The phases of training in steps, if there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseCard>,
    /// The models that were compared, if there was more than one.
    pub candidates: Vec<Candidate>,
    /// How good the kept model is.
    ///
    /// Of a model that gives several labels each, this is empty: see [`Self::multi_label`].
    pub evaluation: Evaluation,
    /// How good the kept model is, if it gives pictures several labels each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_label: Option<MultiLabel>,
    /// Cross-validation, if it was asked for.
    pub folds: Option<Folds>,
    /// How solving for the head ended, if it was solved for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solver: Option<Solver>,
    /// The losses during training.
    pub curve: Vec<CurvePoint>,
    /// Commands worth running next, each a line for the shell.
    pub next: Vec<String>,
}

/// A stage of the job and the time it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTime {
    /// What was done, such as `decode` or `train head`.
    pub name: String,
    /// Wall time in seconds.
    pub seconds: f64,
}

/// Something the program decided, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What there was to decide.
    pub what: String,
    /// The decision.
    pub chosen: String,
    /// Why, as a sentence.
    pub why: String,
}

impl Choice {
    /// A choice of `what` there was to decide, what was chosen and why.
    pub fn new(what: &str, chosen: String, why: String) -> Self {
        Self { what: what.to_owned(), chosen, why }
    }
}

/// A phase of training in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseCard {
    /// The phase's name, as in [`CurvePoint::phase`].
    pub name: String,
    /// What learns in it, such as `trains the last stage and the head`.
    pub learns: String,
    /// The phase's length, such as `4 epochs`.
    pub length: String,
    /// Optimiser and schedule, such as `AdamW, cosine`.
    pub how: String,
    /// The parameters, from the first stage to the head.
    pub groups: Vec<GroupCard>,
}

/// Parameters that are trained, or frozen, together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCard {
    /// The stage, or `head`.
    pub name: String,
    /// Number of parameters in the group.
    pub parameters: u64,
    /// Peak learning rate; none if the group is frozen.
    pub rate: Option<f64>,
}

/// A model that was compared with others on the validation pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The candidate, such as `head only` or `fine-tuned from stage 4`.
    pub name: String,
    /// Right answers on the validation pictures.
    pub correct: usize,
    /// Number of validation pictures.
    pub total: usize,
    /// Mean negative natural logarithm of the probability given to the truth.
    pub log_loss: Option<f64>,
    /// Wall time of its training in seconds.
    pub seconds: f64,
    /// Whether this is the model that was kept.
    pub kept: bool,
}

/// How the search for the minimum of a head's loss ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Solver {
    /// Steps that were taken; of several labels, for the one with the most.
    pub iterations: usize,
    /// The largest absolute entry of the gradient at the end.
    pub gradient: f64,
    /// Whether the search ended in a minimum: the gradient is as small as was asked for.
    pub converged: bool,
}

/// The outcome of k-fold cross-validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folds {
    /// Accuracy on each fold's held-out pictures.
    pub accuracies: Vec<f64>,
    /// Mean and spread of the accuracies; none without folds.
    pub spread: Option<MeanSpread>,
}

impl Folds {
    /// The folds with these accuracies.
    pub fn new(accuracies: Vec<f64>) -> Self {
        let spread = MeanSpread::of(&accuracies);
        Self { accuracies, spread }
    }
}

/// The losses at one moment of training. A loss that is not finite is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Epochs completed since the run began, over all phases.
    pub epoch: f64,
    /// The phase of the recipe, such as `head` or `fine-tune`.
    pub phase: Option<String>,
    /// Mean training loss since the previous point.
    pub train_loss: Option<f64>,
    /// Loss on the validation pictures.
    pub val_loss: Option<f64>,
    /// Accuracy on the validation pictures.
    pub val_accuracy: Option<f64>,
}

impl Record {
    /// Reads what [`crate::json`] wrote.
    ///
    /// # Errors
    /// [`Error::Read`] if the text is not a record, [`Error::Schema`] if it is one of another version.
    pub fn from_json(text: &str) -> Result<Self> {
        // The version first: a record of another layout would only give a puzzling message about some field.
        let Version { schema } = serde_json::from_str(text).map_err(Error::Read)?;
        if schema != SCHEMA {
            return Err(Error::Schema { expected: SCHEMA, actual: schema });
        }
        serde_json::from_str(text).map_err(Error::Read)
    }
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}
