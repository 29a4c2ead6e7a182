//! Pictures and labels listed in a table.

use std::path::Path;

use crate::columns::find;
use crate::label_cells::LabelCells;
use crate::listing::{Candidate, Listing, Named};
use crate::listing_builder::ListingBuilder;
use crate::lookup::Lookup;
use crate::part_column::find_parts;
use crate::read_table::read_table;
use crate::table::Row;
use crate::{Columns, Part, SourceError};

/// Lists the pictures of a table.
///
/// Errors: the table cannot be read, lacks a column or lists nothing; a row lacks a path or label; a cell cannot be
/// understood; rows contradict each other.
pub(crate) fn list(path: &Path, root: Option<&Path>, columns: &Columns) -> Result<Listing, SourceError> {
    let beside = path.parent().unwrap_or(Path::new(""));
    let root = root.unwrap_or(beside);
    let mut found = None;
    let mut table = read_table(path, |names| {
        let columns = find(path, columns, names)?;
        let wanted = [columns.path].into_iter().chain(columns.group).chain(columns.labels.iter().copied());
        let wanted = wanted.collect();
        found = Some(columns);
        Ok(wanted)
    })?;
    let Some(found) = found else {
        return Err(SourceError::NothingListed { path: path.to_path_buf() });
    };
    let parts = find_parts(path, columns, &table)?;
    let grouped = found.group.is_some();
    let first_label = 1 + usize::from(grouped);
    let answers = LabelCells::new(path, columns, found.label_names, first_label, &table.rows);
    let mut reading =
        RowReader { path, grouped, answers, lookup: Lookup::new(path, root, columns.suffix.as_deref()) };
    let mut lines = ListingBuilder::new(path, root, columns.add_up, reading.answers.several());
    for (at, row) in table.rows.iter().enumerate() {
        let name = row.cells.first().map(String::as_str).unwrap_or_default();
        if lines.passes_over(root, name, "row", row.number) {
            continue;
        }
        lines.add(reading.named(row, parts.parts.get(at).copied().flatten())?);
    }
    let mut listing = lines.finish(root)?;
    let notes = [std::mem::take(&mut table.notes), found.notes, reading.answers.notes(), parts.notes];
    listing.notes.extend(notes.into_iter().flatten().chain(reading.lookup.notes()));
    listing.notes.extend(listing.without_a_picture(reading.answers.classes()));
    Ok(listing)
}

/// How to read the rows of one table.
struct RowReader<'a> {
    path: &'a Path,
    grouped: bool,
    answers: LabelCells<'a>,
    lookup: Lookup<'a>,
}

impl RowReader<'_> {
    fn named(&mut self, row: &Row, part: Option<Part>) -> Result<Named, SourceError> {
        let bad = |detail: String| SourceError::BadRow {
            path: self.path.to_path_buf(),
            at: "row",
            row: row.number,
            detail,
        };
        let text = row.cells.first().map(String::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            return Err(bad("the path is empty".into()));
        }
        let labels = self.answers.of(row)?;
        if labels.as_ref().is_none_or(Vec::is_empty) && !self.answers.several() {
            return Err(bad(format!("`{text}` has no label")));
        }
        let path = self.lookup.file(text, ("row", row.number))?;
        let group = row.cells.get(1).filter(|text| self.grouped && !text.is_empty()).cloned();
        let answered = labels.is_some();
        let file =
            Candidate { path, group, part, row: Some(("row", row.number)), answered, ..Candidate::default() };
        Ok(Named { file, labels: labels.unwrap_or_default() })
    }
}
