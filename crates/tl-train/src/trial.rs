//! One division of the pictures into training and held-out ones, from features to predictions.

use burn::tensor::Device;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tl_backbones::Architecture;
use tl_data::{ContentHash, Dataset, MaxBad, ResizeMode, SampleId, Units, check_bad};
use tl_heads::{FittedHead, Pooling};
use tl_report::{Candidate, Choice, CurvePoint, LabelPrediction, Part, PhaseCard};
use tl_weights::Loaded;

use crate::choose::{Comparison, Score, cross_validate};
use crate::features::{Features, MODES};
use crate::figures::Judge;
use crate::fit::{Method, fit, resolve};
use crate::record::fingerprint;
use crate::run_folder::UnderWay;
use crate::run_log::RunLog;
use crate::split::{check_classes, inner_folds, thin};
use crate::threshold::give;
use crate::tune::{Model, PartOfRun};
use crate::warm::Warm;
use crate::{
    AdamWSettings, EpochLoss, HeadKind, Phase, Pretrained, Resize, STRENGTHS, Step, StepsConfig, TrainConfig,
    TrainError, Truth, Watch,
};

/// Training pictures that resize modes are compared on, at most: each costs three passes through the network.
const COMPARED: usize = 400;
/// Folds of the cross-validation that chooses settings.
pub(crate) const FOLDS: usize = 5;
/// From so many pictures on, one of those folds tells enough.
pub(crate) const MANY: usize = 2_000;
/// Longer side over shorter side from which on the middle crop loses something worth a comparison.
const NEARLY_SQUARE: f64 = 1.1;

/// Inverse L2 strength where none could be chosen: scikit-learn's default.
const UNTESTED_STRENGTH: f64 = 1.0;
const TOO_SMALL: &str = "a class has too few training pictures for cross-validation";

/// A head, how it was chosen, and what it says about the held-out pictures.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) mode: ResizeMode,
    pub(crate) model: Model,
    pub(crate) predictions: Vec<LabelPrediction>,
    /// From which probability on each label is given; none if there is one each.
    pub(crate) thresholds: Vec<f64>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) phases: Vec<PhaseCard>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) curve: Vec<CurvePoint>,
    /// The pictures that trained the model, or chose between its versions.
    pub(crate) seen: Vec<SampleId>,
}

/// Runs trials over one data set. Features are shared between them.
pub(crate) struct Trials<'a> {
    pub(crate) config: &'a TrainConfig,
    pub(crate) device: &'a Device,
    /// For training in steps; the first is that one.
    pub(crate) devices: &'a [Device],
    pub(crate) watch: &'a dyn Watch,
    pub(crate) max_bad: MaxBad,
    pub(crate) features: Features<'a>,
    /// Lines of `metrics.jsonl` that are not in `run_log`.
    pub(crate) log: Vec<Value>,
    /// What a run that is trained in steps has written down.
    pub(crate) run_log: Option<RunLog>,
    /// Wall time of extraction, choosing and fitting.
    pub(crate) spent: [Duration; 3],
    pub(crate) architecture: Architecture,
    /// What the run is a function of besides its settings.
    pub(crate) fingerprint: String,
    /// The folder of a run that is trained in steps.
    pub(crate) under_way: Option<UnderWay>,
    /// As `run.toml` says it.
    pub(crate) backbone_name: String,
    /// What `run.toml` will say.
    pub(crate) settings: String,
    /// The run's name before its number.
    pub(crate) name: String,
    /// What the head begins from.
    pub(crate) warm: Option<Warm>,
    /// Which pictures belong together, for intervals; without, none do.
    pub(crate) units: Option<Units>,
}

impl<'a> Trials<'a> {
    /// Nothing is tried yet; `time` is when, for `run.toml`.
    pub(crate) fn new(
        config: &'a TrainConfig,
        devices: &'a [Device],
        watch: &'a dyn Watch,
        features: Features<'a>,
        pretrained: &Pretrained,
        loaded: &Loaded,
        time: &str,
    ) -> Result<Self, TrainError> {
        Ok(Self {
            max_bad: config.max_bad.parse()?,
            log: Vec::new(),
            run_log: None,
            spent: [Duration::ZERO; 3],
            architecture: pretrained.architecture,
            fingerprint: format!("{} {}", fingerprint(features.data), loaded.sha256),
            under_way: None,
            backbone_name: config.backbone_name(pretrained),
            settings: config.run_toml(pretrained, time),
            name: config.run_name(),
            warm: Warm::of(config, features.data, &devices[0])?,
            units: None,
            config,
            device: &devices[0],
            devices,
            watch,
            features,
        })
    }
}

