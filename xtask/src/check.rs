//! `cargo xtask check`: what is not a test and must hold all the same.

use anyhow::Result;

use crate::{cargo, layers, modules, must, root};

pub(crate) fn run() -> Result<()> {
    layers::check()?;
    println!("dependencies point one way");
    modules::check()?;
    println!("modules use each other one way");
    must(&mut cargo(&["fmt", "--all", "--check"]))?;
    must(&mut cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    println!("format and lints are clean");
    must(cargo(&["doc", "--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    println!("documentation builds");
    optional_backends()
}

/// The backends that are off by default are checked, not built: CUDA's build script would download LLVM, which a
/// machine without a GPU has no use for; burn leaves it out when documentation is built. Together, since features only add:
/// for each set of them burn is checked again.
fn optional_backends() -> Result<()> {
    let target = root().join("target/optional");
    let packages = ["tl-cli", "tl-pipeline", "tl-train", "tl-frozen", "tl-backbones"];
    let features = ["ndarray", "cuda"].map(|feature| packages.map(|package| format!("{package}/{feature}")));
    let features = features.concat().join(",");
    // In one call, so that all is checked with one set of features; with the examples and tests that use devices.
    let mut check = cargo(&["check", "--quiet", "--all-targets", "--features", &features]);
    check.args(packages.iter().flat_map(|package| ["-p", package]));
    must(check.env("DOCS_RS", "1").env("CARGO_TARGET_DIR", &target))?;
    println!("features `ndarray` and `cuda` check");
    must(&mut cargo(&["check", "--quiet", "--workspace", "--no-default-features"]))?;
    println!("without embedded weights it checks too");
    Ok(())
}
