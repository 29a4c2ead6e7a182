//! Which files of a folder should be pictures.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::sniff::ends_like_a_picture;
use crate::{ClassId, DataError, PictureError, Rejected, natural};

/// The class folders and every file in them, before any file is opened.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) classes: Vec<String>,
    pub(crate) files: Vec<Candidate>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) ignored: usize,
    /// Files beside the class folders whose names end like a picture's.
    pub(crate) loose_pictures: usize,
}

/// A regular file in a class folder. The path is relative to the root.
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    pub(crate) class: ClassId,
}

/// Lists a folder of class folders. Links are followed, hidden names are passed over.
///
/// Errors: the folder is missing, is not one, or cannot be listed.
pub(crate) fn list(root: &Path) -> Result<Listing, DataError> {
    let mut listing = Listing::default();
    for (name, path) in class_folders(root, &mut listing)? {
        let class = ClassId(listing.classes.len());
        listing.classes.push(name);
        listing.walk_class(root, &path, class);
    }
    listing.files.sort_by_cached_key(|file| (file.class, natural::path_key(&file.path)));
    Ok(listing)
}

/// The folders directly below the root, by name in natural order; what else lies there goes into the listing.
fn class_folders(root: &Path, listing: &mut Listing) -> Result<Vec<(String, PathBuf)>, DataError> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::FolderMissing { path: root.to_path_buf() },
        std::io::ErrorKind::NotADirectory => DataError::NotAFolder { path: root.to_path_buf() },
        _ => DataError::FolderUnreadable { path: root.to_path_buf(), detail: error.to_string() },
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(root).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_hidden(&name) {
            listing.ignored += 1;
        } else if entry.path().is_dir() {
            folders.push((name, entry.path()));
        } else {
            listing.set_aside(&name);
        }
    }
    folders.sort_by_cached_key(|(name, _)| natural::name_key(name));
    Ok(folders)
}

impl Listing {
    /// A file beside the class folders: a picture there is probably meant to be in one of them.
    fn set_aside(&mut self, name: &str) {
        if ends_like_a_picture(name) {
            self.loose_pictures += 1;
            self.rejected.push(Rejected {
                path: name.into(),
                bytes: None,
                reason: PictureError::OutsideClass,
            });
        } else {
            self.ignored += 1;
        }
    }

    fn walk_class(&mut self, root: &Path, folder: &Path, class: ClassId) {
        let mut walk = WalkDir::new(folder).follow_links(true).min_depth(1).into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) => {
                    if self.enter(root, &entry, class) == Then::Skip && entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Err(error) => self.reject(root, error.path().unwrap_or(folder), walk_error(&error)),
            }
        }
    }

    fn enter(&mut self, root: &Path, entry: &DirEntry, class: ClassId) -> Then {
        let name = entry.file_name().to_string_lossy();
        if is_hidden(&name) {
            self.ignored += 1;
            Then::Skip
        } else if entry.file_type().is_dir() {
            self.enter_folder(root, entry, &name)
        } else {
            self.enter_file(root, entry, &name, class);
            Then::GoOn
        }
    }

    fn enter_folder(&mut self, root: &Path, entry: &DirEntry, name: &str) -> Then {
        if !ends_like_a_picture(name) {
            return Then::GoOn;
        }
        self.reject(root, entry.path(), PictureError::Directory);
        Then::Skip
    }

    fn enter_file(&mut self, root: &Path, entry: &DirEntry, name: &str, class: ClassId) {
        if !entry.file_type().is_file() {
            self.reject(root, entry.path(), PictureError::Special);
        } else if is_well_known_other(name) {
            self.ignored += 1;
        } else {
            self.files.push(Candidate { path: relative(root, entry.path()), class });
        }
    }

    fn reject(&mut self, root: &Path, path: &Path, reason: PictureError) {
        self.rejected.push(Rejected { path: relative(root, path), bytes: None, reason });
    }
}

#[derive(PartialEq)]
enum Then {
    GoOn,
    Skip,
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_path_buf()
}

fn walk_error(error: &walkdir::Error) -> PictureError {
    match error.io_error() {
        None => PictureError::LinkLoop,
        Some(io) => PictureError::unreadable(io),
    }
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Files that commonly lie beside pictures and are none.
fn is_well_known_other(name: &str) -> bool {
    const NAMES: &[&str] = &["thumbs.db", "desktop.ini", "license", "licence", "readme"];
    const ENDINGS: &[&str] = &["txt", "md", "csv", "json", "toml", "xml", "yaml", "yml", "html", "pdf"];
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    NAMES.contains(&name.as_str()) || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}
