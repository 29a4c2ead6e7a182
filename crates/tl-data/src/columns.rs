//! Columns of a table: which hold what.

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

/// Positions of the columns in the table.
pub(crate) struct ColumnPositions {
    pub(crate) path: usize,
    pub(crate) labels: Vec<usize>,
    pub(crate) group: Option<usize>,
    /// Names of the label columns.
    pub(crate) label_names: Vec<String>,
    /// What was guessed, for people.
    pub(crate) notes: Vec<String>,
}

/// Finds the columns by the names asked for, or by their usual ones.
///
/// Errors: [`SourceError::NoColumn`], which lists the columns that are there; [`SourceError::TwoColumns`].
pub(crate) fn find(
    table: &Path,
    columns: &Columns,
    names: &[String],
) -> Result<ColumnPositions, SourceError> {
    let missing = |what, asked: Option<&String>| SourceError::NoColumn {
        path: table.to_path_buf(),
        what,
        asked: asked.cloned(),
        found: names.to_vec(),
    };
    let once = |column: usize| match names.iter().filter(|name| **name == names[column]).count() {
        1 => Ok(column),
        _ => Err(SourceError::TwoColumns { path: table.to_path_buf(), column: names[column].clone() }),
    };
    let named =
        |what, name: &String| position(names, name).ok_or_else(|| missing(what, Some(name))).and_then(once);
    let path = match &columns.path {
        Some(name) => named("paths", name)?,
        None => usual(names, PATHS).ok_or_else(|| missing("paths", None)).and_then(once)?,
    };
    let labels = match columns.label.as_slice() {
        [] => vec![usual(names, LABELS).ok_or_else(|| missing("labels", None)).and_then(once)?],
        asked => asked.iter().map(|name| named("labels", name)).collect::<Result<_, _>>()?,
    };
    let group = columns.group.as_ref().map(|name| named("groups", name)).transpose()?;
    let label_names: Vec<String> = labels.iter().filter_map(|&label| names.get(label).cloned()).collect();
    let mut notes = vec![format!("paths are in the column `{}`", names[path])];
    if columns.label.is_empty() {
        notes.extend(unused(names, labels[0]));
    }
    Ok(ColumnPositions { path, labels, group, label_names, notes })
}

/// Names other columns that could as well have been the labels.
fn unused(names: &[String], label: usize) -> Option<String> {
    let alike = names.iter().enumerate().filter(|(column, name)| {
        *column != label && LABELS.iter().any(|usual| name.eq_ignore_ascii_case(usual))
    });
    let alike: Vec<String> = alike.map(|(_, name)| format!("`{name}`")).collect();
    let taken = names.get(label).filter(|_| !alike.is_empty())?;
    Some(format!(
        "labels are taken from `{taken}`, not from {}: --label-column names another",
        alike.join(", ")
    ))
}

/// Exactly so, else but for capital letters.
fn position(names: &[String], name: &str) -> Option<usize> {
    let exact = names.iter().position(|known| known == name);
    exact.or_else(|| names.iter().position(|known| known.eq_ignore_ascii_case(name)))
}

fn usual(names: &[String], usual: &[&str]) -> Option<usize> {
    usual.iter().find_map(|name| position(names, name))
}
