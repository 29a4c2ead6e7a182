//! The main job, from a folder to a run.
//!
//! ```text
//! scan --> check_bad --> divide --> load the network
//! for each split: compare resize modes (on training pictures) --> features --> choose strength --> fit --> predict
//! with folds: the same once more on all pictures, for the model that is kept
//! evaluate --> record --> commit
//! ```

use std::path::Path;
use std::time::{Duration, Instant};
use tl_data::{Dataset, MaxBad, Parts, ReadOptions, SampleId, check_bad, read};
use tl_frozen::{Frozen, Precision};
use tl_image::Limits;
use tl_model::{Pretrained, open_devices};
use tl_report::{Choice, EvaluationSet, Folds, MeanSpread, StageTime};
use tl_weights::Loaded;

use crate::config::TrainConfig;
use crate::data_plan::DataPlan;
use crate::error::PipelineError;
use crate::evaluate::WORST;
use crate::features::{FeatureSource, FeatureTable, feature_cache};
use crate::finish::{EvaluatedTrial, Finished};
use crate::head_init::HeadInit;
use crate::identity::identity;
use crate::initial_model::InitialModel;
use crate::invocation::{Invocation, Outcome};
use crate::journal::Journal;
use crate::observer::{JobStage, Observer};
use crate::precision::{self, settle};
use crate::range::{note_values, with_range};
use crate::run_folder::{RunFolder, UnfinishedRun};
use crate::run_in_progress::RunInProgress;
use crate::settings::read_settings;
use crate::setup::Setup;
use crate::split::DataSplit;
use crate::split_description::warning;
use crate::trial::{Job, Trial};
use crate::tune::TrialData;

/// Trains a classifier on a folder of pictures and writes the run.
///
/// # Errors
/// Anything that keeps a trustworthy model from being made; nothing is written then.
pub fn train(
    config: &TrainConfig,
    invocation: &Invocation,
    observer: &dyn Observer,
) -> Result<Outcome, PipelineError> {
    let begun = Instant::now();
    // What cannot be is better known now than after the scan.
    config.max_bad.parse::<MaxBad>()?;
    config.steps.check()?;
    // What cannot be written down is better known now than after the training.
    config.to_toml()?;
    RunFolder::check(&config.runs, &config.run_name())?;
    let folder = invocation.resume.as_deref().map(UnfinishedRun::resume).transpose()?;
    let devices = open_devices(&config.device)?;
    let device = devices[0].clone();
    let pretrained = config.pretrained()?;

    let Scanned { config, pretrained, range, mut plan } = scan(config, pretrained, observer)?;
    let scanned = begun.elapsed();

    observer.stage(JobStage::Load);
    let (backbone, loaded) = pretrained.load(&device, &config.fetch(), observer)?;
    config.steps.check_stages(&backbone.stages())?;
    plan.begin_from(InitialModel::of(&pretrained)?);
    let (data, data_split) = (&plan.data, &plan.data_split);
    let (config, batch) = config.with_batch(&pretrained.architecture, &backbone, data_split.learning())?;
    let frozen = Frozen::new(backbone, device);
    let (frozen, precision) = settle(&config, frozen, data, data_split.training(), &pretrained.preprocess)?;
    let network = begun.elapsed() - scanned;

    let setup = Setup {
        config: &config,
        devices: &devices,
        architecture: pretrained.architecture,
        warm: HeadInit::of(&config, data, &devices[0])?,
        observer,
    };
    let run = RunInProgress {
        runs: config.runs.clone(),
        name: config.run_name(),
        settings: config.run_toml(&pretrained, &invocation.time)?,
        identity: identity(&config, config.backbone_name(&pretrained), data, &loaded.sha256)?,
        folder,
        log: None,
    };
    let table = FeatureTable::new(FeatureSource {
        frozen: &frozen,
        data,
        preprocess: pretrained.preprocess.clone(),
        threads: config.threads(),
        cache: feature_cache(config.kept_gib(), &pretrained, &loaded),
        pixels: config.pixel_cache(observer),
    });
    let mut job = Job { setup, table, journal: Journal::default(), run, units: &plan.units };
    let judged = evaluate(&mut job, data_split, plan.start.as_ref())?;
    let cost = cost_of_bytes(&job, &judged.trial, data_split)?;
    if let Some(slow) = frozen.not_compiled() {
        observer.noted("network", &slow.to_string());
    }
    job.table.origin().iter().for_each(|note| observer.noted("features", note));
    let mut choices = vec![backbone_choice(&pretrained, &loaded), plan.choice()];
    choices.extend(plan.start.as_ref().map(InitialModel::choice));
    choices.extend(range);
    choices.extend(batch);
    choices.extend(precision);
    choices.extend(cost);
    choices.extend(job.setup.warm.iter().map(|warm| warm.choice.clone()));
    choices.extend(judged.trial.choices.iter().cloned());
    choices.iter().for_each(|choice| observer.chosen(choice));

    observer.stage(JobStage::Write);
    let stages = stages(&job, scanned, network);
    let finished = Finished { invocation, pretrained: &pretrained, loaded: &loaded, plan: &plan, job };
    finished.commit(judged, choices, stages)
}

