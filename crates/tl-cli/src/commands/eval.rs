//! `tl eval`

use anyhow::Result;
use std::process::ExitCode;
use tl_train::{Classifier, evaluate_folder, open_device};

use super::{print, print_json, threads};
use crate::args::EvalArgs;
use crate::progress::{Display, Verbosity};
use crate::text;

pub(crate) fn run(args: &EvalArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let classifier = Classifier::open(&args.run, &open_device(&args.device)?)?;
    let display = Display::new(verbosity.unless(args.json));
    let result = evaluate_folder(&classifier, &args.data, &args.max_bad, threads(), &display);
    display.finish();
    let (evaluation, data) = result?;
    if args.json {
        print_json(&evaluation)?;
    } else {
        print(text::skipped(&data, text::NAMED).into_iter().chain(text::evaluation(&evaluation, None)))?;
    }
    Ok(ExitCode::SUCCESS)
}
