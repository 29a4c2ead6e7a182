//! Which paths are one file: absolute and relative ones, with `..` inside, or through links.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Tells paths of one file by a key that they share.
pub(crate) struct SameFile<'a> {
    root: &'a Path,
    /// Folders as written, and where they are. Pictures are many and their folders few: each is looked up once.
    folders: HashMap<PathBuf, PathBuf>,
}

impl<'a> SameFile<'a> {
    /// Paths are relative to `root`, or absolute.
    pub(crate) fn new(root: &'a Path) -> Self {
        SameFile { root, folders: HashMap::new() }
    }

    /// What all paths of this file have in common. A file is only looked up itself where it is a link, or where file
    /// systems take names in other capital letters or other Unicode for the same.
    pub(crate) fn key(&mut self, path: &Path) -> PathBuf {
        let whole = self.root.join(path);
        let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return resolved(&whole) };
        if cfg!(any(windows, target_os = "macos")) || whole.is_symlink() {
            return resolved(&whole);
        }
        if let Some(known) = self.folders.get(folder) {
            return known.join(name);
        }
        let found = resolved(if folder == Path::new("") { Path::new(".") } else { folder });
        let key = found.join(name);
        self.folders.insert(folder.to_path_buf(), found);
        key
    }
}

/// Where a path leads to; of one that leads nowhere, what it says.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut out = PathBuf::new();
        for part in std::path::absolute(path).as_deref().unwrap_or(path).components() {
            match part {
                Component::ParentDir => drop(out.pop()),
                part => out.push(part),
            }
        }
        out
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_a_file_has_one_key_and_files_have_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("im/deep")).unwrap();
        for file in ["1.png", "2.png", "im/1.png"] {
            std::fs::write(at(file), file).unwrap();
        }
        std::os::unix::fs::symlink("1.png", at("link.png")).unwrap();
        std::os::unix::fs::symlink("im", at("other")).unwrap();
        let absolute = at("1.png").display().to_string();
        let mut files = SameFile::new(folder.path());
        let first = files.key(Path::new("1.png"));
        for path in ["im/../1.png", "im/deep/../../1.png", "link.png", "other/../1.png", absolute.as_str()] {
            assert_eq!(files.key(Path::new(path)), first, "{path}");
        }
        assert_eq!(files.key(Path::new("other/1.png")), files.key(Path::new("im/1.png")));
        for path in ["2.png", "im/1.png", "none.png", "none/1.png"] {
            assert_ne!(files.key(Path::new(path)), first, "{path}");
        }
        assert_eq!(files.key(Path::new("none/../gone/1.png")), files.key(Path::new("gone/1.png")));
    }
}
