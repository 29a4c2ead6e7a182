//! Standard output: what goes there.

use anyhow::{Context, Result};
use std::io::Write;

use crate::terminal;

/// What went wrong where a write fails; the system's reason comes behind it.
const FAILED: &str = "cannot write to standard output";

/// Writes lines for people to standard output.
pub(crate) fn print(lines: impl IntoIterator<Item = String>) -> Result<()> {
    let mut out = anstream::stdout().lock();
    for line in lines {
        writeln!(out, "{}", terminal::line(&line)).context(FAILED)?;
    }
    out.flush().context(FAILED)
}

/// Writes data to standard output, as it is.
pub(crate) fn print_data(data: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(data).context(FAILED)?;
    out.flush().context(FAILED)
}

/// Writes a value as JSON of several lines.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print_data((serde_json::to_string_pretty(value)? + "\n").as_bytes())
}
