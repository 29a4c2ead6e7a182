//! Training in steps as part of a trial: what comes out of it, and whether it is kept.

use std::time::Instant;
use tl_data::SampleId;
use tl_heads::FittedHead;
use tl_report::{Candidate, Choice, CurvePoint, PhaseCard, Solver};
use tl_train::{Best, Phase, Recipe, Scores, Targets, Trained};

use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::inference::predict;
use crate::journal::Journal;
use crate::model::Model;
use crate::observer::JobStage;
use crate::plan::StepPlan;
use crate::probe::{Probe, fit_head};
use crate::run_in_progress::RunInProgress;
use crate::setup::Setup;
use crate::step_training::{CheckpointTarget, EpochSplit, with_trainer};

/// A part of a run: a fold, or all of it.
pub(crate) struct TrialData<'a> {
    pub(crate) name: &'a str,
    pub(crate) train: &'a [SampleId],
    /// What judges epochs; some of the training pictures do where there are none.
    pub(crate) validation: &'a [SampleId],
}

/// A model that came out of training in steps, or won against it.
pub(crate) struct FineTuned {
    pub(crate) model: Model,
    pub(crate) choice: Choice,
    pub(crate) history: History,
    /// The pictures that judged the epochs of the model that is kept; none if they trained it.
    pub(crate) validation: Vec<SampleId>,
}

/// How a model came about, for the record.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) phases: Vec<PhaseCard>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) curve: Vec<CurvePoint>,
    /// How solving for the head of the frozen network ended, if that is the model or was its beginning.
    pub(crate) solver: Option<Solver>,
}

/// The head on the frozen network, and how it does on the pictures that judge epochs.
struct BaselineHead {
    model: Model,
    scores: Scores,
    losses: Vec<f64>,
}

/// Trains in steps and keeps the better of what comes out and the head on the frozen network.
///
/// # Errors
/// If training comes to nothing, is stopped, or cannot be written down.
pub(crate) fn tune(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    run: &mut RunInProgress,
    part: &TrialData<'_>,
    plan: &StepPlan,
    frozen: Option<Probe>,
) -> Result<FineTuned, PipelineError> {
    let (config, data) = (setup.config, features.data());
    let split = EpochSplit::of(data, part.train, part.validation, config.seed);
    let probe = match &frozen {
        Some(frozen) if split.carved => {
            Some(fit_head(setup, features, journal, &split.learn, frozen.method)?.0.head)
        }
        frozen => frozen.as_ref().map(|frozen| frozen.head.clone()),
    };
    let begun = Instant::now();
    let trained = train(setup, features, journal, run, (part.name, &plan.phases), probe.as_ref(), &split)?;
    let seconds = begun.elapsed().as_secs_f64();
    let (best, curve, phases) = (trained.best.clone(), trained.curve().to_vec(), trained.phases.clone());
    let own = !config.steps.phases.is_empty();
    let recipe = name(if own { "own phases" } else { plan.recipe.name() }, &plan.phases);
    let tuned = model(setup, features, trained, &recipe);
    let baseline = match (probe, frozen) {
        (Some(probe), Some(frozen)) if plan.is_compared(config) && !split.validation.is_empty() => {
            Some(BaselineHead::of(features, &probe, frozen.model(), &split.validation)?)
        }
        _ => None,
    };
    let kept = match &baseline {
        Some(baseline) => baseline.loses(setup, features, &tuned, best.scores, &split.validation)?,
        None => true,
    };
    let questions = if data.multi_label { data.classes.len() } else { 1 };
    let total = split.validation.len() * questions;
    let mut candidates = vec![candidate(&recipe, best.scores, total, seconds, kept)];
    let who = &plan.why;
    let why = match &baseline {
        Some(BaselineHead { scores, .. }) => {
            candidates.insert(0, candidate("head on the frozen network", *scores, total, 0.0, !kept));
            format!("{who}; {}", reason(&split, *scores, &best, &plan.phases))
        }
        None if split.validation.is_empty() => {
            let aside = "a class has too few pictures to set some aside";
            format!("{who}; not compared with the frozen network: {aside}")
        }
        None => who.clone(),
    };
    let chosen = if kept { recipe } else { format!("{recipe}, but the frozen network is kept") };
    let validation = if kept || !split.carved { split.validation } else { Vec::new() };
    let model = baseline.filter(|_| !kept).map_or(tuned, |baseline| baseline.model);
    let history = History { phases, candidates, curve, solver: None };
    Ok(FineTuned { model, choice: Choice::new("recipe", chosen, why), history, validation })
}

impl BaselineHead {
    /// `model` is what is kept if it wins; `probe` is the same from what steps learned from alone.
    fn of(
        features: &ModeFeatures<'_>,
        probe: &FittedHead,
        model: Model,
        validation: &[SampleId],
    ) -> Result<Self, PipelineError> {
        let targets = Targets::of(features.data(), validation);
        let p_nk = targets.probabilities(probe.logits(&features.matrix(validation))?);
        Ok(Self { model, scores: targets.scores(&p_nk), losses: targets.losses(&p_nk) })
    }

