//! The command `tl predict`.

use anyhow::{Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tl_data::PictureLocation;
use tl_model::{Classifier, Probabilities, open_device, pictures};
use tl_pipeline::{JobStage, Observer};
use tl_train::TrainObserver;
use tl_weights::FetchConfig;

use super::threads;
use crate::args::PredictArgs;
use crate::failure::FAILED;
use crate::predictions::{PredictionRow, PredictionWriter};
use crate::progress::Display;
use crate::slow_files::{SLOW, naming_slow_files};
use crate::verbosity::Verbosity;

pub(crate) fn run(args: &PredictArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let device = open_device(&args.device)?;
    let (classifier, places) = match (&args.model, args.inputs.as_slice()) {
        (Some(name), places) => {
            let fetch = FetchConfig { offline: args.offline, ..FetchConfig::from_env() };
            let display = Display::new(verbosity);
            let classifier = Classifier::pretrained(name, &device, &fetch, &display);
            display.finish();
            (classifier?, places)
        }
        (None, [_]) => bail!("there is a model, but no picture: `tl predict RUN PICTURE...`"),
        (None, [run, places @ ..]) => (Classifier::open(Path::new(run), &device)?, places),
        (None, []) => bail!("nothing to predict"),
    };
    let classifier = classifier.with_precision(args.precision)?;
    let failed = answer(&classifier, places, args, verbosity)?;
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// Writes answers as they come. Is there a picture without one?
fn answer(
    classifier: &Classifier,
    places: &[OsString],
    args: &PredictArgs,
    verbosity: Verbosity,
) -> Result<bool> {
    let files = pictures(places)?;
    let few = files.len() < 10;
    let display = Display::new(verbosity.unless(few));
    // Without a bar a slow file is still named.
    let words = if few { &Display::new(verbosity) } else { &display };
    display.stage(JobStage::Extract);
    let mut writer = PredictionWriter::new(args, classifier.header.multi_label, &files);
    let mut failed = false;
    let show = |pictures: &[PictureLocation], answers: Vec<Probabilities>| {
        let rows = pictures.iter().zip(answers);
        let rows = rows.map(|(place, answer)| row(classifier, place.file.clone(), answer, args.top));
        let rows: Vec<PredictionRow> = rows.collect();
        failed |= rows.iter().any(|row| row.error.is_some());
        display.suspend(|| writer.add(&rows))
    };
    let progress = |progress| display.progress(progress);
    let job = || classifier.predict_each(&files, threads(), &progress, show);
    let answered = naming_slow_files(words, SLOW, job);
    display.finish();
    // After a failure too: what was answered can be read.
    let closed = if answered.is_ok() || writer.has_begun() { writer.finish() } else { Ok(()) };
    answered?;
    closed?;
    Ok(failed)
}

fn row(classifier: &Classifier, path: PathBuf, answer: Probabilities, top: usize) -> PredictionRow {
    match answer {
        Ok(probabilities) => {
            let labels = classifier.header.multi_label.then(|| classifier.labels(&probabilities));
            PredictionRow { path, labels, answers: classifier.top(&probabilities, top), error: None }
        }
        Err(reason) => PredictionRow { path, labels: None, answers: Vec::new(), error: Some(reason) },
    }
}
