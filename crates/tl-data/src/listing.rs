//! The listing of a source: what it has, before any picture is opened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tl_files::shown_path;

use crate::spelling::{Spellings, alike};
use crate::{ClassId, Part, Rejected, SampleError, Span, natural};

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
    /// What there is to say about how the source was understood.
    pub(crate) notes: Vec<String>,
    /// Folders that this program made.
    pub(crate) ours: Vec<PathBuf>,
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
    /// Whether the picture's source says which classes it is of, be it of none.
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

    pub(crate) fn reject(&mut self, path: PathBuf, reason: SampleError) {
        self.rejected.push(Rejected { path, bytes: None, reason });
    }

    /// All notes of the listing: what was said so far, and which folders of this program's own were passed over.
    pub(crate) fn all_notes(&mut self) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        self.ours.sort_by_cached_key(|path| natural::path_key(path));
        self.ours.dedup();
        let named: Vec<String> =
            self.ours.iter().take(3).map(|path| format!("`{}`", shown_path(path))).collect();
        let more = self.ours.len().saturating_sub(named.len());
        if !named.is_empty() {
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            notes.push(format!("passed over, made by tl itself: {}{more}", named.join(", ")));
        }
        notes
    }

    /// Numbers the classes by name in natural order and adds the files that have a label, or are known to have none. Names that are
    /// only spelt in several ways are one class.
    pub(crate) fn add_named(&mut self, mut named: Vec<Named>) {
        let spellings = Spellings::of(named.iter().flat_map(|file| &file.labels).map(String::as_str));
        named.iter_mut().flat_map(|file| &mut file.labels).for_each(|label| spellings.unite(label));
        self.notes.extend(spellings.notes("class"));
        let groups = Spellings::of(named.iter().filter_map(|file| file.file.group.as_deref()));
        named.iter_mut().filter_map(|file| file.file.group.as_mut()).for_each(|group| groups.unite(group));
        self.notes.extend(groups.notes("group"));
        let names: BTreeSet<&String> = named.iter().flat_map(|file| &file.labels).collect();
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        names.sort_by_cached_key(|name| natural::name_key(name));
        self.notes.extend(alike(&names));
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

    /// Sorts pictures by class, then by path in natural order.
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
