//! Pictures and labels listed in a table.

use std::path::Path;

use crate::columns::{Found, find};
use crate::listing::{Candidate, Listing, Named};
use crate::rows::{Rows, cleaned};
use crate::table::{Row, read_table};
use crate::{Columns, Part, SourceError};

/// Lists the pictures of a table.
///
/// Errors: the table cannot be read, lacks a column or lists nothing; a row lacks a path or label; labels contradict
/// each other.
pub(crate) fn list(path: &Path, root: Option<&Path>, columns: &Columns) -> Result<Listing, SourceError> {
    let beside = path.parent().unwrap_or(Path::new(""));
    let root = root.unwrap_or(beside);
    let mut found = None;
    let rows = read_table(path, |names| {
        let columns = find(path, columns, names)?;
        let wanted = [columns.path].into_iter().chain(columns.group).chain(columns.part);
        let wanted = wanted.chain(columns.labels.iter().copied()).collect();
        found = Some(columns);
        Ok(wanted)
    })?;
    let Some(found) = found else {
        return Err(SourceError::NothingListed { path: path.to_path_buf() });
    };
    let reading = Reading::new(path, root, columns, found, &rows);
    let mut lines = Rows::new(path, columns.several_labels());
    for row in &rows {
        let name = row.cells.first().map(String::as_str).unwrap_or_default();
        if lines.passes_over(root, name, "row", row.number) {
            continue;
        }
        lines.add(reading.named(row)?);
    }
    lines.finish(root)
}

/// How to read the rows of one table.
struct Reading<'a> {
    path: &'a Path,
    root: &'a Path,
    separator: Option<char>,
    found: Found,
    /// The label columns hold 0 and 1, and are the classes themselves.
    multi_hot: bool,
    parts: bool,
}

impl<'a> Reading<'a> {
    fn new(path: &'a Path, root: &'a Path, columns: &Columns, found: Found, rows: &[Row]) -> Self {
        let mut reading =
            Reading { path, root, separator: columns.separator, found, multi_hot: false, parts: true };
        let hot = |text: &String| truth(text).is_some() || text.is_empty();
        reading.multi_hot =
            reading.found.labels.len() > 1 && rows.iter().all(|row| reading.labels(row).iter().all(hot));
        let is_part = |row: &Row| reading.part(row).is_none_or(|text| Part::spelt(text).is_some());
        reading.parts = reading.found.part_is_sure || rows.iter().all(is_part);
        reading
    }

    fn group<'r>(&self, row: &'r Row) -> Option<&'r String> {
        self.found.group.and_then(|_| row.cells.get(1)).filter(|text| !text.is_empty())
    }

    fn part<'r>(&self, row: &'r Row) -> Option<&'r String> {
        let at = 1 + usize::from(self.found.group.is_some());
        self.found.part.and_then(|_| row.cells.get(at)).filter(|text| !text.is_empty())
    }

    fn labels<'r>(&self, row: &'r Row) -> &'r [String] {
        let at = 1 + usize::from(self.found.group.is_some()) + usize::from(self.found.part.is_some());
        row.cells.get(at..).unwrap_or_default()
    }

    fn named(&self, row: &Row) -> Result<Named, SourceError> {
        let bad = |detail: String| SourceError::BadRow {
            path: self.path.to_path_buf(),
            at: "row",
            row: row.number,
            detail,
        };
        let text = row.cells.first().map(String::as_str).unwrap_or_default();
        if text.is_empty() {
            return Err(bad("the path is empty".into()));
        }
        let labels = self.label_names(row);
        if labels.is_empty() && !self.several() {
            return Err(bad(format!("`{text}` has no label")));
        }
        let part = match self.part(row).filter(|_| self.parts) {
            None => None,
            Some(text) => Some(
                Part::spelt(text).ok_or_else(|| bad(format!("`{text}` is none of train, val and test")))?,
            ),
        };
        let group = self.group(row).cloned();
        let path = cleaned(self.root, text);
        let file = Candidate { path, group, part, row: Some(("row", row.number)), ..Candidate::default() };
        Ok(Named { file, labels })
    }

    fn several(&self) -> bool {
        self.found.labels.len() > 1 || self.separator.is_some()
    }

    fn label_names(&self, row: &Row) -> Vec<String> {
        if self.multi_hot {
            let pairs = self.found.label_names.iter().zip(self.labels(row));
            return pairs
                .filter(|(_, text)| truth(text) == Some(true))
                .map(|(name, _)| name.clone())
                .collect();
        }
        let mut names = Vec::new();
        for cell in self.labels(row) {
            match self.separator {
                Some(separator) => names.extend(cell.split(separator).map(|name| name.trim().to_string())),
                None => names.push(cell.clone()),
            }
        }
        names.retain(|name| !name.is_empty());
        names
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" => Some(true),
        "0" | "0.0" | "false" => Some(false),
        _ => None,
    }
}
