//! The folders below a folder that may be classes or parts.

use std::path::Path;

use tl_files::name_text;

use crate::leftover::is_passed_over;
use crate::ours::is_ours;

/// The names of the folders directly below a folder.
pub(crate) fn sub_names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_folder = |entry: &std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_symlink() => entry.path().is_dir(),
        kind => kind.is_ok_and(|kind| kind.is_dir()),
    };
    let wanted = |entry: &std::fs::DirEntry| {
        is_folder(entry) && !is_passed_over(&entry.file_name(), true) && !is_ours(&entry.path())
    };
    let name = |entry: std::fs::DirEntry| name_text(&entry.file_name()).into_owned();
    entries.flatten().filter(wanted).map(name).collect()
}