/// What is known when every picture was looked at.
struct Scanned {
    config: TrainConfig,
    pretrained: Pretrained,
    /// How the range of values was chosen, where it is not the usual.
    range: Option<Choice>,
    plan: DataPlan,
}

/// Reads files and headers, and decides what each picture is for.
fn scan(
    config: &TrainConfig,
    pretrained: Pretrained,
    observer: &dyn Observer,
) -> Result<Scanned, PipelineError> {
    observer.stage(JobStage::Scan);
    let (config, pretrained, range) = with_range(config, pretrained, observer)?;
    let data = pictures_of(&config, observer)?;
    check_bad(&data.rejected, data.files(), &config.max_bad.parse()?)?;
    let config = config.for_labels(data.multi_label)?;
    let plan = DataPlan::new(data, &config)?;
    observer.scanned(&plan.data);
    note_values(&plan.data, &pretrained.preprocess, observer);
    plan.words.across.iter().for_each(|across| observer.noted("warning", &warning(*across)));
    Ok(Scanned { config, pretrained, range, plan })
}

pub(crate) fn pictures_of(config: &TrainConfig, observer: &dyn Observer) -> Result<Dataset, PipelineError> {
    if config.data.path().as_os_str().is_empty() {
        let rule = "where the pictures are: a folder, a table or a list, such as data = \"photos\"";
        return Err(PipelineError::Setting {
            what: "`data` in the settings".to_owned(),
            value: "empty".to_owned(),
            rule: rule.to_owned(),
        });
    }
    let options = ReadOptions { seed: config.seed, ..config.read.clone() };
    let progress = |progress| observer.progress(progress);
    Ok(read(&config.data.source(), &options, &Limits::default(), &progress)?)
}

/// Goes on with an unfinished run, to the same bits as if it had not been stopped.
///
/// # Errors
/// [`PipelineError::Finished`] if there is nothing left to do, [`TrainError::CheckpointsInUse`](tl_train::TrainError::CheckpointsInUse) if another process is at it,
/// else as [`train`].
pub fn resume(
    run: &Path,
    invocation: &Invocation,
    observer: &dyn Observer,
) -> Result<Outcome, PipelineError> {
    let config: TrainConfig = read_settings(&run.join("run.toml"))?;
    train(&config, &Invocation { resume: Some(run.to_owned()), ..invocation.clone() }, observer)
}

