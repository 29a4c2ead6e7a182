//! `cargo xtask bench train`: training steps beside PyTorch's and burn's own operations, in turns in one run.
//!
//! With `--stages`, what an epoch costs where the prefix is frozen: ours runs it in the first epoch only, PyTorch's loop in
//! every one.
//!
//! Ours is `crates/tl-train/examples/step_speed.rs`, theirs `xtask/reference/step_speed.py`.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::process::Command;

use crate::bench::{machine, median};
use crate::device::Device;
use crate::root;

/// glibc gives large blocks back to the kernel otherwise, and every step pays for the pages again.
pub(crate) const KEEP_MEMORY: &str =
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=8000000000:glibc.malloc.trim_threshold=8000000000";

/// What to compare, and with whose Python.
#[derive(Debug, Args)]
pub(crate) struct Train {
    /// Networks, by the names of `tl backbones`.
    #[arg(default_values = ["resnet18", "resnet50", "mobilenetv2_100", "efficientnet_lite0"])]
    networks: Vec<String>,
    /// Python with torch, torchvision and timm.
    #[arg(long, default_value = "python3")]
    python: String,
    #[arg(long, default_value_t = 16)]
    batch: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Device on which networks run. On a GPU, PyTorch runs there too: tuned, with autocast to bf16, and so compiled.
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    /// Stages that learn besides the head: all, unless so many; 0 and 1, for example.
    #[arg(long)]
    stages: Vec<usize>,
    /// Activation checkpointing: beside ours, ours with activations checkpointed, instead of burn's own operations.
    #[arg(long, conflicts_with = "stages")]
    checkpointed: bool,
    /// Steps with products in bf16, ours and PyTorch's with autocast, beside those in f32.
    #[arg(long, conflicts_with_all = ["stages", "checkpointed"])]
    bf16: bool,
    /// Seconds per program and turn.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Number of rounds, of which the median counts.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
}

/// The programs on a GPU, where burn's operations are all there is: ours in f32 and in bf16, PyTorch's eager steps and
/// compiled ones.
const ON_A_GPU: [&str; 4] = ["ours", "bf16", "torch-bf16", "torch-compiled"];
const PROGRAMS: [&str; 4] = ["ours", "burn", "plain", "tuned"];
/// The programs in both precisions.
const ROUNDED: [&str; 4] = ["ours", "tuned", "bf16", "torch-bf16"];
/// Where memory is the question.
const CHECKPOINTED: [&str; 4] = ["ours", "checkpointed", "plain", "tuned"];
/// Where the prefix is frozen: ours in the first epoch, and in later ones.
const PARTIAL: [&str; 4] = ["ours", "cached", "plain", "tuned"];
/// Epochs over which the cost of the first is spread.
const EPOCHS: f64 = 10.0;

/// Pictures per second and MiB of each program.
struct Medians {
    speeds: [f64; 4],
    memory: [Value; 4],
}

/// Prints a table of pictures per second.
pub(crate) fn run(train: &Train) -> Result<()> {
    train.device.build()?;
    println!(
        "{}, {}, {} threads, batch {}, medians of {} turns\n",
        machine(),
        train.device.name(),
        train.threads,
        train.batch,
        train.rounds
    );
    match (train.device, train.stages.is_empty()) {
        (Device::Cuda, _) => train.on_a_gpu(),
        (_, true) if train.bf16 => train.rounded(),
        (_, true) => train.whole(),
        (_, false) => train.partial(),
    }
}

impl Train {
    fn whole(&self) -> Result<()> {
        let (programs, second) =
            if self.checkpointed { (CHECKPOINTED, "tl, checkpointed") } else { (PROGRAMS, "burn-flex") };
        println!(
            "| network | tl | {second} | PyTorch | PyTorch tuned | tl / tuned | MiB: tl | {second} | PyTorch tuned |\n|{}",
            "---|".repeat(9)
        );
        for network in &self.networks {
            let Medians { speeds, memory } = self.medians(programs, network, None)?;
            let cells: Vec<String> = speeds.iter().map(|speed| format!("{speed:.2}")).collect();
            let ratio = speeds[0] / speeds[3];
            let [ours, second, _, tuned] = &memory;
            println!("| {network} | {} | {ratio:.2} | {ours} | {second} | {tuned} |", cells.join(" | "));
        }
        Ok(())
    }

