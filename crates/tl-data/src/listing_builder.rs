//! Rows of a table or list, put together: one picture may be listed several times.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tl_files::shown_path;

use crate::leftover::is_named_by_chance;
use crate::listing::{Listing, Named};
use crate::lookup::cleaned;
use crate::numbers::counted;
use crate::same_file::SameFile;
use crate::spelling::same_name;
use crate::{SampleError, SourceError};

/// The pictures listed so far.
pub(crate) struct ListingBuilder<'a> {
    table: &'a Path,
    add_up: bool,
    several: bool,
    named: Vec<Named>,
    files: SameFile<'a>,
    /// The place of each picture, by the key of its file.
    known: HashMap<PathBuf, usize>,
    repeated: usize,
    /// Pictures whose rows have different labels, and whose rows have different parts or groups.
    conflicts: Vec<String>,
    places: Vec<String>,
    /// Rows that name what is no picture, and the first of them.
    by_chance: (usize, Option<String>),
}

impl<'a> ListingBuilder<'a> {
    /// Paths are relative to `root`. With `add_up`, several rows for one picture give it several labels; `several` says whether it may have several.
    pub(crate) fn new(table: &'a Path, root: &'a Path, add_up: bool, several: bool) -> Self {
        let (named, known, conflicts, places) = (Vec::new(), HashMap::new(), Vec::new(), Vec::new());
        let (files, by_chance) = (SameFile::new(root), (0, None));
        ListingBuilder {
            table,
            add_up,
            several,
            named,
            files,
            known,
            repeated: 0,
            conflicts,
            places,
            by_chance,
        }
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
        let key = self.files.key(&row.file.path);
        let Some(first) = self.known.get(&key).and_then(|&at| self.named.get_mut(at)) else {
            self.known.insert(key, self.named.len());
            return self.named.push(row);
        };
        let part = |named: &Named| named.file.part.map(|part| part.to_string());
        let group = |named: &Named| named.file.group.clone();
        let apart = differ("part", first, &row, part).or_else(|| differ("group", first, &row, group));
        self.places.extend(apart);
        if answers_alike(first, &row) || !row.file.answered {
            self.repeated += 1;
        } else if self.add_up || !first.file.answered {
            first.labels.extend(row.labels);
        } else {
            let labels = |named: &Named| Some(words(named));
            self.conflicts.extend(differ("", first, &row, labels));
        }
        let file = &mut first.file;
        file.answered |= row.file.answered;
        // A row that does not say something leaves it to one that does.
        file.part = file.part.or(row.file.part);
        file.group = file.group.take().or(row.file.group);
    }

    /// Finishes the listing. A picture without any label is rejected; one that is of no class has one.
    ///
    /// Errors: nothing is listed, rows contradict each other, or no picture has a label.
    pub(crate) fn finish(self, root: &Path) -> Result<Listing, SourceError> {
        let path = self.table.to_path_buf();
        if !self.conflicts.is_empty() {
            let several = self.several && !self.add_up;
            return Err(SourceError::LabelConflict { path, conflicts: self.conflicts, several });
        }
        if !self.places.is_empty() {
            return Err(SourceError::PlaceConflict { path, conflicts: self.places });
        }
        if self.named.is_empty() {
            return Err(SourceError::NothingListed { path });
        }
        let mut listing = Listing::new(root.to_path_buf());
        listing.repeated = self.repeated;
        listing.multi_label = self.several;
        listing.ignored += self.by_chance.0;
        listing.notes.extend(self.by_chance.1.map(|first| {
            let rows = counted(self.by_chance.0, "row");
            format!(
                "passed over, named by {rows} and no picture: {first}{}",
                if self.by_chance.0 > 1 { ", .." } else { "" }
            )
        }));
        let (answered, rest): (Vec<Named>, Vec<Named>) =
            self.named.into_iter().partition(|named| named.file.answered);
        if answered.iter().all(|named| named.labels.is_empty()) {
            return Err(SourceError::NoLabels { path, pictures: answered.len() + rest.len() });
        }
        for file in rest {
            let detail = at(&file);
            listing.reject(file.file.path, SampleError::Unlabelled { detail });
        }
        listing.add_named(answered);
        Ok(listing)
    }
}

/// Describes a difference between two rows, "1.png: part `train` in row 2, `test` in row 5", if both rows say something and
/// it is not the same; with the second row's path, if that is spelt in another way.
fn differ(
    what: &str,
    first: &Named,
    second: &Named,
    of: impl Fn(&Named) -> Option<String>,
) -> Option<String> {
    let (one, other) = (of(first)?, of(second)?);
    let space = if what.is_empty() { "" } else { " " };
    let path = shown_path(&first.file.path);
    let spelt = match second.file.path == first.file.path {
        true => String::new(),
        false => format!(", as {}", shown_path(&second.file.path)),
    };
    (!same_name(&one, &other))
        .then(|| format!("{path}: {what}{space}`{one}` in {}, `{other}` in {}{spelt}", at(first), at(second)))
}

/// Do two rows say the same, whatever the order of their labels and the way they are spelt?
fn answers_alike(a: &Named, b: &Named) -> bool {
    let all_in =
        |a: &Named, b: &Named| a.labels.iter().all(|one| b.labels.iter().any(|other| same_name(one, other)));
    a.file.answered == b.file.answered && all_in(a, b) && all_in(b, a)
}

fn words(named: &Named) -> String {
    match (named.labels.as_slice(), named.file.answered) {
        ([], true) => "none".into(),
        ([], false) => "nothing".into(),
        (labels, _) => labels.join(", "),
    }
}

/// The row in words, such as `row 7`.
fn at(named: &Named) -> String {
    named.file.row.map_or_else(String::new, |(at, row)| format!("{at} {row}"))
}
