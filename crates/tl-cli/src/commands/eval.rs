//! The command `tl eval`.

use anyhow::Result;
use serde_json::Value;
use std::process::ExitCode;
use tl_data::ReadOptions;
use tl_model::{Classifier, open_device};
use tl_pipeline::{Evaluated, evaluate};

use super::threads;
use crate::args::EvalArgs;
use crate::progress::Display;
use crate::slow_files::{SLOW, naming_slow_files};
use crate::stdout::{print, print_json};
use crate::verbosity::Verbosity;
use crate::{evaluation_text, text};

pub(crate) fn run(args: &EvalArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let classifier = Classifier::open(&args.run, &open_device(&args.device)?)?;
    let classifier = classifier.with_precision(args.precision)?;
    let display = Display::new(verbosity.unless(args.json));
    let source = args.source.data(&args.data)?.source();
    let wanted = args.source.over(ReadOptions::default());
    let job = || evaluate(&classifier, &source, &wanted, &args.max_bad, threads(), &display);
    let result = naming_slow_files(&display, SLOW, job);
    display.finish();
    let result = result?;
    if args.json {
        print_json(&json(&result)?)?;
    } else {
        let judged = result.part.map(|part| text::row("part", &format!("{part}: the others are not judged")));
        print(text::understood(&result.data).chain(judged))?;
        print(text::skipped(&result.data, text::NAMED).into_iter().chain(evaluation_text::lines(&result)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The figures of all pictures, and those of what the model has seen and has not under `seen`.
fn json(result: &Evaluated) -> Result<Value> {
    let mut figures = match &result.multi_label {
        Some(found) => serde_json::to_value(found)?,
        None => serde_json::to_value(&result.evaluation)?,
    };
    figures["seen"] = serde_json::to_value(&result.seen)?;
    Ok(figures)
}
