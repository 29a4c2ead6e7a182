//! `tl train`

use anyhow::{Context, Result};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;
use tl_train::{Invocation, Outcome, TrainConfig, train};

use super::{print, print_json};
use crate::args::TrainArgs;
use crate::progress::{Display, Verbosity};
use crate::text;

pub(crate) fn run(args: &TrainArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let base = args.config.as_deref().map_or_else(|| Ok(TrainConfig::default()), read_config)?;
    let config = args.over(base)?;
    let display = Display::new(verbosity.unless(args.json));
    let result = train(&config, &invocation(), &display);
    display.finish();
    let outcome = result?;
    if args.json {
        print_json(&summary(&outcome))?
    } else {
        print(lines(&outcome, &config))?
    }
    Ok(ExitCode::SUCCESS)
}

fn read_config(path: &Path) -> Result<TrainConfig> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("cannot use `{}`", path.display()))
}

fn invocation() -> Invocation {
    let command = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    // The program's own place does not matter to whoever repeats the command.
    let command = std::iter::once("tl".to_owned()).chain(command.skip(1)).collect();
    Invocation { command, time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string() }
}

fn summary(outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({"folder": outcome.folder, "record": outcome.record})
}

fn lines(outcome: &Outcome, config: &TrainConfig) -> Vec<String> {
    let (record, folder) = (&outcome.record, outcome.folder.display());
    let mut lines = text::evaluation(&record.evaluation, record.folds.as_ref());
    lines.push(text::times(record));
    lines.push(text::row("run", &format!("{folder}: open report.html to look at it")));
    lines.push(text::row("next", &format!("tl predict {folder} PICTURE...")));
    if config.folds.is_none() {
        let data = config.data.path().display();
        lines.push(text::row(
            "",
            &format!("tl train {data} --folds 5    a surer estimate, and a model trained on all pictures"),
        ));
    }
    lines.push(text::row("", &format!("tl eval {folder} OTHER_PICTURES/")));
    lines
}
