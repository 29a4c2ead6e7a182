//! Pictures to predict, as people point at them: files, folders, patterns.

use glob::{MatchOptions, glob_with};
use rayon::slice::ParallelSliceMut;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tl_data::{PictureLocation, is_ours, is_passed_over, natural_cmp};
use tl_files::{path_of_text, path_text, without_literal_prefix};

use crate::error::ModelError;

/// The files that `places` mean: a file itself, every file below a folder, every match of a pattern such as
/// `new/*.jpg`; of the latter two without hidden ones, runs, and what systems and tools leave behind, in natural order.
///
/// # Errors
/// If a place does not exist or holds no file.
pub fn pictures(places: &[impl AsRef<OsStr>]) -> Result<Vec<PictureLocation>, ModelError> {
    let mut files = Vec::new();
    for place in places {
        let place = Path::new(place);
        let found = find(place)?;
        if found.is_empty() {
            return Err(ModelError::NoPictures { place: path_text(place).into_owned() });
        }
        files.extend(found.into_iter().map(PictureLocation::from));
    }
    Ok(files)
}

fn find(place: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let path = &named(place);
    if path.is_dir() {
        return Ok(below(path));
    }
    let place = path_text(path).into_owned();
    if path.exists() || !place.contains(['*', '?', '[']) {
        return if path.exists() { Ok(vec![path.to_owned()]) } else { Ok(Vec::new()) };
    }
    let refused = |detail: &str| ModelError::Pattern { pattern: place.clone(), detail: detail.to_owned() };
    let pattern = path.to_str().ok_or_else(|| refused("a pattern has to be UTF-8 text"))?;
    let pattern = if cfg!(windows) { without_literal_prefix(pattern) } else { pattern.into() };
    let options = MatchOptions { case_sensitive: !cfg!(windows), ..MatchOptions::new() };
    let matches = glob_with(&pattern, options).map_err(|error| refused(&error.to_string()))?;
    let wanted =
        |path: &PathBuf| path.is_file() && !is_passed_over(path.file_name().unwrap_or_default(), false);
    Ok(sorted(matches.flatten().filter(wanted).collect()))
}

/// What is at this place, or, where nothing is, what predictions and `split.csv` write like this.
fn named(place: &Path) -> PathBuf {
    let ours = || place.to_str().map(path_of_text).filter(|ours| ours.exists());
    if place.exists() { place.to_owned() } else { ours().unwrap_or_else(|| place.to_owned()) }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).follow_links(true).min_depth(1);
    let visible = entries.into_iter().filter_entry(|entry| {
        let is_folder = entry.file_type().is_dir();
        !(is_passed_over(entry.file_name(), is_folder) || is_folder && is_ours(entry.path()))
    });
    sorted(
        visible
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .collect(),
    )
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.par_sort_by(|a, b| natural_cmp(&path_text(a), &path_text(b)).then_with(|| a.cmp(b)));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_patterns_are_found_in_natural_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a10.jpg", "a2.jpg", ".hidden.jpg", "b.png"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let inside = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let names = |places: &[String]| -> Vec<String> {
            let files = pictures(places).unwrap();
            files.iter().map(|file| file.file.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(&[folder.path().to_string_lossy().into_owned()]), ["a2.jpg", "a10.jpg", "b.png"]);
        assert_eq!(names(&[inside("*.jpg")]), ["a2.jpg", "a10.jpg"]);
        assert_eq!(names(&[inside("b.png"), inside("a2.jpg")]), ["b.png", "a2.jpg"]);
    }

    #[test]
    fn what_systems_and_runs_leave_behind_is_found_only_by_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["a.jpg", "._a.jpg", "Thumbs.db", "a.json", "a.jpg.part", "__MACOSX/a.jpg", "runs/x-1/run.toml"]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |place: &str| -> Vec<String> {
            let place = path_text(&folder.path().join(place)).into_owned();
            let names = pictures(&[place]).unwrap().into_iter();
            names
                .map(|place| path_text(place.file.strip_prefix(folder.path()).unwrap()).into_owned())
                .collect()
        };
        for (place, expected) in
            [("", "a.jpg"), ("*", "a.jpg"), ("Thumbs.db", "Thumbs.db"), ("._a.jpg", "._a.jpg")]
        {
            assert_eq!(found(place), [expected]);
        }
    }

    #[test]
    fn a_place_without_pictures_is_named() {
        let message = pictures(&["nowhere/x.jpg"]).unwrap_err().to_string();
        assert_eq!(message, "no pictures at `nowhere/x.jpg`");
        let message = pictures(&["x\x1b[31m.jpg"]).unwrap_err().to_string();
        let expected =
            "no file or folder `x\\x1b[31m.jpg` exists, and it is no pattern either: Pattern syntax error";
        assert!(message.starts_with(expected), "{message}");
    }
}
