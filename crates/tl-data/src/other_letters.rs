//! Files whose names file systems of Windows and macOS take for the same, and others do not.

use std::path::{Component, Path, PathBuf};

use tl_files::name_text;

use crate::spelling::folded;
use crate::{Rejected, SampleError};

/// Rejected files that are looked for: each reads folders.
const LOOKED_FOR: usize = 8;

/// Says of the first files that are missing which ones are there under names that differ in nothing but capital letters or
/// composed characters.
pub(crate) fn name_others(root: &Path, rejected: &mut [Rejected]) {
    let missing = rejected.iter_mut().filter_map(|file| match &mut file.reason {
        SampleError::Missing { instead, .. } => Some((&file.path, instead)),
        _ => None,
    });
    missing.take(LOOKED_FOR).for_each(|(path, instead)| *instead = in_other_letters(root, path));
}

fn in_other_letters(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for part in root.join(path).components() {
        let next = found.join(part);
        found = match part {
            Component::Normal(name) if !next.exists() => {
                found.join(entry(&found, &folded(&name_text(name)))?)
            }
            _ => next,
        };
    }
    Some(found.strip_prefix(root).map_or(found.clone(), Path::to_path_buf))
}

/// The first name in a folder that folds to this.
fn entry(folder: &Path, wanted: &str) -> Option<PathBuf> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| folded(&name_text(name)) == wanted).min().map(PathBuf::from)
}

#[cfg(all(test, not(any(windows, target_os = "macos"))))]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_in_other_letters() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("Pets/caf\u{e9}")).unwrap();
        std::fs::write(folder.path().join("Pets/caf\u{e9}/Rex.JPG"), "").unwrap();
        let found = Some(PathBuf::from("Pets/caf\u{e9}/Rex.JPG"));
        for (path, expected) in [
            ("pets/CAF\u{c9}/rex.jpg", &found),
            ("Pets/cafe\u{301}/Rex.JPG", &found),
            ("pets/caf\u{e9}/max.jpg", &None),
            ("cats/rex.jpg", &None),
        ] {
            assert_eq!(&in_other_letters(folder.path(), Path::new(path)), expected, "{path}");
        }
    }
}
