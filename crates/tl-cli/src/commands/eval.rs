//! `tl eval`

use anyhow::Result;
use std::process::ExitCode;
use tl_train::{Classifier, Evaluated, evaluate, open_device};

use super::{print, print_json, threads};
use crate::args::EvalArgs;
use crate::progress::{Display, Verbosity};
use crate::slow::{SLOW, naming_slow_files};
use crate::{labels, text};

pub(crate) fn run(args: &EvalArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let classifier = Classifier::open(&args.run, &open_device(&args.device)?)?;
    let classifier = classifier.with_precision(args.precision)?;
    let display = Display::new(verbosity.unless(args.json));
    let source = args.labels.data(&args.data)?.source();
    let job = || evaluate(&classifier, &source, &args.max_bad, threads(), &display);
    let result = naming_slow_files(&display, SLOW, job);
    display.finish();
    let Evaluated { evaluation, multi_label, data, part } = result?;
    if args.json {
        multi_label.map_or_else(|| print_json(&evaluation), |found| print_json(&found))?;
    } else {
        let judged = part.map(|part| text::row("part", &format!("{part}: the others are not judged")));
        let figures =
            multi_label.map_or_else(|| text::evaluation(&evaluation, None), |found| labels::figures(&found));
        print(text::understood(&data).chain(judged))?;
        print(text::skipped(&data, text::NAMED).into_iter().chain(figures))?;
    }
    Ok(ExitCode::SUCCESS)
}
