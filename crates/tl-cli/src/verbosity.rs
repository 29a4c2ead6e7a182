//! Verbosity: how much is said on standard error, and how: bars on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use crate::args::Args;

/// Off a terminal, a line is written this often.
pub(crate) const EVERY: Duration = Duration::from_secs(10);

/// The amount of text on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors and nothing else.
    Quiet,
    /// What was found and chosen, and how far the work is.
    Normal,
    /// Every skipped file and every setting that was tried, too.
    Verbose,
}

impl Verbosity {
    pub(crate) fn of(args: &Args) -> Self {
        match (args.quiet, args.verbose) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Verbose,
            _ => Self::Normal,
        }
    }

    /// Quiet, where only data is wanted.
    pub(crate) fn unless(self, data_only: bool) -> Self {
        if data_only { Self::Quiet } else { self }
    }
}

/// Whether bars are drawn: on a terminal, unless `TL_NO_PROGRESS` turns them into lines.
pub(crate) fn has_bars(verbosity: Verbosity) -> bool {
    let wanted = std::env::var_os("TL_NO_PROGRESS").is_none() && verbosity > Verbosity::Quiet;
    wanted && std::io::stderr().is_terminal()
}
