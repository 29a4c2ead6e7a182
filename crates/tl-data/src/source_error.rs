//! Why a source cannot be read.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tl_files::{ending, shown, shown_path};
use tl_image::{Panicked, ends_like_a_picture};

use crate::numbers::{counted, grouped};
use crate::parts_suggested::suggested_parts;
use crate::rejected::listed;
use crate::{CellFault, Part, Rejected};

/// What is wrong with text that has zeros where no encoding has them.
pub(crate) const ZERO: &str = "it has a byte of 0, and is not text";
/// What is wrong with text of four bytes a character.
pub(crate) const UTF_32: &str = "it is UTF-32, which is not read";

/// The reason a table, a list, shards or a choice of pictures was refused.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A table or list is not there, or breaks off, or is not text.
    #[error("cannot read {}: {}", shown_path(path), shown(detail))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        detail: String,
    },
    /// A table of a kind this program does not read.
    #[error("{} is not a table this program reads", shown_path(path))]
    UnknownTable {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file, and the program was built without it.
    #[error(
        "{} is a Parquet file, and this program was built without the feature `parquet`",
        shown_path(path)
    )]
    NoParquet {
        /// The file.
        path: PathBuf,
    },
    /// A column that is needed is not there.
    #[error("{} has no column {}, its columns are {}", shown_path(path), wanted(asked.as_deref(), what), quoted(found))]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// What the column is for: `paths`, `labels`, `groups` or `parts`.
        what: &'static str,
        /// The name asked for, if one was.
        asked: Option<String>,
        /// The columns that are there.
        found: Vec<String>,
    },
    /// A row of a table or line of a list that makes no sense.
    #[error("{}, {at} {row}: {}", shown_path(path), shown(detail))]
    BadRow {
        /// The table or list.
        path: PathBuf,
        /// `row` or `line`.
        at: &'static str,
        /// The row's number, from 1; a table's header is a row too.
        row: u64,
        /// What is wrong.
        detail: String,
    },
    /// A cell of a table that cannot be understood.
    #[error("{}, row {row}, column `{column}`: {}", path.display(), fault.words(value))]
    BadCell {
        /// The table.
        path: PathBuf,
        /// The row's number, from 1; a header is a row too.
        row: u64,
        /// The column's name.
        column: String,
        /// What the cell holds.
        value: String,
        /// What is wrong with it.
        fault: Box<CellFault>,
    },
    /// A table or list that is no text.
    #[error("{}, line {line}: {detail}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first line that is none, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// A column of a Parquet table that holds neither words nor numbers nor lists of them.
    #[error("the column `{column}` of {} holds neither words nor numbers", path.display())]
    NotWords {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// Two columns of the same name, one of which is wanted.
    #[error("{} has more than one column `{column}`", path.display())]
    TwoColumns {
        /// The table.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// A name without an ending that several files have.
    #[error("{}, {at} {row}: `{name}` may be {}", path.display(), quoted(files))]
    SeveralFiles {
        /// The table or list.
        path: PathBuf,
        /// `row` or `line`.
        at: &'static str,
        /// Its number.
        row: u64,
        /// The name.
        name: String,
        /// The files' names.
        files: Vec<String>,
    },
    /// Pictures that are listed twice with different labels.
    #[error("{} in {}{}", contradicted(conflicts.len()), shown_path(path), lines(conflicts))]
    LabelConflict {
        /// The table or list.
        path: PathBuf,
        /// The picture, its labels and their rows, one text for each.
        conflicts: Vec<String>,
        /// May a picture have several labels in one row?
        several: bool,
    },
    /// Pictures that are listed twice, in different parts or groups.
    #[error("{} in different parts or groups in {}{}", listed_twice(conflicts.len()), path.display(), lines(conflicts))]
    PlaceConflict {
        /// The table.
        path: PathBuf,
        /// The picture, what its rows say, and their numbers, one text for each.
        conflicts: Vec<String>,
    },
    /// No picture has a label, where each may have several.
    #[error("none of the {} of {} has a label", counted(*pictures, "picture"), path.display())]
    NoLabels {
        /// The table.
        path: PathBuf,
        /// Pictures listed.
        pictures: usize,
    },
    /// None of the listed files exists.
    #[error(
        "none of the {} of {} exists, the first is {}",
        counted(*files, "picture"), shown_path(path), shown_path(first)
    )]
    AllMissing {
        /// The table or list.
        path: PathBuf,
        /// Pictures listed.
        files: usize,
        /// Where the first one should be.
        first: PathBuf,
        /// A file whose name differs from a listed one in nothing but capital letters or composed characters.
        instead: Option<PathBuf>,
    },
    /// The table, list or shards name no picture, or the folder has none.
    #[error("no pictures in {}", shown_path(path))]
    NothingListed {
        /// The table, list, shards or folder.
        path: PathBuf,
    },
    /// Pictures are listed and none is readable.
    #[error("none of the {} of {} is readable{}", counted(rejected.len(), "picture"), shown_path(path), listed(rejected))]
    NothingReadable {
        /// The table, list or shards.
        path: PathBuf,
        /// The pictures.
        rejected: Vec<Rejected>,
    },
    /// All pictures are of one class.
    #[error("all pictures of {} are of the class `{}`", shown_path(path), shown(class))]
    OneClass {
        /// The source.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// Classes whose pictures are all unreadable.
    #[error("no readable picture of {}{}", quoted(classes), listed(rejected))]
    UnreadableClasses {
        /// The classes.
        classes: Vec<String>,
        /// The pictures that are not readable, of any class.
        rejected: Vec<Rejected>,
    },
    /// Folders of parts beside other folders.
    #[error(
        "{} holds folders of parts ({}) and others ({})",
        shown_path(path),
        quoted(parts),
        quoted(others)
    )]
    MixedParts {
        /// The folder.
        path: PathBuf,
        /// `train`, `val` and `test`, as spelt there.
        parts: Vec<String>,
        /// The other folders.
        others: Vec<String>,
    },
    /// Folders of parts, and it is not clear which is which.
    #[error(
        "the {what} {} of {} are parts of a split, as it seems, and which part each one is, is not clear",
        quoted(names),
        shown_path(path)
    )]
    UnclearParts {
        /// The folder.
        path: PathBuf,
        /// The folders of parts.
        names: Vec<String>,
        /// `folders`, or where they are.
        what: &'static str,
    },
    /// Folders of parts without class folders in any of them.
    #[error(
        "the folders {} of {} are parts of a split, as it seems, and hold no class folders",
        quoted(names),
        shown_path(path)
    )]
    UnlabelledParts {
        /// The folder.
        path: PathBuf,
        /// The folders of parts.
        names: Vec<String>,
    },
    /// What says which folder is which part, and does not.
    #[error("`{}` does not say which folder is which part", shown(text))]
    BadParts {
        /// What was given.
        text: String,
    },
    /// A folder was said to be a part, and there is none of this name.
    #[error(
        "no folder `{}` in {}, and none in its class folders; there are {}",
        shown(name),
        shown_path(path),
        quoted(found)
    )]
    NoSuchPart {
        /// The folder.
        path: PathBuf,
        /// The part's folder.
        name: String,
        /// The folders that are there.
        found: Vec<String>,
    },
    /// A class that is to be judged and never learned.
    #[error("class `{}` has pictures in {part} and none in train{}", shown(class), differing(like.as_deref()))]
    Untrained {
        /// The class.
        class: String,
        /// A class in train whose name differs in capital letters only.
        like: Option<String>,
        /// A part that has pictures of it.
        part: Part,
    },
    /// A glob or regular expression that is none.
    #[error("the {what} pattern `{pattern}` is not valid: {detail}")]
    BadPattern {
        /// What it is for.
        what: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong.
        detail: String,
    },
    /// A regular expression that finds nothing.
    #[error("the {what} pattern `{pattern}` matches none of {}, the first is {}", counted(*files, "path"), shown_path(example))]
    NothingMatches {
        /// What it is for.
        what: &'static str,
        /// The pattern.
        pattern: String,
        /// Paths tried.
        files: usize,
        /// The first of them.
        example: PathBuf,
    },
    /// Globs that leave nothing.
    #[error("the include and exclude patterns leave none of the {} in {}", counted(*files, "file"), shown_path(path))]
    NoneWanted {
        /// The root.
        path: PathBuf,
        /// Files before.
        files: usize,
    },
    /// A share to keep that is none.
    #[error("the fraction of pictures to use is {value}, it must be above 0 and at most 1")]
    BadFraction {
        /// The share asked for.
        value: f64,
    },
    /// A folder without tar files.
    #[error("no tar files in {}", shown_path(path))]
    NoShards {
        /// The folder.
        path: PathBuf,
    },
}

