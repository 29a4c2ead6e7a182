//! What people point at when they want a prediction: files, folders, patterns.

use rayon::slice::ParallelSliceMut;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tl_data::{Place, natural_cmp};
use tl_files::text_of;

use crate::TrainError;

/// The files that `places` mean: a file itself, every file below a folder, every match of a pattern such as
/// `new/*.jpg`; hidden ones left out of the latter two, in natural order.
///
/// # Errors
/// If a place does not exist or holds no file.
pub fn pictures(places: &[impl AsRef<OsStr>]) -> Result<Vec<Place>, TrainError> {
    let mut files = Vec::new();
    for place in places {
        let place = Path::new(place);
        let found = find(place)?;
        if found.is_empty() {
            return Err(TrainError::NoPictures { place: text_of(place) });
        }
        files.extend(found.into_iter().map(Place::from));
    }
    Ok(files)
}

fn find(path: &Path) -> Result<Vec<PathBuf>, TrainError> {
    if path.is_dir() {
        return Ok(below(path));
    }
    let place = text_of(path);
    if path.exists() || !place.contains(['*', '?', '[']) {
        return if path.exists() { Ok(vec![path.to_owned()]) } else { Ok(Vec::new()) };
    }
    let refused = |detail: &str| TrainError::Pattern { pattern: place.clone(), detail: detail.to_owned() };
    let pattern = path.to_str().ok_or_else(|| refused("a pattern has to be UTF-8 text"))?;
    let matches = glob::glob(pattern).map_err(|error| refused(&error.to_string()))?;
    Ok(sorted(matches.flatten().filter(|path| path.is_file() && !is_hidden(path)).collect()))
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).follow_links(true).min_depth(1);
    let visible = entries.into_iter().filter_entry(|entry| !is_hidden(entry.path()));
    sorted(
        visible
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .collect(),
    )
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn sorted(mut files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.par_sort_by(|a, b| natural_cmp(&a.to_string_lossy(), &b.to_string_lossy()).then_with(|| a.cmp(b)));
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
    fn a_place_without_pictures_is_named() {
        let message = pictures(&["nowhere/x.jpg"]).unwrap_err().to_string();
        assert_eq!(message, "no pictures at `nowhere/x.jpg`");
    }
}
