//! Which files of a folder should be pictures.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tl_files::{name_text, shown};
use tl_image::{ends_like_a_picture, ends_usually};
use walkdir::{DirEntry, WalkDir};

use crate::layout::{self, Folder, FolderLayout};
use crate::leftover::is_passed_over;
use crate::listing::{Candidate, Listing};
use crate::numbers::counted;
use crate::ours::is_ours;
use crate::spelling::{Spellings, alike, looks};
use crate::{ClassId, DataError, Part, SampleError, SourceError, natural};

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
    list_folders(root, None)
}

/// Lists pictures as [`list`] does, where it is said which folder is which part; none, if the folders are classes.
///
/// Errors: those of [`list`]; there is no such folder.
pub(crate) fn list_divided(root: &Path, parts: &BTreeMap<String, Part>) -> Result<Listing, DataError> {
    list_folders(root, Some(parts))
}

fn list_folders(root: &Path, parts: Option<&BTreeMap<String, Part>>) -> Result<Listing, DataError> {
    let mut listing = Listing::new(root.to_path_buf());
    let mut folders = class_folders(&mut listing, parts)?;
    let spellings = Spellings::of(folders.iter().map(|folder| folder.name.as_str()));
    folders.iter_mut().for_each(|folder| spellings.unite(&mut folder.name));
    listing.notes.extend(spellings.notes("class"));
    listing.classes = folders.iter().map(|folder| folder.name.clone()).collect();
    listing.classes.sort_by_cached_key(|name| natural::name_key(name));
    listing.classes.dedup();
    listing.notes.extend(alike(&listing.classes));
    for folder in &folders {
        let class = listing.classes.iter().position(|name| *name == folder.name).unwrap_or_default();
        listing.walk(&folder.path, ClassId(class), folder.part);
    }
    listing.sort();
    check_trained(&folders)?;
    Ok(listing)
}

/// Lists pictures as [`list`] does; if there is nothing in class folders, every file below the folder, without classes.
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

fn class_folders(
    listing: &mut Listing,
    parts: Option<&BTreeMap<String, Part>>,
) -> Result<Vec<ClassFolder>, DataError> {
    let root = listing.root.clone();
    let top = sub_folders(&root, listing)?;
    let layout = match parts {
        Some(parts) => layout::said(&root, &top, parts)?,
        None => {
            let told = layout::tell(&root, &top)?;
            listing.notes.extend(told.note);
            if let FolderLayout::PartsOfClasses(parts) = &told.layout {
                let without = top.iter().filter(|one| parts.iter().all(|(_, part)| part.path != one.path));
                listing.notes.extend(without.filter_map(without_classes));
            }
            told.layout
        }
    };
    let divided = !matches!(layout, FolderLayout::Classes);
    let mut folders = Vec::new();
    match layout {
        FolderLayout::Classes => folders.extend(top.into_iter().map(|folder| ClassFolder::of(folder, None))),
        FolderLayout::PartsOfClasses(parts) => {
            // A part without class folders has no labels, like the test folder of a competition.
            listing.ignored += top.len() - parts.len();
            for (part, folder) in parts {
                let classes = sub_folders(&folder.path, listing)?;
                folders.extend(classes.into_iter().map(|class| ClassFolder::of(class, Some(part))));
            }
        }
        FolderLayout::ClassesOfParts(parts) => {
            for class in top {
                for Folder { name, path } in sub_folders(&class.path, listing)? {
                    match parts.get(&name) {
                        Some(part) => {
                            folders.push(ClassFolder { name: class.name.clone(), path, part: Some(*part) })
                        }
                        None => listing.ignored += 1,
                    }
                }
            }
        }
    }
    if divided {
        let inside = folders.iter().map(|folder| folder.path.as_path());
        let classes: BTreeSet<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
        listing.notes.extend(layout::same_folders(inside, &classes.into_iter().collect::<Vec<_>>()));
    }
    Ok(folders)
}

/// What is said of a folder of a part without class folders: its pictures are not used.
fn without_classes(folder: &Folder) -> Option<String> {
    let entries = WalkDir::new(&folder.path).follow_links(true).min_depth(1).into_iter();
    let wanted = entries.filter_entry(|entry| !is_passed_over(entry.file_name(), entry.file_type().is_dir()));
    let is_picture =
        |entry: &DirEntry| entry.file_type().is_file() && ends_like_a_picture(&name_text(entry.file_name()));
    let pictures = wanted.flatten().filter(is_picture).count();
    let (name, has) = (shown(&folder.name), counted(pictures, "picture"));
    (pictures > 0)
        .then(|| format!("`{name}` has {has} and no class folders: they have no class, and are left out"))
}

