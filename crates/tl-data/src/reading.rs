//! Which files are being read, and for how long: a network drive may hang, and a file may be one that takes minutes.
//!
//! Whoever reads a file says so with [`reading`]; whoever shows progress asks now and then with [`overdue`].

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static NOW: Mutex<Files> = Mutex::new(Files { entries: Vec::new(), next: 0 });

struct Files {
    entries: Vec<Entry>,
    next: u64,
}

struct Entry {
    number: u64,
    path: PathBuf,
    since: Instant,
    said: bool,
}

/// A guard that counts a file as being read until it is dropped.
#[must_use = "the file counts as read when this is dropped"]
#[derive(Debug)]
pub struct ReadGuard(u64);

/// Says that a file is being read, opened or decoded, by this thread.
pub fn reading(path: &Path) -> ReadGuard {
    let mut files = files();
    files.next += 1;
    let number = files.next;
    files.entries.push(Entry { number, path: path.to_path_buf(), since: Instant::now(), said: false });
    ReadGuard(number)
}

impl Drop for ReadGuard {
    fn drop(&mut self) {
        let mut files = files();
        if let Some(at) = files.entries.iter().position(|entry| entry.number == self.0) {
            files.entries.swap_remove(at);
        }
    }
}

/// The files that have been read for longer than this, and not yet; each is given once.
pub fn overdue(after: Duration) -> Vec<PathBuf> {
    let mut late = Vec::new();
    for entry in &mut files().entries {
        if !entry.said && entry.since.elapsed() >= after {
            entry.said = true;
            late.push(entry.path.clone());
        }
    }
    late
}

fn files() -> MutexGuard<'static, Files> {
    NOW.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once_while_it_is_read_and_not_afterwards() {
        let path = Path::new("a/slow.jpg");
        let is_late = |after| overdue(after).iter().any(|late| late == path);
        let held = reading(path);
        assert!(!is_late(Duration::from_secs(3600)));
        assert!(is_late(Duration::ZERO));
        assert!(!is_late(Duration::ZERO), "twice");
        let again = reading(path);
        drop(held);
        assert!(is_late(Duration::ZERO), "another reading of it");
        drop(again);
        assert!(!files().entries.iter().any(|entry| entry.path == path));
    }
}
