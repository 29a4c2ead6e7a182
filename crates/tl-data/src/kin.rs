//! Pictures that must stay on one side of a split: copies, pictures that look alike, and groups.

use std::collections::HashMap;
use std::hash::Hash;

use crate::near::{NEAR_BITS, near_pairs};
use crate::{Dataset, Look, Sample};

/// Which pictures belong together, directly or through others.
pub(crate) struct Kin {
    /// For each sample, the sample it is linked to; a root is linked to itself.
    link: Vec<usize>,
}

impl Kin {
    /// The kin of a data set's pictures: equal content, the same group, or looks that differ in at most
    /// [`NEAR_BITS`] bits.
    pub(crate) fn of(data: &Dataset) -> Self {
        let mut kin = Kin { link: (0..data.len()).collect() };
        kin.join_equal(data, |sample| Some(sample.content));
        kin.join_equal(data, |sample| sample.group.as_deref());
        let looks: Vec<Option<Look>> = data.samples.iter().map(|sample| sample.look).collect();
        for (a, b, _) in near_pairs(&looks, NEAR_BITS) {
            kin.join(a, b);
        }
        kin
    }

    /// The samples of each kin, by the first of them.
    pub(crate) fn units(mut self) -> Vec<Vec<usize>> {
        let mut unit_of: HashMap<usize, usize> = HashMap::new();
        let mut units: Vec<Vec<usize>> = Vec::new();
        for sample in 0..self.link.len() {
            let root = self.root(sample);
            let unit = *unit_of.entry(root).or_insert_with(|| {
                units.push(Vec::new());
                units.len() - 1
            });
            units[unit].push(sample);
        }
        units
    }

    fn join_equal<'a, K: Eq + Hash>(&mut self, data: &'a Dataset, key: impl Fn(&'a Sample) -> Option<K>) {
        let mut first_with: HashMap<K, usize> = HashMap::new();
        for (at, sample) in data.samples.iter().enumerate() {
            if let Some(key) = key(sample) {
                let first = *first_with.entry(key).or_insert(at);
                self.join(first, at);
            }
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.link[a.max(b)] = a.min(b);
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.link[at] != at {
            // Halves the way for the next one.
            self.link[at] = self.link[self.link[at]];
            at = self.link[at];
        }
        at
    }
}
