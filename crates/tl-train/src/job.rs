//! The main job, from a folder to a run.
//!
//! ```text
//! scan --> check_bad --> divide --> load the network
//! for each split: compare resize modes (on training pictures) --> features --> choose strength --> fit --> predict
//! with folds: the same once more on all pictures, for the model that is kept
//! evaluate --> record --> commit
//! ```

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tl_data::{Dataset, Limits, MaxBad, Parts, ReadOptions, SampleId, check_bad, read, units};
use tl_frozen::{Frozen, Precision};
use tl_report::{Choice, Folds, MeanSpread, Part, Record, Stage};
use tl_weights::Loaded;

use crate::evaluate::WORST;
use crate::features::Features;
use crate::figures::Figures;
use crate::finish::Finished;
use crate::keeping::Keeping;
use crate::precision::{self, settle};
use crate::run_folder::UnderWay;
use crate::settings::read_settings;
use crate::split::Division;
use crate::split_words::{Divided, warning};
use crate::start::Start;
use crate::trial::{Trial, Trials, named};
use crate::{Pretrained, Step, TrainConfig, TrainError, Watch, open_devices};

/// What a job leaves behind.
#[derive(Debug)]
pub struct Outcome {
    /// The run's folder.
    pub folder: PathBuf,
    /// What `report.json` holds.
    pub record: Record,
}

/// Who asks, and when: the job has no clock and no command line of its own.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The command as typed.
    pub command: Vec<String>,
    /// Date and time, RFC 3339.
    pub time: String,
    /// The unfinished run to go on with; without, one with the same settings is gone on with, if there is one.
    pub resume: Option<PathBuf>,
}

/// Trains a classifier on a folder of pictures and writes the run.
///
/// # Errors
/// Anything that keeps a trustworthy model from being made; nothing is written then.
pub fn train(
    config: &TrainConfig,
    invocation: &Invocation,
    watch: &dyn Watch,
) -> Result<Outcome, TrainError> {
    let begun = Instant::now();
    let max_bad: MaxBad = config.max_bad.parse()?;
    config.steps.check()?;
    let under_way = invocation.resume.as_deref().map(UnderWay::resume).transpose()?;
    let devices = open_devices(&config.device)?;
    let device = devices[0].clone();
    let pretrained = config.pretrained()?;

    watch.step(Step::Scan);
    let data = pictures_of(config, watch)?;
    check_bad(&data.rejected, data.files(), &max_bad)?;
    let config = &config.for_labels(data.multi_label)?;
    let mut division = Division::new(&data, config)?;
    let units = units(&data);
    let divided = Divided { data: &data, config, units: &units, division: &division };
    let (made, held_out) = (divided.is_made(), divided.setting());
    let (across, split) = (divided.across(), divided.choice());
    watch.scanned(&data);
    across.iter().for_each(|across| watch.noted("warning", &warning(*across)));
    let scanned = begun.elapsed();

    watch.step(Step::Load);
    let (backbone, loaded_weights) = pretrained.load(&device, &config.fetch(), watch)?;
    config.steps.check_stages(&backbone.stages())?;
    let mut start = Start::of(&pretrained)?;
    if let Some(start) = &mut start {
        start.set_apart(&data, &units, made, &mut division);
    }
    let (config, batch) = config.with_batch(&pretrained.architecture, &backbone, division.learning())?;
    let config = &config;
    let (frozen, precision) = settle(
        config,
        Frozen::new(backbone, device.clone()),
        &data,
        division.training(),
        &pretrained.preprocess,
    )?;
    let loaded = begun.elapsed();

    let mut features = Features::new(&frozen, &data, pretrained.preprocess.clone(), config.threads());
    features.keeping = Keeping::of(config.kept_gib(), &pretrained, &loaded_weights);
    features.pixels = config.pixel_cache(watch);
    let time = &invocation.time;
    let mut trials = Trials::new(config, &devices, watch, features, &pretrained, &loaded_weights, time)?;
    trials.under_way = under_way;
    let tightened = units.tightened;
    trials.units = Some(units);
    let (trial, figures, folds) = evaluate(&mut trials, &division, start.as_ref())?;
    let cost = trials.cost_of_bytes(&trial, &division)?;
    if let Some(error) = frozen.not_compiled() {
        watch.noted("network", &format!("computed by burn's own operations, many times slower: {error}"));
    }
    trials.features.origin().iter().for_each(|note| watch.noted("features", note));
    let mut choices = vec![backbone_choice(&pretrained, &loaded_weights), split];
    choices.extend(start.as_ref().map(Start::choice));
    choices.extend(batch);
    choices.extend(precision);
    choices.extend(cost);
    choices.extend(trials.warm.iter().map(|warm| warm.choice.clone()));
    choices.extend(trial.choices.iter().cloned());
    choices.iter().for_each(|choice| watch.chosen(choice));

    watch.step(Step::Write);
    let stages = stages(&trials, scanned, loaded - scanned);
    let (under_way, run_log) = (trials.under_way.take(), trials.run_log.take());
    let finished = Finished {
        config,
        invocation,
        pretrained: &pretrained,
        loaded: &loaded_weights,
        frozen: &frozen,
        data: &data,
        division: &division,
        trials: &trials,
        held_out: &held_out,
        across,
        tightened,
        start: start.as_ref(),
        under_way,
        run_log,
    };
    finished.commit(trial, choices, figures, folds, stages)
}

