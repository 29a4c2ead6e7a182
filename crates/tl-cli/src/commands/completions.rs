//! The command `tl completions`.

use anyhow::Result;
use clap::CommandFactory;
use std::process::ExitCode;

use crate::args::{Args, CompletionArgs};

pub(crate) fn run(args: &CompletionArgs) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tl", &mut script);
    crate::stdout::print_data(&script)?;
    Ok(ExitCode::SUCCESS)
}
