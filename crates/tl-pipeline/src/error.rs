//! Why a job could not be done.

use std::io;
use std::path::{Path, PathBuf};
use tl_data::DataError;
use tl_heads::HeadError;
use tl_model::ModelError;
use tl_train::TrainError;

/// Why a job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A model, or what it is made of.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training in steps.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The data set cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A model cannot refer to weights that only this computer has.
    #[error("a slim model cannot refer to `{}`, which is not in the catalogue", tl_files::shown_path(path))]
    Unlisted {
        /// The file of weights.
        path: PathBuf,
    },
    /// The head cannot be fitted to the features.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The metrics cannot be computed.
    #[error(transparent)]
    Report(#[from] tl_report::Error),
    /// After unreadable pictures were left out, a class has none to learn from.
    #[error("class `{}` has no readable picture to train on, {val} held out", tl_files::shown(class))]
    ClassLost {
        /// The name of the class.
        class: String,
        /// Readable held-out pictures.
        val: usize,
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
    /// A file of settings that cannot be read.
    #[error("`{}`: {detail}", tl_files::shown_path(path))]
    Settings {
        /// The file of settings.
        path: PathBuf,
        /// What is wrong, with line and column.
        detail: String,
        /// The known name that is most like one that is not known.
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
        /// The setting's name.
        what: String,
        /// The value that was refused.
        value: String,
        /// The rule that the value breaks.
        rule: String,
    },
    /// The network computes something else than numbers.
    #[error("the network gives features that are not finite for `{}`", path.display())]
    FeaturesNotFinite {
        /// The picture that cannot be used.
        path: PathBuf,
    },
    /// Settings that `run.toml` cannot hold.
    #[error("`run.toml` cannot hold these settings: {detail}")]
    NotToml {
        /// What TOML has not got.
        detail: String,
    },
    /// A run that cannot be gone on with.
    #[error("the run `{}` is finished", tl_files::shown_path(path))]
    Finished {
        /// The run's folder.
        path: PathBuf,
    },
    /// There is no stage of this name.
    #[error("the network has no stage `{asked}`: give `pooled`, or one of {}", quoted(known))]
    NoStage {
        /// The stage, as it was asked for.
        asked: String,
        /// The stages, in order.
        known: Vec<String>,
    },
    /// A file of features whose format is not known.
    #[error("`{}` ends in none of .parquet, .npy and .safetensors", tl_files::shown_path(path))]
    UnknownFormat {
        /// The file of features.
        path: PathBuf,
    },
    /// A Parquet file, and the program was built without it.
    #[error(
        "`{}` is a Parquet file, and this program was built without the feature `parquet`",
        tl_files::shown_path(path)
    )]
    NoParquet {
        /// The file of features.
        path: PathBuf,
    },
    /// Features would be written over the list of their pictures.
    #[error("`{}` is what the pictures are read from", tl_files::shown_path(path))]
    OutIsSource {
        /// The file of features.
        path: PathBuf,
    },
    /// A file of features cannot be written.
    #[error("cannot write `{}`: {}", tl_files::shown_path(path), tl_files::words(reason))]
    Out {
        /// The file of features.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Somebody asked to stop before the features were written.
    #[error("stopped; `{}` is not written", tl_files::shown_path(path))]
    Interrupted {
        /// The file of features.
        path: PathBuf,
    },
}

impl From<tl_files::Fault> for PipelineError {
    fn from(tl_files::Fault { path, reason }: tl_files::Fault) -> Self {
        Self::Write { path, reason }
    }
}

impl PipelineError {
    pub(crate) fn write(path: &Path, reason: io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason }
    }

    pub(crate) fn read(path: &Path, reason: io::Error) -> Self {
        Self::Read { path: path.to_owned(), reason }
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", tl_files::shown(name))).collect();
    names.join(", ")
}
