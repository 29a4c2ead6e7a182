//! `cargo xtask`: everything that is run by hand or by CI, and is not `cargo test`.

mod bench;
mod bench_data;
mod bench_frozen;
mod bench_logistic;
mod bench_main_job;
mod bench_train;
mod check;
mod device;
#[cfg(test)]
mod documented_paths;
mod fuzz;
mod kill;
mod layers;
mod modules;
mod sanitize;
mod systems;
mod weights;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::Command;

/// Automation of the `tl` workspace.
#[derive(Debug, Parser)]
enum Task {
    /// Format, lints, direction of dependencies and of modules, documentation, the optional backends.
    Check {
        /// Target system, for which `tl-cli` is checked instead, as far as what is installed goes.
        #[arg(long, value_enum)]
        target: Option<systems::System>,
        /// The compiler to use for it, such as one with the source of the standard library.
        #[arg(long, requires = "target", value_name = "PROGRAM")]
        rustc: Option<PathBuf>,
    },
    /// Lines of each crate, and which of its modules use each other in a circle.
    Modules {
        /// Name of one crate, with the place of every use in its cycles [default: all].
        name: Option<String>,
    },
    /// Fetch pretrained weights: what `tl weights fetch` takes; without anything, list what there is.
    FetchWeights {
        /// Names, `--all`, `--for NETWORK`, `--via pip`, `--offline`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "NAME|OPTION")]
        arguments: Vec<String>,
    },
    /// Measure, and print rows for docs/benchmarks.md.
    #[command(subcommand)]
    Bench(Bench),
    /// Kill training at random instants, go on with it, and compare the bits with those of training left alone.
    Kill {
        /// Runs to kill, once at least.
        #[arg(long, default_value_t = 50)]
        runs: usize,
        /// Random seed, from which the instants are drawn.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Give what reads other people's files bytes without end: the targets of `fuzz/`, with cargo-fuzz.
    Fuzz {
        /// Minutes for each target.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
        /// Target of the fuzzer [default: all in turn].
        target: Option<String>,
    },
    /// Tests of the kernels under a sanitizer.
    Sanitize {
        /// What to look for.
        #[arg(value_enum, default_value = "address")]
        sanitizer: sanitize::Sanitizer,
        /// Words for the tests themselves, a part of a name for example.
        #[arg(last = true)]
        words: Vec<String>,
    },
}

/// What to measure.
#[derive(Debug, Subcommand)]
enum Bench {
    /// Benchmark of the main job: from 2,000 pictures to a classifier, beside PyTorch, ONNX Runtime, OpenVINO and Keras.
    MainJob(bench_main_job::MainJob),
    /// Accuracy of `tl train --folds 5` on datasets/stamps over five seeds, beside scikit-learn's.
    Accuracy,
    /// Accuracy of recipes by cross-validation over seeds.
    Recipes {
        /// Folder of pictures.
        #[arg(long, default_value = "datasets/stamps")]
        data: String,
        /// Recipes with their options, each in quotes.
        #[arg(default_values = ["--recipe features", "--recipe classic", "--recipe lp-ft --unfreeze 4", "--recipe scratch"], allow_hyphen_values = true)]
        recipes: Vec<String>,
        #[arg(long, default_value_t = 3)]
        seeds: u64,
    },
    /// Pictures per second from files to batches, beside torchvision and Keras.
    Data {
        /// A Python with torch, torchvision, scikit-image and scikit-learn.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
        /// A Python with tensorflow; without it, Keras is left out.
        #[arg(long)]
        keras: Option<PathBuf>,
        /// Number of rounds, in each of which every program has its turn.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Compiled networks beside ONNX Runtime, OpenVINO and PyTorch.
    Frozen(bench_frozen::Frozen),
    /// Solving for a logistic head beside scikit-learn's lbfgs.
    Logistic(bench_logistic::Logistic),
    /// Training steps beside PyTorch's and burn's own operations.
    Train(bench_train::Train),
    /// `cargo build --release -p tl-cli` into an empty target folder.
    Build,
}

fn main() -> Result<()> {
    match Task::parse() {
        Task::Check { target: None, .. } => check::run(),
        Task::Check { target: Some(system), rustc } => systems::check(system, rustc.as_deref()),
        Task::Modules { name } => modules::run(name.as_deref()),
        Task::FetchWeights { arguments } => weights::run(&arguments),
        Task::Bench(Bench::MainJob(job)) => bench_main_job::run(&job),
        Task::Bench(Bench::Accuracy) => bench::accuracy(),
        Task::Bench(Bench::Recipes { data, recipes, seeds }) => bench::recipes(&data, &recipes, seeds),
        Task::Bench(Bench::Data { python, keras, rounds }) => {
            bench_data::run(&python, keras.as_deref(), rounds)
        }
        Task::Bench(Bench::Frozen(frozen)) => bench_frozen::run(&frozen),
        Task::Bench(Bench::Logistic(logistic)) => bench_logistic::run(&logistic),
        Task::Bench(Bench::Train(train)) => bench_train::run(&train),
        Task::Bench(Bench::Build) => bench::build(),
        Task::Kill { runs, seed } => kill::run(runs, seed),
        Task::Fuzz { minutes, target } => fuzz::run(minutes, target.as_deref()),
        Task::Sanitize { sanitizer, words } => sanitize::run(sanitizer, &words),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Cargo, in the workspace's folder.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command that must succeed.
fn must(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
