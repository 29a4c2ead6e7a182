//! Failures, in words and as an exit code.

use anstyle::{AnsiColor, Style};
use anyhow::Error;
use clap::error::ContextKind;
use std::io;
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use tl_files::{name_text, shown, steers};
use tl_pipeline::PipelineError;
use tl_train::TrainError;

use crate::hints::hint;
use crate::screen;
use crate::terminal::message;

/// What was asked for failed.
pub(crate) const FAILED: u8 = 1;
/// What was typed cannot be; clap's own.
const USAGE: u8 = 2;
/// A bug of ours.
pub(crate) const BUG: u8 = 3;
/// The work was stopped by a signal, and can be gone on with: EX_TEMPFAIL of sysexits.h.
pub(crate) const STOPPED: u8 = 75;

/// Says what failed and what to do about it. A reader that went away is no failure.
pub(crate) fn report(error: &Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        return self::usage(usage);
    }
    say(error);
    let stopped = matches!(
        error.downcast_ref(),
        Some(PipelineError::Train(TrainError::Stopped { .. }) | PipelineError::Interrupted { .. })
    );
    ExitCode::from(if stopped { STOPPED } else { FAILED })
}

/// What clap says of words that were typed.
const INVALID: [ContextKind; 3] =
    [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand];

/// Says what was typed wrongly, or the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let hostile = std::env::args_os().any(|word| name_text(&word).contains(steers));
    if error.use_stderr() && hostile {
        let typed = error.context().filter(|(kind, _)| INVALID.contains(kind));
        let typed: Vec<String> = typed.map(|(_, value)| format!("`{}`", shown(value.to_string()))).collect();
        anstream::eprintln!("error: {}: {}", error.kind(), typed.join(", "));
    } else {
        // Where standard error is gone, the code has to do.
        let _said = error.print();
    }
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Writes an error, its causes and its remedy to standard error.
pub(crate) fn say(error: &Error) {
    let (red, bold) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    anstream::eprintln!("{red}error:{red:#} {}", message(&error.to_string()));
    for cause in error.chain().skip(1) {
        anstream::eprintln!("  {}", message(&cause.to_string()));
    }
    if let Some(hint) = hint(error) {
        anstream::eprintln!("{bold}hint:{bold:#} {}", message(&hint));
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Takes the place of Rust's own message when the program panics.
pub(crate) fn report_bug(info: &PanicHookInfo<'_>) {
    if tl_image::is_contained() {
        // It is about one file, which is named where the panic is caught.
        return;
    }
    screen::leave();
    let place =
        info.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let what = message(info.payload_as_str().unwrap_or("no message"));
    let version = env!("CARGO_PKG_VERSION");
    anstream::eprintln!("error: this is a bug in tl {version}: {what}{place}");
    anstream::eprintln!(
        "hint: please report it with the command you typed; nothing half-written was left behind"
    );
}
