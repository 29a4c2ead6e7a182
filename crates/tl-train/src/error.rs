//! Why a job could not be done.

use std::io;
use std::path::{Path, PathBuf};
use tl_backbones::UnknownArchitecture;
use tl_data::DataError;
use tl_heads::HeadError;
use tl_weights::WeightsError;

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
    #[error("cannot use the weights in `{}`: {error}", path.display())]
    WeightsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: WeightsError,
    },
    /// A model cannot refer to weights that only this computer has.
    #[error("a slim model cannot refer to `{}`, which is not in the catalogue", path.display())]
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
    #[error("class `{class}` has no readable picture to train on, {val} held out")]
    ClassLost {
        /// The class.
        class: String,
        /// Readable held-out pictures.
        val: usize,
    },
    /// A file or folder cannot be written.
    #[error("cannot write `{}`: {}", path.display(), words(reason))]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {}", path.display(), words(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// Not a model file of ours, or a damaged one.
    #[error("`{}` is not a model that `tl` can use: {detail}", path.display())]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A folder to evaluate on has a class the model does not know.
    #[error("the model does not know the class `{class}`, it knows {}", quoted(known))]
    UnknownClass {
        /// The folder's class.
        class: String,
        /// The model's classes.
        known: Vec<String>,
    },
    /// A picture has several labels.
    #[error("pictures have several labels each, which cannot be trained yet")]
    SeveralLabels,
    /// Nothing to predict.
    #[error("no pictures at `{place}`")]
    NoPictures {
        /// What was given.
        place: String,
    },
    /// Something was given that cannot be a picture's place.
    #[error("`{pattern}` is not a file, a folder or a pattern: {detail}")]
    Pattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl TrainError {
    /// What to do, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint(),
            Self::Backbone(error) => Some(format!("did you mean `{}`?", error.nearest)),
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
            Self::NotAModel { .. } => Some("give a run folder or its `model.safetensors`".to_owned()),
            Self::UnknownClass { .. } => Some("folders must be named as the model's classes".to_owned()),
            Self::SeveralLabels => Some("give each picture one label".to_owned()),
            Self::NoPictures { .. } => {
                Some("give picture files, a folder, or a quoted pattern such as 'new/*.jpg'".to_owned())
            }
            Self::Head(_)
            | Self::Report(_)
            | Self::Weights(_)
            | Self::WeightsFile { .. }
            | Self::Read { .. }
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
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