    fn rounded(&self) -> Result<()> {
        println!(
            "| network | f32: tl | PyTorch tuned | tl / tuned | bf16: tl | PyTorch | tl / PyTorch | MiB in f32: tl | PyTorch | \
             in bf16: tl | PyTorch |\n|{}",
            "---|".repeat(11)
        );
        for network in &self.networks {
            let Medians { speeds: [ours, tuned, bf16, torch], memory } =
                self.medians(ROUNDED, network, None)?;
            let memory: Vec<String> = memory.iter().map(Value::to_string).collect();
            println!(
                "| {network} | {ours:.2} | {tuned:.2} | {:.2} | {bf16:.2} | {torch:.2} | {:.2} | {} |",
                ours / tuned,
                bf16 / torch,
                memory.join(" | ")
            );
        }
        Ok(())
    }

    fn partial(&self) -> Result<()> {
        println!(
            "| network | stages that learn | tl, first epoch | tl, later | PyTorch | PyTorch tuned | {EPOCHS} epochs: \
             tl / PyTorch | tl / tuned |\n|{}",
            "---|".repeat(8)
        );
        for network in &self.networks {
            for &stages in &self.stages {
                let Medians { speeds, .. } = self.medians(PARTIAL, network, Some(stages))?;
                let cells: Vec<String> = speeds.iter().map(|speed| format!("{speed:.1}")).collect();
                let ours = EPOCHS / (1.0 / speeds[0] + (EPOCHS - 1.0) / speeds[1]);
                let (plain, tuned) = (ours / speeds[2], ours / speeds[3]);
                println!("| {network} | {stages} | {} | {plain:.1} | {tuned:.1} |", cells.join(" | "));
            }
        }
        Ok(())
    }

    /// Full steps, or those of every number of stages that was asked for.
    fn on_a_gpu(&self) -> Result<()> {
        println!(
            "| network | stages that learn | tl f32 | tl bf16 | PyTorch bf16 | PyTorch bf16, compiled | tl bf16 / eager \
             | tl bf16 / compiled |\n|{}",
            "---|".repeat(8)
        );
        let asked = self.stages.iter().copied().map(Some);
        let stages: Vec<Option<usize>> = if self.stages.is_empty() { vec![None] } else { asked.collect() };
        for network in &self.networks {
            for &stages in &stages {
                let Medians { speeds, .. } = self.medians(ON_A_GPU, network, stages)?;
                let cells: Vec<String> = speeds.iter().map(|speed| format!("{speed:.0}")).collect();
                let stages = stages.map_or_else(|| "all".to_owned(), |stages| stages.to_string());
                let (eager, compiled) = (speeds[1] / speeds[2], speeds[1] / speeds[3]);
                println!("| {network} | {stages} | {} | {eager:.2} | {compiled:.2} |", cells.join(" | "));
            }
        }
        Ok(())
    }

    fn medians(&self, programs: [&str; 4], network: &str, stages: Option<usize>) -> Result<Medians> {
        let mut speeds = [const { Vec::new() }; 4];
        let mut memory = [const { Value::Null }; 4];
        for _ in 0..self.rounds {
            for (index, program) in programs.into_iter().enumerate() {
                let result = self.measure(program, network, stages)?;
                speeds[index].push(result["median"].as_f64().unwrap_or(f64::NAN));
                memory[index] = result["peak_mib"].clone();
            }
        }
        Ok(Medians { speeds: speeds.map(|mut speeds| median(&mut speeds)), memory })
    }

    fn measure(&self, program: &str, network: &str, stages: Option<usize>) -> Result<Value> {
        let (batch, seconds) = (self.batch.to_string(), self.seconds.to_string());
        let mut command = match program {
            "ours" | "burn" | "cached" | "bf16" | "checkpointed" => {
                let mut command = Command::new(self.device.built("examples/step_speed"));
                command
                    .args([network, &batch, &seconds, program, self.device.name()])
                    .env("RAYON_NUM_THREADS", self.threads.to_string())
                    // As the program `tl` sets it for itself.
                    .env("MIMALLOC_PURGE_DELAY", "-1");
                command
            }
            how => {
                let mut command = Command::new(&self.python);
                command.arg("xtask/reference/step_speed.py").args([how, network, &batch]);
                command.args([&self.threads.to_string(), &seconds]);
                command.arg(if self.device == Device::Cuda { "cuda" } else { "cpu" });
                if how != "plain" {
                    command.env("GLIBC_TUNABLES", KEEP_MEMORY);
                }
                command
            }
        };
        command.args(stages.map(|stages| stages.to_string()));
        let output =
            command.current_dir(root()).output().with_context(|| format!("cannot start {command:?}"))?;
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let line = text.lines().last().context("nothing was printed")?;
        serde_json::from_str(line).with_context(|| format!("not a line of JSON: {line}"))
    }
}
