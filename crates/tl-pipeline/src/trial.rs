//! One division of the pictures into training and held-out ones, from features to predictions.

use tl_data::{Dataset, DuplicateGroups, SampleId};
use tl_image::ResizeMode;
use tl_report::{Choice, EvaluationSet, LabelPrediction};

use crate::augmentation::augmentation;
use crate::error::PipelineError;
use crate::evaluate::WORST;
use crate::features::{FeatureTable, ensure_features};
use crate::inference::predict;
use crate::journal::Journal;
use crate::metrics::{Evaluator, Metrics, label_predictions};
use crate::model::Model;
use crate::plan::StepPlan;
use crate::probe::{layers, probe};
use crate::resize::choose_mode;
use crate::run_in_progress::RunInProgress;
use crate::setup::Setup;
use crate::split::check_classes;
use crate::threshold::choose_thresholds;
use crate::tune::{History, TrialData, tune};

/// A model, how it was chosen, and what it says about the held-out pictures.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) mode: ResizeMode,
    pub(crate) model: Model,
    pub(crate) choices: Vec<Choice>,
    pub(crate) history: History,
    pub(crate) answers: HeldOutPredictions,
    /// The pictures that trained the model, or chose between its versions.
    pub(crate) seen: Vec<SampleId>,
}

/// What a model says about held-out pictures.
#[derive(Debug)]
pub(crate) struct HeldOutPredictions {
    pub(crate) predictions: Vec<LabelPrediction>,
    /// Decision thresholds: from which probability on each label is given; none if there is one label each.
    pub(crate) thresholds: Vec<f64>,
}

/// A job under way over one data set. Features are shared between its trials.
pub(crate) struct Job<'a> {
    pub(crate) setup: Setup<'a>,
    pub(crate) table: FeatureTable<'a>,
    pub(crate) journal: Journal,
    pub(crate) run: RunInProgress,
    /// Which pictures belong together, for intervals.
    pub(crate) units: &'a DuplicateGroups,
}

impl Job<'_> {
    /// Chooses settings on a part's training pictures, trains on them and predicts `val`, which may be empty.
    ///
    /// # Errors
    /// Anything that keeps a trustworthy model from being made.
    pub(crate) fn run(&mut self, part: &TrialData<'_>, val: &[SampleId]) -> Result<Trial, PipelineError> {
        let Self { setup, table, journal, run, units } = self;
        let config = setup.config;
        let (mode, resize) = choose_mode(setup, table, journal, part.train)?;
        let all: Vec<SampleId> = [part.train, part.validation, val].concat();
        ensure_features(setup, table, journal, &all, &[mode])?;
        let [train, validation, val] = [part.train, part.validation, val].map(|ids| table.readable(ids));
        let features = table.at(mode);
        let data = features.data();
        check_classes(data, &train, &val)?;
        let plan = StepPlan::of(setup, &features, train.len());
        plan.check(&config.steps, &features.source().frozen.backbone().stages(), data.multi_label)?;
        let probe = probe(setup, &features, journal, &plan, &train)?;
        let head = probe.as_ref().map_or_else(|| layers(config), |probe| probe.choice.clone());
        let mut choices = vec![resize, head];
        let method = probe.as_ref().map(|probe| probe.method);
        let solver = probe.as_ref().and_then(|probe| probe.solver);
        let (model, history, judges) = match probe {
            Some(probe) if plan.phases.is_empty() => {
                choices.push(Choice::new("recipe", plan.recipe.to_string(), plan.why.clone()));
                let history = History { curve: probe.curve.clone(), ..History::default() };
                (probe.model(), history, validation.clone())
            }
            probe => {
                choices.push(augmentation(&config.steps, &plan.phases));
                let part = TrialData { name: part.name, train: &train, validation: &validation };
                let tuned = tune(setup, &features, journal, run, &part, &plan, probe)?;
                choices.push(tuned.choice);
                (tuned.model, tuned.history, tuned.validation)
            }
        };
        let mut thresholds = Vec::new();
        if data.multi_label {
            let choice;
            (thresholds, choice) = choose_thresholds(setup, &features, &model, method, &train, &judges)?;
            choices.push(choice);
        }
        let p_nk = predict(setup, &features, &model, &val)?;
        let predictions = label_predictions(data, units, &val, &p_nk, &thresholds);
        // Validation pictures judge epochs, or set the thresholds of labels, where there are any.
        let chooses = !plan.phases.is_empty() || data.multi_label;
        let seen = if chooses { [train, validation].concat() } else { train };
        let (history, answers) =
            (History { solver, ..history }, HeldOutPredictions { predictions, thresholds });
        Ok(Trial { mode, model, choices, history, answers, seen })
    }

    /// Notes how a trial's model does on pictures it is not judged by.
    ///
    /// # Errors
    /// If they cannot be read, or too many files are bad.
    pub(crate) fn log_part(&mut self, trial: &Trial, val: &[SampleId]) -> Result<(), PipelineError> {
        ensure_features(&self.setup, &mut self.table, &mut self.journal, val, &[trial.mode])?;
        let val = self.table.readable(val);
        let p_nk = predict(&self.setup, &self.table.at(trial.mode), &trial.model, &val)?;
        let thresholds = &trial.answers.thresholds;
        let predictions = label_predictions(self.data(), self.units, &val, &p_nk, thresholds);
        let line = self.judge().figures(EvaluationSet::Val, &predictions, thresholds, 0)?.line();
        self.journal.lines.push(line);
        Ok(())
    }

    /// What the predictions of a trial come to.
    ///
    /// # Errors
    /// If there are none that can be judged.
    pub(crate) fn figures(&self, part: EvaluationSet, trial: &Trial) -> Result<Metrics, PipelineError> {
        self.judge().figures(part, &trial.answers.predictions, &trial.answers.thresholds, WORST)
    }

    /// How predictions are judged.
    pub(crate) fn judge(&self) -> Evaluator<'_> {
        let data = self.data();
        Evaluator { classes: &data.classes, multi_label: data.multi_label, seed: self.setup.config.seed }
    }

    fn data(&self) -> &Dataset {
        self.table.source.data
    }
}
