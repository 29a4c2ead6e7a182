//! What the folders of a source are: classes, or the parts of a split with the classes inside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tl_files::shown;

use crate::part_name::{Role, are_roles_only, possible_role, role};
use crate::spelling::folded;
use crate::sub_folders::sub_names;
use crate::{Part, SourceError, natural};

/// A folder directly below another one.
#[derive(Clone)]
pub(crate) struct Folder {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// What the folders below a root are.
pub(crate) enum FolderLayout {
    /// The folders are classes.
    Classes,
    /// Parts, with the classes inside; other folders have no part.
    PartsOfClasses(Vec<(Part, Folder)>),
    /// Classes, each with parts of these names inside.
    ClassesOfParts(BTreeMap<String, Part>),
}

/// The layout, and what there is to say about how it was told.
pub(crate) struct DetectedLayout {
    pub(crate) layout: FolderLayout,
    pub(crate) note: Option<String>,
}

impl DetectedLayout {
    fn silently(layout: FolderLayout) -> Self {
        DetectedLayout { layout, note: None }
    }
}

/// Tells what these folders are by their names and by those of the folders inside.
///
/// Errors: they are parts of a split, and which part each one plays is not clear.
pub(crate) fn tell(root: &Path, top: &[Folder]) -> Result<DetectedLayout, SourceError> {
    if let Some(parts) = by_exact_names(root, top)? {
        return Ok(DetectedLayout::silently(FolderLayout::PartsOfClasses(parts)));
    }
    let speaks = top.iter().any(|folder| role(&folder.name).is_some());
    let inside = inside_each(top, speaks);
    if let Some(parts) = by_all_names(root, top, &inside).or_else(|| by_likeness(root, top, &inside)) {
        let parts = parts?;
        let note = Some(understood(parts.iter().map(|(part, folder)| (folder.name.as_str(), *part))));
        return Ok(DetectedLayout { layout: FolderLayout::PartsOfClasses(parts), note });
    }
    match top.len() > 1 && are_alike(&inside.iter().collect::<Vec<_>>()) {
        true => parts_inside(root, top),
        false => Ok(DetectedLayout::silently(FolderLayout::Classes)),
    }
}

/// The folders of parts by the usual names, if that is what the folders are: one for training at least, with folders
/// inside.
fn by_exact_names(root: &Path, top: &[Folder]) -> Result<Option<Vec<(Part, Folder)>>, SourceError> {
    let labelled =
        |folder: &Folder| Part::spelt(&folder.name).filter(|_| !sub_names(&folder.path).is_empty());
    let parts: Vec<(Part, Folder)> =
        top.iter().filter_map(|folder| Some((labelled(folder)?, folder.clone()))).collect();
    if !parts.iter().any(|(part, _)| *part == Part::Train) {
        return Ok(None);
    }
    let others: Vec<String> =
        top.iter().filter(|folder| Part::spelt(&folder.name).is_none()).map(|f| f.name.clone()).collect();
    match (others.is_empty(), parts.len()) {
        (true, _) => Ok(Some(parts)),
        (false, 1) => Ok(None),
        // In other spellings they may be parts too.
        (false, _) if others.iter().all(|name| role(name).is_some()) => Ok(None),
        (false, _) => Err(mixed(root, parts.into_iter().map(|(_, folder)| folder.name), others)),
    }
}

fn mixed(root: &Path, parts: impl Iterator<Item = String>, others: Vec<String>) -> SourceError {
    SourceError::MixedParts { path: root.to_path_buf(), parts: parts.collect(), others }
}

/// What folders are found to be, nothing, or a reason to stop.
type PartFolders = Option<Result<Vec<(Part, Folder)>, SourceError>>;

/// The folders of parts, if the names speak of a split and of nothing else; a part without class folders, as competitions
/// have it for the test, has no labels, and if none has any, there is nothing to learn.
fn by_all_names(root: &Path, top: &[Folder], inside: &[BTreeSet<String>]) -> PartFolders {
    let names: Vec<&str> = top.iter().map(|folder| folder.name.as_str()).collect();
    if top.len() < 2 || !are_roles_only(&names) {
        return None;
    }
    let trains = |(folder, inside): (&Folder, &BTreeSet<String>)| {
        role(&folder.name) == Some(Role::Part(Part::Train)) && inside.len() > 1
    };
    match (clear(names.iter().copied(), role), top.iter().zip(inside).any(trains)) {
        (Some(_), false) if inside.iter().all(BTreeSet::is_empty) => {
            let names = names.iter().map(ToString::to_string).collect();
            Some(Err(SourceError::UnlabelledParts { path: root.to_path_buf(), names }))
        }
        (_, false) => None,
        (None, true) => Some(Err(unclear(root, names.into_iter(), "folders"))),
        (Some(roles), true) => {
            let all = roles.into_iter().zip(top.iter().cloned()).zip(inside);
            Some(Ok(all.filter(|(_, inside)| !inside.is_empty()).map(|(part, _)| part).collect()))
        }
    }
}

/// The folders of parts, if several folders hold the same folders and names among theirs speak of a split.
fn by_likeness(root: &Path, top: &[Folder], inside: &[BTreeSet<String>]) -> PartFolders {
    let names = || top.iter().map(|folder| folder.name.as_str());
    let all_alike = top.len() > 1 && are_alike(&inside.iter().collect::<Vec<_>>());
    if all_alike && let Some(roles) = clear(names(), possible_role) {
        return Some(Ok(roles.into_iter().zip(top.iter().cloned()).collect()));
    }
    let named: Vec<usize> = (0..top.len()).filter(|&at| role(&top[at].name).is_some()).collect();
    let like_another =
        |at: &usize| (0..top.len()).any(|other| other != *at && are_alike(&[&inside[*at], &inside[other]]));
    let parts: Vec<usize> = named.iter().copied().filter(like_another).collect();
    let others: Vec<String> =
        (0..top.len()).filter(|at| !named.contains(at)).map(|at| top[at].name.clone()).collect();
    match (parts.len(), others.is_empty()) {
        (0, _) => None,
        (1, false) if !all_alike => None,
        (2.., false) => Some(Err(mixed(root, parts.iter().map(|&at| top[at].name.clone()), others))),
        _ => Some(Err(unclear(root, names(), "folders"))),
    }
}

/// Do all of these hold folders, and the same ones? Some may be missing, at most half of those of one of them.
fn are_alike(inside: &[&BTreeSet<String>]) -> bool {
    let Some(most) = inside.iter().max_by_key(|names| names.len()) else { return false };
    inside.iter().all(|names| !names.is_empty() && names.intersection(most).count() * 2 >= names.len())
}

/// The part of each, where every name says one, each another, and one of them trains.
fn clear<'a>(names: impl Iterator<Item = &'a str>, role: impl Fn(&str) -> Option<Role>) -> Option<Vec<Part>> {
    let part = |name| match role(name)? {
        Role::Part(part) => Some(part),
        Role::Some => None,
    };
    let parts: Vec<Part> = names.map(part).collect::<Option<_>>()?;
    let different: BTreeSet<&Part> = parts.iter().collect();
    (different.len() == parts.len() && parts.contains(&Part::Train)).then_some(parts)
}

