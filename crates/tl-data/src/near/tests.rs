use proptest::prelude::*;

use super::*;

/// Looks a few bits away from one of some centres.
fn looks() -> impl Strategy<Value = Vec<u64>> {
    let flips = prop::collection::vec(0_u32..64, 0..6);
    let looks = prop::collection::vec((0_usize..6, flips), 0..60);
    (prop::collection::vec(any::<u64>(), 1..6), looks).prop_map(|(centres, looks)| {
        let flipped = |(centre, flips): (usize, Vec<u32>)| {
            flips.iter().fold(centres[centre % centres.len()], |look, bit| look ^ (1 << bit))
        };
        looks.into_iter().map(flipped).collect()
    })
}

/// The sets that comparing all with all finds.
fn compared(looks: &[u64], bits: u32) -> Vec<Vec<usize>> {
    let mut sets = Sets::new(looks.len());
    for b in 0..looks.len() {
        for a in (0..b).filter(|&a| (looks[a] ^ looks[b]).count_ones() <= bits) {
            sets.join(a, b);
        }
    }
    sets.members()
}

fn alike(looks: &[u64], pictures: usize) -> LookAlikes {
    let looks: Vec<Option<PerceptualHash>> = looks.iter().map(|&look| Some(PerceptualHash(look))).collect();
    LookAlikes::of(&looks, pictures)
}

fn several(sets: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    sets.into_iter().filter(|set| set.len() > 1).collect()
}

proptest! {
    #[test]
    fn the_sets_are_those_that_comparing_all_finds(mut looks in looks(), bits in 1_u32..8) {
        looks.sort_unstable();
        looks.dedup();
        let mut sets = Sets::new(looks.len());
        unite(&looks.iter().map(|&look| PerceptualHash(look)).collect::<Vec<_>>(), bits, &mut sets);
        prop_assert_eq!(sets.members(), compared(&looks, bits));
    }

    #[test]
    fn chains_that_are_not_too_long_stay_whole(looks in looks(), missing in 0_usize..60) {
        let mut with: Vec<Option<PerceptualHash>> = looks.iter().map(|&look| Some(PerceptualHash(look))).collect();
        if let Some(look) = with.get_mut(missing) {
            *look = None;
        }
        // 60 looks at most, and 1 % of 6,000 pictures.
        let found = LookAlikes::of(&with, 6000);
        prop_assert_eq!(found.tightened, None);
        let without = |look: &Option<PerceptualHash>| look.is_some();
        let kept: Vec<usize> = (0..with.len()).filter(|&at| without(&with[at])).collect();
        let values: Vec<u64> = kept.iter().map(|&at| looks[at]).collect();
        let expected = compared(&values, NEAR_BITS).into_iter().map(|set| set.into_iter().map(|at| kept[at]).collect());
        prop_assert_eq!(found.sets, several(expected.collect()));
    }

    /// Wherever the chains break, no set is too large, and all that look the same to fewer bits are together.
    #[test]
    fn sets_are_never_too_large_and_tightening_only_divides(
        flips in prop::collection::vec(prop::collection::vec(0_u32..20, 0..5), 0..400),
    ) {
        let looks: Vec<u64> = flips.iter().map(|flips| flips.iter().fold(0, |look, bit| look ^ (1 << bit))).collect();
        let found = alike(&looks, looks.len());
        prop_assert!(found.sets.iter().all(|set| set.len() <= ALWAYS));
        let whole = compared(&looks, NEAR_BITS);
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
    let looks: Vec<u64> = bunch(0).chain(bunch(0b1111)).collect();
    let found = alike(&looks, looks.len());
    assert_eq!(found.sets, [(0..40).collect::<Vec<_>>(), (40..80).collect()]);
    assert_eq!(found.tightened, Some(Tightened { pictures: 80, most: 50, bits: Some(3) }));
    assert_eq!(alike(&looks, 8000).sets.len(), 1, "1 % of 8,000 pictures may hang together");
}

#[test]
fn equal_looks_are_let_go_when_they_are_too_many() {
    let found = alike(&[vec![7; 51], vec![u64::MAX; 50]].concat(), 101);
    assert_eq!(found.sets, [(51..101).collect::<Vec<_>>()]);
    assert_eq!(found.tightened, Some(Tightened { pictures: 51, most: 50, bits: None }));
}

/// Frames of a camera that stands still, all different: a few bits about one look.
#[test]
fn many_nearly_equal_frames_take_a_moment_and_no_memory_for_their_pairs() {
    let mut state = 1_u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut frame = || (0..random(6)).fold(0x0123_4567_89ab_cdef_u64, |look, _| look ^ (1 << random(64)));
    let looks: Vec<u64> = (0..20_000).map(|_| frame()).collect();
    let begun = std::time::Instant::now();
    let found = alike(&looks, looks.len());
    assert!(found.sets.iter().all(|set| set.len() <= 200));
    assert_eq!(found.tightened.map(|tightened| (tightened.most, tightened.bits)), Some((200, None)));
    // A hundredth of that is what it takes; all pairs in a list would not fit into memory.
    assert!(begun.elapsed().as_secs() < 60);
}