pub(crate) fn pictures_of(config: &TrainConfig, watch: &dyn Watch) -> Result<Dataset, TrainError> {
    let options = ReadOptions { seed: config.seed, ..config.read.clone() };
    let progress = |progress| watch.progress(progress);
    Ok(read(&config.data.source(), &options, &Limits::default(), &progress)?)
}

/// Goes on with an unfinished run, to the same bits as if it had not been stopped.
///
/// # Errors
/// [`TrainError::Finished`] if there is nothing left to do, [`TrainError::CheckpointsInUse`] if another process is at it,
/// else as [`train`].
pub fn resume(run: &Path, invocation: &Invocation, watch: &dyn Watch) -> Result<Outcome, TrainError> {
    let config: TrainConfig = read_settings(&run.join("run.toml"))?;
    train(&config, &Invocation { resume: Some(run.to_owned()), ..invocation.clone() }, watch)
}

/// The model that is kept, and how good models made this way are on pictures they have not seen.
fn evaluate(
    trials: &mut Trials<'_>,
    division: &Division,
    start: Option<&Start>,
) -> Result<(Trial, Figures, Option<Folds>), TrainError> {
    let judges = |ids: &[SampleId]| start.map_or_else(|| ids.to_vec(), |start| start.judges(ids));
    match division {
        Division::HeldOut(Parts { train, val, test }) if test.is_empty() => {
            let trial = trials.run("all", train, &[], &judges(val))?;
            let figures = trials.figures(Part::Val, &trial)?;
            Ok((trial, figures, None))
        }
        Division::HeldOut(Parts { train, val, test }) => {
            let trial = trials.run("all", train, &judges(val), &judges(test))?;
            trials.log_part(&trial, &judges(val))?;
            let figures = trials.figures(Part::Test, &trial)?;
            Ok((trial, figures, None))
        }
        Division::Folds(splits) => {
            let (mut predictions, mut shares) = (Vec::new(), Vec::new());
            for (number, split) in splits.iter().enumerate() {
                let part = format!("fold-{}", number + 1);
                let trial = trials.run(&part, &split.train, &[], &judges(&split.val))?;
                shares.extend(trials.figures(Part::Val, &trial)?.share());
                predictions.extend(trial.predictions);
            }
            let trial = trials.run("all", &division.all(), &[], &[])?;
            let mut figures = trials.judge().figures(Part::Val, &predictions, &trial.thresholds, WORST)?;
            let Some(found) = &mut figures.multi_label else {
                return Ok((trial, figures, Some(Folds::new(shares))));
            };
            found.folds = MeanSpread::of(&shares);
            Ok((trial, figures, None))
        }
    }
}

impl Trials<'_> {
    /// What the precision costs on pictures that trained nothing, where it is bytes and there are such pictures.
    fn cost_of_bytes(&self, trial: &Trial, division: &Division) -> Result<Option<Choice>, TrainError> {
        let Features { frozen, data, preprocess, threads, .. } = &self.features;
        let bytes = frozen.arithmetic().precision() == Precision::Int8;
        let held_out = match division {
            Division::HeldOut(Parts { val, test, .. }) if bytes => {
                if test.is_empty() {
                    val
                } else {
                    test
                }
            }
            _ => return Ok(None),
        };
        let floats = Frozen::new(frozen.backbone().clone(), frozen.device().clone());
        let mut features = Features::new(&floats, data, preprocess.clone(), *threads);
        let ids = self.features.readable(held_out);
        precision::cost(&mut features, &trial.model.head, &ids, trial.mode, &self.features).map(Some)
    }

    fn figures(&self, part: Part, trial: &Trial) -> Result<Figures, TrainError> {
        self.judge().figures(part, &trial.predictions, &trial.thresholds, WORST)
    }
}

fn backbone_choice(pretrained: &Pretrained, loaded: &Loaded) -> Choice {
    let place = pretrained.place();
    // A user's own file: what was in it is worth a look.
    let said = !loaded.report.matched.is_empty() && pretrained.listed().is_none();
    let why = if said { format!("{place}: {}", loaded.report) } else { place };
    named("backbone", pretrained.architecture.name.to_owned(), why)
}

/// Wall time of each stage. Decoding and the network share threads: their wall time is shared out as the threads' was.
fn stages(trials: &Trials<'_>, scan: Duration, load: Duration) -> Vec<Stage> {
    let [extract, choose, fit] = trials.spent.map(|spent| spent.as_secs_f64());
    let (decode, network) =
        (trials.features.times.decode.as_secs_f64(), trials.features.times.network.as_secs_f64());
    let share = decode / (decode + network).max(f64::MIN_POSITIVE);
    let stage = |name: &str, seconds: f64| Stage { name: name.to_owned(), seconds };
    vec![
        stage("scan", scan.as_secs_f64()),
        stage("load network", load.as_secs_f64()),
        stage("decode and resize", extract * share),
        stage("network", extract * (1.0 - share)),
        stage("choose settings", choose),
        stage("train head", fit),
    ]
}
