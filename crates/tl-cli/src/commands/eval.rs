//! `tl eval`

use anyhow::Result;
use std::process::ExitCode;
use tl_data::Source;
use tl_train::{Classifier, Evaluated, evaluate, open_device};

use super::{print, print_json, threads};
use crate::args::EvalArgs;
use crate::progress::{Display, Verbosity};
use crate::text;

pub(crate) fn run(args: &EvalArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let classifier = Classifier::open(&args.run, &open_device(&args.device)?)?;
    let display = Display::new(verbosity.unless(args.json));
    let source = Source::of_path(&args.data);
    let result = evaluate(&classifier, &source, &args.max_bad, threads(), &display);
    display.finish();
    let Evaluated { evaluation, data, part } = result?;
    if args.json {
        print_json(&evaluation)?;
    } else {
        let judged = part.map(|part| text::row("part", &format!("{part}: the others are not judged")));
        print(judged)?;
        print(text::skipped(&data, text::NAMED).into_iter().chain(text::evaluation(&evaluation, None)))?;
    }
    Ok(ExitCode::SUCCESS)
}
