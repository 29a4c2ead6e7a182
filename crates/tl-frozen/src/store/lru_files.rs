//! Room for new files: the least recently used ones go first.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::NotKept;

/// An unfinished file of this age is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// The files of a store's folder, of which the least recently used ones make room.
#[derive(Debug)]
pub(super) struct LruFiles {
    pub(super) limit_bytes: u64,
    /// Files that were read or written here; they stay.
    pub(super) used: HashSet<PathBuf>,
    /// Why something was not kept: nothing is tried after that.
    pub(super) not_kept: Option<NotKept>,
}

struct Found {
    used: SystemTime,
    path: PathBuf,
    bytes: u64,
}

impl LruFiles {
    pub(super) fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, used: HashSet::new(), not_kept: None }
    }

    /// Removes files until `bytes` more fit. `false` if they do not fit beside what is in use.
    pub(super) fn evict_for(&self, folder: &Path, bytes: u64, now: SystemTime) -> bool {
        tl_files::sweep(folder, now);
        // Each time anew: other processes keep and remove files too.
        let mut files = found(folder);
        files.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        for file in files {
            let fits = total.saturating_add(bytes) <= self.limit_bytes;
            if (!fits || file.is_abandoned(now))
                && self.may_go(&file, now)
                && fs::remove_file(&file.path).is_ok()
            {
                total -= file.bytes;
            }
        }
        total.saturating_add(bytes) <= self.limit_bytes
    }

    fn may_go(&self, file: &Found, now: SystemTime) -> bool {
        if file.is_unfinished() { file.is_abandoned(now) } else { !self.used.contains(&file.path) }
    }
}

impl Found {
    /// Version 0.1 gave such files the ending `.part`.
    fn is_unfinished(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "unfinished" || ending == "part")
    }

    fn is_abandoned(&self, now: SystemTime) -> bool {
        self.is_unfinished() && now.duration_since(self.used).is_ok_and(|age| age > ABANDONED)
    }
}

/// The store's files; others in the folder are none of its business.
fn found(folder: &Path) -> Vec<Found> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let file = |entry: fs::DirEntry| {
        let (path, data) = (entry.path(), entry.metadata().ok()?);
        let ours = path
            .extension()
            .is_some_and(|ending| ["rows", "unfinished", "part"].iter().any(|ours| ending == *ours));
        Some(Found { used: data.modified().ok()?, path, bytes: data.len() })
            .filter(|_| ours && data.is_file())
    };
    entries.filter_map(file).collect()
}
