//! Three parts, groups, pictures that look alike, parts given by the source, and splits given back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use tl_data::{
    ClassId, Dataset, GivenSplit, Part, Parts, Sample, SampleId, Shares, duplicate_groups, folds, read_parts,
    split, train_val, write_parts,
};
use tl_image::{ColorMode, ContentHash, Format, PerceptualHash, PictureHeader};

/// What matters about a picture here: class, content, group, look.
type Picture = (usize, u16, Option<u8>, Option<u64>);

fn data_set(pictures: &[Picture]) -> Dataset {
    let header =
        PictureHeader { format: Format::Png, width: 1, height: 1, color: ColorMode::Rgb, orientation: 1 };
    let sample = |(i, &(class, content, group, hash)): (usize, &Picture)| {
        let content = ContentHash::of(&content.to_le_bytes());
        let mut sample = Sample::new(format!("{class}/{i}.png"), ClassId(class), header, content, 1);
        sample.group = group.map(|group| format!("group {group}"));
        sample.perceptual_hash = hash.map(PerceptualHash);
        sample
    };
    let count = pictures.iter().map(|picture| picture.0 + 1).max().unwrap_or(0);
    Dataset {
        classes: (0..count).map(|class| format!("class{class}")).collect(),
        samples: pictures.iter().enumerate().map(sample).collect(),
        ..Dataset::default()
    }
}

/// Classes whose pictures differ, `sizes[i]` in class i.
fn distinct(sizes: &[u16]) -> Dataset {
    let of_class =
        |(class, &size): (usize, &u16)| (0..size).map(move |i| (class, class as u16 * 1000 + i, None, None));
    data_set(&sizes.iter().enumerate().flat_map(of_class).collect::<Vec<_>>())
}

fn counts(data: &Dataset, ids: &[SampleId]) -> Vec<usize> {
    let mut counts = vec![0; data.classes.len()];
    ids.iter().for_each(|id| counts[data.samples[id.0].class.0] += 1);
    counts
}

fn part_of(data: &Dataset, parts: &Parts) -> Vec<Part> {
    let mut found = BTreeMap::new();
    for part in Part::ALL {
        parts
            .of(part)
            .iter()
            .for_each(|id| assert_eq!(found.insert(*id, part), None, "{id:?} is in two parts"));
    }
    assert_eq!(found.len(), data.len(), "some are in no part");
    found.into_values().collect()
}

const SHARES: Shares = Shares { val: 0.2, test: 0.2 };

fn pictures() -> impl Strategy<Value = Vec<Picture>> {
    // Two pictures of their own for each of three classes, and others that may be copies, look alike or be of a group.
    let own =
        (0..3_usize).flat_map(|class| (0..2).map(move |i| (class, 900 + class as u16 * 10 + i, None, None)));
    let own: Vec<Picture> = own.collect();
    let other = (
        0_usize..3,
        0_u16..120,
        prop::option::weighted(0.5, 0_u8..12),
        prop::option::weighted(0.5, 0_u64..40),
    );
    prop::collection::vec(other, 0..60).prop_map(move |others| {
        let spread = |(class, content, group, hash): Picture| {
            (class, content, group, hash.map(|hash| hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (hash % 3)))
        };
        own.iter().copied().chain(others.into_iter().map(spread)).collect()
    })
}

/// Does any pair that belongs together lie on two sides?
fn kept_together(data: &Dataset, sides: &[Part]) -> bool {
    let samples = &data.samples;
    (0..samples.len()).all(|a| {
        (0..a).all(|b| {
            let alike = samples[a]
                .perceptual_hash
                .zip(samples[b].perceptual_hash)
                .is_some_and(|(a, b)| a.distance(b) <= tl_data::NEAR_BITS);
            let group = samples[a].group.is_some() && samples[a].group == samples[b].group;
            let together = alike || group || samples[a].content == samples[b].content;
            !together || sides[a] == sides[b]
        })
    })
}

