//! Pictures that look alike, found without comparing all with all.
//!
//! Multi-index hashing (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012):
//! of two hashes that differ in at most 7 bits, one of the four 16-bit quarters differs in at most one. So it is enough
//! to look where a quarter is equal or differs in one bit.

use std::collections::HashMap;

use crate::Look;

/// The most bits two pictures that look alike may differ in, of 64.
///
/// Measured with the example `near` on the 188 pictures of animals and plants in `datasets/stamps`: copies saved at
/// JPEG quality 30, halved in size or without colours are within 4 bits in 99 to 100 of 100 cases, brighter ones in
/// 98, a third of the size in 98, with more contrast in 88, with 1 % cut off each side in 86 and with 2 % in 51. Of
/// the 17,578 pairs of different pictures the nearest differ in 12 bits; distances are spread about 31.5 with a
/// standard deviation of 5.6, so about one pair in a million should be within 4 by chance: one of 1,000 pictures, some
/// fifty of 10,000. A pair kept together by chance does a split no harm.
pub const NEAR_BITS: u32 = 4;

const QUARTERS: u32 = 4;
const QUARTER_BITS: u32 = 16;

/// Most bits for which the search finds every pair: two errors in each quarter need one more.
const MOST_BITS: u32 = 2 * QUARTERS - 1;

/// Pairs of positions of different looks that differ in at most `bits`, at most 7, with their distance. Equal looks
/// are paired with the first of them only.
pub(crate) fn near_pairs(looks: &[Option<Look>], bits: u32) -> Vec<(usize, usize, u32)> {
    let bits = bits.min(MOST_BITS);
    let mut first_with: HashMap<Look, usize> = HashMap::new();
    let mut pairs = Vec::new();
    let mut distinct = Vec::new();
    for (at, look) in looks.iter().enumerate().filter_map(|(at, look)| Some((at, (*look)?))) {
        match first_with.get(&look) {
            Some(&first) => pairs.push((first, at, 0)),
            None => {
                first_with.insert(look, at);
                distinct.push((at, look));
            }
        }
    }
    if bits > 0 {
        pairs.extend(distinct_pairs(&distinct, bits));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn distinct_pairs(distinct: &[(usize, Look)], bits: u32) -> Vec<(usize, usize, u32)> {
    let mut pairs = Vec::new();
    for quarter in 0..QUARTERS {
        let mut with: HashMap<u16, Vec<(usize, Look)>> = HashMap::new();
        for &(at, look) in distinct {
            let key = (look.0 >> (quarter * QUARTER_BITS)) as u16;
            let others = neighbours(key).filter_map(|near| with.get(&near)).flatten();
            let close = others.map(|&(other, its)| (other, at, its.distance(look)));
            pairs.extend(close.filter(|(_, _, distance)| *distance <= bits));
            with.entry(key).or_default().push((at, look));
        }
    }
    pairs
}

/// The key and those that differ from it in one bit.
fn neighbours(key: u16) -> impl Iterator<Item = u16> {
    std::iter::once(key).chain((0..QUARTER_BITS).map(move |bit| key ^ (1 << bit)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_pair_is_found_that_comparing_all_finds(
            centres in prop::collection::vec(any::<u64>(), 1..6),
            flips in prop::collection::vec((0_usize..6, prop::collection::vec(0_u32..64, 0..6)), 0..60),
            bits in 0_u32..8,
        ) {
            let flipped = |(centre, flips): &(usize, Vec<u32>)| {
                flips.iter().fold(centres[centre % centres.len()], |look, bit| look ^ (1 << bit))
            };
            let mut distinct: Vec<u64> = flips.iter().map(flipped).collect();
            distinct.sort_unstable();
            distinct.dedup();
            let looks: Vec<Option<Look>> = distinct.iter().map(|&look| Some(Look(look))).collect();
            let mut all = Vec::new();
            for (b, y) in looks.iter().flatten().enumerate() {
                for (a, x) in looks.iter().flatten().enumerate().take(b) {
                    all.extend(Some((a, b, x.distance(*y))).filter(|pair| pair.2 <= bits));
                }
            }
            all.sort_unstable();
            prop_assert_eq!(near_pairs(&looks, bits), all);
        }
    }

    #[test]
    fn equal_looks_are_paired_with_the_first() {
        let looks = [Some(Look(7)), None, Some(Look(7)), Some(Look(7)), None];
        assert_eq!(near_pairs(&looks, 3), [(0, 2, 0), (0, 3, 0)]);
    }
}
