//! `tl`: a folder of pictures becomes an image classifier.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 what was asked for failed,
//! 2 wrong usage, 3 a bug of ours, 75 work was stopped by a signal and can be gone on with.

mod args;
mod check_text;
mod commands;
mod dashboard;
#[cfg(test)]
mod documented;
mod evaluation_text;
mod failure;
mod hints;
mod labels;
mod memory;
mod panels;
mod parsing;
mod phase_progress;
mod predictions;
mod progress;
mod screen;
mod signals;
mod slow_files;
mod source_args;
mod stdout;
mod step_args;
mod terminal;
mod text;
mod transfer;
mod typed_command;
mod verbosity;

use std::process::ExitCode;

/// The allocator, mimalloc, keeps the memory it has: on virtual machines fresh pages are dear.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    memory::keep();
    let args = match parsing::parse(std::env::args_os().collect()) {
        Ok(args) => args,
        Err(error) => return failure::usage(&error),
    };
    args.color.write_global();
    std::panic::set_hook(Box::new(failure::report_bug));
    std::panic::catch_unwind(|| match commands::run(&args) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    })
    .unwrap_or(ExitCode::from(failure::BUG))
}
