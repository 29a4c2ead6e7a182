//! The command `tl train`.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::SystemTime;
use tl_files::{name_text, path_text, shown_path};
use tl_pipeline::{Invocation, Observer, Outcome, TrainConfig, read_settings, train};
use tl_report::Record;

use super::watched;
use crate::args::{ResumeArgs, TrainArgs};
use crate::stdout::{print, print_json};
use crate::typed_command::TypedCommand;
use crate::verbosity::Verbosity;
use crate::{labels, text};

pub(crate) fn run(args: &TrainArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let base = args.config.as_deref().map_or_else(|| Ok(TrainConfig::default()), read_settings)?;
    let config = args.over(base)?;
    let job = |watch: &dyn Observer| train(&config, &invocation(), watch);
    let outcome = watched(args.tui, verbosity.unless(args.json), job)??;
    show(&outcome, args.json)
}

/// Runs `tl resume`.
pub(crate) fn resume(args: &ResumeArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let job = |watch: &dyn Observer| tl_pipeline::resume(&args.run, &invocation(), watch);
    let outcome = watched(args.tui, verbosity.unless(args.json), job)??;
    show(&outcome, args.json)
}

fn show(outcome: &Outcome, json: bool) -> Result<ExitCode> {
    let said = if json { print_json(&summary(outcome)) } else { print(lines(outcome)) };
    said.with_context(|| format!("the run is written, to `{}`, but not shown", shown_path(&outcome.folder)))?;
    Ok(ExitCode::SUCCESS)
}

fn invocation() -> Invocation {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let command = typed.iter().map(|word| name_text(word).into_owned());
    // The program's own place does not matter to whoever repeats the command.
    let command = std::iter::once("tl".to_owned()).chain(command.skip(1)).collect();
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let follow_up = TypedCommand::of(typed).map(|typed| typed.follow_up()).unwrap_or_default();
    Invocation { command, time, resume: None, follow_up }
}

/// The pictures that judged a run. Some may not be new to the model: copies across given parts, and what an older model
/// was trained on that it began from.
fn judges(record: &Record) -> &'static str {
    let known = record.data.seen_before.is_none_or(|seen| seen.known);
    if known && record.data.across_parts.is_none() { "unseen pictures" } else { "held-out pictures" }
}

fn summary(outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({"folder": path_text(&outcome.folder), "record": outcome.record})
}

fn lines(outcome: &Outcome) -> Vec<String> {
    let (record, folder) = (&outcome.record, path_text(&outcome.folder));
    let mut lines = match &record.multi_label {
        Some(found) => labels::figures(found, judges(record)),
        None => text::evaluation(&record.evaluation, record.folds.as_ref(), judges(record)),
    };
    lines.push(text::times(record));
    lines.push(text::row("run", &format!("{folder}: open report.html to look at it")));
    let next = record.next.iter().enumerate();
    lines.extend(next.map(|(i, command)| text::row(if i == 0 { "next" } else { "" }, command)));
    lines
}
