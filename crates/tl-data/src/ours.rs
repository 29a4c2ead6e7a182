//! What this program itself leaves in a folder of pictures: runs, and what it keeps for later.

use std::fs::DirEntry;
use std::path::Path;

use tl_files::name_text;
use tl_image::ends_like_a_picture;

use crate::leftover::{is_hidden, is_passed_over};

/// Every run has its settings from the start.
const SETTINGS: &str = "run.toml";
/// A run that was not finished, under its hidden name.
const UNFINISHED: &str = ".unfinished";
/// How the names of files end that are kept for later: features, decoded pictures, weights.
const KEPT: &[&str] = &["rows", "rgb", "pth", "safetensors", "part", "lock"];
/// What a run that is finished has of its own, one of them at least.
const RESULTS: &[&str] = &["model.safetensors", "report.json"];
/// Folders inside a run.
const FOLDERS_OF_RUNS: &[&str] = &["checkpoints"];
/// Folders deep that a folder of runs or a cache is.
const DEPTH: usize = 4;

/// Is this folder a run, a folder that holds nothing but runs, or a cache of this program?
///
/// A run has a `run.toml`; one beside pictures makes no run of their folder. One that lost it is told by its results, if
/// nothing else lies beside them.
pub fn is_ours(folder: &Path) -> bool {
    is_run(folder) || holds_only_ours(folder, DEPTH)
}

fn is_run(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    if has(SETTINGS) {
        return !entries(folder).any(|entry| is_picture(&entry));
    }
    RESULTS.iter().any(|name| has(name)) && entries(folder).all(|entry| is_of_a_run(&entry))
}

fn is_of_a_run(entry: &DirEntry) -> bool {
    let (name, path) = (entry.file_name(), entry.path());
    match path.is_dir() {
        true => is_passed_over(&name, true) || FOLDERS_OF_RUNS.iter().any(|known| name == *known),
        false => {
            let kept = path.extension().is_some_and(|ending| ending == "safetensors" || ending == "jsonl");
            kept || is_passed_over(&name, false)
        }
    }
}

fn is_picture(entry: &DirEntry) -> bool {
    ends_like_a_picture(&name_text(&entry.file_name()))
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

fn holds_only_ours(folder: &Path, depth: usize) -> bool {
    let mut found = false;
    for entry in entries(folder) {
        let name = entry.file_name();
        if is_hidden(&name) {
            found |= name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes());
        } else if is_made_here(&entry, depth) {
            found = true;
        } else {
            return false;
        }
    }
    found
}

/// Links are not followed: what is ours is made in place.
fn is_made_here(entry: &DirEntry, depth: usize) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => {
            depth > 0 && (is_run(&entry.path()) || holds_only_ours(&entry.path(), depth - 1))
        }
        Ok(kind) if kind.is_file() => {
            let path = entry.path();
            path.extension().is_some_and(|ending| KEPT.iter().any(|kept| ending == *kept))
        }
        _ => false,
    }
}
