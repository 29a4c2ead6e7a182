//! Why training in steps could not be done.

use std::io;
use std::path::{Path, PathBuf};
use tl_data::SampleError;
use tl_heads::HeadError;

use crate::checkpoint_facts::Skipped;

/// Why training in steps could not be done.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The head or its loss.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A setting that cannot be.
    #[error("{what} is {value}, it must be {rule}")]
    Setting {
        /// The setting's name.
        what: String,
        /// The value that was refused.
        value: String,
        /// The rule that the value breaks.
        rule: String,
    },
    /// There are not so many stages, or none of this name.
    #[error("cannot unfreeze `{asked}`: the network's stages are {}", quoted(known))]
    Stage {
        /// What was to be unfrozen, as it was asked for.
        asked: String,
        /// The stages, in order.
        known: Vec<String>,
    },
    /// A file or folder cannot be written.
    #[error("cannot write `{}`: {}", tl_files::shown_path(path), tl_files::words(reason))]
    Write {
        /// The file that could not be written.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", tl_files::shown_path(path), tl_files::words(reason))]
    Read {
        /// The file that could not be read.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A checkpoint cannot be written.
    #[error("cannot write the checkpoint `{}`: {}; {}", tl_files::shown_path(path), tl_files::words(reason), intact(earlier.as_deref()))]
    CheckpointWrite {
        /// The file that could not be written.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
        /// The newest checkpoint that can be gone on from, just verified.
        earlier: Option<String>,
    },
    /// The new checkpoint is safe, but one that it makes superfluous cannot be removed.
    #[error(
        "cannot remove the old checkpoint `{}`: {}; the new one is written",
        tl_files::shown_path(path),
        tl_files::words(reason)
    )]
    CheckpointRemove {
        /// The folder of the checkpoints.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Another process has these checkpoints open.
    #[error("the checkpoints in `{}` are in use by another process", tl_files::shown_path(path))]
    CheckpointsInUse {
        /// The folder of the checkpoints.
        path: PathBuf,
    },
    /// Going on from it would not give the run that was begun.
    #[error("the checkpoint `{}` is of another run: {}", tl_files::shown_path(path), different(differences))]
    CheckpointOfAnotherRun {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What is other than when that was begun, as far as it is known.
        differences: Vec<String>,
    },
    /// Another version of the program wrote the checkpoint in another form.
    #[error(
        "the checkpoint `{}` has schema {schema}, written by tl {tl}; this is tl {}, which reads schema {}",
        tl_files::shown_path(path), env!("CARGO_PKG_VERSION"), crate::checkpoint_facts::SCHEMA
    )]
    CheckpointSchema {
        /// The checkpoint's folder.
        path: PathBuf,
        /// The version of the form that the checkpoint has.
        schema: u32,
        /// The version that wrote it.
        tl: String,
    },
    /// There are checkpoints, and each is damaged.
    #[error("no checkpoint in `{}` can be used: {}", tl_files::shown_path(path), listed(skipped))]
    CheckpointsDamaged {
        /// The folder of the checkpoints.
        path: PathBuf,
        /// The damaged checkpoints, newest first.
        skipped: Vec<Skipped>,
    },
    /// A checkpoint that is whole and yet no use.
    #[error("cannot use the checkpoint `{}`: {detail}", tl_files::shown_path(path))]
    Checkpoint {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Training has come to nothing.
    #[error(
        "training diverged: in phase {phase}, step {step}, at learning rate {rate:.1e}, the loss is {loss}"
    )]
    Diverged {
        /// The name of the training phase.
        phase: String,
        /// The step, from 1.
        step: usize,
        /// Learning rate of the head.
        rate: f64,
        /// Mean loss of the step's pictures.
        loss: f64,
    },
    /// A weight or a running statistic became infinite or no number. Nothing of it is kept.
    #[error(
        "training diverged: in phase {phase}, after step {step}, `{tensor}` holds numbers that are not finite"
    )]
    NotFinite {
        /// The name of the training phase.
        phase: String,
        /// Steps of the phase that were taken.
        step: usize,
        /// The first such tensor.
        tensor: String,
    },
    /// A picture that could be read before cannot be read any more.
    #[error(
        "`{}` could be read when the run began and cannot be read now: {reason}",
        tl_files::shown_path(path)
    )]
    Lost {
        /// The picture that cannot be used.
        path: PathBuf,
        /// The reason why the picture cannot be used.
        reason: SampleError,
    },
    /// Somebody asked to stop.
    #[error("stopped; `{}` can be gone on with", tl_files::shown_path(run))]
    Stopped {
        /// The run's folder.
        run: PathBuf,
    },
}

impl From<tl_files::Fault> for TrainError {
    fn from(tl_files::Fault { path, reason }: tl_files::Fault) -> Self {
        Self::Write { path, reason }
    }
}

impl TrainError {
    pub(crate) fn write(path: &Path, reason: io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason }
    }

    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason }
    }
}

fn intact(checkpoint: Option<&str>) -> String {
    let none = || "there is no earlier one to go on from".to_owned();
    checkpoint.map_or_else(none, |name| format!("the previous one, {name}, is intact"))
}

fn different(differences: &[String]) -> String {
    match differences {
        [] => "its settings, pictures or weights were not these".to_owned(),
        differences => differences.join("; "),
    }
}

fn listed(skipped: &[Skipped]) -> String {
    skipped.iter().map(Skipped::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", tl_files::shown(name))).collect();
    names.join(", ")
}
