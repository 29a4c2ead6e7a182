//! Pictures that look alike, found without comparing all with all.
//!
//! Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012):
//! cut into one block more than bits may differ, two hashes that are near have a block in common. So it is enough to
//! compare where a block is equal. What is found is united at once, so that nothing is kept but the sets, and what is
//! united already is not compared again: of nearly equal frames, all of which have most blocks in common, each is
//! compared with a few only.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tl_image::PerceptualHash;

use crate::disjoint_sets::DisjointSets;

/// The most bits two pictures that look alike may differ in, of 64.
///
/// Measured with the example `near_duplicates` on the 188 pictures of animals and plants in `datasets/stamps`: copies saved at
/// JPEG quality 30, halved in size or without colours are within 4 bits in 99 to 100 of 100 cases, brighter ones in
/// 98, a third of the size in 98, with more contrast in 88, with 1 % cut off each side in 86 and with 2 % in 51. Of
/// the 17,578 pairs of different pictures the nearest differ in 12 bits; distances are spread about 31.5 with a
/// standard deviation of 5.6, so about one pair in a million should be within 4 by chance: one of 1,000 pictures, some
/// fifty of 10,000. A pair kept together by chance does a split no harm.
pub const NEAR_BITS: u32 = 4;

const HASH_BITS: u32 = u64::BITS;

/// Number of pictures that may hang together by their hashes in any data set.
const ALWAYS: usize = 50;
/// Divisor of a large data set's size that gives how many pictures may hang together.
const SHARE: usize = 100;

/// Chains of pictures that look alike and were too long: a looks like b, b like c, and in the end nothing is left that
/// could be held out. The bound for looking alike was lowered for them, bit by bit, until no chain was longer than
/// [`most`](Self::most).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tightened {
    /// Different pictures in such chains.
    pub pictures: usize,
    /// The most that may hang together: 50, or 1 % of the pictures if that is more.
    pub most: usize,
    /// The lowest bound that was needed, in bits; none where even equal hashes are too many, and only files with the same
    /// bytes stay together.
    pub bits: Option<u32>,
}

impl fmt::Display for Tightened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tightened { pictures, most, bits } = self;
        write!(
            f,
            "{pictures} pictures hang together in chains of hash-alikes longer than {most}: of these, only "
        )?;
        match bits {
            Some(0) => f.write_str("pictures of equal hashes stay together"),
            Some(bits) => write!(f, "pictures within {bits} of 64 bits, not {NEAR_BITS}, stay together"),
            None => f.write_str("copies of the same bytes stay together"),
        }
    }
}

/// Which of some pictures look alike.
#[derive(Default)]
pub(crate) struct NearDuplicates {
    /// DisjointSets of two at least, as positions, ascending, by the first of them.
    pub(crate) sets: Vec<Vec<usize>>,
    pub(crate) tightened: Option<Tightened>,
}

impl NearDuplicates {
    /// Pictures whose hashes differ in at most [`NEAR_BITS`] bits, directly or through others, in sets of no more than
    /// the larger of 50 and 1 % of `pictures`: [`Tightened`].
    pub(crate) fn of(hashes: &[Option<PerceptualHash>], pictures: usize) -> Self {
        let mut number: HashMap<PerceptualHash, usize> = HashMap::new();
        let mut equal: Vec<(PerceptualHash, Vec<usize>)> = Vec::new();
        for (at, hash) in hashes.iter().enumerate().filter_map(|(at, hash)| Some((at, (*hash)?))) {
            let set = *number.entry(hash).or_insert(equal.len());
            match equal.get_mut(set) {
                Some((_, with)) => with.push(at),
                None => equal.push((hash, vec![at])),
            }
        }
        let most = ALWAYS.max(pictures / SHARE);
        let mut divide = Clustering { equal: &equal, most, found: NearDuplicates::default() };
        divide.divide((0..equal.len()).collect(), NEAR_BITS);
        let mut found = divide.found;
        found.sets.sort_unstable();
        found
    }
}

/// Distinct hashes on their way into sets that are not too large.
struct Clustering<'a> {
    /// The different hashes, and the pictures that have each.
    equal: &'a [(PerceptualHash, Vec<usize>)],
    most: usize,
    found: NearDuplicates,
}

