//! Rows of a table or list, put together: one picture may be listed several times.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::listing::{Listing, Named};
use crate::{PictureError, SourceError};

/// The pictures listed so far.
pub(crate) struct Rows<'a> {
    table: &'a Path,
    add_up: bool,
    named: Vec<Named>,
    known: HashMap<PathBuf, usize>,
    repeated: usize,
    conflicts: Vec<String>,
}

impl<'a> Rows<'a> {
    /// With `add_up`, several rows for one picture give it several labels.
    pub(crate) fn new(table: &'a Path, add_up: bool) -> Self {
        let (named, known, conflicts) = (Vec::new(), HashMap::new(), Vec::new());
        Rows { table, add_up, named, known, repeated: 0, conflicts }
    }

    pub(crate) fn add(&mut self, row: Named) {
        let Some(first) = self.known.get(&row.file.path).and_then(|&at| self.named.get_mut(at)) else {
            self.known.insert(row.file.path.clone(), self.named.len());
            return self.named.push(row);
        };
        if first.labels == row.labels {
            self.repeated += 1;
        } else if self.add_up {
            first.labels.extend(row.labels);
        } else {
            let place = |named: &Named| {
                let labels = named.labels.join(", ");
                format!("`{labels}` in {}", at(named))
            };
            let path = row.file.path.display();
            self.conflicts.push(format!("{path}: {}, {}", place(first), place(&row)));
        }
    }

    /// The listing. A picture without any label is rejected.
    ///
    /// Errors: nothing is listed, or labels contradict each other.
    pub(crate) fn finish(self, root: &Path) -> Result<Listing, SourceError> {
        let path = self.table.to_path_buf();
        if !self.conflicts.is_empty() {
            return Err(SourceError::LabelConflict { path, conflicts: self.conflicts });
        }
        if self.named.is_empty() {
            return Err(SourceError::NothingListed { path });
        }
        let mut listing = Listing::new(root.to_path_buf());
        listing.repeated = self.repeated;
        listing.multi_label = self.add_up;
        let (labelled, rest): (Vec<Named>, Vec<Named>) =
            self.named.into_iter().partition(|named| !named.labels.is_empty());
        for file in rest {
            let detail = at(&file);
            listing.reject(file.file.path, PictureError::Unlabelled { detail });
        }
        listing.add_named(labelled);
        Ok(listing)
    }
}

/// `row 7`
fn at(named: &Named) -> String {
    named.file.row.map_or_else(String::new, |(at, row)| format!("{at} {row}"))
}

/// A path as listed, without `.` parts. Where nothing is at a path with backslashes, it was written on Windows.
pub(crate) fn cleaned(root: &Path, text: &str) -> PathBuf {
    let windows = !cfg!(windows) && text.contains('\\') && !root.join(text).exists();
    let text = if windows { text.replace('\\', "/") } else { text.to_string() };
    Path::new(&text).components().filter(|part| *part != Component::CurDir).collect()
}
