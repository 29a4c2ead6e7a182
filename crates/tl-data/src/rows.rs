//! Rows of a table or list, put together: one picture may be listed several times.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::leftover::is_named_by_chance;
use crate::listing::{Listing, Named};
use crate::numbers::counted;
use crate::{PictureError, SourceError, path_of_text, same_name, shown_path};

/// The pictures listed so far.
pub(crate) struct Rows<'a> {
    table: &'a Path,
    add_up: bool,
    named: Vec<Named>,
    known: HashMap<PathBuf, usize>,
    repeated: usize,
    conflicts: Vec<String>,
    /// Rows that name what is no picture, and the first of them.
    by_chance: (usize, Option<String>),
}

impl<'a> Rows<'a> {
    /// With `add_up`, several rows for one picture give it several labels.
    pub(crate) fn new(table: &'a Path, add_up: bool) -> Self {
        let (named, known, conflicts) = (Vec::new(), HashMap::new(), Vec::new());
        Rows { table, add_up, named, known, repeated: 0, conflicts, by_chance: (0, None) }
    }

    /// Is this what systems and tools leave beside pictures, `path` being as written? Then the row is passed over.
    pub(crate) fn passes_over(&mut self, root: &Path, path: &str, at: &str, row: u64) -> bool {
        let path = cleaned(root, path);
        let by_chance = is_named_by_chance(root, &path);
        if by_chance {
            self.by_chance.0 += 1;
            self.by_chance.1.get_or_insert_with(|| format!("`{}` in {at} {row}", shown_path(&path)));
        }
        by_chance
    }

    pub(crate) fn add(&mut self, row: Named) {
        let Some(first) = self.known.get(&row.file.path).and_then(|&at| self.named.get_mut(at)) else {
            self.known.insert(row.file.path.clone(), self.named.len());
            return self.named.push(row);
        };
        if are_same(&first.labels, &row.labels) {
            self.repeated += 1;
        } else if self.add_up {
            first.labels.extend(row.labels);
        } else {
            let place = |named: &Named| {
                let labels = named.labels.join(", ");
                format!("`{labels}` in {}", at(named))
            };
            let path = shown_path(&row.file.path);
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
        listing.ignored += self.by_chance.0;
        listing.notes.extend(self.by_chance.1.map(|first| {
            let rows = counted(self.by_chance.0, "row");
            format!(
                "passed over, named by {rows} and no picture: {first}{}",
                if self.by_chance.0 > 1 { ", .." } else { "" }
            )
        }));
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

fn are_same(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_name(a, b))
}

/// `row 7`
fn at(named: &Named) -> String {
    named.file.row.map_or_else(String::new, |(at, row)| format!("{at} {row}"))
}

/// A path as listed, without `.` parts. `\xNN` are bytes, as this program writes them, where that is the name of a file.
/// Where nothing is at a path with backslashes, it was written on Windows.
pub(crate) fn cleaned(root: &Path, text: &str) -> PathBuf {
    let ours = path_of_text(text);
    if ours != Path::new(text) && root.join(&ours).exists() {
        return ours.components().filter(|part| *part != Component::CurDir).collect();
    }
    let windows = !cfg!(windows) && text.contains('\\') && !root.join(text).exists();
    let text = if windows { text.replace('\\', "/") } else { text.to_string() };
    Path::new(&text).components().filter(|part| *part != Component::CurDir).collect()
}
