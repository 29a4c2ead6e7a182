//! The commands of the program, one file for each.

mod backbones;
mod completions;
mod data;
mod eval;
mod extract;
mod info;
mod lr_find;
mod predict;
mod train;
mod weights;

use anyhow::Result;
use std::process::ExitCode;
use tl_pipeline::Observer;

use crate::args::{Args, Command};
use crate::dashboard::Dashboard;
use crate::progress::Display;
use crate::signals::Stop;
use crate::slow_files::{SLOW, naming_slow_files};
use crate::verbosity::Verbosity;

/// Does what was typed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Train(train) => train::run(train, Verbosity::of(args)),
        Command::LrFind(find) => lr_find::run(find, Verbosity::of(args)),
        Command::Resume(resume) => train::resume(resume, Verbosity::of(args)),
        Command::Predict(predict) => predict::run(predict, Verbosity::of(args)),
        Command::Eval(eval) => eval::run(eval, Verbosity::of(args)),
        Command::Extract(extract) => extract::run(extract, Verbosity::of(args)),
        Command::Info(info) => info::run(info),
        Command::Data(data) => data::run(data, Verbosity::of(args)),
        Command::Backbones(backbones) => backbones::run(backbones),
        Command::Weights(weights) => weights::run(weights, Verbosity::of(args)),
        Command::Completions(completions) => completions::run(completions),
    }
}

/// Does a job that a signal may stop, and shows how far it is.
fn watched<T>(tui: bool, verbosity: Verbosity, job: impl FnOnce(&dyn Observer) -> T) -> Result<T> {
    if tui {
        let dashboard = Dashboard::open(verbosity)?;
        let done = naming_slow_files(&dashboard, SLOW, || job(&dashboard));
        dashboard.finish();
        return Ok(done);
    }
    let display = Display::new(verbosity).stopped_by(Stop::on_signals()?);
    let done = naming_slow_files(&display, SLOW, || job(&display));
    display.finish();
    Ok(done)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
