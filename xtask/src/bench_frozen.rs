//! `cargo xtask bench frozen`: compiled networks beside ONNX Runtime, OpenVINO and PyTorch, in turns in one run. On other
//! devices than the processor ours run as burn modules, and on a GPU the others are PyTorch, eager and compiled.
//!
//! Ours is `crates/tl-frozen/examples/frozen_speed.rs`, theirs `xtask/reference/frozen_speed.py`.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

use crate::bench::{machine, median};
use crate::device::Device;
use crate::{must, root};

/// What to compare, and with whose Python.
#[derive(Debug, Args)]
pub(crate) struct Frozen {
    /// Networks, by the names of `tl backbones`.
    #[arg(default_values = ["resnet50", "mobilenetv2_100", "efficientnet_lite0", "vgg16", "resnet18", "xception"])]
    networks: Vec<String>,
    /// Python with torch, torchvision, timm and onnx.
    #[arg(long, default_value = "python3")]
    python: String,
    /// Python with onnxruntime and openvino, if another.
    #[arg(long)]
    python_onnx: Option<String>,
    /// Folder for ONNX files, kept between runs.
    #[arg(long, default_value = "target/onnx")]
    onnx: PathBuf,
    /// Programs to compare with: onnxruntime, openvino, torch, torch-compiled [default: the first three; on a GPU the last
    /// two].
    #[arg(long)]
    peers: Vec<String>,
    /// Device on which networks run.
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    #[arg(long, default_values_t = [1, 32])]
    batch: Vec<usize>,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Precision of the matrix products: f32, bf16, int8.
    #[arg(long, default_value = "f32")]
    precision: String,
    /// Seconds per program and turn.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Number of rounds, of which the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Prints a table of pictures per second, and for every network what its kinds of layers reach.
pub(crate) fn run(frozen: &Frozen) -> Result<()> {
    frozen.device.build()?;
    if frozen.peers().iter().any(|peer| !peer.starts_with("torch")) {
        std::fs::create_dir_all(root().join(&frozen.onnx))?;
        let mut export = frozen.python(&frozen.python);
        must(export.arg("export").arg(&frozen.onnx).args(&frozen.networks))?;
    }
    println!(
        "{}, {}, {}, {} threads, medians of {} turns\n",
        machine(),
        frozen.device.name(),
        frozen.precision,
        frozen.threads,
        frozen.rounds
    );
    println!(
        "| network | batch | tl | {} | tl / fastest other |\n|---|---|---|{}---|",
        frozen.peers().join(" | "),
        "---|".repeat(frozen.peers().len())
    );
    let mut versions = Vec::new();
    for network in &frozen.networks {
        for &batch in &frozen.batch {
            frozen.compare(network, batch, &mut versions)?;
        }
    }
    println!("\n{}", versions.join(", "));
    if frozen.device != Device::Cpu {
        return Ok(());
    }
    for network in &frozen.networks {
        let profile = output(frozen.ours(network, 1).arg("profile"))?;
        let table = profile.split_once("\n\n").map_or("", |(_, table)| table);
        println!("\n{network}, one thread:\n\n{table}");
    }
    Ok(())
}

impl Frozen {
    fn peers(&self) -> Vec<&str> {
        match self.device {
            _ if !self.peers.is_empty() => self.peers.iter().map(String::as_str).collect(),
            Device::Cuda => vec!["torch", "torch-compiled"],
            Device::Cpu | Device::Ndarray => vec!["onnxruntime", "openvino", "torch"],
        }
    }

    /// A row of the table.
    fn compare(&self, network: &str, batch: usize, versions: &mut Vec<String>) -> Result<()> {
        let peers = self.peers();
        let mut speeds = vec![Vec::new(); peers.len() + 1];
        for _ in 0..self.rounds {
            speeds[0]
                .push(self.speed(&mut self.ours(network, batch))?["median"].as_f64().unwrap_or(f64::NAN));
            for (peer, speeds) in peers.iter().zip(&mut speeds[1..]) {
                let result = self.speed(&mut self.theirs(peer, network, batch))?;
                speeds.push(result["median"].as_f64().unwrap_or(f64::NAN));
                let version = format!("{peer} {}", result["version"].as_str().unwrap_or_default());
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
        }
        let medians: Vec<f64> = speeds.iter_mut().map(|speeds| median(speeds)).collect();
        let fastest = medians[1..].iter().copied().fold(f64::NAN, f64::max);
        let cells: Vec<String> = medians.iter().map(|speed| format!("{speed:.1}")).collect();
        println!("| {network} | {batch} | {} | {:.2} |", cells.join(" | "), medians[0] / fastest);
        Ok(())
    }

    fn speed(&self, command: &mut Command) -> Result<Value> {
        let text = output(command)?;
        let line = text.lines().last().context("nothing was printed")?;
        serde_json::from_str(line).with_context(|| format!("not a line of JSON: {line}"))
    }

    fn ours(&self, network: &str, batch: usize) -> Command {
        let mut command = Command::new(self.device.built("examples/frozen_speed"));
        command.args([network, &batch.to_string(), &self.threads.to_string(), &self.seconds.to_string()]);
        command.arg(&self.precision).arg(self.device.name()).current_dir(root());
        command
    }

    fn theirs(&self, peer: &str, network: &str, batch: usize) -> Command {
        let python = if peer.starts_with("torch") { None } else { self.python_onnx.as_ref() };
        let mut command = self.python(python.unwrap_or(&self.python));
        command.arg(peer).arg(&self.onnx);
        command.args([network, &batch.to_string(), &self.threads.to_string(), &self.seconds.to_string()]);
        command.args([self.precision.as_str(), if self.device == Device::Cuda { "cuda" } else { "cpu" }]);
        command
    }

    fn python(&self, python: &str) -> Command {
        let mut command = Command::new(python);
        command.arg("xtask/reference/frozen_speed.py").current_dir(root());
        command
    }
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
