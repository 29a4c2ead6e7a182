//! Pictures that must stay on one side of a split: copies, pictures that look alike, and groups.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use tl_image::{ContentHash, PerceptualHash};

use crate::disjoint_sets::DisjointSets;
use crate::near_duplicates::NearDuplicates;
use crate::{Dataset, Sample, SampleId, Tightened};

/// Which pictures of a data set belong together, so that a split moves them as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DuplicateGroups {
    /// The group's number of each picture of the data set; groups are numbered by their first pictures.
    of: Vec<usize>,
    /// Chains of look-alikes that were cut, if some were too long.
    pub tightened: Option<Tightened>,
}

/// The duplicate groups of a data set: pictures with equal content, those whose source puts them into one group, and those that look alike, where
/// [`Sample::perceptual_hash`] is known.
///
/// Look-alikes hang together in chains, which may not grow too long: [`Tightened`]. Copies and groups always stay
/// together.
pub fn duplicate_groups(data: &Dataset) -> DuplicateGroups {
    let mut sets = DisjointSets::new(data.len());
    join_equal(data, &mut sets, |sample| Some(sample.content));
    join_equal(data, &mut sets, |sample| sample.group.as_deref());
    let firsts = different(data);
    let hashes: Vec<Option<PerceptualHash>> =
        firsts.iter().map(|&at| data.samples[at].perceptual_hash).collect();
    let NearDuplicates { sets: alike, tightened } = NearDuplicates::of(&hashes, data.len());
    for set in alike {
        set.windows(2).for_each(|pair| sets.join(firsts[pair[0]], firsts[pair[1]]));
    }
    DuplicateGroups { of: sets.numbers(), tightened }
}

impl DuplicateGroups {
    /// The group of a picture of this data set; of another's, the first.
    pub fn of(&self, id: SampleId) -> usize {
        self.of.get(id.0).copied().unwrap_or_default()
    }

    /// The number of groups, those of one picture included.
    pub fn count(&self) -> usize {
        self.of.iter().max().map_or(0, |last| last + 1)
    }

    /// The pictures of each group, ascending.
    pub(crate) fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.count()];
        self.of.iter().enumerate().for_each(|(picture, &group)| members[group].push(picture));
        members
    }
}

/// The first picture with each content and perceptual hash, ascending. Copies look the same.
fn different(data: &Dataset) -> Vec<usize> {
    let mut met: HashSet<(ContentHash, Option<PerceptualHash>)> = HashSet::new();
    let is_first = |&at: &usize| met.insert((data.samples[at].content, data.samples[at].perceptual_hash));
    (0..data.len()).filter(is_first).collect()
}

fn join_equal<'a, K: Eq + Hash>(
    data: &'a Dataset,
    sets: &mut DisjointSets,
    key: impl Fn(&'a Sample) -> Option<K>,
) {
    let mut first_with: HashMap<K, usize> = HashMap::new();
    for (at, sample) in data.samples.iter().enumerate() {
        if let Some(key) = key(sample) {
            let first = *first_with.entry(key).or_insert(at);
            sets.join(first, at);
        }
    }
}
