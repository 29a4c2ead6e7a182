//! `cargo xtask bench main-job`: from 2,000 pictures to a classifier, beside other programs, in turns in one run.
//!
//! Ours is `tl train`, theirs `xtask/reference/main_job.py`. What counts is the time from the start of a process to its end.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::bench::{self, machine, median};
use crate::bench_train::KEEP_MEMORY;
use crate::device::Device;
use crate::{must, root};

/// What to compare, and with whose Python.
#[derive(Debug, Args)]
pub(crate) struct MainJob {
    /// Networks, by torchvision's names.
    #[arg(default_values = ["mobilenet_v2", "resnet50"])]
    networks: Vec<String>,
    /// Python with torch, torchvision, safetensors, onnx, onnxruntime, openvino, pillow, scikit-image and scikit-learn.
    #[arg(long, default_value = "python3")]
    python: String,
    /// A Python with tensorflow; without it, Keras is left out.
    #[arg(long)]
    keras: Option<String>,
    /// Keras's epochs that are run; the rest are taken to last as long as the last one.
    #[arg(long, default_value_t = 2)]
    keras_epochs: usize,
    /// Filter: only programs whose name in the table, with the precision, holds one of these: `openvino`, `tl f32`.
    #[arg(long)]
    only: Vec<String>,
    /// Device on which networks run.
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Number of rounds, of which the median counts; Keras has one.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Number of runs of `tl train datasets/stamps`, stage by stage, whose median is printed, instead of the comparison.
    #[arg(long, value_name = "RUNS", num_args = 0..=1, default_missing_value = "5")]
    stamps: Option<usize>,
}

/// Epochs of the head, everywhere.
const EPOCHS: usize = 10;