impl SourceError {
    /// Words the operating system's refusal.
    pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let text = error.to_string().to_lowercase();
        let detail = text.split(" (os error").next().unwrap_or(&text).to_string();
        SourceError::Unreadable { path: path.to_path_buf(), detail }
    }

    /// The error of a reader that panicked: a defect of its own, on a file that is damaged.
    pub(crate) fn stopped(path: &Path, panicked: &Panicked) -> Self {
        let detail = format!("it is damaged, its reader stopped: {}", panicked.message);
        SourceError::Unreadable { path: path.to_path_buf(), detail }
    }

    /// What the user can do about it, where there is something.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            SourceError::UnknownTable { .. } => "save it as CSV, TSV or Parquet, with that ending".into(),
            SourceError::NoParquet { .. } => {
                "build with `--features parquet`, or save the table as CSV".into()
            }
            SourceError::NoColumn { found, .. } if found.iter().any(|name| ends_like_a_picture(name)) => {
                "put a row above the others that names the columns: path,label".into()
            }
            SourceError::NoColumn { what, .. } => {
                format!("name the column: --{}-column NAME", what.trim_end_matches('s'))
            }
            SourceError::LabelConflict { several: true, .. } => {
                "leave one row of each, or put the labels of all its rows together: --add-up".into()
            }
            SourceError::LabelConflict { .. } => {
                "correct the labels, or give pictures all that their rows say: --add-up".into()
            }
            SourceError::PlaceConflict { .. } => {
                "leave one row of each picture, or make them the same".into()
            }
            SourceError::BadCell { column, fault, .. } => fault.hint(column),
            SourceError::NotText { detail, .. } if detail == UTF_32 => {
                "convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW".into()
            }
            SourceError::NotText { detail, .. } if detail == ZERO => {
                "save it again as UTF-8, or take these bytes out: tr -d '\\000' < FILE > NEW".into()
            }
            SourceError::NothingListed { path }
                if matches!(ending(path).as_str(), "csv" | "tsv" | "tab" | "parquet") =>
            {
                "a table has a first row that names its columns, and a row for each picture: path,label"
                    .into()
            }
            SourceError::NotText { .. } => "save it as UTF-8 (in a spreadsheet: CSV UTF-8), or convert it: \
                iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW"
                .into(),
            SourceError::NotWords { .. } => {
                "name another column (--path-column, --label-column), or write the pictures to files".into()
            }
            SourceError::TwoColumns { .. } => "give each of them a name of its own".into(),
            SourceError::SeveralFiles { at: "line", .. } => "write the ending in the list".into(),
            SourceError::SeveralFiles { .. } => {
                "write the ending in the table, or say it: --suffix .jpg".into()
            }
            SourceError::NoLabels { .. } => {
                "give some pictures labels, or name the column that has them".into()
            }
            SourceError::AllMissing { instead: Some(instead), .. } => format!(
                "names are told apart here by capital letters and by accents: write them as the files have them, such as {}",
                shown_path(instead)
            ),
            SourceError::AllMissing { .. } => "say what the paths are relative to: --root FOLDER".into(),
            SourceError::OneClass { .. } => "a classifier needs at least two classes".into(),
            SourceError::UnreadableClasses { .. } => "repair the pictures or leave the class out".into(),
            SourceError::MixedParts { parts, others, .. } => format!(
                "move {} somewhere else, or leave out what is not named: {}",
                quoted(others),
                suggested_parts(parts)
            ),
            SourceError::UnclearParts { names, .. } => format!(
                "say it: {}, for example; folders that are not named are left out. If they are classes: --parts none",
                suggested_parts(names)
            ),
            SourceError::UnlabelledParts { .. } => {
                "say what the pictures show: --pattern finds it in their names, or give a table of labels; \
                if the folders are classes: --parts none"
                    .into()
            }
            SourceError::BadParts { .. } => {
                "write train=FOLDER,val=FOLDER,test=FOLDER, or none if the folders are classes".into()
            }
            SourceError::NoSuchPart { .. } => {
                "write it as it is there: --parts train=FOLDER,test=FOLDER".into()
            }
            SourceError::Untrained { class, like: Some(like), .. } => format!(
                "if they are one class, give both folders one name; else add pictures of `{}` to train, or remove it \
                (train has `{}`)",
                shown(class),
                shown(like)
            ),
            SourceError::Untrained { class, .. } => {
                format!("add pictures of `{}` to train, or remove it", shown(class))
            }
            SourceError::NoShards { .. } | SourceError::Unreadable { .. } => {
                "check the spelling; the path is relative to the current folder".into()
            }
            _ => return None,
        };
        Some(hint)
    }
}

fn wanted(asked: Option<&str>, what: &str) -> String {
    match asked {
        Some(name) => format!("`{}` for the {what}", shown(name)),
        None => format!("for the {what}"),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ")
}

fn differing(like: Option<&str>) -> String {
    let words = |name| format!(", where `{}` differs in capital letters or spaces only", shown(name));
    like.map(words).unwrap_or_default()
}

fn contradicted(pictures: usize) -> String {
    let verb = if pictures == 1 { "has" } else { "have" };
    format!("{} {verb} contradicting labels", counted(pictures, "picture"))
}

fn listed_twice(pictures: usize) -> String {
    let verb = if pictures == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(pictures, "picture"))
}

/// Number of lines that a message lists before it says "and N more".
const LISTED: usize = 20;

fn lines(texts: &[String]) -> String {
    let mut out: String = texts.iter().take(LISTED).map(|text| format!("\n  {}", shown(text))).collect();
    if texts.len() > LISTED {
        out.push_str(&format!("\n  and {} more", grouped((texts.len() - LISTED) as u64)));
    }
    out
}
