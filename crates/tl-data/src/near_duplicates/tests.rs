use proptest::prelude::*;

use super::*;

/// Hashes a few bits away from one of some centres.
fn hashes() -> impl Strategy<Value = Vec<u64>> {
    let flips = prop::collection::vec(0_u32..64, 0..6);
    let hashes = prop::collection::vec((0_usize..6, flips), 0..60);
    (prop::collection::vec(any::<u64>(), 1..6), hashes).prop_map(|(centres, hashes)| {
        let flipped = |(centre, flips): (usize, Vec<u32>)| {
            flips.iter().fold(centres[centre % centres.len()], |hash, bit| hash ^ (1 << bit))
        };
        hashes.into_iter().map(flipped).collect()
    })
}

/// The sets that comparing all with all finds.
fn compared(hashes: &[u64], bits: u32) -> Vec<Vec<usize>> {
    let mut sets = DisjointSets::new(hashes.len());
    for b in 0..hashes.len() {
        for a in (0..b).filter(|&a| (hashes[a] ^ hashes[b]).count_ones() <= bits) {
            sets.join(a, b);
        }
    }
    sets.members()
}

fn alike(hashes: &[u64], pictures: usize) -> NearDuplicates {
    let hashes: Vec<Option<PerceptualHash>> = hashes.iter().map(|&hash| Some(PerceptualHash(hash))).collect();
    NearDuplicates::of(&hashes, pictures)
}

fn several(sets: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    sets.into_iter().filter(|set| set.len() > 1).collect()
}

proptest! {
    #[test]
    fn the_sets_are_those_that_comparing_all_finds(mut hashes in hashes(), bits in 1_u32..8) {
        hashes.sort_unstable();
        hashes.dedup();
        let mut sets = DisjointSets::new(hashes.len());
        unite(&hashes.iter().map(|&hash| PerceptualHash(hash)).collect::<Vec<_>>(), bits, &mut sets);
        prop_assert_eq!(sets.members(), compared(&hashes, bits));
    }

    #[test]
    fn chains_that_are_not_too_long_stay_whole(hashes in hashes(), missing in 0_usize..60) {
        let mut with: Vec<Option<PerceptualHash>> = hashes.iter().map(|&hash| Some(PerceptualHash(hash))).collect();
        if let Some(hash) = with.get_mut(missing) {
            *hash = None;
        }
        // 60 hashes at most, and 1 % of 6,000 pictures.
        let found = NearDuplicates::of(&with, 6000);
        prop_assert_eq!(found.tightened, None);
        let without = |hash: &Option<PerceptualHash>| hash.is_some();
        let kept: Vec<usize> = (0..with.len()).filter(|&at| without(&with[at])).collect();
        let values: Vec<u64> = kept.iter().map(|&at| hashes[at]).collect();
        let expected = compared(&values, NEAR_BITS).into_iter().map(|set| set.into_iter().map(|at| kept[at]).collect());
        prop_assert_eq!(found.sets, several(expected.collect()));
    }

    /// Wherever the chains break, no set is too large, and all that look the same to fewer bits are together.
    #[test]
    fn sets_are_never_too_large_and_tightening_only_divides(
        flips in prop::collection::vec(prop::collection::vec(0_u32..20, 0..5), 0..400),
    ) {
        let hashes: Vec<u64> = flips.iter().map(|flips| flips.iter().fold(0, |hash, bit| hash ^ (1 << bit))).collect();
        let found = alike(&hashes, hashes.len());
        prop_assert!(found.sets.iter().all(|set| set.len() <= ALWAYS));
        let whole = compared(&hashes, NEAR_BITS);
        let set_of = |at: usize| whole.iter().position(|set| set.contains(&at));
        for set in &found.sets {
            prop_assert!(set.iter().all(|&at| set_of(at) == set_of(set[0])));
        }
        for set in whole.iter().filter(|set| (2..=ALWAYS).contains(&set.len())) {
            prop_assert!(found.sets.contains(set));
        }
        let long: usize = whole.iter().map(Vec::len).filter(|&length| length > ALWAYS).sum();
        prop_assert_eq!(found.tightened.map_or(0, |tightened| tightened.pictures), long);
    }
}

#[test]
fn a_chain_is_cut_where_its_links_are_weakest() {
    // Two bunches of 40 within one bit of their centres, which are 4 bits apart.
    let bunch = |centre: u64| (0..40).map(move |bit| centre ^ (1 << (bit + 20)));
    let hashes: Vec<u64> = bunch(0).chain(bunch(0b1111)).collect();
    let found = alike(&hashes, hashes.len());
    assert_eq!(found.sets, [(0..40).collect::<Vec<_>>(), (40..80).collect()]);
    assert_eq!(found.tightened, Some(Tightened { pictures: 80, most: 50, bits: Some(3) }));
    assert_eq!(alike(&hashes, 8000).sets.len(), 1, "1 % of 8,000 pictures may hang together");
}

#[test]
fn equal_looks_are_let_go_when_they_are_too_many() {
    let found = alike(&[vec![7; 51], vec![u64::MAX; 50]].concat(), 101);
    assert_eq!(found.sets, [(51..101).collect::<Vec<_>>()]);
    assert_eq!(found.tightened, Some(Tightened { pictures: 51, most: 50, bits: None }));
}

/// Frames of a camera that stands still, all different: a few bits about one hash.
#[test]
fn many_nearly_equal_frames_take_a_moment_and_no_memory_for_their_pairs() {
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut frame = || (0..random(6)).fold(0x0123_4567_89ab_cdef_u64, |hash, _| hash ^ (1 << random(64)));
    let hashes: Vec<u64> = (0..20_000).map(|_| frame()).collect();
    let begun = std::time::Instant::now();
    let found = alike(&hashes, hashes.len());
    assert!(found.sets.iter().all(|set| set.len() <= 200));
    assert_eq!(found.tightened.map(|tightened| (tightened.most, tightened.bits)), Some((200, None)));
    // A hundredth of that is what it takes; all pairs in a list would not fit into memory.
    assert!(begun.elapsed().as_secs() < 60);
}
