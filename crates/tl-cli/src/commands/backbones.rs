//! `tl backbones`

use anyhow::Result;
use std::process::ExitCode;

use crate::args::BackbonesArgs;

pub(crate) fn run(_args: &BackbonesArgs) -> Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