proptest! {
    #[test]
    fn parts_are_a_partition_that_keeps_together_together(pictures in pictures(), seed: u64) {
        let data = data_set(&pictures);
        let parts = split(&data, &SHARES, seed).unwrap();
        prop_assert!(kept_together(&data, &part_of(&data, &parts)));
        prop_assert_eq!(&parts, &split(&data, &SHARES, seed).unwrap());
        prop_assert!(counts(&data, &parts.train).iter().all(|n| *n > 0));
        prop_assert!(counts(&data, &parts.val).iter().all(|n| *n > 0));
    }

    #[test]
    fn folds_keep_together_together_and_every_class_in_training(pictures in pictures(), k in 2_usize..6, seed: u64) {
        let data = data_set(&pictures);
        let Ok(splits) = folds(&data, k, seed) else { return Ok(()) };
        let mut times = vec![0; data.len()];
        for one in &splits {
            let mut sides = vec![Part::Train; data.len()];
            one.val.iter().for_each(|id| sides[id.0] = Part::Val);
            one.val.iter().for_each(|id| times[id.0] += 1);
            prop_assert!(kept_together(&data, &sides));
            prop_assert!(counts(&data, &one.train).iter().all(|n| *n > 0));
        }
        prop_assert!(times.iter().all(|n| *n == 1));
    }

    /// Of pictures that all differ, each class's shares are within one picture of those asked for: their borders are
    /// rounded. Where a share is less than a picture, the part that gets one nevertheless may take it from another.
    #[test]
    fn shares_hold_in_each_class(
        sizes in prop::collection::vec(3_u16..80, 2..5), val in 0.05..0.45, test in 0.05..0.45, seed: u64
    ) {
        let data = distinct(&sizes);
        let parts = split(&data, &Shares { val, test }, seed).unwrap();
        for (class, &size) in sizes.iter().enumerate() {
            let least = [val, test, 1.0 - val - test].into_iter().fold(1.0, f64::min);
            let most = if f64::from(size) * least < 1.0 { 2.0 } else { 1.0 };
            for (ids, share) in [(&parts.val, val), (&parts.test, test)] {
                let (found, wanted) = (counts(&data, ids)[class], f64::from(size) * share);
                prop_assert!((found as f64 - wanted).abs() <= most && found > 0, "{found}, not {wanted}");
            }
            prop_assert!(counts(&data, &parts.train)[class] > 0);
        }
    }

    /// What the documentation of splits states.
    #[test]
    fn one_more_picture_moves_at_most_one_unit_across_each_border(
        size in 3_u16..60, val in 0.05..0.45, test in 0.05..0.45, seed: u64
    ) {
        let side = |data: &Dataset, parts: &Parts| -> HashMap<ContentHash, Part> {
            let contents = data.samples.iter().map(|sample| sample.content);
            contents.zip(part_of(data, parts)).collect()
        };
        let (few, many) = (distinct(&[size, 9]), distinct(&[size + 1, 9]));
        let shares = Shares { val, test };
        let before = side(&few, &split(&few, &shares, seed).unwrap());
        let after = side(&many, &split(&many, &shares, seed).unwrap());
        let moved = before.iter().filter(|(content, part)| after[content] != **part).count();
        prop_assert!(moved <= 2, "{moved}");
    }
}

#[test]
fn a_small_class_trains_first_then_validates_then_tests() {
    let data = distinct(&[2, 3, 4, 10]);
    let parts = split(&data, &SHARES, 5).unwrap();
    assert_eq!(counts(&data, &parts.train), [1, 1, 2, 6]);
    assert_eq!(counts(&data, &parts.val), [1, 1, 1, 2]);
    assert_eq!(counts(&data, &parts.test), [0, 1, 1, 2]);
}