/// Who does the job, and in which numbers.
#[derive(Debug, Clone, Copy)]
struct Program {
    name: &'static str,
    how: How,
    precision: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// This program, with the head that the others have, or with the one that is chosen where nothing is asked for.
    Ours { same_head: bool },
    /// A PEER of the script.
    Theirs(&'static str),
}

const fn ours(name: &'static str, same_head: bool, precision: &'static str) -> Program {
    Program { name, how: How::Ours { same_head }, precision }
}

const fn theirs(name: &'static str, peer: &'static str, precision: &'static str) -> Program {
    Program { name, how: How::Theirs(peer), precision }
}

/// The programs on the processor; the first of each precision is what the others are compared with.
const ON_CPU: &[Program] = &[
    ours("tl", true, "f32"),
    ours("tl", true, "bf16"),
    ours("tl, its own head", false, "f32"),
    ours("tl, its own head", false, "bf16"),
    theirs("PyTorch as people write it", "torch", "f32"),
    theirs("PyTorch tuned", "torch-tuned", "f32"),
    theirs("PyTorch tuned", "torch-tuned", "bf16"),
    theirs("ONNX Runtime", "onnxruntime", "f32"),
    theirs("OpenVINO", "openvino", "f32"),
    theirs("OpenVINO", "openvino", "bf16"),
    theirs("Keras, ImageDataGenerator", "keras", "f32"),
    theirs("Keras, tf.data", "keras-data", "f32"),
];

/// The programs on a GPU, where `tl` computes in f32 only.
const ON_CUDA: &[Program] = &[
    ours("tl", true, "f32"),
    ours("tl, its own head", false, "f32"),
    theirs("PyTorch as people write it", "torch", "f32"),
    theirs("PyTorch tuned", "torch-tuned", "f32"),
    theirs("PyTorch tuned", "torch-tuned", "bf16"),
    theirs("PyTorch compiled", "torch-compiled", "bf16"),
];

/// What a program's turns gave.
#[derive(Debug, Default)]
struct Turns {
    seconds: Vec<f64>,
    accuracy: f64,
    extrapolated: bool,
    version: String,
    /// Where the time of the last turn went, as far as the program says.
    stages: String,
}

/// Prints a table of seconds, and how many times as fast `tl` is.
pub(crate) fn run(job: &MainJob) -> Result<()> {
    if let Some(runs) = job.stamps {
        return bench::stamps(runs);
    }
    job.device.build()?;
    let (pictures, weights) = (root().join("target/bench-data"), root().join("target/bench-weights"));
    job.prepare(&pictures, &weights)?;
    println!(
        "{}, {}, {} threads, medians of {} turns\n\n| network | program | precision | seconds | least | tl f32 is faster \
         by | tl bf16 is faster by | right, % | seconds of the last turn |\n|{}",
        machine(),
        job.device.name(),
        job.threads,
        job.rounds,
        "---|".repeat(9)
    );
    let mut versions: Vec<String> = Vec::new();
    for network in &job.networks {
        let programs = job.programs();
        let mut turns: Vec<Turns> = programs.iter().map(|_| Turns::default()).collect();
        for round in 0..job.rounds.max(1) {
            for (program, turns) in programs.iter().zip(&mut turns) {
                if round == 0 || !program.is_keras() {
                    job.turn(program, network, [&pictures, &weights], turns)?;
                }
            }
        }
        print(network, &programs, &turns);
        versions.extend(turns.into_iter().map(|turns| turns.version).filter(|version| !version.is_empty()));
    }
    versions.sort();
    versions.dedup();
    println!("\n{}", versions.join(", "));
    Ok(())
}

/// A row for each program. Ratios are medians of those within a round, so that what slows the machine for a while slows both.
fn print(network: &str, programs: &[Program], turns: &[Turns]) {
    let of_ours = |precision| {
        let at =
            programs.iter().position(|p| p.how == How::Ours { same_head: true } && p.precision == precision);
        at.map(|at| &turns[at].seconds)
    };
    let faster = |ours: Option<&Vec<f64>>, theirs: &[f64]| {
        let Some(ours) = ours else { return "-".to_owned() };
        let mut ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours).collect();
        format!("{:.2}", median(&mut ratios))
    };
    for (program, turns) in programs.iter().zip(turns) {
        let least = turns.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "| {network} | {}{} | {} | {:.1} | {least:.1} | {} | {} | {:.1} | {} |",
            program.name,
            if turns.extrapolated { ", extrapolated" } else { "" },
            program.precision,
            median(&mut turns.seconds.clone()),
            faster(of_ours("f32"), &turns.seconds),
            faster(of_ours("bf16"), &turns.seconds),
            100.0 * turns.accuracy,
            turns.stages
        );
    }
}

impl Program {
    fn is_keras(self) -> bool {
        matches!(self.how, How::Theirs(peer) if peer.starts_with("keras"))
    }
}

impl MainJob {
    fn programs(&self) -> Vec<Program> {
        let all = if self.device == Device::Cuda { ON_CUDA } else { ON_CPU };
        let wanted = |program: &&Program| {
            let name = format!("{} {}", program.name, program.precision).to_lowercase();
            (self.only.is_empty() || self.only.iter().any(|only| name.contains(&only.to_lowercase())))
                && (self.keras.is_some() || !program.is_keras())
                // Rounded products are the processor's, by plans.
                && (self.device != Device::Ndarray || program.precision == "f32")
        };
        all.iter().filter(wanted).copied().collect()
    }

    /// Pictures and weights, unless they are there; every file is then in the system's memory for everybody.
    fn prepare(&self, pictures: &Path, weights: &Path) -> Result<()> {
        if !pictures.join("class3/499.jpg").exists() {
            must(Command::new(&self.python).arg(script("data_pictures.py")).arg(pictures))?;
        }
        let mut command = Command::new(&self.python);
        command.arg(script("main_job.py")).arg("weights").args(&self.networks);
        must(command.arg("--weights").arg(weights))?;
        for class in fs::read_dir(pictures)? {
            for file in fs::read_dir(class?.path())? {
                fs::read(file?.path())?;
            }
        }
        Ok(())
    }