    /// Is the other model better than this one on the pictures that judged it?
    fn loses(
        &self,
        setup: &Setup<'_>,
        features: &ModeFeatures<'_>,
        tuned: &Model,
        scores: Scores,
        validation: &[SampleId],
    ) -> Result<bool, PipelineError> {
        if scores.accuracy < self.scores.accuracy {
            return Ok(false);
        }
        let p_nk = predict(setup, features, tuned, validation)?;
        Ok(is_lower(&Targets::of(features.data(), validation).losses(&p_nk), &self.losses))
    }
}

fn train(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    journal: &mut Journal,
    run: &mut RunInProgress,
    (part, phases): (&str, &[Phase]),
    probe: Option<&FittedHead>,
    split: &EpochSplit,
) -> Result<Trained, PipelineError> {
    setup.observer.stage(JobStage::Train);
    let begun = Instant::now();
    let checkpoints = run.checkpoints(part)?;
    let log = run.take_log(&mut journal.lines)?.trial(part)?;
    let folder = run.folder()?.path();
    let saving = CheckpointTarget { checkpoints: &checkpoints, log: &log, run: folder };
    let trained =
        with_trainer(setup, features, phases, probe, split, Some(saving), |trainer| trainer.train())?;
    run.log = Some(log.end());
    journal.fit += begun.elapsed();
    Ok(trained)
}

fn model(setup: &Setup<'_>, features: &ModeFeatures<'_>, trained: Trained, recipe: &str) -> Model {
    let learned = trained.lowest < features.source().frozen.backbone().end();
    let own = learned || setup.config.steps.recipe == Recipe::Scratch;
    Model {
        backbone: own.then_some(trained.backbone),
        head: trained.head,
        pooling: setup.config.steps.head.pooling,
        how: recipe.to_owned(),
        trained: trained.trained,
    }
}

/// Standard errors by which a loss must be lower to count as lower.
const BEYOND_NOISE: f64 = 2.0;

/// Are these losses lower than those of the same pictures, by more than chance explains?
fn is_lower(tuned: &[f64], frozen: &[f64]) -> bool {
    let gains: Vec<f64> = frozen.iter().zip(tuned).map(|(frozen, tuned)| frozen - tuned).collect();
    let count = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / count;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean > BEYOND_NOISE * (variance / count).sqrt()
}

/// The recipe in words.
fn name(recipe: &str, phases: &[Phase]) -> String {
    let each = phases.iter().map(|phase| {
        let what = phase.unfreeze.what_learns();
        format!("{} ({what}, {})", phase.name, phase.length())
    });
    format!("{recipe}: {}", each.collect::<Vec<_>>().join(", then "))
}

fn reason(split: &EpochSplit, probe: Scores, best: &Best, phases: &[Phase]) -> String {
    let tuned = best.scores;
    let where_from = if split.carved { "taken out of the training pictures" } else { "for validation" };
    let phase = phases.get(best.phase).map_or("", |phase| phase.name.as_str());
    format!(
        "on {} pictures {where_from}: loss {:.3} ({:.1} % right) after epoch {} of {phase}, frozen {:.3} ({:.1} % right); what \
         is within two standard errors counts as equal",
        split.validation.len(),
        tuned.log_loss,
        100.0 * tuned.accuracy,
        best.epoch,
        probe.log_loss,
        100.0 * probe.accuracy,
    )
}

fn candidate(name: &str, scores: Scores, total: usize, seconds: f64, kept: bool) -> Candidate {
    Candidate {
        name: name.to_owned(),
        correct: (scores.accuracy * total as f64).round() as usize,
        total,
        log_loss: Some(scores.log_loss).filter(|loss| loss.is_finite()),
        seconds,
        kept,
    }
}

#[cfg(test)]
mod tests {
    use super::is_lower;

    #[test]
    fn a_loss_is_lower_beyond_noise_or_not_at_all() {
        let frozen = [0.1, 0.5, 0.2, 0.9, 0.3, 0.4];
        let less = |by: [f64; 6]| -> Vec<f64> { frozen.iter().zip(by).map(|(loss, by)| loss - by).collect() };
        assert!(is_lower(&less([0.05, 0.06, 0.05, 0.04, 0.05, 0.06]), &frozen));
        // The mean is lower, but one picture makes it so.
        assert!(!is_lower(&less([0.0, -0.01, 0.0, 0.5, 0.01, 0.0]), &frozen));
        assert!(!is_lower(&frozen, &frozen) && !is_lower(&[0.1], &[0.9]) && !is_lower(&[], &[]));
    }
}