impl Trial {
    /// Nothing is known of it yet.
    fn of(mode: ResizeMode, model: Model, choices: Vec<Choice>) -> Self {
        Self {
            mode,
            model,
            choices,
            predictions: Vec::new(),
            thresholds: Vec::new(),
            phases: Vec::new(),
            candidates: Vec::new(),
            curve: Vec::new(),
            seen: Vec::new(),
        }
    }
}

/// The head that the frozen network gets by itself, and how it was chosen.
pub(crate) struct Probe {
    pub(crate) head: FittedHead,
    pub(crate) method: Method,
    choice: Choice,
    curve: Vec<CurvePoint>,
}

impl Probe {
    /// On the network as pretrained.
    pub(crate) fn model(self) -> Model {
        Model::frozen(self.head, self.method)
    }
}

impl Trials<'_> {
    /// Chooses settings on `train`, trains on it and predicts `val`, which may be empty. `monitor` judges the epochs of
    /// training in steps; if it is empty, some of the training pictures do. `part` names the trial in the run.
    pub(crate) fn run(
        &mut self,
        part: &str,
        train: &[SampleId],
        monitor: &[SampleId],
        val: &[SampleId],
    ) -> Result<Trial, TrainError> {
        let (mode, resize) = self.choose_mode(train)?;
        let all: Vec<SampleId> = [train, monitor, val].concat();
        self.extract(&all, &[mode])?;
        let [train, monitor, val] = [train, monitor, val].map(|ids| self.features.readable(ids));
        check_classes(self.data(), &train, &val)?;
        let phases = self.phases(train.len());
        self.check_steps(&phases)?;
        let (mut choices, probe) = (vec![resize], self.probe(&phases, &train, mode)?);
        choices.push(probe.as_ref().map_or_else(|| self.layers(), |probe| probe.choice.clone()));
        let method = probe.as_ref().map(|probe| probe.method);
        // Validation pictures judge epochs, or set the thresholds of labels, where there are any.
        let chooses = !phases.is_empty() || self.data().multi_label;
        let (mut trial, judges) = match probe {
            Some(probe) if phases.is_empty() => {
                let (recipe, why) = self.recipe(train.len());
                choices.push(named("recipe", recipe.to_string(), why));
                let curve = probe.curve.clone();
                (Trial { curve, ..Trial::of(mode, probe.model(), choices) }, monitor.clone())
            }
            probe => {
                let part = PartOfRun { name: part, train: &train, monitor: &monitor };
                let tuned = self.tune(&part, &phases, probe, mode)?;
                choices.push(tuned.choice);
                let (phases, candidates, curve) = (tuned.phases, tuned.candidates, tuned.curve);
                (Trial { phases, candidates, curve, ..Trial::of(mode, tuned.model, choices) }, tuned.monitor)
            }
        };
        if self.data().multi_label {
            let (thresholds, choice) = self.thresholds(&trial.model, method, &train, &judges, mode)?;
            trial.thresholds = thresholds;
            trial.choices.push(choice);
        }
        trial.seen = if chooses { [train, monitor].concat() } else { train };
        trial.predictions = self.predictions(&trial.model, &val, mode)?;
        give(&mut trial.predictions, &trial.thresholds);
        Ok(trial)
    }

    /// The run's folder, if it is needed before the run is finished.
    pub(crate) fn under_way(&mut self) -> Result<&UnderWay, TrainError> {
        let run = match self.under_way.take() {
            Some(run) => run,
            None => UnderWay::begin(&self.config.runs, &self.name, &self.settings)?,
        };
        Ok(self.under_way.insert(run))
    }

    /// A hash of everything that training in steps is a function of.
    pub(crate) fn identity(&self) -> String {
        let backbone = self.backbone_name.clone();
        let settings = TrainConfig {
            backbone,
            runs: Default::default(),
            name: None,
            threads: None,
            offline: false,
            slim: false,
            // A run that ran out of memory may go on in less of it: the bits are the same.
            steps: StepsConfig { checkpoint_activations: false, ..self.config.steps.clone() },
            ..self.config.clone()
        };
        let settings = toml::to_string(&settings).unwrap_or_default();
        ContentHash::of(format!("{}\n{settings}", self.fingerprint).as_bytes()).to_hex()
    }

    /// Notes how a trial's model does on pictures it is not judged by.
    pub(crate) fn log_part(&mut self, trial: &Trial, val: &[SampleId]) -> Result<(), TrainError> {
        self.extract(val, &[trial.mode])?;
        let val = self.features.readable(val);
        let mut predictions = self.predictions(&trial.model, &val, trial.mode)?;
        give(&mut predictions, &trial.thresholds);
        let line = self.judge().figures(Part::Val, &predictions, &trial.thresholds, 0)?.line();
        self.log.push(line);
        Ok(())
    }

    /// How predictions are judged.
    pub(crate) fn judge(&self) -> Judge<'_> {
        let data = self.data();
        Judge { classes: &data.classes, multi_label: data.multi_label, seed: self.config.seed }
    }

    fn data(&self) -> &Dataset {
        self.features.data
    }

    /// Computes features, and stops if too many files turn out bad.
    pub(crate) fn extract(&mut self, ids: &[SampleId], modes: &[ResizeMode]) -> Result<(), TrainError> {
        let begun = Instant::now();
        self.watch.step(Step::Extract);
        let watch = self.watch;
        self.features.ensure(ids, modes, &|progress| watch.progress(progress));
        self.spent[0] += begun.elapsed();
        let cleaned = self.features.cleaned();
        Ok(check_bad(&cleaned.rejected, cleaned.files(), &self.max_bad)?)
    }

    pub(crate) fn choose_mode(&mut self, train: &[SampleId]) -> Result<(ResizeMode, Choice), TrainError> {
        let standard = self.features.preprocess.mode;
        let choice = |mode: ResizeMode, why| (mode, named("resize", mode.to_string(), why));
        if let Resize::Fixed(mode) = self.config.resize {
            return Ok(choice(mode, "asked for".to_owned()));
        }
        if self.warm.is_some() {
            return Ok(choice(standard, "as the model that this one begins from".to_owned()));
        }
        let Some(reason) = self.reason_to_compare() else {
            let why = "pictures are nearly square and not small: prepared as the weights were evaluated";
            return Ok(choice(standard, why.to_owned()));
        };
        let compared = thin(self.data(), train, COMPARED);
        self.extract(&compared, &MODES)?;
        let compared = self.features.readable(&compared);
        let mut ranked = Vec::new();
        for mode in MODES {
            let comparison = Comparison { mode, scores: self.scores(&compared, mode)? };
            ranked.extend(comparison.best().map(|best| (mode, best)));
        }
        ranked.sort_by(|(_, a), (_, b)| a.log_loss.total_cmp(&b.log_loss));
        let Some(&(mode, _)) = ranked.first() else {
            return Ok(choice(standard, format!("{reason}, but {TOO_SMALL}: as the weights were evaluated")));
        };
        let results: Vec<String> = ranked.iter().map(|(mode, best)| describe(*mode, best)).collect();
        let why = format!(
            "{reason}; lowest loss in cross-validation on {} training pictures: {}",
            compared.len(),
            results.join(", ")
        );
        Ok(choice(mode, why))
    }

    /// Why the middle crop may not be best for these pictures; `None` if there is no reason.
    fn reason_to_compare(&self) -> Option<String> {
        let summary = self.data().summary();
        let size = self.features.preprocess.size;
        let small = summary.share_smaller_than(size);
        if summary.median_aspect > NEARLY_SQUARE {
            return Some(format!("the median picture is {:.2} times as long as wide", summary.median_aspect));
        }
        (small > 0.5)
            .then(|| format!("{:.0} % of the pictures are smaller than {size} pixels", small * 100.0))
    }

    /// The head that the frozen network gets by itself, from these pictures; `None` where nobody asks for it: layers learn
    /// alone, or all of a network from random weights.
    pub(crate) fn probe(
        &mut self,
        phases: &[Phase],
        train: &[SampleId],
        mode: ResizeMode,
    ) -> Result<Option<Probe>, TrainError> {
        if !(phases.is_empty() || self.compares(phases) || self.begins_solved()) {
            return Ok(None);
        }
        let (method, choice) = self.choose_method(train, mode)?;
        let (head, curve) = self.fit(train, mode, method)?;
        Ok(Some(Probe { head, method, choice, curve }))
    }

    /// A head that is trained in steps only.
    fn layers(&self) -> Choice {
        let asked = self.config.head == HeadKind::Layers;
        let why = if asked { "asked for" } else { "learns with the network" };
        named("head", self.config.steps.head.describe(), why.to_owned())
    }

    fn choose_method(
        &mut self,
        train: &[SampleId],
        mode: ResizeMode,
    ) -> Result<(Method, Choice), TrainError> {
        let kind = resolve(self.config.head, train.len());
        let asked = if self.config.head == kind { "asked for" } else { "" };
        let untrained = match kind {
            HeadKind::Prototype => Some(Method::Prototype),
            HeadKind::Neighbours => Some(Method::Neighbours),
            _ => None,
        };
        if let Some(method) = untrained {
            return Ok((method, named("head", method.describe(), asked.to_owned())));
        }
        if kind == HeadKind::AdamW {
            let settings = AdamWSettings { seed: self.config.seed, ..AdamWSettings::default() };
            let why = if asked.is_empty() {
                "pictures are many, steps are cheaper than solving at once"
            } else {
                asked
            };
            let chosen = format!("linear layer, AdamW, {} epochs", settings.epochs);
            return Ok((Method::AdamW(settings), named("head", chosen, why.to_owned())));
        }
        let scores = self.scores(train, mode)?;
        let Some(best) = (Comparison { mode, scores }).best() else {
            let chosen = format!("logistic regression, C = {UNTESTED_STRENGTH}");
            let why = format!("{TOO_SMALL}: the usual strength");
            return Ok((Method::Logistic { c: UNTESTED_STRENGTH }, named("head", chosen, why)));
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
        Ok((Method::Logistic { c: best.c }, named("head", chosen, why)))
    }

    /// Cross-validation inside `ids`: one score per strength, none if a class is too small to be divided.
    fn scores(&mut self, ids: &[SampleId], mode: ResizeMode) -> Result<Vec<Score>, TrainError> {
        let begun = Instant::now();
        self.watch.step(Step::Choose);
        let mut held_out = inner_folds(self.data(), ids, FOLDS, self.config.seed);
        if held_out.is_empty() {
            return Ok(Vec::new());
        }
        if ids.len() > MANY {
            held_out.truncate(1);
        }
        let (features_nd, truth) = (self.features.matrix(ids, mode), Truth::of(self.data(), ids));
        let scores = cross_validate(&features_nd, &truth, self.data().classes.len(), &held_out)?;
        let line = |s: &Score| {
            json!({"event": "cross-validation", "pictures": ids.len(), "resize": mode, "c": s.c, "log_loss": s.log_loss,
                "accuracy": s.accuracy})
        };
        self.log.extend(scores.iter().map(line));
        for Score { c, log_loss, accuracy } in &scores {
            self.watch
                .tried(&format!("{mode}, C = {c}: loss {log_loss:.4}, {:.1} % right", accuracy * 100.0));
        }
        self.spent[1] += begun.elapsed();
        Ok(scores)
    }

    pub(crate) fn fit(
        &mut self,
        train: &[SampleId],
        mode: ResizeMode,
        method: Method,
    ) -> Result<(FittedHead, Vec<CurvePoint>), TrainError> {
        let begun = Instant::now();
        self.watch.step(Step::Train);
        let (features_nd, truth) = (self.features.matrix(train, mode), Truth::of(self.data(), train));
        let epochs = std::cell::RefCell::new(Vec::new());
        let keep = |epoch: EpochLoss| epochs.borrow_mut().push(epoch);
        let start = self.warm.as_ref().and_then(|warm| warm.head_on(Pooling::Published));
        let head = fit(method, &features_nd, &truth, self.data().classes.len(), self.device, start, &keep)?;
        let epochs = epochs.into_inner();
        let line = |e: &EpochLoss| json!({"event": "epoch", "epoch": e.epoch, "loss": e.loss, "learning_rate": e.rate});
        self.log.extend(epochs.iter().map(line));
        self.spent[2] += begun.elapsed();
        Ok((head, epochs.iter().map(point).collect()))
    }
}

fn describe(mode: ResizeMode, best: &Score) -> String {
    format!("{mode} {:.3} ({:.1} % right)", best.log_loss, best.accuracy * 100.0)
}

pub(crate) fn named(what: &str, chosen: String, why: String) -> Choice {
    Choice { what: what.to_owned(), chosen, why }
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
