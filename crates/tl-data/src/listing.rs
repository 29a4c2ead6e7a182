//! What a source lists, before any picture is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::{ClassId, Part, PictureError, Rejected, Span, natural};

/// The classes and every file that should be a picture.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) root: PathBuf,
    pub(crate) classes: Vec<String>,
    pub(crate) files: Vec<Candidate>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) ignored: usize,
    /// Files beside the class folders whose names end like a picture's.
    pub(crate) loose_pictures: usize,
    /// Rows that say again what an earlier one said.
    pub(crate) repeated: usize,
    pub(crate) multi_label: bool,
    /// What was guessed to read it, for people.
    pub(crate) notes: Vec<String>,
}

/// A file that should be a picture. The path is relative to the root; of a tar's member, it begins with the tar's.
#[derive(Clone, Default)]
pub(crate) struct Candidate {
    pub(crate) path: PathBuf,
    /// [`ClassId::NONE`] if it is of no class.
    pub(crate) class: ClassId,
    pub(crate) also: Vec<ClassId>,
    pub(crate) group: Option<String>,
    pub(crate) part: Option<Part>,
    pub(crate) span: Option<Span>,
    /// `row` or `line`, and its number, for one that a table or list names.
    pub(crate) row: Option<(&'static str, u64)>,
    /// Its source says which classes it is of, be it of none.
    pub(crate) answered: bool,
}

impl Candidate {
    fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        std::iter::once(self.class).filter(|class| *class != ClassId::NONE).chain(self.also.iter().copied())
    }
}

/// A candidate whose classes have names and no numbers yet.
#[derive(Clone, Default)]
pub(crate) struct Named {
    pub(crate) file: Candidate,
    pub(crate) labels: Vec<String>,
}

impl Listing {
    pub(crate) fn new(root: PathBuf) -> Self {
        Listing { root, ..Listing::default() }
    }

    pub(crate) fn reject(&mut self, path: PathBuf, reason: PictureError) {
        self.rejected.push(Rejected { path, bytes: None, reason });
    }

    /// Numbers the classes by name in natural order and adds the files that have a label, or are known to have none.
    pub(crate) fn add_named(&mut self, named: Vec<Named>) {
        let names: BTreeSet<&String> = named.iter().flat_map(|file| &file.labels).collect();
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        names.sort_by_cached_key(|name| natural::name_key(name));
        let number: BTreeMap<&str, ClassId> =
            names.iter().enumerate().map(|(i, name)| (name.as_str(), ClassId(i))).collect();
        for Named { mut file, labels } in named {
            let mut ids: Vec<ClassId> =
                labels.iter().filter_map(|label| number.get(label.as_str())).copied().collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() && !file.answered {
                continue;
            }
            file.class = if ids.is_empty() { ClassId::NONE } else { ids.remove(0) };
            file.also = ids;
            self.files.push(file);
        }
        self.classes = names;
        self.sort();
    }

    /// By class, then by path in natural order.
    pub(crate) fn sort(&mut self) {
        self.files.sort_by_cached_key(|file| (file.class, natural::path_key(&file.path)));
    }

    /// Removes the classes that had files before and have none now.
    pub(crate) fn drop_emptied_classes(&mut self, before: &[usize]) {
        if self.classes.is_empty() {
            return;
        }
        let now = self.counts();
        let keep = |class: usize| before[class] == 0 || now[class] > 0;
        let mut next = 0;
        let numbers: Vec<ClassId> = (0..self.classes.len())
            .map(|class| {
                let number = ClassId(next);
                next += usize::from(keep(class));
                number
            })
            .collect();
        for file in &mut self.files {
            if file.class != ClassId::NONE {
                file.class = numbers[file.class.0];
            }
            file.also.iter_mut().for_each(|class| *class = numbers[class.0]);
        }
        let names = std::mem::take(&mut self.classes).into_iter().enumerate();
        self.classes = names.filter(|(class, _)| keep(*class)).map(|(_, name)| name).collect();
    }

    /// Names that are no class because no picture has them.
    pub(crate) fn without_a_picture(&self, names: &[String]) -> Option<String> {
        let lost = names.iter().filter(|name| !self.classes.contains(name));
        let lost: Vec<String> = lost.map(|name| format!("`{name}`")).collect();
        (!lost.is_empty())
            .then(|| format!("no picture is of {}: it is left out of the classes", lost.join(", ")))
    }

    /// Classes that files may be of: files without classes are all of one.
    pub(crate) fn class_numbers(&self) -> usize {
        self.classes.len().max(1)
    }

    /// Files of each class.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.class_numbers()];
        for file in &self.files {
            file.classes().for_each(|class| counts[class.0] += 1);
        }
        counts
    }
}
