//! What a data set looks like, for people.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Serialize, Serializer};
use tl_files::path_text;
use tl_image::ContentHash;

use crate::{Dataset, Sample};

/// Counts over the readable pictures of a data set. Sizes are upright, as people see the pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Pictures of each format.
    pub formats: BTreeMap<String, usize>,
    /// Pictures of each way to store colours.
    pub colors: BTreeMap<String, usize>,
    /// Spread of the pictures' widths, in pixels.
    pub widths: Spread,
    /// Spread of the pictures' heights, in pixels.
    pub heights: Spread,
    /// Median of longer side / shorter side; 1 is square.
    pub median_aspect: f64,
    /// Pictures with an EXIF orientation other than upright.
    pub oriented: usize,
    /// Size of all files.
    pub bytes: u64,
    /// Files whose bytes equal an earlier one's.
    pub duplicates: usize,
    /// Pairs of files with the same bytes and other labels; at least one of the labels is wrong.
    #[serde(serialize_with = "pairs_as_text")]
    pub conflicts: Vec<(PathBuf, PathBuf)>,
    /// Shorter sides, ascending.
    #[serde(skip)]
    shorter_sides: Vec<u32>,
}

/// Minimum, median and maximum of some values; all 0 when there are none. Of an even number, the upper median.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// The minimum value.
    pub min: u32,
    /// The median value.
    pub median: u32,
    /// The maximum value.
    pub max: u32,
}

impl Spread {
    fn of(values: impl Iterator<Item = u32>) -> Self {
        let mut values: Vec<u32> = values.collect();
        values.sort_unstable();
        match (values.first(), values.get(values.len() / 2), values.last()) {
            (Some(&min), Some(&median), Some(&max)) => Spread { min, median, max },
            _ => Spread::default(),
        }
    }
}

impl Summary {
    fn of(data: &Dataset) -> Self {
        let sizes: Vec<(u32, u32)> = data.samples.iter().map(|sample| sample.header.upright_size()).collect();
        let mut shorter_sides: Vec<u32> = sizes.iter().map(|&(w, h)| w.min(h)).collect();
        shorter_sides.sort_unstable();
        let (duplicates, conflicts) = equal_files(&data.samples);
        Summary {
            formats: count(data.samples.iter().map(|sample| sample.header.format.to_string())),
            colors: count(data.samples.iter().map(|sample| sample.header.color.to_string())),
            widths: Spread::of(sizes.iter().map(|size| size.0)),
            heights: Spread::of(sizes.iter().map(|size| size.1)),
            median_aspect: median_aspect(&sizes),
            oriented: data.samples.iter().filter(|sample| sample.header.orientation != 1).count(),
            bytes: data.samples.iter().map(|sample| sample.bytes).sum(),
            duplicates,
            conflicts,
            shorter_sides,
        }
    }

    /// Share of the pictures whose shorter side has fewer pixels than `side`, 0 to 1.
    pub fn share_smaller_than(&self, side: u32) -> f64 {
        let smaller = self.shorter_sides.partition_point(|&shorter| shorter < side);
        smaller as f64 / self.shorter_sides.len().max(1) as f64
    }
}

impl Dataset {
    /// Formats, colours, sizes and duplicates, for people.
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }
}

fn pairs_as_text<S: Serializer>(pairs: &[(PathBuf, PathBuf)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(pairs.iter().map(|(a, b)| (path_text(a), path_text(b))))
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn median_aspect(sizes: &[(u32, u32)]) -> f64 {
    let mut aspects: Vec<f64> =
        sizes.iter().map(|&(w, h)| f64::from(w.max(h)) / f64::from(w.min(h))).collect();
    aspects.sort_unstable_by(f64::total_cmp);
    aspects.get(aspects.len() / 2).copied().unwrap_or(1.0)
}

/// Counts files equal to an earlier one, and pairs those whose classes differ with the first such file.
fn equal_files(samples: &[Sample]) -> (usize, Vec<(PathBuf, PathBuf)>) {
    let mut first_with: HashMap<ContentHash, &Sample> = HashMap::new();
    let (mut duplicates, mut conflicts) = (0, Vec::new());
    for sample in samples {
        let first = *first_with.entry(sample.content).or_insert(sample);
        if first.path != sample.path {
            duplicates += 1;
        }
        if first.class != sample.class || first.also != sample.also {
            conflicts.push((first.path.clone(), sample.path.clone()));
        }
    }
    (duplicates, conflicts)
}
