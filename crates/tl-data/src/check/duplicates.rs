//! Equal and similar pictures, as sets.

use std::collections::{BTreeMap, HashMap};

use crate::near::{NEAR_BITS, near_pairs};
use crate::place::slashed;
use crate::{ContentHash, Dataset, Look, Sample};

use super::{DuplicateSet, Likeness, Twin};

/// The sets, those in several parts first, then those in several classes, then the largest.
pub(super) fn sets(data: &Dataset) -> Vec<DuplicateSet> {
    let mut with: HashMap<ContentHash, usize> = HashMap::new();
    let mut same: Vec<Vec<usize>> = Vec::new();
    for (at, sample) in data.samples.iter().enumerate() {
        let set = *with.entry(sample.content).or_insert_with(|| {
            same.push(Vec::new());
            same.len() - 1
        });
        same[set].push(at);
    }
    let mut sets: Vec<DuplicateSet> = alike(data, &same);
    let several = same.iter().filter(|set| set.len() > 1);
    sets.extend(several.map(|samples| describe(data, Likeness::Same, samples)));
    sets.sort_by_cached_key(|set| {
        let first = set.pictures.first().map(|twin| twin.path.clone());
        let (parts, classes) = (!set.across_parts, !set.across_classes);
        (parts, classes, set.likeness, std::cmp::Reverse(set.pictures.len()), first)
    });
    sets
}

/// Sets of pictures that look alike, the first of each content standing for it.
fn alike(data: &Dataset, same: &[Vec<usize>]) -> Vec<DuplicateSet> {
    let firsts: Vec<usize> = same.iter().filter_map(|set| set.first().copied()).collect();
    let looks: Vec<Option<Look>> = firsts.iter().map(|&at| data.samples[at].look).collect();
    let mut set_of: Vec<usize> = (0..firsts.len()).collect();
    // Pairs ascend by their first picture, but chains may join sets later.
    for (a, b, _) in near_pairs(&looks, NEAR_BITS) {
        let (a, b) = (root(&set_of, a), root(&set_of, b));
        set_of[a.max(b)] = a.min(b);
    }
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, &first) in firsts.iter().enumerate() {
        sets.entry(root(&set_of, at)).or_default().push(first);
    }
    let several = sets.into_values().filter(|set| set.len() > 1);
    several.map(|samples| describe(data, Likeness::Alike, &samples)).collect()
}

fn root(set_of: &[usize], mut at: usize) -> usize {
    while set_of[at] != at {
        at = set_of[at];
    }
    at
}

fn describe(data: &Dataset, likeness: Likeness, samples: &[usize]) -> DuplicateSet {
    let first = samples.first().and_then(|&at| data.samples[at].look);
    let distance = |look: Option<Look>| first.zip(look).map_or(0, |(a, b)| a.distance(b));
    let twin = |sample: &Sample| Twin {
        path: slashed(&sample.path),
        classes: sample.labels().filter_map(|class| data.classes.get(class.0).cloned()).collect(),
        part: sample.part,
        distance: distance(sample.look),
        thumbnail: None,
    };
    let pictures: Vec<Twin> = samples.iter().map(|&at| twin(&data.samples[at])).collect();
    let differ =
        |differs: fn(&Twin, &Twin) -> bool| pictures.windows(2).any(|pair| differs(&pair[0], &pair[1]));
    DuplicateSet {
        likeness,
        across_classes: differ(|a, b| a.classes != b.classes),
        across_parts: differ(|a, b| a.part != b.part),
        pictures,
    }
}
