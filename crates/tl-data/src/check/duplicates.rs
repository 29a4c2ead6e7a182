//! Equal and similar pictures, as sets.

use std::collections::HashMap;

use tl_image::{ContentHash, PerceptualHash};

use crate::near_duplicates::NearDuplicates;
use crate::picture_location::slashed;
use crate::{Dataset, Sample, Tightened};

use super::{DuplicatePicture, DuplicateSet, Likeness};

/// The sets, those in several parts first, then those in several classes, then the largest; and what was done about
/// chains of look-alikes that were too long.
pub(super) fn sets(data: &Dataset) -> (Vec<DuplicateSet>, Option<Tightened>) {
    let mut with: HashMap<ContentHash, usize> = HashMap::new();
    let mut same: Vec<Vec<usize>> = Vec::new();
    for (at, sample) in data.samples.iter().enumerate() {
        let set = *with.entry(sample.content).or_insert_with(|| {
            same.push(Vec::new());
            same.len() - 1
        });
        same[set].push(at);
    }
    let (mut sets, tightened) = alike(data, &same);
    let several = same.iter().filter(|set| set.len() > 1);
    sets.extend(several.map(|samples| describe(data, Likeness::Same, samples)));
    sets.sort_by_cached_key(|set| {
        let first = set.pictures.first().map(|twin| twin.path.clone());
        let (parts, classes) = (!set.across_parts, !set.across_classes);
        (parts, classes, set.likeness, std::cmp::Reverse(set.pictures.len()), first)
    });
    (sets, tightened)
}

/// Sets of pictures that look alike, the first of each content standing for it.
fn alike(data: &Dataset, same: &[Vec<usize>]) -> (Vec<DuplicateSet>, Option<Tightened>) {
    let firsts: Vec<usize> = same.iter().filter_map(|set| set.first().copied()).collect();
    let hashes: Vec<Option<PerceptualHash>> =
        firsts.iter().map(|&at| data.samples[at].perceptual_hash).collect();
    let found = NearDuplicates::of(&hashes, data.len());
    let samples = found.sets.iter().map(|set| set.iter().map(|&at| firsts[at]).collect::<Vec<_>>());
    (samples.map(|samples| describe(data, Likeness::Alike, &samples)).collect(), found.tightened)
}

fn describe(data: &Dataset, likeness: Likeness, samples: &[usize]) -> DuplicateSet {
    let first = samples.first().and_then(|&at| data.samples[at].perceptual_hash);
    let distance = |hash: Option<PerceptualHash>| first.zip(hash).map_or(0, |(a, b)| a.distance(b));
    let twin = |sample: &Sample| DuplicatePicture {
        path: slashed(&sample.path),
        classes: sample.labels().filter_map(|class| data.classes.get(class.0).cloned()).collect(),
        part: sample.part,
        distance: distance(sample.perceptual_hash),
        thumbnail: None,
    };
    let pictures: Vec<DuplicatePicture> = samples.iter().map(|&at| twin(&data.samples[at])).collect();
    let differ = |differs: fn(&DuplicatePicture, &DuplicatePicture) -> bool| {
        pictures.windows(2).any(|pair| differs(&pair[0], &pair[1]))
    };
    DuplicateSet {
        likeness,
        across_classes: differ(|a, b| a.classes != b.classes),
        across_parts: differ(|a, b| a.part != b.part),
        pictures,
    }
}
