//! Why a data set cannot be used.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tl_files::{path_of_text, path_text, shown, shown_path};

use crate::numbers::{counted, grouped};
use crate::rejected::listed;
use crate::sub_folders::sub_names;
use crate::{Rejected, SourceError, Unread};

/// The reason a folder, a split or a split file was refused. [`DataError::hint`] says what to do.
#[derive(Debug, Error)]
pub enum DataError {
    /// Nothing is at the path.
    #[error("no such folder: {}", shown_path(path))]
    FolderMissing {
        /// The folder asked for.
        path: PathBuf,
    },
    /// Something other than a folder is at the path.
    #[error("not a folder: {}", shown_path(path))]
    NotAFolder {
        /// The path asked for.
        path: PathBuf,
    },
    /// The operating system refused to list the folder.
    #[error("cannot read the folder {}: {detail}", shown_path(path))]
    FolderUnreadable {
        /// The folder asked for.
        path: PathBuf,
        /// The operating system's words.
        detail: String,
    },
    /// There are no class folders, or none of them holds a picture.
    #[error("no pictures in class folders in {}: {found}", shown_path(path))]
    NoPictures {
        /// The folder asked for.
        path: PathBuf,
        /// What is there.
        found: FoundInstead,
    },
    /// The data set has a single class folder.
    #[error("only one class folder in {}: `{}`", shown_path(path), shown(class))]
    SingleClass {
        /// The folder asked for.
        path: PathBuf,
        /// Name of the class.
        class: String,
    },
    /// Class folders without a readable picture.
    #[error("no readable picture in the class {}{}", names(classes), listed(rejected))]
    EmptyClasses {
        /// Names of the classes.
        classes: Vec<String>,
        /// The files that were found in them.
        rejected: Vec<Rejected>,
    },
    /// Two sides are wanted, and a class has one distinct picture.
    #[error("class `{}` has {}, at least 2 different ones are needed", shown(class), counted(*pictures, "usable picture"))]
    ClassTooSmall {
        /// Name of the class.
        class: String,
        /// Different pictures that belong to this class alone.
        pictures: usize,
    },
    /// Two sides are wanted, and pictures of a class lie in another class too.
    #[error(
        "class `{}` has {}: {contradicting} {} {}, `{}` and `{}` are the same picture",
        shown(class), counted(*pictures, "usable picture"), contradicts(*contradicting), of_classes(others),
        shown_path(&pair.0), shown_path(&pair.1)
    )]
    ClassContradicted {
        /// Name of the class.
        class: String,
        /// Different pictures that belong to this class alone.
        pictures: usize,
        /// Different pictures of this class that have copies in other classes.
        contradicting: usize,
        /// Names of those classes.
        others: Vec<String>,
        /// A picture of this class, and its copy in another.
        pair: (PathBuf, PathBuf),
    },
    /// The share of pictures for validation is not between 0 and 1.
    #[error("the share of pictures for validation is {value}, it must lie between 0 and 1")]
    BadFraction {
        /// The share asked for.
        value: f64,
    },
    /// Validation and test leave nothing to train on.
    #[error(
        "{val} for validation and {test} for the test leave nothing to train on, together they must stay below 1"
    )]
    BadShares {
        /// The share for validation.
        val: f64,
        /// The share for the test.
        test: f64,
    },
    /// A class whose pictures all belong together.
    #[error("all {} of class `{}` belong together, one side of a split would have none", counted(*pictures, "picture"), shown(class))]
    OneGroup {
        /// Name of the class.
        class: String,
        /// Different pictures of it.
        pictures: usize,
    },
    /// Too few or too many folds were asked for.
    #[error("{k} folds were asked for, these pictures allow 2 to {most}")]
    BadFolds {
        /// The number asked for.
        k: usize,
        /// The largest number possible.
        most: usize,
    },
    /// More files were rejected than allowed.
    #[error(
        "{} of {} cannot be used, the limit is {}{}",
        grouped(rejected.len() as u64), counted(*files, "file"), grouped(*allowed as u64), listed(rejected)
    )]
    TooManyBad {
        /// The files.
        rejected: Vec<Rejected>,
        /// All files that should be pictures.
        files: usize,
        /// Number of files that may be rejected.
        allowed: usize,
    },
    /// A limit on bad files that is neither a count nor a percentage.
    #[error("`{text}` is neither a number of files (5) nor a percentage (2%)")]
    BadLimit {
        /// What was given.
        text: String,
    },
    /// The portion is not one of so many.
    #[error("`{text}` is none of so many shards: the third of sixteen is 3/16")]
    BadPortion {
        /// What was given.
        text: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The split file cannot be read or written.
    #[error("split file: {}", shown(detail))]
    SplitFile {
        /// What went wrong, with the line where there is one.
        detail: String,
    },
}

