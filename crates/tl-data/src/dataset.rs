//! The data set: classes, samples, and the files that are neither.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tl_image::{ContentHash, PerceptualHash, PictureHeader};

use crate::picture_location::{PictureLocation, slashed};
use crate::{Part, Rejected, SampleError, Span};

/// Index of a class in [`Dataset::classes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(pub usize);

impl ClassId {
    /// The number that stands in place of a class, where a picture that may have several labels is known to have none.
    pub const NONE: ClassId = ClassId(usize::MAX);
}

/// Index of a picture in [`Dataset::samples`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub usize);

/// A labelled set of pictures. [`scan`](crate::scan) makes one of a folder, [`read`](crate::read) of any source.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// What the pictures' paths are relative to.
    pub root: PathBuf,
    /// Names of the classes, in natural order (`img2` before `img10`); none if the pictures have no labels, and
    /// [`Sample::class`] means nothing then.
    pub classes: Vec<String>,
    /// The readable pictures, by class, then by path in natural order.
    pub samples: Vec<Sample>,
    /// The files that should be pictures and are not, in natural order of their paths.
    pub rejected: Vec<Rejected>,
    /// Number of hidden files, hidden folders and well-known other files (`README`, `*.txt`, ..) that were passed over.
    pub ignored: usize,
    /// Number of rows of a table or list that said again what an earlier one had said.
    pub repeated: usize,
    /// May a picture have several labels? Then [`Sample::also`] matters.
    pub multi_label: bool,
    /// How the source was understood, where that was not plain: sentences for people.
    pub notes: Vec<String>,
}

/// A readable picture and its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Path, relative to [`Dataset::root`]. Of a picture in a tar: the tar's, then the name in it.
    pub path: PathBuf,
    /// The picture's class; of several labels, the first in the order of classes; [`ClassId::NONE`] if it is known to be of
    /// none.
    pub class: ClassId,
    /// The picture's further labels, ascending.
    pub also: Vec<ClassId>,
    /// The group that the picture belongs to: a split keeps a group on one side.
    pub group: Option<String>,
    /// The part its source puts it in.
    pub part: Option<Part>,
    /// Perceptual hash of the upright pixels, if it was asked for and there is something to see.
    pub perceptual_hash: Option<PerceptualHash>,
    /// Which bytes of a tar it is; none for a file of its own.
    pub span: Option<Span>,
    /// What its header says.
    pub header: PictureHeader,
    /// Hash of the file's bytes.
    pub content: ContentHash,
    /// Length of the file.
    pub bytes: u64,
}

impl Sample {
    /// A picture in a file of its own, with one label and nothing else known.
    pub fn new(
        path: impl Into<PathBuf>,
        class: ClassId,
        header: PictureHeader,
        content: ContentHash,
        bytes: u64,
    ) -> Self {
        let path = path.into();
        let (also, group, part, perceptual_hash, span) = (Vec::new(), None, None, None, None);
        Sample { path, class, also, group, part, perceptual_hash, span, header, content, bytes }
    }

    /// The picture's path with `/` between the parts on every system.
    pub fn name(&self) -> String {
        slashed(&self.path)
    }

    /// All its labels, ascending.
    pub fn labels(&self) -> impl Iterator<Item = ClassId> + '_ {
        std::iter::once(self.class).filter(|class| *class != ClassId::NONE).chain(self.also.iter().copied())
    }
}

impl Dataset {
    /// Number of readable pictures.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Is there no readable picture?
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Number of files that should be pictures, readable or not. Limits on bad files refer to it.
    pub fn files(&self) -> usize {
        self.samples.len() + self.rejected.len()
    }

    /// Path of a sample's file, root included.
    ///
    /// Ids come from this data set; one of another gives the root. For a picture in a tar, use [`Dataset::place_of`].
    pub fn file_of(&self, id: SampleId) -> PathBuf {
        let path = self.samples.get(id.0).map_or(Path::new(""), |sample| &sample.path);
        self.root.join(path)
    }

    /// Where a sample's bytes are. Ids come from this data set; one of another gives the root.
    pub fn place_of(&self, id: SampleId) -> PictureLocation {
        let sample = self.samples.get(id.0);
        let path = sample.map_or(Path::new(""), |sample| &sample.path);
        place(&self.root, path, sample.and_then(|sample| sample.span))
    }

    /// Pictures of each class, in the order of [`Dataset::classes`]. One with several labels counts for each.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for sample in &self.samples {
            for class in sample.labels() {
                counts.get_mut(class.0).into_iter().for_each(|count| *count += 1);
            }
        }
        counts
    }

    /// Pictures that are known to be of no class.
    pub fn of_no_class(&self) -> usize {
        self.samples.iter().filter(|sample| sample.class == ClassId::NONE).count()
    }

    /// The data set without pictures that failed after the scan, when they were decoded.
    ///
    /// They move to [`Dataset::rejected`]. The ids of the remaining samples change.
    pub fn without(&self, bad: Vec<(SampleId, SampleError)>) -> Dataset {
        let mut left = self.clone();
        let mut reasons: Vec<Option<SampleError>> = vec![None; self.samples.len()];
        for (id, reason) in bad {
            if let Some(slot) = reasons.get_mut(id.0) {
                *slot = Some(reason);
            }
        }
        left.samples.clear();
        for (sample, reason) in self.samples.iter().zip(reasons) {
            match reason {
                None => left.samples.push(sample.clone()),
                Some(reason) => {
                    left.rejected.push(Rejected {
                        path: sample.path.clone(),
                        bytes: Some(sample.bytes),
                        reason,
                    });
                }
            }
        }
        left.rejected.sort_by_cached_key(|rejected| crate::natural::path_key(&rejected.path));
        left
    }
}

/// The place of a picture with this path; of one in a tar, the first part of the path is the tar's name.
pub(crate) fn place(root: &Path, path: &Path, span: Option<Span>) -> PictureLocation {
    match (span, path.components().next()) {
        (Some(_), Some(shard)) => PictureLocation { file: root.join(shard), span },
        _ => PictureLocation::from(root.join(path)),
    }
}
