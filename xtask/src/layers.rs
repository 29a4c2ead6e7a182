//! The direction of dependencies: a crate uses those above it in the table of docs/architecture.md, never below.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;

/// Top to bottom.
const LAYERS: [&str; 16] = [
    "tl-files",
    "tl-image",
    "tl-data",
    "tl-simd",
    "tl-kernels",
    "tl-graph",
    "tl-backbones",
    "tl-heads",
    "tl-weights",
    "tl-frozen",
    "tl-report",
    "tl-model",
    "tl-train",
    "tl-pipeline",
    "tl-cli",
    "xtask",
];

/// Reads `cargo metadata` and refuses a dependency that points downwards, and a crate that is in no layer.
pub(crate) fn check() -> Result<()> {
    let output =
        cargo(&["metadata", "--format-version", "1", "--no-deps"]).output().context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let wrong: Vec<String> = packages.iter().flat_map(upward_only).collect();
    if !wrong.is_empty() {
        bail!("dependencies against the layers:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

fn upward_only(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some(layer) = layer(name) else { return vec![format!("{name} is in no layer")] };
    let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    let of_ours = dependencies.iter().filter(|dependency| dependency["path"].is_string());
    // Tests may reach down: a network is tested with the weights it was published with.
    let built = of_ours.filter(|dependency| dependency["kind"] != "dev");
    let names = built.filter_map(|dependency| dependency["name"].as_str());
    names.filter(|used| self::layer(used) >= Some(layer)).map(|used| format!("{name} uses {used}")).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|&known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(uses: &str, kind: Option<&str>) -> Value {
        json!({"name": "tl-weights", "dependencies": [{"name": uses, "path": "/x", "kind": kind}]})
    }

    #[test]
    fn only_crates_above_may_be_used() {
        assert_eq!(upward_only(&package("tl-heads", None)), Vec::<String>::new());
        assert_eq!(upward_only(&package("tl-train", None)), ["tl-weights uses tl-train"]);
        assert_eq!(upward_only(&package("tl-train", Some("dev"))), Vec::<String>::new());
        assert_eq!(upward_only(&json!({"name": "tl-utils"})), ["tl-utils is in no layer"]);
    }

    #[test]
    fn this_workspace_obeys() {
        check().unwrap();
    }
}