fn unclear<'a>(root: &Path, names: impl Iterator<Item = &'a str>, what: &'static str) -> SourceError {
    SourceError::UnclearParts { path: root.to_path_buf(), names: names.map(str::to_string).collect(), what }
}

/// All folders hold the same folders, and their own names do not speak of a split. Do those inside?
fn parts_inside(root: &Path, top: &[Folder]) -> Result<DetectedLayout, SourceError> {
    let names: BTreeSet<String> = top.iter().flat_map(|folder| sub_names(&folder.path)).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_by_cached_key(|name| natural::name_key(name));
    if !names.iter().any(|name| role(name).is_some()) {
        let classes: Vec<&str> = top.iter().map(|folder| folder.name.as_str()).collect();
        return Ok(DetectedLayout {
            layout: FolderLayout::Classes,
            note: Some(not_told_apart(&names, &classes)),
        });
    }
    let parts = clear(names.iter().copied(), role)
        .ok_or_else(|| unclear(root, names.iter().copied(), "folders in its class folders"))?;
    let note = Some(understood(names.iter().copied().zip(parts.iter().copied())));
    let parts = names.into_iter().map(str::to_string).zip(parts).collect();
    Ok(DetectedLayout { layout: FolderLayout::ClassesOfParts(parts), note })
}