    fn turn(
        &self,
        program: &Program,
        network: &str,
        [pictures, weights]: [&Path; 2],
        turns: &mut Turns,
    ) -> Result<()> {
        let runs = tempfile::tempdir()?;
        let mut command = match program.how {
            How::Ours { same_head } => {
                let file = weights.join(format!("{network}.safetensors"));
                self.ours(same_head, program.precision, network, [pictures, &file, runs.path()])
            }
            How::Theirs(peer) => self.theirs(peer, program.precision, network, [pictures, weights]),
        };
        let begun = Instant::now();
        let output =
            command.current_dir(root()).output().with_context(|| format!("cannot start {command:?}"))?;
        let seconds = begun.elapsed().as_secs_f64();
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        if matches!(program.how, How::Ours { .. }) {
            let result: Value = serde_json::from_str(&text)?;
            turns.accuracy = result["record"]["evaluation"]["accuracy"].as_f64().context("no accuracy")?;
            turns.seconds.push(seconds);
            let stages = result["record"]["timings"].as_array().into_iter().flatten();
            let name = |stage: &Value| stage["name"].as_str().unwrap_or_default().to_owned();
            let stages = stages
                .map(|stage| format!("{} {:.1}", name(stage), stage["seconds"].as_f64().unwrap_or(f64::NAN)));
            turns.stages = stages.collect::<Vec<_>>().join(", ");
            return Ok(());
        }
        let result: Value = serde_json::from_str(text.lines().last().context("nothing was printed")?)?;
        let more = result["more_seconds"].as_f64().context("no seconds")?;
        turns.seconds.push(seconds + more);
        turns.extrapolated |= more > 0.0;
        turns.accuracy = result["accuracy"].as_f64().context("no accuracy")?;
        turns.stages = result["extraction"].as_f64().map_or_else(String::new, |s| format!("features {s:.1}"));
        turns.version = result["version"].as_str().unwrap_or_default().to_owned();
        Ok(())
    }

    /// Pictures are cropped as the others crop them, and nothing is found from an earlier turn.
    fn ours(
        &self,
        same_head: bool,
        precision: &str,
        network: &str,
        [pictures, weights, runs]: [&Path; 3],
    ) -> Command {
        let mut command = Command::new(self.device.built("tl"));
        command.arg("train").arg(pictures).args(["--backbone", network, "--weights"]).arg(weights);
        command.args(["--recipe", "features", "--resize", "crop", "--no-cache", "--json", "--quiet"]);
        command.args(["--device", self.device.name(), "--precision", precision]);
        command.args(["--threads", &self.threads.to_string(), "--runs"]).arg(runs);
        if same_head {
            command.args(["--head", "dense256", "--epochs", &EPOCHS.to_string()]);
            command.args(["--optimizer", "adam", "--lr", "0.001"]);
        }
        command
    }

    fn theirs(&self, peer: &str, precision: &str, network: &str, [pictures, weights]: [&Path; 2]) -> Command {
        let keras = peer.starts_with("keras");
        let python = self.keras.as_ref().filter(|_| keras).unwrap_or(&self.python);
        let epochs = if keras { self.keras_epochs.clamp(1, EPOCHS) } else { EPOCHS };
        let mut command = Command::new(python);
        command.arg(script("main_job.py")).args([peer, network, "--pictures"]).arg(pictures);
        command.arg("--weights").arg(weights).args(["--precision", precision]);
        command.args(["--device", if self.device == Device::Cuda { "cuda" } else { "cpu" }]);
        command.args(["--threads", &self.threads.to_string(), "--epochs", &epochs.to_string()]);
        command.args(["--of", &EPOCHS.to_string()]);
        if peer != "torch" && !keras {
            command.env("GLIBC_TUNABLES", KEEP_MEMORY);
        }
        command
    }
}

fn script(name: &str) -> PathBuf {
    root().join("xtask/reference").join(name)
}