impl Clustering<'_> {
    /// Puts these hashes into sets within `bits`; those that are too large are divided again within one bit less.
    fn divide(&mut self, numbers: Vec<usize>, bits: u32) {
        let hashes: Vec<PerceptualHash> = numbers.iter().map(|&number| self.equal[number].0).collect();
        let mut sets = DisjointSets::new(hashes.len());
        unite(&hashes, bits, &mut sets);
        for set in sets.members() {
            let set: Vec<usize> = set.into_iter().map(|at| numbers[at]).collect();
            let pictures: usize = set.iter().map(|&number| self.equal[number].1.len()).sum();
            if pictures <= self.most {
                self.accept(&set);
                continue;
            }
            let lower = bits.checked_sub(1);
            self.note(if bits == NEAR_BITS { pictures } else { 0 }, lower);
            if let Some(lower) = lower {
                self.divide(set, lower);
            }
        }
    }

    fn accept(&mut self, set: &[usize]) {
        let mut pictures: Vec<usize> =
            set.iter().flat_map(|&number| &self.equal[number].1).copied().collect();
        pictures.sort_unstable();
        self.found.sets.extend(Some(pictures).filter(|pictures| pictures.len() > 1));
    }

    /// Notes that so many more pictures were in a chain that was too long, and that the bound is `bits` now.
    fn note(&mut self, pictures: usize, bits: Option<u32>) {
        let none = Tightened { pictures: 0, most: self.most, bits };
        let tightened = self.found.tightened.get_or_insert(none);
        tightened.pictures += pictures;
        // None is below 0.
        tightened.bits = tightened.bits.min(bits);
    }
}

/// Joins the hashes, all different, that differ in at most `bits`.
fn unite(hashes: &[PerceptualHash], bits: u32, sets: &mut DisjointSets) {
    if bits == 0 {
        return;
    }
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    for block in blocks(hashes, bits as usize + 1) {
        let key = |at: usize| hashes[at].0 & block;
        order.sort_unstable_by_key(|&at| key(at));
        for bucket in order.chunk_by(|&a, &b| key(a) == key(b)).filter(|bucket| bucket.len() > 1) {
            unite_bucket(bucket, hashes, bits, sets);
        }
    }
}

/// The 64 bits, dealt out to so many masks: those that tell most hashes apart first, so that each mask has its share of them
/// and buckets are small.
fn blocks(hashes: &[PerceptualHash], count: usize) -> Vec<u64> {
    let tells_apart = |bit: u32| {
        let set = hashes.iter().filter(|hash| hash.0 >> bit & 1 == 1).count();
        set.min(hashes.len() - set)
    };
    let mut bits: Vec<u32> = (0..HASH_BITS).collect();
    bits.sort_by_cached_key(|&bit| std::cmp::Reverse(tells_apart(bit)));
    let mut blocks = vec![0; count];
    bits.into_iter().enumerate().for_each(|(rank, bit)| blocks[rank % count] |= 1 << bit);
    blocks
}

/// Pictures of a bucket that were found to be near each other.
#[derive(Default)]
struct BucketHits {
    /// Near none of the others.
    loose: Vec<(PerceptualHash, usize)>,
    /// Pictures by the set they are in.
    united: Vec<Vec<(PerceptualHash, usize)>>,
}

fn unite_bucket(bucket: &[usize], hashes: &[PerceptualHash], bits: u32, sets: &mut DisjointSets) {
    let mut met = BucketHits::default();
    for &at in bucket {
        let mut home = met.take_united(hashes[at], at, bits, sets);
        let mut from = 0;
        let near = |(hash, _): &(PerceptualHash, usize)| hash.distance(hashes[at]) <= bits;
        while let Some(found) = met.loose[from..].iter().position(near) {
            from += found;
            let other = met.loose.swap_remove(from);
            sets.join(other.1, at);
            home.push(other);
        }
        if home.is_empty() {
            met.loose.push((hashes[at], at));
        } else {
            home.push((hashes[at], at));
            met.united.push(home);
        }
    }
}

impl BucketHits {
    /// Takes out the sets that a hash belongs to, or is near to and now joins, all in one.
    fn take_united(
        &mut self,
        hash: PerceptualHash,
        at: usize,
        bits: u32,
        sets: &mut DisjointSets,
    ) -> Vec<(PerceptualHash, usize)> {
        let mut home: Vec<(PerceptualHash, usize)> = Vec::new();
        let mut number = 0;
        while let Some(set) = self.united.get(number) {
            let first = set.first().map_or(at, |first| first.1);
            let is_one = sets.root(first) == sets.root(at);
            if !is_one && !set.iter().any(|other| other.0.distance(hash) <= bits) {
                number += 1;
                continue;
            }
            sets.join(first, at);
            let mut set = self.united.swap_remove(number);
            if set.len() > home.len() {
                std::mem::swap(&mut set, &mut home);
            }
            home.append(&mut set);
        }
        home
    }
}

#[cfg(test)]
mod tests;
