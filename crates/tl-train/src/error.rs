//! Why a job could not be done.

use std::io;
use std::path::{Path, PathBuf};
use tl_backbones::UnknownArchitecture;
use tl_data::{DataError, SampleError};
use tl_heads::HeadError;
use tl_weights::WeightsError;

use crate::Skipped;

/// Why a job could not be done. [`TrainError::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The pictures.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network's name.
    #[error(transparent)]
    Backbone(#[from] UnknownArchitecture),
    /// The pretrained weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A user's own file of weights.
    #[error("cannot use the weights in `{}`: {error}", tl_files::shown_path(path))]
    WeightsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: WeightsError,
    },
    /// A model cannot refer to weights that only this computer has.
    #[error("a slim model cannot refer to `{}`, which is not in the catalogue", tl_files::shown_path(path))]
    Unlisted {
        /// The file of weights.
        path: PathBuf,
    },
    /// The features.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The figures.
    #[error(transparent)]
    Report(#[from] tl_report::Error),
    /// There is no such device here.
    #[error("cannot use the device `{name}`: {detail}")]
    Device {
        /// As asked for.
        name: String,
        /// Why not.
        detail: String,
    },
    /// After unreadable pictures were left out, a class has none to learn from.
    #[error("class `{}` has no readable picture to train on, {val} held out", tl_files::shown(class))]
    ClassLost {
        /// The class.
        class: String,
        /// Readable held-out pictures.
        val: usize,
    },
    /// A file or folder cannot be written.
    #[error("cannot write `{}`: {}", tl_files::shown_path(path), words(reason))]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", tl_files::shown_path(path), words(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A checkpoint cannot be written.
    #[error("cannot write the checkpoint `{}`: {}; {}", tl_files::shown_path(path), words(reason), intact(earlier.as_deref()))]
    CheckpointWrite {
        /// The file.
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
        words(reason)
    )]
    CheckpointRemove {
        /// The folder.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Another process has these checkpoints open.
    #[error("the checkpoints in `{}` are in use by another process", tl_files::shown_path(path))]
    CheckpointsInUse {
        /// The folder.
        path: PathBuf,
    },
    /// Going on from it would not give the run that was begun.
    #[error(
        "the checkpoint `{}` is of another run: its settings, pictures or weights were not these",
        tl_files::shown_path(path)
    )]
    CheckpointOfAnotherRun {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Another version wrote it in another form.
    #[error(
        "the checkpoint `{}` has schema {schema}, written by tl {tl}; this is tl {}, which reads schema {}",
        tl_files::shown_path(path), env!("CARGO_PKG_VERSION"), crate::checkpoint::SCHEMA
    )]
    CheckpointSchema {
        /// The checkpoint.
        path: PathBuf,
        /// Its form.
        schema: u32,
        /// The version that wrote it.
        tl: String,
    },
    /// There are checkpoints, and each is damaged.
    #[error("no checkpoint in `{}` can be used: {}", tl_files::shown_path(path), listed(skipped))]
    CheckpointsDamaged {
        /// The folder.
        path: PathBuf,
        /// Each of them, newest first.
        skipped: Vec<Skipped>,
    },
    /// Not a model file of ours, or a damaged one.
    #[error("`{}` is not a model that `tl` can use: {}", tl_files::shown_path(path), tl_files::shown(detail))]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A folder to evaluate on has a class the model does not know.
    #[error("the model does not know the class `{}`, it knows {}", tl_files::shown(class), quoted(known))]
    UnknownClass {
        /// The folder's class.
        class: String,
        /// The model's classes.
        known: Vec<String>,
    },
    /// Pictures have several labels, the model gives one.
    #[error("the model gives each picture one label, these pictures have several")]
    SeveralLabels,
    /// Pictures have one label, the model gives several.
    #[error("the model gives pictures several labels each, these pictures have one")]
    OneLabel,
    /// Something that only makes sense where the classes exclude each other.
    #[error("{what} is for pictures with one label each, these have several")]
    OneLabelOnly {
        /// The setting and its value.
        what: String,
    },
    /// There are not so many stages, or none of this name.
    #[error("cannot unfreeze `{asked}`: the network's stages are {}", quoted(known))]
    Stage {
        /// As asked for.
        asked: String,
        /// The stages, in order.
        known: Vec<String>,
    },
    /// A file of settings that cannot be read.
    #[error("`{}`: {detail}", tl_files::shown_path(path))]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        detail: String,
        /// Of a name that is not known, the known one that is most like it.
        nearest: Option<String>,
    },
    /// Pictures would be too small for the network.
    #[error("{detail}")]
    TooSmall {
        /// The network, its least size and the pictures'.
        detail: String,
    },
    /// A setting that cannot be.
    #[error("{what} is {value}, it must be {rule}")]
    Setting {
        /// The setting.
        what: String,
        /// Its value.
        value: String,
        /// What it must be.
        rule: String,
    },
    /// The network computes something else than numbers.
    #[error("the network gives features that are not finite for `{}`", path.display())]
    FeaturesNotFinite {
        /// The picture.
        path: PathBuf,
    },
    /// The model computes something else than probabilities.
    #[error("the model gives probabilities that are not finite for `{}`", tl_files::shown_path(path))]
    AnswerNotFinite {
        /// The picture.
        path: PathBuf,
    },
    /// Training has come to nothing.
    #[error(
        "training diverged: in phase {phase}, step {step}, at learning rate {rate:.1e}, the loss is {loss}"
    )]
    Diverged {
        /// The phase.
        phase: String,
        /// The step, from 1.
        step: usize,
        /// Learning rate of the head.
        rate: f64,
        /// Mean loss of the step's pictures.
        loss: f64,
    },
    /// Settings that `run.toml` cannot hold.
    #[error("`run.toml` cannot hold these settings: {detail}")]
    NotToml {
        /// What TOML has not got.
        detail: String,
    },
    /// A weight or a running statistic became infinite or no number. Nothing of it is kept.
    #[error(
        "training diverged: in phase {phase}, after step {step}, `{tensor}` holds numbers that are not finite"
    )]
    NotFinite {
        /// The phase.
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
        /// The picture.
        path: PathBuf,
        /// Why not.
        reason: SampleError,
    },
    /// Somebody asked to stop.
    #[error("stopped; `{}` can be gone on with", tl_files::shown_path(run))]
    Stopped {
        /// The run's folder.
        run: PathBuf,
    },
    /// A run that cannot be gone on with.
    #[error("the run `{}` is finished", tl_files::shown_path(path))]
    Finished {
        /// Its folder.
        path: PathBuf,
    },
    /// A checkpoint that is whole and yet no use.
    #[error("cannot use the checkpoint `{}`: {detail}", tl_files::shown_path(path))]
    Checkpoint {
        /// Its folder.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// There is no stage of this name.
    #[error("the network has no stage `{asked}`: give `pooled`, or one of {}", quoted(known))]
    NoStage {
        /// As asked for.
        asked: String,
        /// The stages, in order.
        known: Vec<String>,
    },
    /// A file of features whose format is not known.
    #[error("`{}` ends in none of .parquet, .npy and .safetensors", tl_files::shown_path(path))]
    Ending {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file, and the program was built without it.
    #[error(
        "`{}` is a Parquet file, and this program was built without the feature `parquet`",
        tl_files::shown_path(path)
    )]
    NoParquet {
        /// The file.
        path: PathBuf,
    },
    /// Features would be written over the list of their pictures.
    #[error("`{}` is what the pictures are read from", tl_files::shown_path(path))]
    OutIsSource {
        /// The file.
        path: PathBuf,
    },
    /// A file of features cannot be written.
    #[error("cannot write `{}`: {}", tl_files::shown_path(path), words(reason))]
    Out {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Somebody asked to stop before the features were written.
    #[error("stopped; `{}` is not written", tl_files::shown_path(path))]
    Interrupted {
        /// The file.
        path: PathBuf,
    },
    /// Nothing to predict.
    #[error("no pictures at `{}`", tl_files::shown(place))]
    NoPictures {
        /// What was given.
        place: String,
    },
    /// Something was given that cannot be a picture's place.
    #[error("no file or folder `{}` exists, and it is no pattern either: {detail}", tl_files::shown(pattern))]
    Pattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl From<tl_files::Fault> for TrainError {
    fn from(tl_files::Fault { path, reason }: tl_files::Fault) -> Self {
        Self::Write { path, reason }
    }
}

impl TrainError {
    /// What to do, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint(),
            Self::Backbone(error) => Some(format!("did you mean `{}`?", error.nearest)),
            Self::Settings { nearest, .. } => {
                nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"))
            }
            Self::Weights(WeightsError::NotEmbedded) => Some("build with `--features embedded`".to_owned()),
            Self::Weights(WeightsError::Unknown { nearest, .. }) => {
                Some(format!("did you mean `{nearest}`? `tl backbones` lists all"))
            }
            Self::Weights(WeightsError::Fetch(error)) => Some(error.hint()),
            Self::WeightsFile { error: WeightsError::Unfit { .. }, .. } => {
                Some("`--backbone NAME` says which network the file is of".to_owned())
            }
            Self::Unlisted { .. } => Some("leave `--slim` out".to_owned()),
            Self::Device { .. } => Some("`--device cpu` always works".to_owned()),
            Self::ClassLost { .. } => Some("add pictures to the class, or take its folder out".to_owned()),
            Self::Write { reason, .. } if is_full(reason) => Some(
                "free some space, or write elsewhere with `--runs DIR`; nothing was left behind".to_owned(),
            ),
            Self::Write { .. } => Some("`--runs DIR` writes elsewhere".to_owned()),
            Self::CheckpointWrite { reason, .. } if is_full(reason) => {
                Some("free some space and start again".to_owned())
            }
            Self::CheckpointRemove { .. } => Some("remove it by hand".to_owned()),
            Self::CheckpointsInUse { .. } => {
                Some("wait for the other process, or start a new run".to_owned())
            }
            Self::CheckpointOfAnotherRun { .. } => {
                Some("start a new run, or go back to what this one was begun with".to_owned())
            }
            Self::CheckpointSchema { tl, .. } => Some(format!("go on with tl {tl}, or start a new run")),
            Self::CheckpointsDamaged { .. } => Some("start a new run, and have the disk checked".to_owned()),
            Self::NotAModel { .. } => Some("give a run folder or its `model.safetensors`".to_owned()),
            Self::UnknownClass { .. } => Some("folders must be named as the model's classes".to_owned()),
            Self::SeveralLabels => Some("train a model on pictures with several labels".to_owned()),
            Self::OneLabel => Some(
                "`--label-separator`, or several `--label-column`, say where the other labels are".to_owned(),
            ),
            Self::OneLabelOnly { .. } => Some("leave it out".to_owned()),
            Self::Diverged { .. } | Self::NotFinite { .. } => Some(
                "try a tenth of the rate with `--lr`, or `--clip 1`; `tl lr-find` suggests a rate".to_owned(),
            ),
            Self::Stopped { run } => {
                Some(format!("`tl resume {}`, or the same command again", tl_files::shown_path(run)))
            }
            Self::Lost { .. } => {
                Some("put it back; the same command goes on from the last checkpoint".to_owned())
            }
            Self::Finished { .. } => {
                Some("`tl train` with another `--seed` or `--name` makes a new one".to_owned())
            }
            Self::Checkpoint { .. } => Some("start a new run under another `--name`".to_owned()),
            Self::NoParquet { .. } => {
                Some("build with `--features parquet`, or write .npy or .safetensors".to_owned())
            }
            Self::OutIsSource { .. } => Some("name another file with `--out FILE`".to_owned()),
            Self::Out { reason, .. } if is_full(reason) => Some(
                "free some space, or write elsewhere with `--out FILE`; what was computed is in the cache"
                    .to_owned(),
            ),
            Self::Out { .. } => Some("`--out FILE` writes elsewhere".to_owned()),
            Self::Interrupted { .. } => Some("the same command goes on with what is in the cache".to_owned()),
            Self::NoPictures { .. } => {
                Some("give picture files, a folder, or a quoted pattern such as 'new/*.jpg'".to_owned())
            }
            Self::AnswerNotFinite { .. } => Some(
                "its file is damaged or was edited: train it again, or take it from where it was made".to_owned(),
            ),
            Self::FeaturesNotFinite { .. } => Some(
                "take the picture out; if there are many, the weights are damaged, or `--precision f32` helps"
                    .to_owned(),
            ),
            Self::Head(HeadError::Diverged { .. }) => {
                Some("`--head logistic` solves for the head without a learning rate".to_owned())
            }
            Self::Head(HeadError::NoMinimum { .. } | HeadError::Folding { .. } | HeadError::NoLoss) => {
                Some("`--head prototype` needs no solver; `tl data check` looks for pictures that are not like others".to_owned())
            }
            Self::Head(_)
            | Self::NotToml { .. }
            | Self::Report(_)
            | Self::Weights(_)
            | Self::WeightsFile { .. }
            | Self::Read { .. }
            | Self::CheckpointWrite { .. }
            | Self::Stage { .. }
            | Self::NoStage { .. }
            | Self::Ending { .. }
            | Self::Setting { .. }
            | Self::TooSmall { .. }
            | Self::Pattern { .. } => None,
        }
    }

    pub(crate) fn write(path: &Path, reason: io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason }
    }

    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason }
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// The operating system's words, in lower case and without the error number.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn intact(checkpoint: Option<&str>) -> String {
    let none = || "there is no earlier one to go on from".to_owned();
    checkpoint.map_or_else(none, |name| format!("the previous one, {name}, is intact"))
}

fn listed(skipped: &[Skipped]) -> String {
    skipped.iter().map(Skipped::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", tl_files::shown(name))).collect();
    names.join(", ")
}
