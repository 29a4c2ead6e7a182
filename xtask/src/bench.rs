//! `cargo xtask bench`: numbers for docs/benchmarks.md, from the program as people run it.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::Command;
use std::time::Instant;

use crate::device::Device;
use crate::{cargo, must, root};

/// Seeds of the accuracy table, those of xtask/reference/stamps_accuracy.py.
const SEEDS: u64 = 5;

/// Time and memory of `tl train datasets/stamps`, median of several runs after one that warms up.
pub(crate) fn stamps(runs: usize) -> Result<()> {
    Device::Cpu.build()?;
    let mut stages: Vec<(String, Vec<f64>)> = Vec::new();
    let (mut wall, mut memory) = (Vec::new(), Vec::new());
    for run in 0..=runs {
        let begun = Instant::now();
        let record = train(&[])?;
        if run == 0 {
            continue;
        }
        wall.push(begun.elapsed().as_secs_f64());
        memory.extend(record["peak_memory_bytes"].as_f64().map(|bytes| bytes / f64::from(1 << 20)));
        for (index, stage) in record["timings"].as_array().into_iter().flatten().enumerate() {
            if stages.len() <= index {
                stages.push((stage["name"].as_str().unwrap_or_default().to_owned(), Vec::new()));
            }
            stages[index].1.extend(stage["seconds"].as_f64());
        }
    }
    println!("{}\n\n| stage | seconds, median of {runs} |\n|---|---|", machine());
    for (name, seconds) in &mut stages {
        println!("| {name} | {:.2} |", median(seconds));
    }
    println!(
        "| whole process | {:.2} |\n| peak memory | {:.0} MiB |",
        median(&mut wall),
        median(&mut memory)
    );
    Ok(())
}

/// Cross-validated accuracy over seeds, beside the reference's.
pub(crate) fn accuracy() -> Result<()> {
    Device::Cpu.build()?;
    let reference = std::fs::read_to_string(root().join("xtask/reference/stamps_accuracy.json"))?;
    let reference: Value = serde_json::from_str(&reference)?;
    println!(
        "| resize | {} | mean | scikit-learn |\n|{}",
        (0..SEEDS).map(|s| format!("seed {s}")).collect::<Vec<_>>().join(" | "),
        "---|".repeat(SEEDS as usize + 3)
    );
    for mode in ["auto", "crop", "squash", "letterbox"] {
        let mut accuracies = Vec::new();
        for seed in 0..SEEDS {
            let record = train(&["--folds", "5", "--resize", mode, "--seed", &seed.to_string()])?;
            accuracies.push(record["evaluation"]["accuracy"].as_f64().context("no accuracy")? * 100.0);
        }
        let cells: Vec<String> = accuracies.iter().map(|a| format!("{a:.1}")).collect();
        let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        let theirs = reference["modes"][mode]["mean"].as_f64();
        let theirs = theirs.map_or_else(|| "-".to_owned(), |mean| format!("{:.1}", mean * 100.0));
        println!("| {mode} | {} | {mean:.1} | {theirs} |", cells.join(" | "));
    }
    Ok(())
}

/// Cross-validated accuracy of recipes on a folder, over seeds: rows for docs/results.md.
pub(crate) fn recipes(data: &str, recipes: &[String], seeds: u64) -> Result<()> {
    Device::Cpu.build()?;
    println!(
        "{}\n\n| recipe | right of judged | accuracy | interval | seeds | log loss | minutes |\n|{}",
        machine(),
        "---|".repeat(7)
    );
    for recipe in recipes {
        let begun = Instant::now();
        let (mut correct, mut total, mut losses, mut each) = (0, 0, Vec::new(), Vec::new());
        for seed in 0..seeds {
            let seed = seed.to_string();
            let words = recipe.split_whitespace().chain(["--folds", "5", "--seed", &seed]);
            let record = train_on(data, &words.collect::<Vec<_>>(), true)?;
            let evaluation = &record["evaluation"];
            correct += evaluation["correct"].as_u64().context("no figures")?;
            total += evaluation["total"].as_u64().context("no figures")?;
            losses.extend(evaluation["log_loss"].as_f64());
            each.push(format!("{:.1}", 100.0 * evaluation["accuracy"].as_f64().unwrap_or(f64::NAN)));
        }
        // The judged pictures are the same for every seed: the interval is that of one pass over them.
        let pictures = total / seeds.max(1);
        let interval = tl_report::wilson((correct as f64 / seeds as f64).round() as usize, pictures as usize);
        println!(
            "| `{recipe}` | {correct} of {total} | {:.1} | {:.1} to {:.1} | {} | {:.3} | {:.1} |",
            100.0 * correct as f64 / total as f64,
            100.0 * interval.low,
            100.0 * interval.high,
            each.join(", "),
            losses.iter().sum::<f64>() / losses.len().max(1) as f64,
            begun.elapsed().as_secs_f64() / 60.0
        );
    }
    Ok(())
}

/// A release build of the program from nothing but downloaded sources.
pub(crate) fn build() -> Result<()> {
    let target = tempfile::tempdir()?;
    must(&mut cargo(&["fetch", "--quiet"]))?;
    let begun = Instant::now();
    must(cargo(&["build", "--release", "--quiet", "-p", "tl-cli"]).env("CARGO_TARGET_DIR", target.path()))?;
    println!(
        "{}\n\ncargo build --release -p tl-cli, empty target folder: {:.0} s",
        machine(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// `tl train datasets/stamps` with more arguments, into a folder that is thrown away; its record.
fn train(arguments: &[&str]) -> Result<Value> {
    train_on("datasets/stamps", arguments, false)
}

fn train_on(data: &str, arguments: &[&str], cache: bool) -> Result<Value> {
    let runs = tempfile::tempdir()?;
    let mut command = Command::new(Device::Cpu.built("tl"));
    command.args(["train", data, "--json", "--runs"]).arg(runs.path()).args(arguments);
    command.args((!cache).then_some("--no-cache"));
    let output = command.current_dir(root()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut result: Value = serde_json::from_slice(&output.stdout)?;
    Ok(result["record"].take())
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The processor, as Linux names it.
pub(crate) fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {}", model.unwrap_or("an unknown processor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_depend_on_the_order() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert!(median(&mut []).is_nan());
    }
}