impl ClassFolder {
    fn of(Folder { name, path }: Folder, part: Option<Part>) -> Self {
        ClassFolder { name, path, part }
    }
}

fn check_trained(folders: &[ClassFolder]) -> Result<(), SourceError> {
    let trains = |name: &str| folders.iter().any(|f| f.name == name && f.part == Some(Part::Train));
    let untrained =
        folders.iter().find_map(|folder| Some((folder, folder.part?)).filter(|(f, _)| !trains(&f.name)));
    match untrained {
        None => Ok(()),
        Some((folder, part)) => {
            let mut trained = folders.iter().filter(|other| other.part == Some(Part::Train));
            let like = trained.find(|other| looks(&other.name) == looks(&folder.name));
            let like = like.map(|other| other.name.clone());
            Err(SourceError::Untrained { class: folder.name.clone(), like, part })
        }
    }
}

/// The folders directly below a folder, by name in natural order; what else lies there goes into the listing.
fn sub_folders(folder: &Path, listing: &mut Listing) -> Result<Vec<Folder>, DataError> {
    let path = || folder.to_path_buf();
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::FolderMissing { path: path() },
        std::io::ErrorKind::NotADirectory => DataError::NotAFolder { path: path() },
        _ => DataError::FolderUnreadable { path: path(), detail: error.to_string() },
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let (path, name) = (entry.path(), entry.file_name());
        let is_folder = path.is_dir();
        if is_passed_over(&name, is_folder) {
            listing.ignored += 1;
        } else if !is_folder {
            listing.set_aside(&path, &name);
        } else if leads_up(&path, folder) {
            listing.reject_at(&path, SampleError::LinkLoop);
        } else if is_ours(&path) {
            listing.pass_over_ours(&path);
        } else {
            folders.push(Folder { name: name_text(&name).into_owned(), path });
        }
    }
    folders.sort_by_cached_key(|folder| natural::name_key(&folder.name));
    Ok(folders)
}

/// Is this a link to the folder it lies in, or to one around it?
fn leads_up(path: &Path, folder: &Path) -> bool {
    let target = Some(path).filter(|path| path.is_symlink()).and_then(|path| path.canonicalize().ok());
    target.is_some_and(|target| folder.canonicalize().is_ok_and(|folder| folder.starts_with(target)))
}

impl Listing {
    /// A file beside the class folders: a picture there is probably meant to be in one of them.
    fn set_aside(&mut self, path: &Path, name: &OsStr) {
        if ends_like_a_picture(&name_text(name)) {
            self.loose_pictures += 1;
            self.reject_at(path, SampleError::OutsideClass);
        } else {
            self.ignored += 1;
        }
    }

    fn walk(&mut self, folder: &Path, class: ClassId, part: Option<Part>) {
        let mut walk = WalkDir::new(folder).follow_links(true).min_depth(1).into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) => {
                    if self.enter(&entry, class, part) == Visit::Skip && entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Err(error) => self.reject_at(error.path().unwrap_or(folder), walk_error(&error)),
            }
        }
    }

    fn enter(&mut self, entry: &DirEntry, class: ClassId, part: Option<Part>) -> Visit {
        let is_folder = entry.file_type().is_dir();
        if is_passed_over(entry.file_name(), is_folder) {
            self.ignored += 1;
            Visit::Skip
        } else if is_folder {
            self.enter_folder(entry, &name_text(entry.file_name()))
        } else {
            self.enter_file(entry, class, part);
            Visit::GoOn
        }
    }

    fn enter_folder(&mut self, entry: &DirEntry, name: &str) -> Visit {
        if is_ours(entry.path()) {
            self.pass_over_ours(entry.path());
            return Visit::Skip;
        }
        if !ends_usually(name) {
            return Visit::GoOn;
        }
        self.reject_at(entry.path(), SampleError::Directory);
        Visit::Skip
    }

    fn enter_file(&mut self, entry: &DirEntry, class: ClassId, part: Option<Part>) {
        if !entry.file_type().is_file() {
            self.reject_at(entry.path(), SampleError::Special);
        } else {
            let path = relative(&self.root, entry.path());
            self.files.push(Candidate { path, class, part, ..Candidate::default() });
        }
    }

    fn pass_over_ours(&mut self, path: &Path) {
        self.ours.push(relative(&self.root, path));
    }

    fn reject_at(&mut self, path: &Path, reason: SampleError) {
        self.reject(relative(&self.root, path), reason);
    }
}

#[derive(PartialEq)]
enum Visit {
    GoOn,
    Skip,
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_path_buf()
}

fn walk_error(error: &walkdir::Error) -> SampleError {
    match error.io_error() {
        None => SampleError::LinkLoop,
        Some(io) => SampleError::unreadable(io),
    }
}