impl DataError {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            DataError::FolderMissing { path } | DataError::FolderUnreadable { path, .. }
                if path_text(path).ends_with('"') =>
            {
                "on Windows a backslash before the closing quote takes the quote into the path: leave that backslash out".into()
            }
            DataError::FolderMissing { .. } => {
                "check the spelling; the path is relative to the current folder".into()
            }
            DataError::NotAFolder { path } => match path.extension() {
                Some(_) => "give the folder that holds the class folders, not a file; a list of paths ends in .txt, a table in .csv, \
                            .tsv or .parquet"
                    .into(),
                None => "give the folder that holds the class folders".into(),
            },
            DataError::NoPictures { path, found } if found.pictures > 0 => {
                let example = path.join("cat").join("1.jpg");
                format!(
                    "give each class a folder of its own and move its pictures there: {}",
                    shown_path(&example)
                )
            }
            DataError::NoPictures { found, .. } if !found.unread.is_empty() => Unread::remedy(&found.unread),
            DataError::NoPictures { .. } => "one folder for each class, with pictures inside".into(),
            DataError::SingleClass { path, class } if holds_classes(&path.join(path_of_text(class))) => {
                format!(
                    "a classifier needs at least two; do you mean {}?",
                    shown_path(&path.join(path_of_text(class)))
                )
            }
            DataError::SingleClass { .. } => {
                "a classifier needs at least two; is this the folder above or below the one you mean?".into()
            }
            DataError::EmptyClasses { rejected, .. } if !Unread::of(rejected).is_empty() => {
                Unread::remedy(&Unread::of(rejected))
            }
            DataError::EmptyClasses { .. } => "delete the folder or put pictures into it".into(),
            DataError::ClassTooSmall { class, .. } => {
                format!(
                    "add pictures to `{}` or remove the class (copies of a picture count once)",
                    shown(class)
                )
            }
            DataError::ClassContradicted { .. } => {
                "keep each picture in the right class only; `tl data check` lists those that contradict".into()
            }
            DataError::TooManyBad { rejected, .. } => {
                let without = format!("go on without them: --max-bad {}", rejected.len());
                match Unread::of(rejected) {
                    unread if unread.is_empty() => format!("repair or remove them, or {without}"),
                    unread => format!("{}; or {without}", Unread::remedy(&unread)),
                }
            }
            DataError::Source(error) => return error.hint(),
            DataError::OneGroup { class, .. } => {
                format!("add pictures to `{}` that belong to another group and look different", shown(class))
            }
            DataError::SplitFile { .. } => "split again, or use the split file of this very folder".into(),
            DataError::FolderUnreadable { .. }
            | DataError::BadFraction { .. }
            | DataError::BadShares { .. }
            | DataError::BadFolds { .. }
            | DataError::BadLimit { .. }
            | DataError::BadPortion { .. } => return None,
        };
        Some(hint)
    }
}

/// Has this folder several folders of its own?
fn holds_classes(folder: &Path) -> bool {
    sub_names(folder).len() > 1
}

/// What was found where class folders with pictures were expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundInstead {
    /// Files in the folder itself whose names end like a picture's.
    pub pictures: usize,
    /// Folders that may be classes.
    pub folders: usize,
    /// Files inside those folders that are not readable pictures.
    pub rejected: usize,
    /// Number of rejected files in formats that are not read.
    pub unread: Vec<Unread>,
}

impl fmt::Display for FoundInstead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pictures, self.folders, self.rejected) {
            (0, 0, _) => f.write_str("the folder has no sub-folders"),
            (0, folders, 0) => write!(f, "{} without pictures", counted(folders, "sub-folder")),
            (0, folders, rejected) => {
                let files = counted(rejected, "file");
                write!(f, "{} with {files}, none a readable picture", counted(folders, "sub-folder"))?;
                Unread::summary(&self.unread).map_or(Ok(()), |unread| write!(f, "; {unread}"))
            }
            (pictures, ..) => write!(f, "{} directly in it, outside any class folder", lie(pictures)),
        }
    }
}

fn lie(pictures: usize) -> String {
    let verb = if pictures == 1 { "lies" } else { "lie" };
    format!("{} {verb}", counted(pictures, "picture"))
}

fn contradicts(pictures: usize) -> &'static str {
    if pictures == 1 { "contradicts" } else { "contradict" }
}

fn of_classes(classes: &[String]) -> String {
    let quoted: Vec<String> = classes.iter().map(|class| format!("`{}`", shown(class))).collect();
    let noun = if classes.len() == 1 { "class" } else { "classes" };
    format!("the {noun} {}", quoted.join(", "))
}

fn names(classes: &[String]) -> String {
    let quoted: Vec<String> = classes.iter().map(|class| format!("`{}`", shown(class))).collect();
    let noun = if classes.len() == 1 { "folder" } else { "folders" };
    format!("{noun} {}", quoted.join(", "))
}
