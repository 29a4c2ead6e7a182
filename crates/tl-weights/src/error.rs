//! What can be wrong with weights.

use std::path::PathBuf;

use tl_image::Panicked;

use crate::{Fault, FetchError, ForeignWeights, ImportError, LoadReport};

/// Why weights could not be found or loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// The catalogue has no such row.
    #[error("there is no network and there are no weights named `{}`", tl_files::shown(name))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The known name most like it.
        nearest: &'static str,
    },
    /// This build leaves the embedded weights out.
    #[error("this build has no embedded weights: it was built without the cargo feature `embedded`")]
    NotEmbedded,
    /// The bytes are not those that were published.
    #[error("the weights `{name}` are damaged: sha256 {actual}, expected {expected}")]
    Checksum {
        /// The weights' name in the catalogue.
        name: &'static str,
        /// The published hash.
        expected: &'static str,
        /// The hash of what is there.
        actual: String,
    },
    /// The file is not in the cache.
    #[error(
        "the weights `{name}` are not here: `tl weights fetch {name}` gets them, or put the file from {from} \
         at {}",
        tl_files::shown_path(path)
    )]
    NotFetched {
        /// The weights' name in the catalogue.
        name: &'static str,
        /// The address that the weights can be had from.
        from: String,
        /// The path that the file has to have.
        path: PathBuf,
    },
    /// The file in the cache is not the published one.
    #[error("the weights `{name}` in {} are damaged, remove that file: {fault}", tl_files::shown_path(path))]
    Damaged {
        /// The weights' name in the catalogue.
        name: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Box<Fault>,
    },
    /// A file could not be read.
    #[error("{}: {detail}", tl_files::shown_path(path))]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// What the operating system said.
        detail: String,
    },
    /// The file could not be fetched; [`FetchError::hint`] says what to do.
    #[error(transparent)]
    Fetch(#[from] Box<FetchError>),
    /// A user's own copy is not the published file, or cannot be copied; [`ImportError::hint`] says what to do.
    #[error(transparent)]
    Import(#[from] Box<ImportError>),
    /// Nowhere to keep fetched files.
    #[error("there is no home folder to keep weights in: name a folder in the environment variable TL_CACHE")]
    NoCache,
    /// The file holds no weights, or is damaged.
    #[error("not a readable file of weights: {detail}")]
    Format {
        /// What the parser found.
        detail: String,
    },
    /// A pickle in the file names something that tensors do not need.
    #[error(
        "the file says to call `{name}`, which weights do not need: nothing was run; save the network's state dict"
    )]
    Calls {
        /// The name that the file holds.
        name: String,
    },
    /// Larger than the network could need.
    #[error("the file holds {bytes} bytes of tensors, the network needs {expected} at most")]
    TooLarge {
        /// Bytes of tensors in the file, or of the file.
        bytes: u64,
        /// Bytes of the network's parameters in f64, the widest type that is read, or of the longest file with them.
        expected: u64,
    },
    /// A tensor that the network needs does not hold real numbers.
    #[error("the tensor `{key}` is not of the types f64, f32, f16 and bf16")]
    Type {
        /// The tensor's key.
        key: String,
    },
    /// A tensor that the network needs holds an infinite value or no number.
    #[error(
        "the tensor `{}` holds a value that is not finite: what wrote the file had diverged, or it is damaged",
        tl_files::shown(key)
    )]
    NotFinite {
        /// The tensor's key.
        key: String,
    },
    /// Tensors are missing or of another shape.
    #[error("the file is not of this network: {report}")]
    Unfit {
        /// What became of every key.
        report: Box<LoadReport>,
    },
}

impl From<ForeignWeights> for WeightsError {
    fn from(ForeignWeights { kind, remedy }: ForeignWeights) -> Self {
        Self::Format { detail: format!("it is {kind}; {remedy}") }
    }
}

/// A reader's defect costs the file, and not the job.
impl From<Panicked> for WeightsError {
    fn from(Panicked { message }: Panicked) -> Self {
        Self::Format { detail: format!("its reader stopped: {message}") }
    }
}
