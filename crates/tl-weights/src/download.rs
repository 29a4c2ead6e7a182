//! Downloads: what is fetched, how, and what happens meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Fault, FetchError, Sha256};

/// A file that is to be had.
#[derive(Debug, Clone, Copy)]
pub struct Download<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// Addresses of the file, the first choice first.
    pub urls: &'a [&'a str],
    /// The path that the file is to have.
    pub path: &'a Path,
    /// What is known of its hash.
    pub sha256: Sha256,
    /// The file's length, if known to the byte.
    pub length: Option<u64>,
    /// The most bytes that are taken.
    pub limit: u64,
}

impl Download<'_> {
    pub(crate) fn error(&self, url: String, fault: Fault) -> FetchError {
        FetchError { name: self.name.into(), url, path: self.path.to_owned(), fault }
    }
}

/// Settings of fetching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchConfig {
    /// Stands in for scheme and host of every address.
    pub mirror: Option<String>,
    /// No connection is made.
    pub offline: bool,
    /// The Python whose `pip` downloads packages.
    pub python: PathBuf,
    /// The longest to wait for a connection.
    pub connect: Duration,
    /// The longest to wait for the next bytes.
    pub stall: Duration,
    /// The fewest bytes that must come in that time.
    pub floor: u64,
    /// Number of times that each address is tried.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles from then on.
    pub backoff: Duration,
    /// The longest pause. A server that wants a longer one is given up.
    pub patience: Duration,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            mirror: None,
            offline: false,
            python: PathBuf::from(if cfg!(windows) { "python" } else { "python3" }),
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            floor: 4096,
            attempts: 6,
            backoff: Duration::from_secs(1),
            patience: Duration::from_secs(60),
        }
    }
}

impl FetchConfig {
    /// The default, with the mirror that the environment variable `TL_WEIGHTS_MIRROR` names.
    pub fn from_env() -> Self {
        let mirror = std::env::var("TL_WEIGHTS_MIRROR").ok().filter(|mirror| !mirror.is_empty());
        Self { mirror, ..Self::default() }
    }
}

/// What happens while a file is fetched.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Another process is fetching the same file.
    Waiting,
    /// So many bytes are here, of so many if the server said.
    Received {
        /// Bytes here, those of earlier attempts included.
        done: u64,
        /// Length of the file.
        total: Option<u64>,
    },
    /// Something went wrong, and is tried again after a pause.
    Retrying {
        /// What went wrong.
        fault: &'a Fault,
        /// The length of the pause.
        pause: Duration,
    },
}
