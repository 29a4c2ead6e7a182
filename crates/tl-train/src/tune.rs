//! Training in steps as part of a trial: what it begins with, what it is judged by, and whether it is kept.

use burn::tensor::Device;
use std::mem;
use std::path::Path;
use std::time::Instant;
use tl_backbones::Backbone;
use tl_data::{Limits, Place, ResizeMode, SampleId, Sampling};
use tl_frozen::{Frozen, Precision};
use tl_heads::{FittedHead, Head, LossKind, Matrix, Pooling, Standardiser};
use tl_kernels::{Products, multiply_in};
use tl_report::{Candidate, Choice, CurvePoint, LabelPrediction, PhaseCard, RateCurve};

use crate::augmentation::augmentation_name;
use crate::checkpoint::Checkpoints;
use crate::figures::prediction;
use crate::fit::Method;
use crate::run_log::{RunLog, TrialLog};
use crate::split::inner_folds;
use crate::steps::{Best, Lesson, Pictures, Scores, Taught, from_scratch};
use crate::trial::{Probe, Trials, named};
use crate::truth::probabilities;
use crate::{
    Classifier, HeadKind, Header, Phase, PrecisionChoice, RateSearch, Recipe, StepsConfig, TrainError, Truth,
    Unfreeze,
};

/// One part in so many of the training pictures is what epochs are judged by, where there are no validation pictures.
pub(crate) const MONITORED: usize = 5;
/// Training pictures of a class from which on a network is tuned without being asked.
const TUNABLE: usize = 20;

/// A network with a head.
#[derive(Debug)]
pub(crate) struct Model {
    /// `None`: as pretrained. On the heap: by value, a network takes 50 KB of stack wherever it passes.
    pub(crate) backbone: Option<Box<Backbone>>,
    pub(crate) head: FittedHead,
    pub(crate) pooling: Pooling,
    /// How it was trained.
    pub(crate) how: String,
    /// Parameters of the backbone that were trained.
    pub(crate) trained: u64,
}

/// A model that came out of training in steps, or won against it.
pub(crate) struct Tuned {
    pub(crate) model: Model,
    pub(crate) choice: Choice,
    pub(crate) phases: Vec<PhaseCard>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) curve: Vec<CurvePoint>,
    /// The pictures that judged the epochs of the model that is kept; none if they trained it.
    pub(crate) monitor: Vec<SampleId>,
}

/// A part of a run: a fold, or all of it.
pub(crate) struct PartOfRun<'a> {
    pub(crate) name: &'a str,
    pub(crate) train: &'a [SampleId],
    /// What judges epochs; some of the training pictures do where there are none.
    pub(crate) monitor: &'a [SampleId],
}

/// Who learns from what.
struct Division {
    learn: Vec<SampleId>,
    monitor: Vec<SampleId>,
    /// Was the monitor taken out of the training pictures?
    carved: bool,
}

/// Where a lesson leaves what it can be gone on from.
#[derive(Clone, Copy)]
struct Saving<'a> {
    checkpoints: &'a Checkpoints,
    log: &'a TrialLog,
    run: &'a Path,
}

impl Model {
    /// A head on the network as pretrained.
    pub(crate) fn frozen(head: FittedHead, method: Method) -> Self {
        Self { backbone: None, head, pooling: Pooling::Published, how: method.describe(), trained: 0 }
    }
}

