//! Which files of a folder should be pictures.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::listing::{Candidate, Listing};
use crate::sniff::{ends_like_a_picture, ends_usually};
use crate::{ClassId, DataError, Part, PictureError, SourceError, natural};

/// A folder of pictures of one class.
struct ClassFolder {
    name: String,
    path: PathBuf,
    part: Option<Part>,
}

/// Lists a folder of class folders, or of parts with class folders in them. Links are followed, hidden names are
/// passed over.
///
/// Errors: the folder is missing, is not one, or cannot be listed; folders of parts lie beside others; a class is in
/// another part and not in train.
pub(crate) fn list(root: &Path) -> Result<Listing, DataError> {
    let mut listing = Listing::new(root.to_path_buf());
    let folders = class_folders(&mut listing)?;
    listing.classes = folders.iter().map(|folder| folder.name.clone()).collect();
    listing.classes.sort_by_cached_key(|name| natural::name_key(name));
    listing.classes.dedup();
    for folder in &folders {
        let class = listing.classes.iter().position(|name| *name == folder.name).unwrap_or_default();
        listing.walk(&folder.path, ClassId(class), folder.part);
    }
    listing.sort();
    check_trained(&folders)?;
    Ok(listing)
}

/// As [`list`]; if there is nothing in class folders, every file below the folder, without classes.
pub(crate) fn list_labelled_or_not(root: &Path) -> Result<Listing, DataError> {
    let labelled = list(root)?;
    if labelled.files.is_empty() { list_flat(root) } else { Ok(labelled) }
}

/// Every file below a folder, all of one class for now, which has no name.
pub(crate) fn list_flat(root: &Path) -> Result<Listing, DataError> {
    let mut nothing = Listing::new(root.to_path_buf());
    sub_folders(root, &mut nothing)?;
    let mut listing = Listing::new(root.to_path_buf());
    listing.walk(root, ClassId(0), None);
    listing.sort();
    Ok(listing)
}

fn class_folders(listing: &mut Listing) -> Result<Vec<ClassFolder>, DataError> {
    let root = listing.root.clone();
    let top = sub_folders(&root, listing)?;
    let Some(parts) = parts(&root, &top)? else {
        return Ok(top.into_iter().map(|(name, path)| ClassFolder { name, path, part: None }).collect());
    };
    // A part without class folders has no labels, like the test folder of a competition.
    listing.ignored += top.len() - parts.len();
    let mut folders = Vec::new();
    for (part, path) in parts {
        let classes = sub_folders(&path, listing)?;
        folders.extend(classes.into_iter().map(|(name, path)| ClassFolder { name, path, part: Some(part) }));
    }
    Ok(folders)
}

/// The folders of parts, if that is what the folders are: one for training at least, with folders inside.
fn parts(root: &Path, top: &[(String, PathBuf)]) -> Result<Option<Vec<(Part, PathBuf)>>, DataError> {
    let labelled = |(name, path): &(String, PathBuf)| Part::spelt(name).filter(|_| holds_folders(path));
    let parts: Vec<(Part, PathBuf)> =
        top.iter().filter_map(|folder| Some((labelled(folder)?, folder.1.clone()))).collect();
    if !parts.iter().any(|(part, _)| *part == Part::Train) {
        return Ok(None);
    }
    let name = |folder: &(String, PathBuf)| folder.0.clone();
    let others: Vec<String> =
        top.iter().filter(|folder| Part::spelt(&folder.0).is_none()).map(name).collect();
    match (others.is_empty(), parts.len()) {
        (true, _) => Ok(Some(parts)),
        (false, 1) => Ok(None),
        (false, _) => {
            let parts = top.iter().filter(|folder| labelled(folder).is_some()).map(name).collect();
            Err(SourceError::MixedParts { path: root.to_path_buf(), parts, others }.into())
        }
    }
}

fn holds_folders(path: &Path) -> bool {
    let visible = |entry: &std::fs::DirEntry| !is_hidden(&entry.file_name().to_string_lossy());
    std::fs::read_dir(path)
        .is_ok_and(|entries| entries.flatten().any(|entry| visible(&entry) && entry.path().is_dir()))
}

fn check_trained(folders: &[ClassFolder]) -> Result<(), SourceError> {
    let trains = |name: &str| folders.iter().any(|f| f.name == name && f.part == Some(Part::Train));
    let untrained =
        folders.iter().find_map(|folder| Some((folder, folder.part?)).filter(|(f, _)| !trains(&f.name)));
    match untrained {
        None => Ok(()),
        Some((folder, part)) => Err(SourceError::Untrained { class: folder.name.clone(), part }),
    }
}

/// The folders directly below a folder, by name in natural order; what else lies there goes into the listing.
fn sub_folders(folder: &Path, listing: &mut Listing) -> Result<Vec<(String, PathBuf)>, DataError> {
    let path = || folder.to_path_buf();
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::FolderMissing { path: path() },
        std::io::ErrorKind::NotADirectory => DataError::NotAFolder { path: path() },
        _ => DataError::FolderUnreadable { path: path(), detail: error.to_string() },
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_hidden(&name) {
            listing.ignored += 1;
        } else if entry.path().is_dir() {
            folders.push((name, entry.path()));
        } else {
            listing.set_aside(&entry.path(), &name);
        }
    }
    folders.sort_by_cached_key(|(name, _)| natural::name_key(name));
    Ok(folders)
}

impl Listing {
    /// A file beside the class folders: a picture there is probably meant to be in one of them.
    fn set_aside(&mut self, path: &Path, name: &str) {
        if ends_like_a_picture(name) {
            self.loose_pictures += 1;
            self.reject_at(path, PictureError::OutsideClass);
        } else {
            self.ignored += 1;
        }
    }

    fn walk(&mut self, folder: &Path, class: ClassId, part: Option<Part>) {
        let mut walk = WalkDir::new(folder).follow_links(true).min_depth(1).into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) => {
                    if self.enter(&entry, class, part) == Then::Skip && entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Err(error) => self.reject_at(error.path().unwrap_or(folder), walk_error(&error)),
            }
        }
    }

    fn enter(&mut self, entry: &DirEntry, class: ClassId, part: Option<Part>) -> Then {
        let name = entry.file_name().to_string_lossy();
        if is_hidden(&name) {
            self.ignored += 1;
            Then::Skip
        } else if entry.file_type().is_dir() {
            self.enter_folder(entry, &name)
        } else {
            self.enter_file(entry, &name, class, part);
            Then::GoOn
        }
    }

    fn enter_folder(&mut self, entry: &DirEntry, name: &str) -> Then {
        if !ends_usually(name) {
            return Then::GoOn;
        }
        self.reject_at(entry.path(), PictureError::Directory);
        Then::Skip
    }

    fn enter_file(&mut self, entry: &DirEntry, name: &str, class: ClassId, part: Option<Part>) {
        if !entry.file_type().is_file() {
            self.reject_at(entry.path(), PictureError::Special);
        } else if is_well_known_other(name) {
            self.ignored += 1;
        } else {
            let path = relative(&self.root, entry.path());
            self.files.push(Candidate { path, class, part, ..Candidate::default() });
        }
    }

    fn reject_at(&mut self, path: &Path, reason: PictureError) {
        self.reject(relative(&self.root, path), reason);
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
    const ENDINGS: &[&str] = &["txt", "md", "csv", "json", "toml", "xml", "yaml", "yml", "html"];
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    NAMES.contains(&name.as_str()) || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}