#[test]
fn two_parts_are_those_of_train_val() {
    let data = distinct(&[30, 17]);
    let parts = split(&data, &Shares { val: 0.2, test: 0.0 }, 3).unwrap();
    let two = train_val(&data, 0.2, 3).unwrap();
    assert_eq!((parts.train, parts.val, parts.test), (two.train, two.val, vec![]));
}

#[test]
fn a_group_stays_where_it_is_when_it_grows() {
    let of_group = |group: u8, pictures: u16| {
        (0..pictures).map(move |i| (0, u16::from(group) * 100 + i, Some(group), None))
    };
    let others = || (0..20).map(|i| (1, 5000 + i, None, None));
    let set = |last: u16| -> Vec<Picture> {
        (0..9).flat_map(|group| of_group(group, 4)).chain(of_group(9, last)).chain(others()).collect()
    };
    let side = |last: u16| -> BTreeMap<String, Part> {
        let data = data_set(&set(last));
        let parts = split(&data, &SHARES, 1).unwrap();
        let sides = part_of(&data, &parts);
        data.samples.iter().zip(sides).filter_map(|(s, part)| Some((s.group.clone()?, part))).collect()
    };
    let moved = |a: &BTreeMap<String, Part>, b: &BTreeMap<String, Part>| {
        a.iter().filter(|(g, p)| b[*g] != **p).count()
    };
    for last in 4..12 {
        assert!(moved(&side(last), &side(last + 1)) <= 2, "{last}");
    }
}

#[test]
fn groups_of_many_classes_reach_every_part() {
    // 12 patients, each with pictures of both classes; the rare class in half of them only.
    let of_patient = |patient: u8| {
        let common = (0..5).map(move |i| (0, u16::from(patient) * 10 + i, Some(patient), None));
        let rare =
            (patient.is_multiple_of(2)).then_some((1, u16::from(patient) * 10 + 9, Some(patient), None));
        common.chain(rare)
    };
    let data = data_set(&(0..12).flat_map(of_patient).collect::<Vec<_>>());
    for seed in 0..20 {
        let parts = split(&data, &SHARES, seed).unwrap();
        for part in Part::ALL {
            assert!(counts(&data, parts.of(part)).iter().all(|n| *n > 0), "{part} with seed {seed}");
        }
    }
}

#[test]
fn a_class_of_one_group_is_refused() {
    let pictures: Vec<Picture> =
        (0..4).map(|i| (0, i, Some(1), None)).chain((4..9).map(|i| (1, i, None, None))).collect();
    let error = split(&data_set(&pictures), &SHARES, 0).unwrap_err();
    let message = "all 4 pictures of class `class0` belong together, one side of a split would have none";
    let hint = "add pictures to `class0` that belong to another group and look different";
    assert_eq!((error.to_string(), error.hint()), (message.to_string(), Some(hint.to_string())));
}

#[test]
fn shares_that_leave_nothing_are_refused() {
    let data = distinct(&[5, 5]);
    let error = split(&data, &Shares { val: 0.5, test: 0.5 }, 0).unwrap_err();
    let message =
        "0.5 for validation and 0.5 for the test leave nothing to train on, together they must stay below 1";
    assert_eq!(error.to_string(), message);
}

#[test]
fn parts_of_the_source_are_kept_and_completed() {
    let mut data = distinct(&[20, 20]);
    for (at, sample) in data.samples.iter_mut().enumerate() {
        sample.part = Some(if at % 4 == 0 { Part::Test } else { Part::Train });
    }
    let parts = split(&data, &SHARES, 0).unwrap();
    assert!(parts.test.iter().all(|id| id.0 % 4 == 0));
    assert_eq!((parts.train.len(), parts.val.len(), parts.test.len()), (24, 6, 10));
    data.samples[1].part = Some(Part::Val);
    let parts = split(&data, &SHARES, 0).unwrap();
    assert_eq!((parts.train.len(), parts.val, parts.test.len()), (29, vec![SampleId(1)], 10));
}

