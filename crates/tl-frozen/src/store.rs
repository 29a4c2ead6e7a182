//! Outputs of the frozen network, kept in files from one run to the next.
//!
//! A [`Store`] is a folder of files of rows; [`CachedFeatures`] are those of its rows that have the key of one
//! [`FeatureProvenance`], found by the content of the picture and the number of the view. What is wrong with a file is found by
//! hashes: such a row is not there, never an error and never used. What cannot be written is not kept, and
//! [`Store::not_kept`] says why.

mod cached_features;
#[cfg(test)]
mod earlier;
mod kept;
mod lru_files;
mod map;
mod provenance;
mod shard;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fmt, fs, io};

pub use cached_features::CachedFeatures;
pub use kept::extract_kept;
pub use provenance::{Augmented, FeatureProvenance, StoreKey};

use lru_files::LruFiles;

/// A folder of kept rows, shared with other processes. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    now: SystemTime,
    files: Mutex<LruFiles>,
}

/// Why rows are not kept any more; those that were read or kept before are right all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// A file cannot be written.
    #[error("not kept for the next time: cannot write `{}`: {reason}", tl_files::shown_path(path))]
    Unwritable {
        /// The file or folder that cannot be written.
        path: PathBuf,
        /// The operating system's reason.
        reason: String,
    },
    /// What this run uses fills the folder up to its limit.
    #[error(
        "not all kept for the next time: `{}` has reached its limit of {limit_bytes} bytes",
        tl_files::shown_path(folder)
    )]
    Full {
        /// The store's folder.
        folder: PathBuf,
        /// The limit on the size of all files together.
        limit_bytes: u64,
    },
}

impl Store {
    /// The store in `folder`, which is made when the first rows are kept.
    ///
    /// Its files take `limit_bytes` together at most: the files whose last use is the longest ago make room, but none
    /// that this store has used or written. Files used now are marked with the time `now`.
    pub fn open(folder: impl Into<PathBuf>, limit_bytes: u64, now: SystemTime) -> Self {
        let files = Mutex::new(LruFiles::new(limit_bytes));
        Self(Arc::new(Inner { folder: folder.into(), now, files }))
    }

    /// The store's folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The rows of this key that are kept now.
    pub fn cached(&self, key: StoreKey) -> CachedFeatures {
        CachedFeatures::open(self.clone(), key)
    }

    /// Why rows have not been kept, if some have not.
    pub fn not_kept(&self) -> Option<NotKept> {
        self.files().not_kept.clone()
    }

    /// Notes that a file is used: it stays, and is the last to go for other processes.
    fn touch(&self, path: &Path) {
        self.files().used.insert(path.to_owned());
        // Where this is not allowed, the file only looks older than it is.
        let _ = fs::File::options().write(true).open(path).and_then(|file| file.set_modified(self.0.now));
    }

    /// Makes a file of this store, or notes why not.
    fn keep(&self, name: &str, bytes: &[u8]) {
        let (folder, path) = (&self.0.folder, self.0.folder.join(name));
        let mut files = self.files();
        if files.not_kept.is_some() {
            return;
        }
        if !files.evict_for(folder, bytes.len() as u64, self.0.now) {
            files.not_kept = Some(NotKept::Full { folder: folder.clone(), limit_bytes: files.limit_bytes });
        } else if let Err(error) = shard::write(&path, bytes, self.0.now) {
            files.not_kept = Some(NotKept::Unwritable { path, reason: words(&error) });
        } else {
            files.used.insert(path);
        }
    }

    /// No panic happens while the lock is held, so poison carries no news.
    fn files(&self) -> MutexGuard<'_, LruFiles> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operating system's words, in lower case and without the error number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// A hash that is displayed as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