impl Trials<'_> {
    /// The recipe, decided, and why.
    pub(crate) fn recipe(&self, pictures: usize) -> (Recipe, String) {
        let steps = &self.config.steps;
        if steps.recipe != Recipe::Auto || !steps.phases.is_empty() {
            return (steps.recipe, "asked for".to_owned());
        }
        let each = pictures / self.features.data.classes.len().max(1);
        if *self.device == Device::flex() {
            let why = "on a processor the head alone is trained, which takes seconds; `--recipe lp-ft` goes on with the network";
            return (Recipe::Features, why.to_owned());
        }
        if each < TUNABLE {
            let why =
                format!("{each} pictures a class are few to tune a network with; `--recipe lp-ft` tries");
            return (Recipe::Features, why);
        }
        (
            Recipe::LpFt,
            format!("{each} pictures a class and a GPU: the best head, then the network from there"),
        )
    }

    /// Refuses settings of steps where none are taken.
    pub(crate) fn check_steps(&self, phases: &[Phase]) -> Result<(), TrainError> {
        let steps = &self.config.steps;
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
            (steps.loss.kind == LossKind::Binary && !self.features.data.multi_label)
                .then(|| ("loss", "binary".to_owned())),
            steps.augment_head.then(|| ("augment", augmentation_name(&steps.augment))),
            steps.checkpoint_activations.then(|| ("checkpoint activations", "true".to_owned())),
        ];
        let refuse = |what: &str, value: String, rule: &str| {
            Err(TrainError::Setting { what: what.to_owned(), value, rule: rule.to_owned() })
        };
        match asked.into_iter().flatten().next() {
            Some((what, value)) if phases.is_empty() => refuse(
                what,
                value,
                "left out where nothing is trained in steps: name a `--recipe`, or layers of a `--head`",
            ),
            _ if steps.checkpoint_activations && !self.has_segments(phases) => refuse(
                "checkpoint activations",
                "true".to_owned(),
                "left out where no phase trains two stages or more: all that one stage keeps is needed at once",
            ),
            _ => Ok(()),
        }
    }

    /// Is there a phase in which stages of the network can be computed again, one after the other?
    fn has_segments(&self, phases: &[Phase]) -> bool {
        let stages = self.features.frozen.backbone().stages();
        let boundary = |phase: &Phase| phase.unfreeze.boundary(&stages);
        phases.iter().filter_map(|phase| boundary(phase).ok()).any(|boundary| boundary.0 + 1 < stages.len())
    }

    /// The phases that are trained in steps.
    pub(crate) fn phases(&self, pictures: usize) -> Vec<Phase> {
        let steps = StepsConfig { recipe: self.recipe(pictures).0, ..self.config.steps.clone() };
        let stages = self.features.frozen.backbone().end().0;
        steps.resolve(stages, pictures, self.config.head == HeadKind::Layers)
    }

    /// Can what comes out of these phases be worse than the head on the frozen network, and so be compared with it?
    pub(crate) fn compares(&self, phases: &[Phase]) -> bool {
        self.config.steps.recipe != Recipe::Scratch
            && phases.iter().any(|phase| phase.unfreeze != Unfreeze::Head)
    }

    /// Do steps begin with the head that can be solved for?
    pub(crate) fn begins_solved(&self) -> bool {
        let steps = &self.config.steps;
        let solvable = steps.head.is_linear() && self.config.head != HeadKind::Layers;
        solvable && steps.recipe.begins_with_probe()
    }

    /// Trains in steps and keeps the better of what comes out and the head on the frozen network.
    pub(crate) fn tune(
        &mut self,
        part: &PartOfRun<'_>,
        phases: &[Phase],
        frozen: Option<Probe>,
        mode: ResizeMode,
    ) -> Result<Tuned, TrainError> {
        let division = self.divide(part.train, part.monitor);
        let probe = match &frozen {
            Some(frozen) if division.carved => Some(self.fit(&division.learn, mode, frozen.method)?.0.head),
            frozen => frozen.as_ref().map(|frozen| frozen.head.clone()),
        };
        let begun = Instant::now();
        let taught = self.teach(part.name, phases, probe.as_ref(), &division, mode)?;
        let seconds = begun.elapsed().as_secs_f64();
        let scores = taught.best.scores;
        let (best, curve, cards) = (taught.best.clone(), taught.cursor.curve.clone(), taught.phases.clone());
        let (resolved, who) = self.recipe(part.train.len());
        let own = !self.config.steps.phases.is_empty();
        let recipe = name(if own { "own phases" } else { resolved.name() }, phases);
        let tuned = self.model(taught, &recipe);
        let truth = Truth::of(self.features.data, &division.monitor);
        let rival = match (probe, frozen) {
            (Some(probe), Some(frozen)) if self.compares(phases) && !division.monitor.is_empty() => {
                let p_nk = truth.probabilities(probe.logits(&self.features.matrix(&division.monitor, mode))?);
                Some((frozen.model(), truth.scores(&p_nk), truth.losses(&p_nk)))
            }
            _ => None,
        };
        let kept = match &rival {
            Some((_, frozen, _)) if scores.accuracy < frozen.accuracy => false,
            Some((.., losses)) => {
                let rows = self.predictions(&tuned, &division.monitor, mode)?.into_iter();
                let values = rows.flat_map(|row| row.probabilities).map(|p| p as f32).collect();
                let p_nk = Matrix::with_columns(self.features.data.classes.len(), values);
                is_lower(&truth.losses(&p_nk), losses)
            }
            None => true,
        };
        let data = self.features.data;
        let questions = if data.multi_label { data.classes.len() } else { 1 };
        let total = division.monitor.len() * questions;
        let mut candidates = vec![candidate(&recipe, scores, total, seconds, kept)];
        let why = match &rival {
            Some((_, frozen, _)) => {
                candidates.insert(0, candidate("head on the frozen network", *frozen, total, 0.0, !kept));
                format!("{who}; {}", reason(&division, *frozen, scores, &best, phases))
            }
            None if division.monitor.is_empty() => {
                let aside = "a class has too few pictures to set some aside";
                format!("{who}; not compared with the frozen network: {aside}")
            }
            None => who,
        };
        let chosen = if kept { recipe } else { format!("{recipe}, but the frozen network is kept") };
        let monitor = if kept || !division.carved { division.monitor } else { Vec::new() };
        let model = rival.filter(|_| !kept).map_or(tuned, |(frozen, ..)| frozen);
        let choice = named("recipe", chosen, why);
        Ok(Tuned { model, choice, phases: cards, candidates, curve, monitor })
    }

    fn divide(&self, train: &[SampleId], monitor: &[SampleId]) -> Division {
        if !monitor.is_empty() {
            return Division { learn: train.to_vec(), monitor: monitor.to_vec(), carved: false };
        }
        let folds = inner_folds(self.features.data, train, MONITORED, self.config.seed);
        let held_out = folds.into_iter().next().unwrap_or_default();
        let is_held_out = |position: &usize| held_out.contains(position);
        let (monitor, learn): (Vec<usize>, Vec<usize>) = (0..train.len()).partition(is_held_out);
        let ids = |positions: Vec<usize>| positions.into_iter().map(|position| train[position]).collect();
        Division { learn: ids(learn), carved: !monitor.is_empty(), monitor: ids(monitor) }
    }

    fn teach(
        &mut self,
        part: &str,
        phases: &[Phase],
        probe: Option<&FittedHead>,
        division: &Division,
        mode: ResizeMode,
    ) -> Result<Taught, TrainError> {
        self.watch.step(crate::Step::Train);
        let begun = Instant::now();
        let checkpoints = self.checkpoints(part)?;
        let run = self.under_way()?.path().to_owned();
        let log = self.run_log(&run)?.trial(part)?;
        let saving = Saving { checkpoints: &checkpoints, log: &log, run: &run };
        let taught = self.lesson(phases, probe, division, mode, Some(saving), |lesson| lesson.teach())?;
        self.run_log = Some(log.end());
        self.spent[2] += begun.elapsed();
        Ok(taught)
    }

    /// Looks for a learning rate of the last phase, on the pictures that the recipe would learn from.
    pub(crate) fn find(&mut self, search: &RateSearch, train: &[SampleId]) -> Result<RateCurve, TrainError> {
        let (mode, _) = self.choose_mode(train)?;
        self.extract(train, &[mode])?;
        let division = self.divide(&self.features.readable(train), &[]);
        let phases = self.phases(train.len());
        let probe = self.probe(&phases, &division.learn, mode)?.map(|probe| probe.head);
        self.lesson(&phases, probe.as_ref(), &division, mode, None, |lesson| lesson.find(search))
    }

    /// Does something with a lesson on a division of the pictures, and with what it begins with.
    fn lesson<T>(
        &self,
        phases: &[Phase],
        probe: Option<&FittedHead>,
        division: &Division,
        mode: ResizeMode,
        saving: Option<Saving<'_>>,
        job: impl FnOnce(&Lesson<'_>) -> Result<T, TrainError>,
    ) -> Result<T, TrainError> {
        let steps = &self.config.steps;
        let rounded = self.config.precision == PrecisionChoice::Fixed(Precision::Bf16);
        let _multiplying = multiply_in(if rounded { Products::Bf16 } else { Products::F32 });
        let preprocess = self.features.preprocess(mode);
        let side = preprocess.size as usize;
        let summary = tl_backbones::summary_at(&self.architecture, [side, side]);
        let summary = summary.map_err(|error| TrainError::TooSmall { detail: error.to_string() })?;
        let pictures = Pictures {
            data: self.features.data,
            frozen: self.features.frozen,
            preprocess,
            limits: Limits::default(),
            augment: &steps.augment,
            seed: self.config.seed,
            summary,
            published_features: self.architecture.features,
            known: Some(&self.features),
            keeping: self.features.keeping.as_ref(),
            pixels: self.features.pixels.as_ref(),
        };
        let head = self.first_head(probe, division, mode, pictures.features(steps.head.pooling))?;
        let pretrained = self.features.frozen.backbone();
        let fresh = || Box::new(from_scratch(self.architecture.init(self.device), self.config.seed));
        let scratch = (steps.recipe == Recipe::Scratch).then(fresh);
        let lesson = Lesson {
            steps,
            phases,
            pictures: &pictures,
            backbone: scratch.as_deref().unwrap_or(pretrained),
            head: &head,
            device: self.device,
            devices: self.devices,
            train: &division.learn,
            monitor: &division.monitor,
            threads: self.features.threads,
            watch: self.watch,
            checkpoints: saving.map(|saving| saving.checkpoints),
            clock: &Instant::now,
            log: saving.map(|saving| saving.log),
            run: saving.map_or(Path::new(""), |saving| saving.run),
        };
        job(&lesson)
    }

    /// What the first phase begins with: another model's head if there is one that fits, else the solved head where the
    /// recipe begins so and the head can be solved for.
    fn first_head(
        &self,
        probe: Option<&FittedHead>,
        division: &Division,
        mode: ResizeMode,
        features: usize,
    ) -> Result<Head, TrainError> {
        let steps = &self.config.steps;
        let fresh =
            || steps.head.init(features, self.features.data.classes.len(), self.config.seed, self.device);
        if !steps.head.is_linear() {
            return Ok(fresh());
        }
        let probe = probe.filter(|_| self.begins_solved());
        let warm = self.warm.as_ref().and_then(|warm| warm.head_on(steps.head.pooling));
        let solved = || probe.and_then(FittedHead::as_linear);
        let Some(linear) = warm.cloned().or_else(solved) else { return Ok(fresh()) };
        let linear = &linear;
        if steps.head.pooling != Pooling::Published || self.config.head == HeadKind::Layers {
            return Ok(Head::from_linear(&steps.head, linear, self.device));
        }
        // A picture on its own has no statistics for the norm to learn from.
        let batches = steps.accumulate.max(self.devices.len());
        let alone = steps.batch * steps.accumulate < 2 * batches || division.learn.len() < 2 * batches;
        if alone {
            return Ok(Head::from_linear(&steps.head, linear, self.device));
        }
        // Weights of features that hardly vary are large: without the norm, a network that learns spoils such a head.
        let scale = Standardiser::measure(&self.features.matrix(&division.learn, mode));
        Ok(Head::from_standardised(&steps.head, linear, &scale, self.device)?)
    }

    /// The run's log, with all that was found out so far.
    fn run_log(&mut self, run: &Path) -> Result<RunLog, TrainError> {
        let mut log = self.run_log.take().map_or_else(|| RunLog::open(run), Ok)?;
        log.lines(&mem::take(&mut self.log))?;
        Ok(log)
    }

    fn checkpoints(&mut self, part: &str) -> Result<Checkpoints, TrainError> {
        let identity = self.identity()?;
        let folder = self.under_way()?.checkpoints(part);
        Checkpoints::open(&folder, &identity, Checkpoints::KEEP)
    }

    fn model(&self, taught: Taught, recipe: &str) -> Model {
        let trained = taught.lowest < self.features.frozen.backbone().end();
        let own = trained || self.config.steps.recipe == Recipe::Scratch;
        Model {
            backbone: own.then_some(taught.backbone),
            head: taught.head,
            pooling: self.config.steps.head.pooling,
            how: recipe.to_owned(),
            trained: taught.trained,
        }
    }

    /// What a model says about pictures; the order is that of `ids`.
    pub(crate) fn predictions(
        &self,
        model: &Model,
        ids: &[SampleId],
        mode: ResizeMode,
    ) -> Result<Vec<LabelPrediction>, TrainError> {
        let data = self.features.data;
        let predicted = |(&id, row): (&SampleId, &[f32])| {
            let sample = &data.samples[id.0];
            let truths = sample.labels().map(|class| class.0).collect();
            let group = self.units.as_ref().map(|units| units.of(id));
            LabelPrediction { group, ..prediction(&sample.path, truths, row) }
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if model.backbone.is_none() && model.pooling == Pooling::Published {
            let logits_nk = model.head.logits(&self.features.matrix(ids, mode))?;
            let probabilities_nk = probabilities(data.multi_label, logits_nk);
            return Ok(ids.iter().zip(probabilities_nk.iter_rows()).map(predicted).collect());
        }
        let places: Vec<Place> = ids.iter().map(|&id| data.place_of(id)).collect();
        let watch = self.watch;
        let answers = self.classifier(model, mode).predict(&places, self.features.threads, &|progress| {
            watch.progress(progress);
        })?;
        let rows = ids.iter().zip(answers).map(|(id, answer)| {
            let lost = |reason| TrainError::Lost { path: data.samples[id.0].path.clone(), reason };
            Ok(predicted((id, answer.map_err(lost)?.as_slice())))
        });
        rows.collect()
    }

    fn classifier(&self, model: &Model, mode: ResizeMode) -> Classifier {
        let backbone = model.backbone.as_deref().unwrap_or_else(|| self.features.frozen.backbone()).clone();
        let header = Header {
            backbone: self.architecture.name.to_owned(),
            multi_label: self.features.data.multi_label,
            ..Header::unnamed(self.features.data.classes.clone(), self.features.preprocess(mode))
        };
        let header = header.with_layers(model.pooling, model.head.kinds());
        Classifier::new(header, Frozen::new(backbone, self.device.clone()), Some(model.head.clone()))
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

fn reason(division: &Division, probe: Scores, tuned: Scores, best: &Best, phases: &[Phase]) -> String {
    let where_from = if division.carved { "taken out of the training pictures" } else { "for validation" };
    let phase = phases.get(best.phase).map_or("", |phase| phase.name.as_str());
    format!(
        "on {} pictures {where_from}: loss {:.3} ({:.1} % right) after epoch {} of {phase}, frozen {:.3} ({:.1} % right); what \
         is within two standard errors counts as equal",
        division.monitor.len(),
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
