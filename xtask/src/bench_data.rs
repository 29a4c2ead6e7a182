//! `cargo xtask bench data`: pictures per second from files to batches, beside torchvision and Keras, in one run.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::machine;
use crate::device::Device;
use crate::{must, root};

/// What is run, in turn, in every round: (job, program, workers). `0` workers: in the program's own process.
const PEERS: &[(&str, &str, usize)] = &[
    ("decode, 1 thread", "pil", 0),
    ("decode, 1 thread", "torchvision", 0),
    ("augment, 1 thread", "pil-augment", 0),
    ("augment, 1 thread", "torchvision-augment", 0),
    ("augment, 1 thread", "keras-augment", 1),
    ("augment, 1 thread", "keras-augment-antialias", 1),
    ("augment, 2 threads", "pil-augment", 2),
    ("augment, 2 threads", "torchvision-augment", 2),
    ("augment, 2 threads", "keras-augment", 2),
    ("augment, 2 threads", "keras-augment-antialias", 2),
];

/// Results by (job, program), one for each round: pictures per second, and processor milliseconds for one where known.
type Results = BTreeMap<(String, String), Vec<(f64, Option<f64>)>>;

/// `python` has torch, torchvision, scikit-image and scikit-learn; `keras`, if given, has tensorflow.
pub(crate) fn run(python: &Path, keras: Option<&Path>, rounds: usize) -> Result<()> {
    Device::Cpu.build()?;
    let folder = pictures(python)?;
    let (mut results, mut parts) = (Results::new(), Value::Null);
    for _ in 0..rounds.max(1) {
        for line in ours(&folder)? {
            if line["parts"].is_object() {
                parts = line["parts"].clone();
                continue;
            }
            let threads = line["threads"].as_u64().unwrap_or(1);
            let plural = if threads == 1 { "" } else { "s" };
            let job = format!("{}, {threads} thread{plural}", line["what"].as_str().unwrap_or_default());
            results.entry((job, "tl".to_owned())).or_default().push(speed_and_time(&line)?);
        }
        for &(job, program, workers) in PEERS {
            let python = if program.starts_with("keras") { keras } else { Some(python) };
            if let Some(python) = python {
                let result = peer(python, &folder, program, workers)?;
                results.entry((job.to_owned(), program.to_owned())).or_default().push(result);
            }
        }
    }
    print(&results, rounds, &parts);
    Ok(())
}

/// Makes the pictures unless they are there.
fn pictures(python: &Path) -> Result<PathBuf> {
    let folder = root().join("target/bench-data");
    if !folder.join("class3/499.jpg").exists() {
        must(Command::new(python).arg(script("data_pictures.py")).arg(&folder))?;
    }
    Ok(folder)
}

fn script(name: &str) -> PathBuf {
    root().join("xtask/reference").join(name)
}

fn ours(folder: &Path) -> Result<Vec<Value>> {
    let output = output(Command::new(Device::Cpu.built("examples/data_speed")).arg(folder))?;
    output.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn peer(python: &Path, folder: &Path, program: &str, workers: usize) -> Result<(f64, Option<f64>)> {
    let mut command = Command::new(python);
    command.arg(script("data_speed.py")).arg(folder).args([program, &workers.to_string()]);
    speed_and_time(&serde_json::from_str(&output(&mut command)?)?)
}

fn speed_and_time(result: &Value) -> Result<(f64, Option<f64>)> {
    let speed = result["pictures_per_second"].as_f64().context("no speed was printed")?;
    Ok((speed, result["processor_milliseconds"].as_f64()))
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The best of the rounds counts: what is shared with others only ever makes a program slower.
fn print(results: &Results, rounds: usize, parts: &Value) {
    let best = |values: &[(f64, Option<f64>)]| {
        let speed = values.iter().map(|value| value.0).fold(0.0, f64::max);
        (speed, values.iter().filter_map(|value| value.1).reduce(f64::min))
    };
    print!("{}\n\n| job | program | pictures per second, best of {rounds} | tl is faster by ", machine());
    println!("| processor ms per picture | tl needs less by |\n|---|---|---|---|---|---|");
    for ((job, program), values) in results {
        let ours = results.get(&(job.clone(), "tl".to_owned())).map_or((0.0, None), |values| best(values));
        let (speed, time) = best(values);
        let less = time.zip(ours.1).map_or("-".to_owned(), |(theirs, ours)| format!("{:.2}", theirs / ours));
        let time = time.map_or("-".to_owned(), |time| format!("{time:.2}"));
        println!("| {job} | {program} | {speed:.0} | {:.2} | {time} | {less} |", ours.0 / speed);
    }
    println!("\nMilliseconds per picture on one thread: {parts}");
}
