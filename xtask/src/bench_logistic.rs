//! `cargo xtask bench logistic`: solving for a logistic head beside scikit-learn's `lbfgs`, in turns in one run, on the same
//! features, cores and tolerance.
//!
//! Ours is `crates/tl-heads/examples/logistic_speed.rs`, theirs `xtask/reference/logistic_speed.py`.

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

use crate::bench::{machine, median};
use crate::device::Device;
use crate::{cargo, must, root};

/// How large, and with whose Python.
#[derive(Debug, Args)]
pub(crate) struct Logistic {
    /// Number of classes; several are measured in turn.
    #[arg(default_values_t = [10, 100, 1000])]
    classes: Vec<usize>,
    /// Python with numpy, scikit-learn and threadpoolctl.
    #[arg(long, default_value = "python3")]
    python: String,
    #[arg(long, default_value_t = 50_000)]
    rows: usize,
    #[arg(long, default_value_t = 1280)]
    columns: usize,
    /// Inverse regularisation strength C, as in scikit-learn.
    #[arg(long, default_value_t = 1.0)]
    c: f64,
    /// Folder for the features, a quarter of a gigabyte, kept between runs.
    #[arg(long, default_value = "target/logistic")]
    folder: PathBuf,
    /// Number of rounds, of which the median counts.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
}

/// Prints a table of seconds.
pub(crate) fn run(logistic: &Logistic) -> Result<()> {
    must(&mut cargo(&["build", "--release", "--quiet", "-p", "tl-heads", "--example", "logistic_speed"]))?;
    let mut make = logistic.python("make");
    must(make.args(logistic.classes.iter().map(usize::to_string)))?;
    println!("{}, {} x {}, f32, C = {}, in turns\n", machine(), logistic.rows, logistic.columns, logistic.c);
    println!(
        "| classes | tl, s | scikit-learn, s | scikit-learn / tl | steps | gradient | theirs: steps | gradient |\n|{}",
        "---|".repeat(8)
    );
    let mut versions = String::new();
    for &classes in &logistic.classes {
        versions = logistic.compare(classes)?;
    }
    println!("\n{versions}");
    Ok(())
}

impl Logistic {
    /// A row of the table; what the other program is.
    fn compare(&self, classes: usize) -> Result<String> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            ours.push(result(&mut self.ours(classes))?);
            theirs.push(result(self.python("fit").args([classes.to_string(), self.c.to_string()]))?);
        }
        let seconds =
            |of: &[Value]| -> Vec<f64> { of.iter().filter_map(|one| one["seconds"].as_f64()).collect() };
        let mut ratios: Vec<f64> =
            seconds(&ours).iter().zip(seconds(&theirs)).map(|(ours, theirs)| theirs / ours).collect();
        let (our, their) = (ours.last().context("no rounds")?, theirs.last().context("no rounds")?);
        println!(
            "| {classes} | {:.2} | {:.2} | {:.2} | {} | {:.1e} | {} | {:.1e} |",
            median(&mut seconds(&ours)),
            median(&mut seconds(&theirs)),
            median(&mut ratios),
            our["iterations"],
            our["gradient"].as_f64().unwrap_or(f64::NAN),
            their["iterations"],
            their["gradient"].as_f64().unwrap_or(f64::NAN),
        );
        let text = |key: &str| their[key].as_str().unwrap_or_default().to_owned();
        Ok(format!("{}; {}", text("version"), text("blas")))
    }

    fn ours(&self, classes: usize) -> Command {
        let mut command = Command::new(Device::Cpu.built("examples/logistic_speed"));
        command.arg(&self.folder).args([self.rows, self.columns, classes].map(|size| size.to_string()));
        command.arg(self.c.to_string()).current_dir(root());
        command
    }

    /// A Python command without what may tell OpenBLAS to be slower than it is on this processor.
    fn python(&self, what: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["xtask/reference/logistic_speed.py", what]).arg(&self.folder).current_dir(root());
        command.args([self.rows.to_string(), self.columns.to_string()]);
        command.env_remove("OPENBLAS_CORETYPE").env_remove("OPENBLAS_L2_SIZE");
        command
    }
}

fn result(command: &mut Command) -> Result<Value> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().context("nothing was printed")?;
    serde_json::from_str(line).with_context(|| format!("not a line of JSON: {line}"))
}
