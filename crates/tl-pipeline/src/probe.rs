//! The head that the frozen network gets by itself: how it is chosen and fitted.

use serde_json::json;
use std::time::Instant;
use tl_data::SampleId;
use tl_heads::{FittedHead, Pooling};
use tl_report::{Choice, CurvePoint, Solver};
use tl_train::Targets;

use crate::adamw::{AdamWSettings, EpochLoss};
use crate::config::{HeadKind, TrainConfig};
use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::fit::{Fitted, Method, fit, resolve};
use crate::journal::Journal;
use crate::model::Model;
use crate::observer::JobStage;
use crate::plan::StepPlan;
use crate::setup::Setup;
use crate::strength::{Comparison, STRENGTHS, TOO_SMALL, scores};

/// Inverse L2 strength where none could be chosen: scikit-learn's default.
const UNTESTED_STRENGTH: f64 = 1.0;

/// The head that the frozen network gets by itself, and how it was chosen.
pub(crate) struct Probe {
    pub(crate) head: FittedHead,
    pub(crate) method: Method,
    pub(crate) choice: Choice,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) solver: Option<Solver>,
}

impl Probe {
    /// The model of this head on the network as pretrained.
    pub(crate) fn model(self) -> Model {
        Model::frozen(self.head, self.method)
    }
}

/// The head that the frozen network gets by itself, from these pictures; `None` where nobody asks for it.
///
/// # Errors
/// If no head can be fitted.
pub(crate) fn probe(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    plan: &StepPlan,
    train: &[SampleId],
) -> Result<Option<Probe>, PipelineError> {
    if !plan.needs_probe(setup.config) {
        return Ok(None);
    }
    let (method, mut choice) = choose_method(setup, features, journal, train)?;
    let (fitted, curve) = fit_head(setup, features, journal, train, method)?;
    for remark in fitted.remarks() {
        choice.why = if choice.why.is_empty() { remark } else { format!("{}; {remark}", choice.why) };
    }
    Ok(Some(Probe { head: fitted.head, method, choice, curve, solver: fitted.solver }))
}

/// A head that is trained in steps only.
pub(crate) fn layers(config: &TrainConfig) -> Choice {
    let asked = config.head == HeadKind::Layers;
    let why = if asked { "asked for" } else { "learns with the network" };
    Choice::new("head", config.steps.head.describe(), why.to_owned())
}

fn choose_method(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    train: &[SampleId],
) -> Result<(Method, Choice), PipelineError> {
    let kind = resolve(setup.config.head, train.len());
    let asked = if setup.config.head == kind { "asked for" } else { "" };
    let untrained = match kind {
        HeadKind::Prototype => Some(Method::Prototype),
        HeadKind::Neighbours => Some(Method::Neighbours),
        _ => None,
    };
    if let Some(method) = untrained {
        return Ok((method, Choice::new("head", method.describe(), asked.to_owned())));
    }
    if kind == HeadKind::AdamW {
        let settings = AdamWSettings { seed: setup.config.seed, ..AdamWSettings::default() };
        let why = if asked.is_empty() {
            "pictures are many, steps are cheaper than solving at once"
        } else {
            asked
        };
        let chosen = format!("linear layer, AdamW, {} epochs", settings.epochs);
        return Ok((Method::AdamW(settings), Choice::new("head", chosen, why.to_owned())));
    }
    let (mode, scores) = (features.mode, scores(setup, features, journal, train)?);
    let Some(best) = (Comparison { mode, scores }).best() else {
        let chosen = format!("logistic regression, C = {UNTESTED_STRENGTH}");
        let why = format!("{TOO_SMALL}: the usual strength");
        return Ok((Method::Logistic { c: UNTESTED_STRENGTH }, Choice::new("head", chosen, why)));
    };
    let why = format!(
        "{}this strength had the lowest loss of {} in cross-validation on the training pictures",
        if asked.is_empty() {
            "pictures are few enough to solve for the one best head; "
        } else {
            "asked for; "
        },
        STRENGTHS.len(),
    );
    let chosen = format!("logistic regression, C = {}", best.c);
    Ok((Method::Logistic { c: best.c }, Choice::new("head", chosen, why)))
}

/// Fits a head on the features of these pictures by a method.
///
/// # Errors
/// If it cannot be fitted; of features that are no numbers, naming the picture.
pub(crate) fn fit_head(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    train: &[SampleId],
    method: Method,
) -> Result<(Fitted, Vec<CurvePoint>), PipelineError> {
    let begun = Instant::now();
    setup.observer.stage(JobStage::Train);
    let (features_nd, truth) = (features.matrix(train), Targets::of(features.data(), train));
    let epochs = std::cell::RefCell::new(Vec::new());
    let keep = |epoch: EpochLoss| epochs.borrow_mut().push(epoch);
    let start = setup.warm.as_ref().and_then(|warm| warm.head_on(Pooling::Published));
    let fitted =
        fit(method, &features_nd, &truth, features.data().classes.len(), setup.device(), start, &keep)
            .map_err(|error| features.naming_picture(error, train))?;
    if fitted.solver.is_some_and(|solver| !solver.converged) {
        fitted.remarks().iter().for_each(|remark| setup.observer.noted("warning", remark));
    }
    let epochs = epochs.into_inner();
    let line =
        |e: &EpochLoss| json!({"event": "epoch", "epoch": e.epoch, "loss": e.loss, "learning_rate": e.rate});
    journal.lines.extend(epochs.iter().map(line));
    journal.fit += begun.elapsed();
    Ok((fitted, epochs.iter().map(point).collect()))
}

fn point(epoch: &EpochLoss) -> CurvePoint {
    CurvePoint {
        epoch: epoch.epoch as f64,
        phase: Some("head".to_owned()),
        train_loss: Some(epoch.loss),
        val_loss: None,
        val_accuracy: None,
    }
}
