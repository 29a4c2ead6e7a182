//! What processes that are gone have left.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::disk::folder_of;
use crate::name::LOCK;
use crate::{Fault, name};

/// Something unfinished without a lock is nobody's any more at this age.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes unfinished files and folders in `folder` whose process is gone: their lock is free, or they have none and are a
/// day old at the time `now`. What cannot be removed stays; there is nobody to tell.
pub fn sweep(folder: &Path, now: SystemTime) {
    for path in unfinished(folder, name::is_scratch) {
        remove_unless_held(&path, now);
    }
}

/// Removes every unfinished file and folder in `folder`, of which the caller knows that no other process writes there.
///
/// # Errors
/// [`Fault`] naming what cannot be removed.
pub fn sweep_mine(folder: &Path) -> Result<(), Fault> {
    unfinished(folder, name::is_scratch).try_for_each(|path| {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(Fault::at(&path))
    })
}

/// Removes what is left of attempts to write one file.
pub(crate) fn sweep_of(path: &Path) {
    of(path).filter(|scratch| scratch.is_file()).for_each(|scratch| {
        if let Lock::Free(_lock) = lock_of(&scratch) {
            let _ = fs::remove_file(&scratch);
        }
    });
}

/// Is a process writing this file?
pub(crate) fn is_held(path: &Path) -> bool {
    of(path).any(|scratch| matches!(lock_of(&scratch), Lock::Held))
}

/// Unfinished things that were to become `path`.
fn of(path: &Path) -> impl Iterator<Item = PathBuf> {
    let target = path.file_name().unwrap_or_default().to_owned();
    unfinished(folder_of(path), move |name| name::is_scratch_of(name, &target))
}

fn unfinished(folder: &Path, is_one: impl Fn(&std::ffi::OsStr) -> bool) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(move |entry| is_one(&entry.file_name())).map(|entry| entry.path())
}

enum Lock {
    /// Held by this process, as long as the value lives.
    Free(File),
    Held,
    /// There is none, or the file system has none.
    None,
}

fn lock_of(path: &Path) -> Lock {
    let Ok(file) = File::options().write(true).open(path) else { return Lock::None };
    match file.try_lock() {
        Ok(()) => Lock::Free(file),
        Err(TryLockError::WouldBlock) => Lock::Held,
        Err(TryLockError::Error(_)) => Lock::None,
    }
}

fn remove_unless_held(path: &Path, now: SystemTime) {
    let Ok(data) = fs::symlink_metadata(path) else { return };
    let lock = if data.is_dir() { lock_of(&path.join(LOCK)) } else { lock_of(path) };
    let abandoned = || is_old(&data, now).unwrap_or(false);
    let gone = match &lock {
        Lock::Free(_) => true,
        Lock::Held => false,
        Lock::None => abandoned(),
    };
    if gone {
        // Some disks of Windows keep folders with open files. Nobody else finds the lock before it is gone: names are random.
        if cfg!(windows) && data.is_dir() {
            drop(lock);
        }
        let _ = if data.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

fn is_old(data: &fs::Metadata, now: SystemTime) -> io::Result<bool> {
    Ok(now.duration_since(data.modified()?).is_ok_and(|age| age > ABANDONED))
}
