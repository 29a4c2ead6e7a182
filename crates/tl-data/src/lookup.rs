//! From the names in tables and lists to files: names may lack their ending, or be of another system.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use tl_files::{path_of_text, shown_path, without_literal_prefix};
use tl_image::ends_like_a_picture;

use crate::SourceError;
use crate::numbers::counted;
use crate::windows_path::slashed;

/// Finds the files that one table or list names.
pub(crate) struct Lookup<'a> {
    table: &'a Path,
    root: &'a Path,
    suffix: Option<Cow<'a, str>>,
    /// The pictures of each folder that was looked into, by their names without an extension.
    folders: HashMap<PathBuf, HashMap<OsString, Vec<OsString>>>,
    /// Names that were found with another ending, by that.
    endings: BTreeMap<String, usize>,
    /// The folders of another computer that absolute paths begin with, once they are known.
    elsewhere: Option<PathBuf>,
    /// Number of times that names may still be looked for.
    tries: usize,
}

/// Rows whose absolute path is taken apart, if nothing of it is here.
const TRIES: usize = 20;

impl<'a> Lookup<'a> {
    /// `suffix` is put behind every name that does not end so; `jpg` is meant as `.jpg`.
    pub(crate) fn new(table: &'a Path, root: &'a Path, suffix: Option<&'a str>) -> Self {
        let dotted = |suffix: &'a str| match suffix.chars().all(char::is_alphanumeric) && !suffix.is_empty() {
            true => Cow::Owned(format!(".{suffix}")),
            false => Cow::Borrowed(suffix),
        };
        let suffix = suffix.map(dotted);
        let (folders, endings) = (HashMap::new(), BTreeMap::new());
        Lookup { table, root, suffix, folders, endings, elsewhere: None, tries: TRIES }
    }

    /// The file's path, relative to the root or absolute.
    ///
    /// Errors: [`SourceError::SeveralFiles`].
    pub(crate) fn file(&mut self, text: &str, at: (&'static str, u64)) -> Result<PathBuf, SourceError> {
        if let Some(suffix) = &self.suffix {
            let has = text.to_lowercase().ends_with(&suffix.to_lowercase());
            let text = if has { text.to_string() } else { format!("{text}{suffix}") };
            return Ok(self.below_the_root(cleaned(self.root, &text)));
        }
        let path = self.below_the_root(cleaned(self.root, text));
        let Some(name) = path.file_name() else { return Ok(path) };
        if ends_like_a_picture(&name.to_string_lossy()) || self.root.join(&path).exists() {
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let root = self.root;
        let known = self.folders.entry(folder).or_insert_with_key(|folder| pictures(&root.join(folder)));
        match known.get(name).map_or(&[][..], Vec::as_slice) {
            [] => Ok(path),
            [only] => {
                let ending = Path::new(only).extension().unwrap_or_default().to_string_lossy();
                *self.endings.entry(format!(".{ending}")).or_default() += 1;
                Ok(path.with_file_name(only))
            }
            several => Err(SourceError::SeveralFiles {
                path: self.table.to_path_buf(),
                at: at.0,
                row: at.1,
                name: text.to_string(),
                files: several.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
            }),
        }
    }

    /// An absolute path of another computer without the folders that are not here: those before the longest end of the
    /// first such path that is below the root.
    fn below_the_root(&mut self, path: PathBuf) -> PathBuf {
        let drive = |part: Component<'_>| matches!(part.as_os_str().as_encoded_bytes(), [_, b':']);
        let absolute = path.has_root() || path.components().next().is_some_and(drive);
        if !absolute || self.root.join(&path).exists() {
            return path;
        }
        if self.elsewhere.is_none() && self.tries > 0 {
            self.tries -= 1;
            let ends = path
                .ancestors()
                .skip(1)
                .filter(|folder| path.strip_prefix(folder).is_ok_and(|end| self.root.join(end).is_file()));
            self.elsewhere = ends.last().map(Path::to_path_buf);
        }
        match self.elsewhere.as_ref().and_then(|folder| path.strip_prefix(folder).ok()) {
            Some(end) => end.to_path_buf(),
            None => path,
        }
    }

    /// What was found out about names, for people.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        let elsewhere = self.elsewhere.as_ref().map(|folder| {
            let root = if self.root == Path::new("") { Path::new(".") } else { self.root };
            format!(
                "`{}` is not here: what the table has below it is taken from `{}`",
                shown_path(folder),
                shown_path(root)
            )
        });
        elsewhere.into_iter().chain(self.added())
    }

    fn added(&self) -> Option<String> {
        let names: usize = self.endings.values().sum();
        let endings: Vec<String> = self.endings.keys().map(|ending| format!("`{ending}`")).collect();
        (names > 0).then(|| {
            format!(
                "{} without an ending, found as files that end in {}",
                counted(names, "name"),
                endings.join(", ")
            )
        })
    }
}

/// The pictures in a folder by their names without an ending, each in natural order.
fn pictures(folder: &Path) -> HashMap<OsString, Vec<OsString>> {
    let mut pictures: HashMap<OsString, Vec<OsString>> = HashMap::new();
    // A folder that is not there has none.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let stem = Path::new(&name).file_stem().map(OsString::from);
        if let Some(stem) = stem.filter(|_| ends_like_a_picture(&name.to_string_lossy())) {
            pictures.entry(stem).or_default().push(name);
        }
    }
    pictures.values_mut().for_each(|names| names.sort());
    pictures
}

/// A path as listed, without `.` parts. `\xNN` are bytes, as this program writes them, where that is the name of a file.
/// Where nothing is at a path with backslashes, it was written on Windows.
pub(crate) fn cleaned(root: &Path, text: &str) -> PathBuf {
    let ours = path_of_text(text);
    if ours != Path::new(text) && root.join(&ours).exists() {
        return ours.components().filter(|part| *part != Component::CurDir).collect();
    }
    let foreign = || !cfg!(windows) && text.contains('\\') && !root.join(text).exists();
    let text = match cfg!(windows) {
        true => without_literal_prefix(text),
        false if foreign() => Cow::Owned(slashed(text)),
        false => Cow::Borrowed(text),
    };
    Path::new(&*text).components().filter(|part| *part != Component::CurDir).collect()
}