/// The model that is kept, and how good models made this way are on pictures they have not seen.
fn evaluate(
    job: &mut Job<'_>,
    data_split: &DataSplit,
    start: Option<&InitialModel>,
) -> Result<EvaluatedTrial, PipelineError> {
    let judges = |ids: &[SampleId]| start.map_or_else(|| ids.to_vec(), |start| start.judges(ids));
    match data_split {
        DataSplit::HeldOut(Parts { train, val, test }) if test.is_empty() => {
            let trial = job.run(&TrialData { name: "all", train, validation: &[] }, &judges(val))?;
            let figures = job.figures(EvaluationSet::Val, &trial)?;
            Ok(EvaluatedTrial { trial, figures, folds: None })
        }
        DataSplit::HeldOut(Parts { train, val, test }) => {
            let part = TrialData { name: "all", train, validation: &judges(val) };
            let trial = job.run(&part, &judges(test))?;
            job.log_part(&trial, &judges(val))?;
            let figures = job.figures(EvaluationSet::Test, &trial)?;
            Ok(EvaluatedTrial { trial, figures, folds: None })
        }
        DataSplit::Folds(splits) => {
            let (mut predictions, mut shares) = (Vec::new(), Vec::new());
            for (number, split) in splits.iter().enumerate() {
                let name = &format!("fold-{}", number + 1);
                let part = TrialData { name, train: &split.train, validation: &[] };
                let trial = job.run(&part, &judges(&split.val))?;
                shares.extend(job.figures(EvaluationSet::Val, &trial)?.share());
                predictions.extend(trial.answers.predictions);
            }
            let trial =
                job.run(&TrialData { name: "all", train: &data_split.all(), validation: &[] }, &[])?;
            let thresholds = &trial.answers.thresholds;
            let mut figures = job.judge().figures(EvaluationSet::Val, &predictions, thresholds, WORST)?;
            let Some(found) = &mut figures.multi_label else {
                return Ok(EvaluatedTrial { trial, figures, folds: Some(Folds::new(shares)) });
            };
            found.folds = MeanSpread::of(&shares);
            Ok(EvaluatedTrial { trial, figures, folds: None })
        }
    }
}

/// What the precision costs on pictures that trained nothing, where it is bytes and there are such pictures.
fn cost_of_bytes(
    job: &Job<'_>,
    trial: &Trial,
    data_split: &DataSplit,
) -> Result<Option<Choice>, PipelineError> {
    let bytes = job.table.source.frozen.arithmetic().precision() == Precision::Int8;
    let held_out = match data_split {
        DataSplit::HeldOut(Parts { val, test, .. }) if bytes => {
            if test.is_empty() {
                val
            } else {
                test
            }
        }
        _ => return Ok(None),
    };
    let ids = job.table.readable(held_out);
    precision::cost(&job.table.at(trial.mode), &trial.model.head, &ids).map(Some)
}

fn backbone_choice(pretrained: &Pretrained, loaded: &Loaded) -> Choice {
    let place = pretrained.place();
    // A user's own file: what was in it is worth a look.
    let said = !loaded.report.matched.is_empty() && pretrained.listed().is_none();
    let why = if said { format!("{place}: {}", loaded.report) } else { place };
    Choice::new("backbone", pretrained.architecture.name.to_owned(), why)
}

/// Wall time of each stage. Decoding and the network share threads: their wall time is shared out as the threads' was.
fn stages(job: &Job<'_>, scan: Duration, load: Duration) -> Vec<StageTime> {
    let Journal { extract, choose, fit, .. } = &job.journal;
    let [extract, choose, fit] = [extract, choose, fit].map(Duration::as_secs_f64);
    let times = job.table.times();
    let (decode, network) = (times.decode.as_secs_f64(), times.network.as_secs_f64());
    let share = decode / (decode + network).max(f64::MIN_POSITIVE);
    let stage = |name: &str, seconds: f64| StageTime { name: name.to_owned(), seconds };
    vec![
        stage("scan", scan.as_secs_f64()),
        stage("load network", load.as_secs_f64()),
        stage("decode and resize", extract * share),
        stage("network", extract * (1.0 - share)),
        stage("choose settings", choose),
        stage("train head", fit),
    ]
}
