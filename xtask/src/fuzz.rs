//! `cargo xtask fuzz`: what reads other people's files, given bytes without end.

use anyhow::{Result, ensure};
use std::fs;
use std::process::Stdio;

use crate::{cargo, must, root};

/// The targets, and the folders of golden files that each begins with beside `fuzz/corpus/TARGET`.
const TARGETS: [(&str, &[&str]); 9] = [
    ("jpeg", &["crates/tl-image/tests/golden/jpeg"]),
    ("picture", &["crates/tl-image/tests/golden/decode", "datasets/hostile"]),
    ("table", &[]),
    ("parquet", &[]),
    ("shards", &[]),
    ("safetensors", &["crates/tl-weights/tests/golden"]),
    ("checkpoint", &["crates/tl-weights/tests/golden"]),
    ("model", &["crates/tl-pipeline/tests/golden/versions"]),
    ("settings", &["crates/tl-pipeline/tests/golden/versions/outputs"]),
];

/// Fuzzes one target, or each in turn, for so many minutes.
pub(crate) fn run(minutes: u64, target: Option<&str>) -> Result<()> {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let known = target.is_none_or(|target| names.contains(&target));
    ensure!(known, "no target `{}`: they are {}", target.unwrap_or_default(), names.join(", "));
    if !is_there() {
        println!("skipped: cargo-fuzz is missing; `cargo install cargo-fuzz` installs it");
        return Ok(());
    }
    let wanted = |(name, _): &(&str, _)| target.is_none_or(|target| target == *name);
    TARGETS.into_iter().filter(wanted).try_for_each(|(name, golden)| fuzz(name, golden, minutes))
}

fn is_there() -> bool {
    let status = cargo(&["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Inputs that reach something new go to `target/fuzz/corpus`; one that fails, to `fuzz/artifacts`, and its path is printed.
///
/// Without a sanitizer: nothing that reads files here is `unsafe`, and so the pinned stable toolchain will do.
fn fuzz(name: &str, golden: &[&str], minutes: u64) -> Result<()> {
    let target = root().join("target/fuzz");
    let found = target.join("corpus").join(name);
    fs::create_dir_all(&found)?;
    let mut command = cargo(&["fuzz", "run", "--sanitizer", "none", name]);
    command.arg(found).arg(root().join("fuzz/corpus").join(name));
    command.args(golden.iter().map(|folder| root().join(folder)));
    command.args(["--", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1"]);
    must(command.arg(format!("-max_total_time={}", 60 * minutes)).env("CARGO_TARGET_DIR", target))
}
