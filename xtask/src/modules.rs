//! Modules inside a crate use each other one way: what a cycle is, which crates still have one, and `cargo xtask modules`.
//!
//! Sources are read as they are, without code for tests; a path counts as a use of the module that defines the item, however it
//! was re-exported (`names.rs`). A parent and its child may use each other; modules beside each other, with all inside
//! them, may not (`cycles.rs`).

mod cycles;
mod names;
mod tokens;
mod tree;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{cargo, root};
use cycles::{Cycle, Siblings};
use names::Use;
use tree::Module;

/// The largest cycle that a crate still has, in modules. Rows only shrink: `check` fails too where a crate is better than its row.
const KNOTS: &[(&str, usize)] = &[];

/// The modules of a crate, and who uses whom.
struct Graph {
    name: String,
    root: PathBuf,
    modules: Vec<Module>,
    siblings: Siblings,
    knots: Vec<Cycle>,
}

impl Graph {
    fn of(name: &str, root: &Path, read: &dyn Fn(&Path) -> Result<String>) -> Result<Self> {
        let modules = tree::read(root, read)?;
        let siblings = Siblings::of(&modules, names::uses(&modules));
        let knots = siblings.knots();
        Ok(Self { name: name.to_owned(), root: root.to_path_buf(), modules, siblings, knots })
    }

    fn largest(&self) -> usize {
        self.knots.first().map_or(0, |knot| knot.members.len())
    }

    fn members(&self, knot: &Cycle) -> String {
        let paths: Vec<&str> = knot.members.iter().map(|&at| self.modules[at].path.as_str()).collect();
        paths.join(", ")
    }

    fn lines(&self, uses: &[(usize, usize, &Use)]) -> String {
        let line = |(from, to, found): &(usize, usize, &Use)| {
            let [from, to] = [from, to].map(|&at| self.modules[at].path.as_str());
            let Use { path, place } = found;
            format!("\n    {from} -> {to}: {path}, {}:{}", place.file.display(), place.line)
        };
        uses.iter().map(line).collect()
    }

    /// What is wrong, if the largest cycle may have so many modules.
    fn fault(&self, allowed: usize) -> Option<String> {
        let (name, largest) = (&self.name, self.largest());
        if largest < allowed {
            return Some(format!(
                "{name}: the largest cycle has {largest} modules now: lower its row in KNOTS from {allowed}"
            ));
        }
        let knot = self.knots.first().filter(|_| largest > allowed)?;
        let (members, circle) = (self.members(knot), self.lines(&self.siblings.circle(knot)));
        Some(format!(
            "{name}: {largest} modules use each other, {allowed} may: {members}; the shortest way around:{circle}"
        ))
    }
}

/// Refuses a cycle that is larger than the crate's row says, and a row that says too much.
pub(crate) fn check() -> Result<()> {
    let graphs = graphs()?;
    let unknown = |name: &str| graphs.iter().all(|graph| graph.name != name);
    let mut faults: Vec<String> = KNOTS
        .iter()
        .filter(|(name, _)| unknown(name))
        .map(|(name, _)| format!("{name}: no such crate"))
        .collect();
    let allowed: BTreeMap<&str, usize> = KNOTS.iter().copied().collect();
    let of = |graph: &Graph| graph.fault(allowed.get(graph.name.as_str()).copied().unwrap_or(0));
    faults.extend(graphs.iter().filter_map(of));
    if !faults.is_empty() {
        bail!("modules that use each other:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

/// Prints lines and cycles of every crate, or of one with every use in its cycles.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    let graphs = graphs()?;
    let asked = |graph: &&Graph| name.is_none_or(|name| graph.name == name);
    let shown: Vec<&Graph> = graphs.iter().filter(asked).collect();
    if shown.is_empty() {
        bail!("no crate {}", name.unwrap_or_default());
    }
    for graph in shown {
        let lines = lines_below(graph.root.parent().unwrap_or(&graph.root))?;
        let (modules, largest) = (graph.modules.len(), graph.largest());
        println!("{:14} {lines:6} lines, {modules:3} modules, largest cycle {largest}", graph.name);
        for knot in &graph.knots {
            println!("    {}: {}", knot.members.len(), graph.members(knot));
            if name.is_some() {
                println!("{}", graph.lines(&graph.siblings.within(knot)).trim_start_matches('\n'));
            }
        }
    }
    Ok(())
}

/// The module graphs of every library and program of the workspace.
fn graphs() -> Result<Vec<Graph>> {
    let output =
        cargo(&["metadata", "--format-version", "1", "--no-deps"]).output().context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let mut graphs = Vec::new();
    for package in packages {
        for source in roots(package) {
            let source = Path::new(source);
            let source = source.strip_prefix(root()).unwrap_or(source);
            let name = package["name"].as_str().unwrap_or_default();
            graphs.push(Graph::of(name, source, &text)?);
        }
    }
    Ok(graphs)
}

fn text(file: &Path) -> Result<String> {
    let file = root().join(file);
    std::fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// The files that libraries and programs of a package begin with.
fn roots(package: &Value) -> impl Iterator<Item = &str> {
    let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
    let of_kind = |target: &&Value| {
        target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "lib" || kind == "bin"))
    };
    targets.iter().filter(of_kind).filter_map(|target| target["src_path"].as_str())
}

/// Lines of all Rust files in a folder and below.
fn lines_below(folder: &Path) -> Result<usize> {
    let mut lines = 0;
    for entry in std::fs::read_dir(root().join(folder))? {
        let path = entry?.path();
        if path.is_dir() {
            lines += lines_below(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            lines += std::fs::read_to_string(&path)?.lines().count();
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
