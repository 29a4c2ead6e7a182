//! Which columns of a table hold what.

use std::path::Path;

use crate::{Columns, SourceError};

/// Usual names of a column with paths, the most telling first.
const PATHS: &[&str] = &[
    "path",
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "image",
    "image_path",
    "img",
    "picture",
    "fname",
];
const LABELS: &[&str] =
    &["label", "labels", "class", "classes", "class_name", "target", "targets", "category", "categories"];
const PARTS: &[&str] = &["split", "part", "subset"];

/// Positions of the columns in the table.
pub(crate) struct Found {
    pub(crate) path: usize,
    pub(crate) labels: Vec<usize>,
    pub(crate) group: Option<usize>,
    pub(crate) part: Option<usize>,
    /// The part's column was named, not guessed.
    pub(crate) part_is_sure: bool,
    /// Names of the label columns.
    pub(crate) label_names: Vec<String>,
}

/// Finds the columns by the names asked for, or by their usual ones.
///
/// Errors: [`SourceError::NoColumn`], which lists the columns that are there.
pub(crate) fn find(table: &Path, columns: &Columns, names: &[String]) -> Result<Found, SourceError> {
    let missing = |what, asked: Option<&String>| SourceError::NoColumn {
        path: table.to_path_buf(),
        what,
        asked: asked.cloned(),
        found: names.to_vec(),
    };
    let named = |what, name: &String| position(names, name).ok_or_else(|| missing(what, Some(name)));
    let path = match &columns.path {
        Some(name) => named("paths", name)?,
        None => usual(names, PATHS).ok_or_else(|| missing("paths", None))?,
    };
    let labels = match columns.label.as_slice() {
        [] => vec![usual(names, LABELS).ok_or_else(|| missing("labels", None))?],
        asked => asked.iter().map(|name| named("labels", name)).collect::<Result<_, _>>()?,
    };
    let group = columns.group.as_ref().map(|name| named("groups", name)).transpose()?;
    let part = match &columns.part {
        Some(name) => Some(named("parts", name)?),
        None => usual(names, PARTS),
    };
    let label_names = labels.iter().filter_map(|&label| names.get(label).cloned()).collect();
    Ok(Found { path, labels, group, part, part_is_sure: columns.part.is_some(), label_names })
}

/// Exactly so, else but for capital letters.
fn position(names: &[String], name: &str) -> Option<usize> {
    let exact = names.iter().position(|known| known == name);
    exact.or_else(|| names.iter().position(|known| known.eq_ignore_ascii_case(name)))
}

fn usual(names: &[String], usual: &[&str]) -> Option<usize> {
    usual.iter().find_map(|name| position(names, name))
}
