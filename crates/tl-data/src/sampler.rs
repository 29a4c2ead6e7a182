//! Samplers: which samples an epoch is made of, as a pure function of seed and epoch.

use serde::{Deserialize, Serialize};

use crate::{ClassId, SampleOrder};

/// The sampling strategy: how often pictures of each class come in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every sample once.
    #[default]
    Natural,
    /// Every class equally often.
    Balanced,
    /// Every class in proportion to the square root of its size: half-way between the two.
    Sqrt,
}

/// The samples of one epoch. It has as many positions as there are samples, however they are shared out.
///
/// A class's share is filled with its samples in turn, in an order that changes with every round, and goes on in the
/// next epoch where it stopped: over many epochs, the samples of a class come equally often, up to one.
#[derive(Clone, Debug)]
pub struct Sampler {
    order: SampleOrder,
    seed: u64,
    epoch: u64,
    /// Empty when every sample comes once.
    shares: Vec<Share>,
}

#[derive(Clone, Debug)]
struct Share {
    /// The class's samples.
    members: Vec<usize>,
    /// The first of its positions before they are shuffled.
    first: usize,
    /// Number of positions of the class.
    positions: usize,
}

impl Sampler {
    /// The samples of this epoch, given the class of each.
    pub fn new(labels: &[ClassId], how: Sampling, seed: u64, epoch: u64) -> Self {
        let shares = if how == Sampling::Natural { Vec::new() } else { shares(labels, how) };
        Sampler { order: SampleOrder::new(seed, epoch, labels.len()), seed, epoch, shares }
    }

    /// The number of positions in an epoch.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Are there no samples?
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Which sample comes at position `i`, as an index into the labels. Positions from `len` on start over.
    pub fn at(&self, i: usize) -> usize {
        let place = self.order.at(i);
        let after = self.shares.partition_point(|share| share.first <= place);
        let Some((class, share)) =
            after.checked_sub(1).and_then(|class| Some((class, self.shares.get(class)?)))
        else {
            return place;
        };
        let members = share.members.len().max(1) as u64;
        let turn = self.epoch.wrapping_mul(share.positions as u64).wrapping_add((place - share.first) as u64);
        // A seed of its own for each class: orders of equally large classes are not to be the same.
        let seed = self.seed ^ (class as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let order = SampleOrder::new(seed, turn / members, share.members.len());
        share.members.get(order.at((turn % members) as usize)).copied().unwrap_or(place)
    }
}

/// Classes that have samples, with their shares of the positions.
fn shares(labels: &[ClassId], how: Sampling) -> Vec<Share> {
    let classes = labels.iter().map(|class| class.0 + 1).max().unwrap_or(0);
    let mut members = vec![Vec::new(); classes];
    for (index, class) in labels.iter().enumerate() {
        members[class.0].push(index);
    }
    members.retain(|members: &Vec<usize>| !members.is_empty());
    let weight = |count: usize| if how == Sampling::Sqrt { (count as f64).sqrt() } else { 1.0 };
    let total: f64 = members.iter().map(|members| weight(members.len())).sum();
    let (mut sum, mut first) = (0.0, 0);
    let share = |members: Vec<usize>| {
        sum += weight(members.len());
        // Borders are rounded, not shares: so they add up.
        let end = (sum / total * labels.len() as f64).round() as usize;
        let share = Share { members, first, positions: end - first };
        first = end;
        share
    };
    let mut shares: Vec<Share> = members.into_iter().map(share).collect();
    shares.retain(|share| share.positions > 0);
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(counts: &[usize]) -> Vec<ClassId> {
        counts.iter().enumerate().flat_map(|(class, &count)| vec![ClassId(class); count]).collect()
    }

    fn epoch(counts: &[usize], how: Sampling, epoch: u64) -> Vec<usize> {
        let sampler = Sampler::new(&labels(counts), how, 7, epoch);
        (0..sampler.len()).map(|i| sampler.at(i)).collect()
    }

    fn of_each_class(counts: &[usize], how: Sampling) -> Vec<usize> {
        let labels = labels(counts);
        let mut found = vec![0; counts.len()];
        epoch(counts, how, 3).into_iter().for_each(|index| found[labels[index].0] += 1);
        found
    }

    #[test]
    fn classes_get_their_shares() {
        let counts = [900, 0, 100, 400];
        assert_eq!(of_each_class(&counts, Sampling::Natural), counts);
        assert_eq!(of_each_class(&counts, Sampling::Balanced), [467, 0, 466, 467]);
        // 30, 10 and 20 parts of 60.
        assert_eq!(of_each_class(&counts, Sampling::Sqrt), [700, 0, 233, 467]);
    }

    proptest! {
        #[test]
        fn natural_sampling_is_a_permutation(counts in prop::collection::vec(0_usize..50, 0..6), number: u64) {
            let mut seen = epoch(&counts, Sampling::Natural, number);
            seen.sort();
            prop_assert_eq!(seen, (0..counts.iter().sum()).collect::<Vec<_>>());
        }

        #[test]
        fn samples_of_a_class_come_equally_often(counts in prop::collection::vec(1_usize..30, 1..6), sqrt: bool) {
            let how = if sqrt { Sampling::Sqrt } else { Sampling::Balanced };
            let mut seen = vec![0; counts.iter().sum()];
            (0..5).flat_map(|number| epoch(&counts, how, number)).for_each(|index| seen[index] += 1);
            let mut rest = seen.as_slice();
            for &count in &counts {
                let (class, after) = rest.split_at(count);
                prop_assert!(class.iter().max().unwrap() - class.iter().min().unwrap() <= 1, "{:?}", class);
                rest = after;
            }
        }
    }
}
