//! `cargo xtask fetch-weights`: pretrained weights, fetched and verified.
//!
//! The program itself does it; this crate depends on none of ours, so that it builds in seconds.

use anyhow::Result;

use crate::{cargo, must};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut tl = cargo(&["run", "--release", "--quiet", "-p", "tl-cli", "--", "weights"]);
    if arguments.is_empty() {
        return must(tl.arg("list"));
    }
    must(tl.arg("fetch").args(arguments))
}
