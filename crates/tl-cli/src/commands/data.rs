//! The command `tl data`.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tl_data::{CheckOptions, PictureLocation, check};
use tl_files::{name_text, path_text, shown_path};
use tl_image::{Augment, AugmentPreset, Limits, Preprocess, contact_sheet};
use tl_model::Pretrained;
use tl_pipeline::{JobStage, Observer, read_settings};
use tl_train::TrainObserver;

use crate::args::{AugmentArgs, CheckArgs, DataArgs, DataCommand};
use crate::check_text;
use crate::failure::FAILED;
use crate::progress::Display;
use crate::slow_files::{SLOW, naming_slow_files};
use crate::stdout::{print, print_json};
use crate::step_args::Chain;
use crate::text;
use crate::verbosity::Verbosity;

pub(crate) fn run(args: &DataArgs, verbosity: Verbosity) -> Result<ExitCode> {
    match &args.command {
        DataCommand::Check(args) => check_data(args, verbosity),
        DataCommand::Augment(args) => augment(args),
    }
}

/// Fails if there is a problem, so that a script can stop there.
fn check_data(args: &CheckArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let options = CheckOptions {
        read: args.source.over(CheckOptions::default().read),
        input: preprocess(&args.backbone)?.size,
        thumbnails: args.html.is_some(),
    };
    let source = args.source.data(&args.data)?.source();
    let display = Display::new(verbosity.unless(args.json));
    display.stage(JobStage::Scan);
    let progress = |progress| display.progress(progress);
    let job = || check(&source, &options, &Limits::default(), &progress);
    let report = naming_slow_files(&display, SLOW, job);
    display.finish();
    let report = report?;
    if let Some(file) = &args.html {
        write(file, tl_report::check_html(&report).as_bytes())?;
    }
    if args.json {
        print_json(&report)?;
    } else {
        print(check_text::lines(&report, verbosity == Verbosity::Verbose))?;
        if let Some(file) = &args.html {
            print([text::row("page", &format!("{}: open it to look at the pictures", path_text(file)))])?;
        }
    }
    let problem = report.worst() == Some(tl_data::Severity::Problem);
    Ok(if problem { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn augment(args: &AugmentArgs) -> Result<ExitCode> {
    let augment = match &args.config {
        Some(file) => read_settings::<Chain>(file)?.augment,
        None => Augment::from(args.preset),
    };
    let preprocess = Preprocess { mode: args.resize, ..preprocess(&args.backbone)? };
    let picture = PictureLocation::from(args.picture.clone())
        .decode(&Limits::default(), preprocess.fill)
        .with_context(|| format!("cannot use `{}`", shown_path(&args.picture)))?;
    let sheet = contact_sheet(&picture, &augment, &preprocess, args.count, args.columns, args.seed);
    let out = args.out.clone().unwrap_or_else(|| named_after(&args.picture, args.preset));
    if out.exists() && args.out.is_none() {
        bail!("`{}` exists: name another file with `--out FILE`", shown_path(&out));
    }
    sheet.save(&out).with_context(|| format!("cannot write `{}`", shown_path(&out)))?;
    print([text::row("sheet", &format!("{}: top left as at prediction", path_text(&out)))])?;
    Ok(ExitCode::SUCCESS)
}

/// How the weights of a network, or these weights, want pictures.
fn preprocess(backbone: &str) -> Result<Preprocess> {
    Ok(Pretrained::named(backbone)?.preprocess)
}

fn named_after(picture: &Path, preset: AugmentPreset) -> PathBuf {
    let stem = picture.file_stem().map(name_text).unwrap_or_default();
    PathBuf::from(format!("{stem}-{preset}.png"))
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    let written = tl_files::replace(path, content).map_err(|fault| fault.reason);
    written.with_context(|| format!("cannot write `{}`", shown_path(path)))
}