fn not_told_apart(folders: &[&str], classes: &[&str]) -> String {
    let (folders, classes) = (listed(folders), listed(classes));
    format!("each holds the same folders ({folders}), which are not told apart: the classes are {classes}")
}

/// What is said of the folders of classes, where each holds the same ones.
pub(crate) fn same_folders<'a>(paths: impl Iterator<Item = &'a Path>, classes: &[&str]) -> Option<String> {
    let mut inside: Vec<BTreeSet<String>> = Vec::new();
    for path in paths {
        let names: BTreeSet<String> = sub_names(path).into_iter().collect();
        // One without folders is enough.
        if names.is_empty() {
            return None;
        }
        inside.push(names);
    }
    let alike = inside.len() > 1 && are_alike(&inside.iter().collect::<Vec<_>>());
    let names: BTreeSet<&str> = inside.iter().flatten().map(String::as_str).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_cached_key(|name| natural::name_key(name));
    alike.then(|| not_told_apart(&names, classes))
}

fn understood<'a>(parts: impl Iterator<Item = (&'a str, Part)>) -> String {
    let each: Vec<String> = parts.map(|(name, part)| format!("`{}` is {part}", shown(name))).collect();
    format!("folders are taken for the parts of a split: {}", each.join(", "))
}

/// Up to six names, in words.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(6).map(|name| format!("`{}`", shown(*name))).collect();
    match names.len() {
        0..=6 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 6),
    }
}

/// What was said of the folders: the parts of the named ones.
///
/// Errors: there is no such folder, neither here nor in one of these.
pub(crate) fn said(
    root: &Path,
    top: &[Folder],
    parts: &BTreeMap<String, Part>,
) -> Result<FolderLayout, SourceError> {
    if parts.is_empty() {
        return Ok(FolderLayout::Classes);
    }
    let here = |name: &String| top.iter().find(|folder| folder.name == *name);
    if parts.keys().any(|name| here(name).is_some()) {
        let folder = |(name, part): (&String, &Part)| match here(name) {
            Some(folder) => Ok((*part, folder.clone())),
            None => Err(no_such(root, name, top.iter().map(|folder| folder.name.clone()).collect())),
        };
        return Ok(FolderLayout::PartsOfClasses(parts.iter().map(folder).collect::<Result<_, _>>()?));
    }
    let inside: BTreeSet<String> = top.iter().flat_map(|folder| sub_names(&folder.path)).collect();
    match parts.keys().find(|name| !inside.contains(*name)) {
        None => Ok(FolderLayout::ClassesOfParts(parts.clone())),
        Some(name) => Err(no_such(root, name, top.iter().map(|folder| folder.name.clone()).collect())),
    }
}

fn no_such(root: &Path, name: &str, found: Vec<String>) -> SourceError {
    SourceError::NoSuchPart { path: root.to_path_buf(), name: name.to_string(), found }
}

/// The names inside each folder, so that spelling and capital letters do not matter. Where no name speaks of a split, only
/// folders that are all alike matter: nothing behind the first one without folders is looked at.
fn inside_each(top: &[Folder], speaks: bool) -> Vec<BTreeSet<String>> {
    let mut inside = Vec::with_capacity(top.len());
    for folder in top {
        let names: BTreeSet<String> = sub_names(&folder.path).iter().map(|name| folded(name)).collect();
        let last = names.is_empty() && !speaks;
        inside.push(names);
        if last {
            break;
        }
    }
    inside.resize(top.len(), BTreeSet::new());
    inside
}
