//! `cargo xtask fetch-weights`: the catalogue, and whether what is here is what was published.
//!
//! The program itself does it; this crate depends on none of ours, so that it builds in seconds.

use anyhow::Result;

use crate::{cargo, must};

pub(crate) fn run() -> Result<()> {
    must(&mut cargo(&["run", "--release", "--quiet", "-p", "tl-cli", "--", "info"]))
}
