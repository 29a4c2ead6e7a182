//! Sources: where the pictures and their labels come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tl_files::ending;

use crate::leftover::is_passed_over;
use crate::ours::is_ours;
use crate::{Part, RangeChoice};

/// A labelled set of pictures: a folder, a table, shards or a list.
///
/// [`read`](crate::read) turns one into a [`Dataset`](crate::Dataset). It is plain data, so that a run can record it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// A folder with one sub-folder for each class; or `train/`, `val/` and `test/` with one sub-folder for each class in
    /// them.
    Folder {
        /// The folder.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
    },
    /// A folder of folders, where it is said which of them are parts.
    Divided {
        /// The folder.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
        /// The parts of folders in it, or of folders in its class folders; none if the folders are classes.
        #[serde(default)]
        parts: BTreeMap<String, Part>,
    },
    /// A folder in which a regular expression finds each picture's class in its path.
    Pattern {
        /// The folder.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
        /// Searched in the path below the folder, written with `/`: the class is the group named `class`, else the
        /// first one; a group named `group` says which pictures belong together.
        pattern: String,
    },
    /// A table with a header: CSV, TSV or Parquet, by the ending of its name.
    Table {
        /// The table's file.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
        /// What its paths are relative to; the table's folder by default.
        #[serde(with = "tl_files::optional_path_as_text", default, skip_serializing_if = "Option::is_none")]
        root: Option<PathBuf>,
        /// Which columns hold what.
        #[serde(default)]
        columns: Columns,
    },
    /// A tar file or a folder of tar files in the layout of WebDataset: `key.jpg` beside `key.cls`.
    Shards {
        /// The tar file or the folder.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
    },
    /// Lines of `path` or of `path<TAB>label`. Without labels, the class is the name of the folder a picture lies in.
    List {
        /// The file; `-` is standard input.
        #[serde(with = "tl_files::path_as_text")]
        path: PathBuf,
        /// What its paths are relative to; the current folder by default.
        #[serde(with = "tl_files::optional_path_as_text", default, skip_serializing_if = "Option::is_none")]
        root: Option<PathBuf>,
    },
}

/// Names of a table's columns. What is not named is looked for under its usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Columns {
    /// Paths of the pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The label columns. Of several, each holds a label or nothing; if they hold only 0 and 1, each is a class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label: Vec<String>,
    /// What stands between several labels in one cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// Several rows for one picture add up to several labels; otherwise they contradict each other.
    pub add_up: bool,
    /// The group column: pictures with the same text never come to different sides of a split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The part a picture belongs to: train, val or test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// No column says train, val and test, whatever it seems to say.
    #[serde(skip_serializing_if = "is_false")]
    pub ignore_parts: bool,
    /// What -1 and `u` count as, among 0 and 1; without it they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Uncertain>,
    /// What an empty cell counts as; without it, one among 0 and 1 is refused, and a row without any label is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blank: Option<Blank>,
    /// What is put behind every path that does not end so, such as `.jpg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a label counts as that is marked as uncertain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uncertain {
    /// Uncertain labels count as 0.
    Negative,
    /// Uncertain labels count as 1.
    Positive,
}

impl FromStr for Uncertain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "negative" => Ok(Uncertain::Negative),
            "positive" => Ok(Uncertain::Positive),
            _ => Err("negative or positive".into()),
        }
    }
}

/// What an empty label cell counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blank {
    /// Empty cells count as 0; of cells that would hold names, as none of the classes.
    Negative,
}

impl FromStr for Blank {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "negative" { Ok(Blank::Negative) } else { Err("negative".into()) }
    }
}

impl Columns {
    /// May a picture have several labels?
    pub fn several_labels(&self) -> bool {
        self.label.len() > 1 || self.separator.is_some() || self.add_up
    }
}

impl Source {
    /// What a path on the command line means: `-` is a list on standard input, a table, a tar file or a list in a `.txt` file
    /// is told by the ending of its name, a folder with tar files and without sub-folders holds shards, all else is a folder of
    /// class folders.
    pub fn of_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        match ending(&path).as_str() {
            _ if path == Path::new("-") => Source::List { path, root: None },
            "csv" | "tsv" | "tab" | "parquet" => {
                Source::Table { path, root: None, columns: Columns::default() }
            }
            "tar" => Source::Shards { path },
            "txt" if path.is_file() => Source::List { path, root: None },
            _ if holds_shards(&path) => Source::Shards { path },
            _ => Source::Folder { path },
        }
    }

    /// The folder or file asked for.
    pub fn path(&self) -> &Path {
        match self {
            Source::Folder { path }
            | Source::Divided { path, .. }
            | Source::Pattern { path, .. }
            | Source::Table { path, .. }
            | Source::Shards { path }
            | Source::List { path, .. } => path,
        }
    }
}

/// Which of a source's pictures are wanted, and what is found out about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReadOptions {
    /// Globs over the paths below the root; a picture must match one of them, if there are any. A glob without `/`
    /// is compared with the name alone, `**` stands for any folders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Glob patterns; a picture must match none of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Share of each class that is kept, above 0, at most 1. A larger share contains a smaller one.
    pub fraction: f64,
    /// What the choice of that share comes from.
    pub seed: u64,
    /// A regular expression over the path: pictures with the same first group (or match, without groups) never come
    /// to different sides of a split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Decode every picture to see which ones look alike, so that these stay on one side of a split too.
    pub near_duplicates: bool,
    /// Which values of pictures with 16 bits a colour are black and white; all 16 bits, or what the network's
    /// preprocessing says, if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeChoice>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            include: Vec::new(),
            exclude: Vec::new(),
            fraction: 1.0,
            seed: 0,
            group: None,
            near_duplicates: true,
            range: None,
        }
    }
}

fn holds_shards(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_class = |path: &&PathBuf| {
        path.file_name().is_some_and(|name| !is_passed_over(name, true)) && path.is_dir() && !is_ours(path)
    };
    let is_shard = |path: &PathBuf| {
        path.file_name().is_some_and(|name| !is_passed_over(name, false))
            && ending(path) == "tar"
            && path.is_file()
    };
    paths.iter().any(is_shard) && !paths.iter().any(|path| is_class(&path))
}
