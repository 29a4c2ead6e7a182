//! `cargo xtask sanitize`: tests of the crates with `unsafe` in their loops, under a sanitizer.

use anyhow::Result;
use clap::ValueEnum;

use crate::{cargo, must, root};

/// What to look for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Sanitizer {
    /// Reads and writes outside of what was allocated, or after it was freed.
    Address,
}

/// rustc takes `-Z` only as a nightly one, or told so by `RUSTC_BOOTSTRAP`; what a sanitizer needs when a program runs comes
/// with the toolchain. Dependencies are built again, in a folder of their own.
pub(crate) fn run(sanitizer: Sanitizer, words: &[String]) -> Result<()> {
    let Sanitizer::Address = sanitizer;
    let mut command = cargo(&["test", "--release", "--lib"]);
    command.args(["-p", "tl-frozen", "-p", "tl-kernels", "-p", "tl-simd"]);
    // Named, so that build scripts and macros, which are of the host, are built without it.
    command.args(["--target", "x86_64-unknown-linux-gnu", "--"]).args(words);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    must(command.env("CARGO_TARGET_DIR", root().join("target/sanitize-address")))
}
