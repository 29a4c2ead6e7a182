//! Checkpoints, from which training is resumed: they are there whole, or not at all.
//!
//! ```text
//! checkpoints/
//!   step-000110/                 the one before, in case the newest is damaged
//!   step-000120/                 manifest.json and the files whose lengths and hashes it holds
//!   .step-000130.9f86d081884c7d65.unfinished/   being written; after a crash, the next open removes it
//! ```
//!
//! A commit writes files and manifest under another name, makes each of them and then their names durable, renames, makes
//! that durable, and removes what is out of date only then. So at every moment there is a checkpoint to go on from, once
//! there has been one.

mod commit;
mod load;
mod manifest;
mod name;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub(crate) use commit::Content;

use crate::checkpoint_facts::Skipped;
use crate::error::TrainError;
use load::Unusable;
use manifest::Manifest;
use name::Name;

/// The file whose lock says that a process has the checkpoints open.
const LOCK: &str = ".lock";

/// The checkpoints of a run, open for one process until this is dropped.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    run: String,
    keep: NonZeroUsize,
    _lock: File,
}

/// A checkpoint, every byte of it as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Steps of training that are behind it.
    pub step: u64,
    /// Where training stands, as given to [`Checkpoints::commit`].
    pub cursor: serde_json::Value,
    /// The checkpoint's folder.
    pub path: PathBuf,
    /// Newer checkpoints, which are damaged; newest first.
    pub skipped: Vec<Skipped>,
    /// The content of each file, by its name.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Checkpoints {
    /// How many checkpoints are kept: the newest, and one more in case that one is damaged.
    pub const KEEP: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

    /// Opens the checkpoints in `folder`, which is created if it is not there, and removes what commits that did not
    /// come to their end have left. `run` is a hash of everything that the run depends on; of each commit on, the newest
    /// `keep` checkpoints stay.
    ///
    /// On file systems without locks, nothing keeps two processes from opening the same folder.
    ///
    /// # Errors
    /// [`TrainError::CheckpointsInUse`], [`TrainError::CheckpointOfAnotherRun`] and [`TrainError::CheckpointSchema`] for
    /// any checkpoint in the folder, [`TrainError::Write`] and [`TrainError::Read`].
    pub fn open(folder: &Path, run: &str, keep: NonZeroUsize) -> Result<Self, TrainError> {
        tl_files::create_folders(folder)?;
        let lock = lock(folder)?;
        remove_scratch(folder)?;
        let opened = Self { folder: folder.to_owned(), run: run.to_owned(), keep, _lock: lock };
        opened.refuse_foreign()?;
        Ok(opened)
    }

    /// The newest checkpoint that is whole, with all its files in memory; none before the first commit.
    ///
    /// # Errors
    /// [`TrainError::CheckpointsDamaged`] if there are checkpoints and none is whole,
    /// [`TrainError::CheckpointOfAnotherRun`], [`TrainError::CheckpointSchema`] and [`TrainError::Read`].
    pub fn newest(&self) -> Result<Option<Checkpoint>, TrainError> {
        self.newest_but(None)
    }

    /// The folder that holds the checkpoints.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn newest_but(&self, except: Option<Name>) -> Result<Option<Checkpoint>, TrainError> {
        let mut skipped = Vec::new();
        for name in self.names()?.into_iter().filter(|name| Some(*name) != except) {
            let path = self.path(name);
            match load::load(&path, name, &self.run) {
                Ok((Manifest { step, cursor, .. }, files)) => {
                    return Ok(Some(Checkpoint { step, cursor, path, skipped, files }));
                }
                Err(Unusable::Damaged(reason)) => skipped.push(Skipped { path, reason }),
                Err(Unusable::Foreign(error)) => return Err(error),
            }
        }
        if skipped.is_empty() {
            return Ok(None);
        }
        Err(TrainError::CheckpointsDamaged { path: self.folder.clone(), skipped })
    }

    fn refuse_foreign(&self) -> Result<(), TrainError> {
        for name in self.names()? {
            if let Err(Unusable::Foreign(error)) = load::manifest(&self.path(name), name, &self.run) {
                return Err(error);
            }
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<Name>, TrainError> {
        name::names(&self.folder).map_err(|error| TrainError::read(&self.folder, error))
    }

    fn path(&self, name: Name) -> PathBuf {
        self.folder.join(name.to_string())
    }
}

/// Held as long as the file is open; the system lets go of it however the process ends.
fn lock(folder: &Path) -> Result<File, TrainError> {
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| TrainError::write(&path, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(TrainError::CheckpointsInUse { path: folder.to_owned() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Removes half-written checkpoints: with the lock held, nobody is writing there any more.
fn remove_scratch(folder: &Path) -> Result<(), TrainError> {
    tl_files::sweep_mine(folder)?;
    // Version 0.1 had names of its own.
    let names = name::folders(folder).map_err(|error| TrainError::read(folder, error))?;
    for name in names.iter().filter(|name| name::is_scratch(name)) {
        let path = folder.join(name);
        fs::remove_dir_all(&path).map_err(|error| TrainError::write(&path, error))?;
    }
    Ok(())
}
