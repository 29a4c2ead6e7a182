//! The findings of a check: plain data, for JSON and for pages.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tl_image::PictureHeader;

use crate::{Part, Tightened, Unread, WideValues};

/// What is in a data set, what is wrong with it and what to do. Sizes are upright, in pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The folder or file that was checked, as given.
    pub source: String,
    /// Files that should be pictures, readable or not.
    pub files: usize,
    /// Number of files passed over: hidden, excluded, or no pictures by their names.
    pub ignored: usize,
    /// Rows of a table that say again what an earlier one said.
    pub repeated: usize,
    /// What was guessed or found out to read the source, a sentence each without a full stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Pictures that are known to be of no class, where each may be of several.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub of_no_class: usize,
    /// Size of all readable pictures' files, in bytes.
    pub bytes: u64,
    /// Side of the network's input the sizes were compared with, in pixels.
    pub input: u32,
    /// A verdict on every file: first those that cannot be used, then by class and path.
    pub pictures: Vec<PictureVerdict>,
    /// The classes, in their order.
    pub classes: Vec<ClassCheck>,
    /// Pictures of the largest class over those of the smallest; none without pictures.
    pub imbalance: Option<f64>,
    /// Pictures in formats that are not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    /// The values of pictures with 16 bits a colour, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<WideValues>,
    /// Readable pictures of each format.
    pub formats: BTreeMap<String, usize>,
    /// Readable pictures of each way to store colours.
    pub colors: BTreeMap<String, usize>,
    /// Readable pictures of each EXIF orientation, 1 being upright.
    pub orientations: BTreeMap<u8, usize>,
    /// Histogram of the pictures' widths.
    pub widths: Vec<Bin>,
    /// Histogram of the pictures' heights.
    pub heights: Vec<Bin>,
    /// Histogram of the pictures' aspect ratios, width over height.
    pub aspects: Vec<Bin>,
    /// Median of longer side / shorter side; 1 is square.
    pub median_aspect: f64,
    /// Pictures whose shorter side is less than the network's input.
    pub smaller_than_input: usize,
    /// Pictures of nearly one brightness, which were not compared by their perceptual hashes.
    #[serde(rename = "without_look")]
    pub without_hash: usize,
    /// Equal and similar pictures, the worst first: those in several parts, then in several classes.
    pub duplicates: Vec<DuplicateSet>,
    /// Chains of look-alikes that were cut, if some were too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tightened: Option<Tightened>,
    /// What to do, the most urgent first.
    pub advice: Vec<Advice>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A file, and whether it can be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureVerdict {
    /// Path below the root, with `/`.
    pub path: String,
    /// The file's labels; none where it cannot be used.
    pub classes: Vec<String>,
    /// The part its source puts it in.
    pub part: Option<Part>,
    /// Length of the file, where it is known.
    pub bytes: Option<u64>,
    /// What its header says, if it can be used.
    pub header: Option<PictureHeader>,
    /// Whether the file can be used.
    pub verdict: Verdict,
    /// What a forgiving program would show of a damaged picture, as a data URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

/// Whether a file can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The file can be used.
    Good,
    /// The file cannot be used, though programs that forgive errors show it, with parts missing or gray.
    Damaged {
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be used.
    Bad {
        /// What is wrong.
        reason: String,
    },
}

/// What a check found of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassCheck {
    /// The class's name.
    pub name: String,
    /// Number of readable pictures.
    pub pictures: usize,
    /// Number of pictures with different content: copies count once.
    pub different: usize,
    /// Pictures of each part its source gives.
    pub parts: BTreeMap<Part, usize>,
    /// Pictures of each format.
    pub formats: BTreeMap<String, usize>,
    /// Pictures stored without colours.
    pub gray: usize,
    /// A few of them, as data URIs.
    pub examples: Vec<String>,
}

/// A bin of a histogram: how many values lie in a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Smallest value in the bin.
    pub from: f64,
    /// Where the next one begins; none for the last.
    pub to: Option<f64>,
    /// Number of values in the bin.
    pub count: usize,
}

/// How pictures of a set are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Likeness {
    /// The pictures' files have the same bytes.
    Same,
    /// The pictures look alike: at most [`NEAR_BITS`](crate::NEAR_BITS) bits of their hashes differ from one to the next.
    Alike,
}

/// Pictures that are the same or look alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicateSet {
    /// The way in which the pictures are alike.
    pub likeness: Likeness,
    /// Do their labels differ? Then at least one is wrong, if they are the same.
    pub across_classes: bool,
    /// Whether the pictures are in several parts of the source. Then the test is easier than it should be.
    pub across_parts: bool,
    /// The pictures of the set, at least two.
    pub pictures: Vec<DuplicatePicture>,
}

/// A picture of a set of duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicatePicture {
    /// Path below the root, with `/`.
    pub path: String,
    /// The picture's labels.
    pub classes: Vec<String>,
    /// The part its source puts it in.
    pub part: Option<Part>,
    /// Bits of its hash that differ from the set's first picture.
    pub distance: u32,
    /// The picture, as a data URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}

/// How urgent a piece of advice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Training refuses, or its result cannot be trusted.
    Problem,
    /// The result may be worse than it could be.
    Warning,
    /// Worth knowing, and no reason to do anything.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Problem => "problem",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// A piece of advice: what was found and what is worth doing about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// How urgent it is.
    pub severity: Severity,
    /// What was found, a sentence without a full stop.
    pub text: String,
    /// What to do about it, likewise.
    pub remedy: String,
    /// The command that does it, a line for the shell, where there is one.
    pub command: Option<String>,
}

impl CheckReport {
    /// The files that cannot be used, and why.
    pub fn unusable(&self) -> impl Iterator<Item = (&PictureVerdict, &str)> {
        self.pictures.iter().filter_map(|file| match &file.verdict {
            Verdict::Good => None,
            Verdict::Damaged { reason } | Verdict::Bad { reason } => Some((file, reason.as_str())),
        })
    }

    /// The number of readable pictures.
    pub fn usable(&self) -> usize {
        self.pictures.iter().filter(|file| file.verdict == Verdict::Good).count()
    }

    /// The most urgent advice's severity.
    pub fn worst(&self) -> Option<Severity> {
        self.advice.iter().map(|advice| advice.severity).min()
    }
}

/// Is this the name of a way to store gray?
pub(crate) fn is_gray(color: &str) -> bool {
    color.starts_with("gray")
}
