//! The data set: classes, samples, and the files that are neither.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::place::{Place, slashed};
use crate::{Look, Part, PictureError, PictureHeader, Span, Summary};

/// Index of a class in [`Dataset::classes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(pub usize);

/// Index of a picture in [`Dataset::samples`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub usize);

/// Labelled pictures. [`scan`](crate::scan) makes one of a folder, [`read`](crate::read) of any source.
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
    /// How many hidden files, hidden folders and well-known other files (`README`, `*.txt`, ..) were passed over.
    pub ignored: usize,
    /// How many rows of a table or list said again what an earlier one had said.
    pub repeated: usize,
    /// May a picture have several labels? Then [`Sample::also`] matters.
    pub multi_label: bool,
}

/// One readable picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Path, relative to [`Dataset::root`]. Of a picture in a tar: the tar's, then the name in it.
    pub path: PathBuf,
    /// Its class; of several labels, the first in the order of classes.
    pub class: ClassId,
    /// Further labels, ascending.
    pub also: Vec<ClassId>,
    /// What it belongs to: a split keeps a group on one side.
    pub group: Option<String>,
    /// The part its source puts it in.
    pub part: Option<Part>,
    /// How it looks, if that was asked for and there is something to see.
    pub look: Option<Look>,
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
        let (also, group, part, look, span) = (Vec::new(), None, None, None, None);
        Sample { path, class, also, group, part, look, span, header, content, bytes }
    }

    /// Its path with `/` between the parts on every system.
    pub fn name(&self) -> String {
        slashed(&self.path)
    }

    /// All its labels, ascending.
    pub fn labels(&self) -> impl Iterator<Item = ClassId> + '_ {
        std::iter::once(self.class).chain(self.also.iter().copied())
    }
}

/// One file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Path, relative to [`Dataset::root`].
    pub path: PathBuf,
    /// Length of the file, where it is known.
    pub bytes: Option<u64>,
    /// The reason.
    pub reason: PictureError,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// blake3 of a file's bytes: equal files have equal hashes, whatever their names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Hashes a file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        ContentHash(*blake3::hash(bytes).as_bytes())
    }

    /// All 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The first 8 bytes, those that [`Display`](fmt::Display) shows: among millions of files, two different ones have
    /// the same by chance less than once in a million data sets.
    pub fn short(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }

    /// The reverse of [`to_hex`](Self::to_hex).
    pub(crate) fn from_hex(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex).ok().map(|hash| ContentHash(*hash.as_bytes()))
    }
}

/// The first 16 hexadecimal digits.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let hash = blake3::Hash::from_hex(hex).map_err(serde::de::Error::custom)?;
        Ok(ContentHash(*hash.as_bytes()))
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
    pub fn place_of(&self, id: SampleId) -> Place {
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

    /// Formats, colours, sizes and duplicates, for people.
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }

    /// The data set without pictures that failed after the scan, when they were decoded.
    ///
    /// They move to [`Dataset::rejected`]. The ids of the remaining samples change.
    pub fn without(&self, bad: Vec<(SampleId, PictureError)>) -> Dataset {
        let mut left = self.clone();
        let mut reasons: Vec<Option<PictureError>> = vec![None; self.samples.len()];
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
pub(crate) fn place(root: &Path, path: &Path, span: Option<Span>) -> Place {
    match (span, path.components().next()) {
        (Some(_), Some(shard)) => Place { file: root.join(shard), span },
        _ => Place::from(root.join(path)),
    }
}
