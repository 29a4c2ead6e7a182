//! Bytes as a file.

use std::path::Path;
use tempfile::TempDir;

thread_local! {
    /// Made once: a folder for each call takes longer than most calls.
    static FOLDER: Option<TempDir> = tempfile::tempdir().ok();
}

/// Gives the bytes to `read` as a file of this name, in a folder of this thread's own.
pub fn with_file(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    FOLDER.with(|folder| {
        let Some(folder) = folder else { return };
        let path = folder.path().join(name);
        if std::fs::write(&path, bytes).is_ok() {
            read(&path);
        }
    });
}
