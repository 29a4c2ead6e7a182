//! Why a model could not be had, or not be asked.

use std::io;
use std::path::{Path, PathBuf};
use tl_backbones::UnknownArchitecture;
use tl_heads::HeadError;
use tl_weights::{ForeignWeights, WeightsError};

/// Why a model could not be had, or not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The network's name.
    #[error(transparent)]
    Backbone(#[from] UnknownArchitecture),
    /// The pretrained weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A user's own file of weights.
    #[error("cannot use the weights in `{}`: {error}", tl_files::shown_path(path))]
    WeightsFile {
        /// The file of weights.
        path: PathBuf,
        /// What is wrong with it.
        error: WeightsError,
    },
    /// A run where a file of weights should be.
    #[error(
        "cannot use the weights in `{}`: it is a run folder, not a file of weights",
        tl_files::shown_path(path)
    )]
    WeightsOfRun {
        /// The folder that was looked into.
        path: PathBuf,
    },
    /// The head, asked with other features than it takes.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// There is no such device here.
    #[error("cannot use the device `{name}`: {detail}")]
    Device {
        /// The name, as it was asked for.
        name: String,
        /// The reason why it cannot be used.
        detail: String,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", tl_files::shown_path(path), tl_files::words(reason))]
    Read {
        /// The file that could not be read.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Not a model file of ours, or a damaged one.
    #[error("`{}` is not a model that `tl` can use: {}", tl_files::shown_path(path), tl_files::shown(detail))]
    NotAModel {
        /// The file that is no model.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A file of another program where a model should be.
    #[error("`{}` is not a model that `tl` can use: it is {}; {}", tl_files::shown_path(path), other.kind, other.remedy)]
    OtherModel {
        /// The file or folder.
        path: PathBuf,
        /// The program or format that the file comes from.
        other: ForeignWeights,
    },
    /// A run that has no model yet.
    #[error("the run `{}` is unfinished: it has no model yet", tl_files::shown_path(path))]
    Unfinished {
        /// The run's folder.
        path: PathBuf,
    },
    /// Nothing is there; there are runs of this name with a number behind it.
    #[error("there is no run `{}`", tl_files::shown_path(path))]
    RunNotFound {
        /// What was asked for.
        path: PathBuf,
        /// The newest run of that name.
        newest: PathBuf,
    },
    /// The model computes something else than probabilities.
    #[error("the model gives probabilities that are not finite for `{}`", tl_files::shown_path(path))]
    AnswerNotFinite {
        /// The picture that could not be read.
        path: PathBuf,
    },
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

impl ModelError {
    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason }
    }
}
