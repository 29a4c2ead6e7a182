//! The training log: what a run that is trained in steps writes down while it goes on.
//!
//! ```text
//! metrics.jsonl                                    a line for each step and each epoch, and what else is found out
//! metrics.csv                                      a row for each epoch
//! tensorboard/events.out.tfevents.0.tl             losses, rates and accuracy by step; with folds, in a folder for each
//! ```
//!
//! No time is in them: a run that was stopped and gone on with leaves the same bytes as one that was not. A checkpoint
//! keeps how long the files were, and what a process wrote after it is cut off before anything else is written. What comes
//! before training is written over itself when it is found out again.

mod append_file;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::TrainError;
use crate::metrics::{EpochMetrics, StepMetrics};
use append_file::AppendFile;

/// The lines of a run, one JSON object each.
pub const METRICS: &str = "metrics.jsonl";
const TABLE: &str = "metrics.csv";
const EVENTS: &str = "events.out.tfevents.0.tl";
const COLUMNS: &str = "trial,phase,epoch,step,loss,val_loss,val_accuracy,learning_rate,best\n";

/// The files of all trials of a run.
pub struct RunLog {
    folder: PathBuf,
    metrics: AppendFile,
    table: AppendFile,
}

/// The files while one trial is trained.
pub struct TrialLog {
    trial: String,
    files: Mutex<Files>,
}

struct Files {
    run: RunLog,
    events: AppendFile,
}

/// Lengths of the log's files, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lengths {
    metrics: u64,
    table: u64,
    events: u64,
}

#[derive(Serialize)]
struct StepLine<'a> {
    event: &'static str,
    trial: &'a str,
    phase: &'a str,
    /// Step of the phase, from 1; the epoch counts from 1 too.
    step: usize,
    epoch: usize,
    loss: f64,
    learning_rate: f64,
}

#[derive(Serialize)]
struct EpochLine<'a> {
    event: &'static str,
    trial: &'a str,
    phase: &'a str,
    epoch: usize,
    step: usize,
    loss: f64,
    val_loss: Option<f64>,
    val_accuracy: Option<f64>,
    learning_rate: f64,
    best: bool,
}

impl RunLog {
    /// The log in a run's folder, at its beginning.
    ///
    /// # Errors
    /// [`TrainError::Write`] naming the file, here and below.
    pub fn open(folder: &Path) -> Result<Self, TrainError> {
        let (metrics, mut table) =
            (AppendFile::open(&folder.join(METRICS))?, AppendFile::open(&folder.join(TABLE))?);
        table.repeat(COLUMNS.as_bytes())?;
        tl_files::sync_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), metrics, table })
    }

    /// Lines that every process that comes here writes alike.
    pub fn lines(&mut self, lines: &[Value]) -> Result<(), TrainError> {
        self.metrics.repeat(jsonl(lines).as_bytes())
    }

    /// The log of a trial.
    pub fn trial(self, trial: &str) -> Result<TrialLog, TrainError> {
        let folder = self.folder.join("tensorboard");
        let folder = if trial == "all" { folder } else { folder.join(trial) };
        std::fs::create_dir_all(&folder).map_err(|error| TrainError::write(&folder, error))?;
        let events = AppendFile::open(&folder.join(EVENTS))?;
        tl_files::sync_folder(&folder)?;
        Ok(TrialLog { trial: trial.to_owned(), files: Mutex::new(Files { run: self, events }) })
    }

    /// The last lines, durable; nothing comes behind them.
    pub fn finish(mut self, lines: &[Value]) -> Result<(), TrainError> {
        self.lines(lines)?;
        self.metrics.sync()?;
        self.table.sync()?;
        Ok(())
    }
}

/// A line for each value.
pub fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

impl TrialLog {
    /// Goes on where the files were so long. Returns whether they still are.
    pub(crate) fn go_on(&self, lengths: Lengths) -> Result<bool, TrainError> {
        let mut files = self.lock();
        let whole = [
            files.run.metrics.go_to(lengths.metrics)?,
            files.run.table.go_to(lengths.table)?,
            files.events.go_to(lengths.events)?,
        ];
        Ok(whole.iter().all(|&whole| whole))
    }

    /// A step of training; `done` counts those of all phases.
    pub(crate) fn step(&self, news: &StepMetrics<'_>, done: usize) -> Result<(), TrainError> {
        let StepMetrics { phase, step, loss, rate: learning_rate, .. } = *news;
        let line = StepLine {
            event: "step",
            trial: &self.trial,
            phase,
            step,
            epoch: (step - 1) / news.per_epoch + 1,
            loss,
            learning_rate,
        };
        let mut files = self.lock();
        files.run.metrics.append(&json(&line))?;
        files.scalars(done, &[("train/loss", loss), ("train/learning_rate", learning_rate)])
    }

    /// The end of an epoch, after `step` steps of its phase, `done` of all, the last one at `learning_rate`.
    pub(crate) fn epoch(
        &self,
        news: &EpochMetrics<'_>,
        step: usize,
        done: usize,
        learning_rate: f64,
    ) -> Result<(), TrainError> {
        let EpochMetrics { phase, epoch, train_loss: loss, val, best } = *news;
        let (val_loss, val_accuracy) = val.unzip();
        let trial = &self.trial;
        let line = EpochLine {
            event: "epoch",
            trial,
            phase,
            epoch,
            step,
            loss,
            val_loss,
            val_accuracy,
            learning_rate,
            best,
        };
        let mut files = self.lock();
        files.run.metrics.append(&json(&line))?;
        files.run.table.append(row(&line).as_bytes())?;
        val.map_or(Ok(()), |(loss, accuracy)| {
            files.scalars(done, &[("val/loss", loss), ("val/accuracy", accuracy)])
        })
    }

    /// Makes everything durable.
    pub(crate) fn sync(&self) -> Result<Lengths, TrainError> {
        let mut files = self.lock();
        Ok(Lengths {
            metrics: files.run.metrics.sync()?,
            table: files.run.table.sync()?,
            events: files.events.sync()?,
        })
    }

    /// The log of the run, for what comes after this trial.
    pub fn end(self) -> RunLog {
        self.files.into_inner().unwrap_or_else(PoisonError::into_inner).run
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    fn scalars(&mut self, step: usize, scalars: &[(&str, f64)]) -> Result<(), TrainError> {
        if self.events.is_at_beginning() {
            self.events.append(&tl_report::tensorboard_head())?;
        }
        self.events.append(&tl_report::tensorboard_scalars(step as u64, scalars))
    }
}

fn json(line: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(line).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn row(line: &EpochLine<'_>) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let cells = [
        quoted(line.trial),
        quoted(line.phase),
        line.epoch.to_string(),
        line.step.to_string(),
        line.loss.to_string(),
        number(line.val_loss),
        number(line.val_accuracy),
        line.learning_rate.to_string(),
        line.best.to_string(),
    ];
    format!("{}\n", cells.join(","))
}

/// A cell of CSV, quoted where it must be: RFC 4180, section 2, <https://www.rfc-editor.org/rfc/rfc4180#section-2>.
fn quoted(text: &str) -> String {
    let plain = !text.contains([',', '"', '\n', '\r']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (text, cell) in [("head", "head"), ("a, b", "\"a, b\""), ("5\"", "\"5\"\"\"")] {
            assert_eq!(quoted(text), cell);
        }
    }
}
