//! Bytes as a file.

use std::path::Path;

/// Gives the bytes to `read` as a file of this name, alone in a folder.
pub fn with_file(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(name);
    if std::fs::write(&path, bytes).is_ok() {
        read(&path);
    }
}