#[test]
fn a_chain_of_look_alikes_does_not_swallow_a_class() {
    // Each frame is one bit from the one before it: the first and the last have nothing in common.
    let chain = |at: u16| (0..=at).fold(0, |hash: u64, bit| hash ^ (1 << (bit * 7 % 64)));
    let film = (0..63).map(|at| (0, at, None, Some(chain(at))));
    let others =
        (0..40).map(|at| (1, 1000 + at, None, Some((u64::from(at) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))));
    let mut data = data_set(&film.chain(others).collect::<Vec<_>>());
    let found = duplicate_groups(&data);
    let tightened = found.tightened.unwrap();
    assert_eq!((tightened.pictures, tightened.most, tightened.bits), (63, 50, Some(0)));
    let parts = split(&data, &SHARES, 0).unwrap();
    assert!(counts(&data, &parts.val)[0] >= 12 && counts(&data, &parts.test)[0] >= 12, "{parts:?}");
    // A group is kept whole, however large.
    data.samples.iter_mut().take(63).for_each(|sample| sample.group = Some("film".to_string()));
    assert_eq!(duplicate_groups(&data).of(SampleId(0)), duplicate_groups(&data).of(SampleId(62)));
    assert!(split(&data, &SHARES, 0).unwrap_err().to_string().contains("class0"));
}

fn table(data: &Dataset, parts: &[(&str, &[SampleId])]) -> Vec<u8> {
    let parts: Vec<_> = parts.iter().map(|(name, ids)| (name.to_string(), ids.to_vec())).collect();
    let mut table = Vec::new();
    write_parts(data, &parts, &mut table).unwrap();
    table
}

#[test]
fn parts_and_folds_read_back_as_written() {
    let data = distinct(&[9, 9]);
    let parts = split(&data, &SHARES, 1).unwrap();
    let all = Part::ALL.map(|part| (part.name(), parts.of(part)));
    assert_eq!(read_parts(&data, &*table(&data, &all)).unwrap(), (GivenSplit::Parts(parts.clone()), vec![]));

    let splits = folds(&data, 3, 1).unwrap();
    let names: Vec<String> = (1..=3).map(|fold| format!("fold-{fold}")).collect();
    let all: Vec<(&str, &[SampleId])> =
        names.iter().map(String::as_str).zip(splits.iter().map(|s| &s.val[..])).collect();
    assert_eq!(read_parts(&data, &*table(&data, &all)).unwrap(), (GivenSplit::Folds(splits.clone()), vec![]));

    // A run does not list what it could not decode.
    let (given, unlisted) = read_parts(&data, &*table(&data, &[("train", &parts.train)])).unwrap();
    let rest: BTreeSet<SampleId> = parts.val.iter().chain(&parts.test).copied().collect();
    assert_eq!(unlisted, rest.into_iter().collect::<Vec<_>>());
    assert_eq!(given, GivenSplit::Parts(Parts { train: parts.train, ..Parts::default() }));
}

#[test]
fn tables_of_parts_that_make_no_sense_are_explained() {
    let data = distinct(&[2, 2]);
    for (rows, message) in [
        ("0/0.png,class0,dve\n", "line 2: part `dve` is none of train, val, test and fold-1, fold-2, .."),
        ("0/0.png,class0,train\n0/1.png,class0,fold-1\n", "line 3: parts and folds in one table"),
        ("0/0.png,class0,val\n", "no picture is in the part train"),
        ("0/0.png,class0,fold-1\n0/1.png,class0,fold-3\n", "no picture is in fold-2"),
        (
            "0/0.png,class0,train\n0/0.png,class0,train\n",
            "line 3: no readable picture `0/0.png`, or it is listed twice",
        ),
    ] {
        let table = format!("path,class,part\n{rows}");
        assert_eq!(
            read_parts(&data, table.as_bytes()).unwrap_err().to_string(),
            format!("split file: {message}")
        );
    }
}
