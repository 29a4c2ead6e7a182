//! Splits are partitions, keep copies together and have every class on both sides.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;
use tl_data::{ClassId, Dataset, Sample, SampleId, Split, folds, train_val};
use tl_image::{ColorMode, ContentHash, Format, PictureHeader};

use crate::splits::{read_csv, write_csv};

/// A data set that needs no files: for each class, a number for the content of each picture.
fn data_set(classes: &[Vec<u16>]) -> Dataset {
    let header =
        PictureHeader { format: Format::Png, width: 1, height: 1, color: ColorMode::Rgb, orientation: 1 };
    let sample = |class: usize, i: usize, content: u16| {
        let content = ContentHash::of(&content.to_le_bytes());
        Sample::new(format!("{class}/{i}.png"), ClassId(class), header, content, 1)
    };
    let samples = classes.iter().enumerate().flat_map(|(class, contents)| {
        contents.iter().enumerate().map(move |(i, &content)| sample(class, i, content))
    });
    Dataset {
        root: PathBuf::from("root"),
        classes: (0..classes.len()).map(|class| format!("class{class}")).collect(),
        samples: samples.collect(),
        ..Dataset::default()
    }
}

/// Classes whose pictures differ, `sizes[i]` in class i.
fn distinct(sizes: &[u16]) -> Dataset {
    let contents = |(class, &size): (usize, &u16)| (0..size).map(|i| class as u16 * 1000 + i).collect();
    data_set(&sizes.iter().enumerate().map(contents).collect::<Vec<_>>())
}

fn contents(data: &Dataset, ids: &[SampleId]) -> HashSet<ContentHash> {
    ids.iter().map(|id| data.samples[id.0].content).collect()
}

fn classes(data: &Dataset, ids: &[SampleId]) -> BTreeSet<ClassId> {
    ids.iter().map(|id| data.samples[id.0].class).collect()
}

fn is_partition(data: &Dataset, parts: &[&Vec<SampleId>]) -> bool {
    let mut all: Vec<SampleId> = parts.iter().flat_map(|part| part.iter().copied()).collect();
    all.sort();
    all == (0..data.len()).map(SampleId).collect::<Vec<_>>()
}

/// 2 to 4 classes of 2 to 30 pictures each, with copies inside classes and, now and then, across them.
fn classes_with_copies() -> impl Strategy<Value = Vec<Vec<u16>>> {
    let class = |i: u16| {
        let copies = prop::collection::vec(0_u16..25, 0..28);
        let shared = prop::collection::vec(9000_u16..9003, 0..3);
        (copies, shared).prop_map(move |(copies, shared)| {
            let own = copies.into_iter().map(|content| i * 1000 + 2 + content);
            [i * 1000, i * 1000 + 1].into_iter().chain(own).chain(shared).collect()
        })
    };
    (2_u16..5).prop_flat_map(move |count| (0..count).map(class).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn a_split_is_a_partition_by_content_with_every_class_on_both_sides(
        contents_by_class in classes_with_copies(), val in 0.01..0.99, seed: u64
    ) {
        let data = data_set(&contents_by_class);
        let Split { train, val } = train_val(&data, val, seed).unwrap();
        prop_assert!(is_partition(&data, &[&train, &val]));
        prop_assert!(contents(&data, &train).is_disjoint(&contents(&data, &val)));
        prop_assert_eq!(classes(&data, &train).len(), data.classes.len());
        prop_assert_eq!(classes(&data, &val).len(), data.classes.len());
    }

    #[test]
    fn each_picture_is_held_out_once(contents_by_class in classes_with_copies(), k in 2_usize..6, seed: u64) {
        let data = data_set(&contents_by_class);
        if let Ok(splits) = folds(&data, k, seed) {
            prop_assert_eq!(splits.len(), k);
            prop_assert!(is_partition(&data, &splits.iter().map(|split| &split.val).collect::<Vec<_>>()));
            for Split { train, val } in &splits {
                prop_assert!(is_partition(&data, &[train, val]));
                prop_assert!(contents(&data, train).is_disjoint(&contents(&data, val)));
                prop_assert_eq!(classes(&data, train).len(), data.classes.len());
                prop_assert!(!val.is_empty());
            }
        }
    }
}

#[test]
fn the_share_holds_in_each_class() {
    let data = distinct(&[100, 10, 2]);
    let split = train_val(&data, 0.2, 7).unwrap();
    let held_out = |class| split.val.iter().filter(|id| data.samples[id.0].class == ClassId(class)).count();
    assert_eq!([held_out(0), held_out(1), held_out(2)], [20, 2, 1]);
}

#[test]
fn the_seed_decides() {
    let data = distinct(&[50, 50]);
    assert_eq!(train_val(&data, 0.2, 1).unwrap(), train_val(&data, 0.2, 1).unwrap());
    assert_ne!(train_val(&data, 0.2, 1).unwrap(), train_val(&data, 0.2, 2).unwrap());
}

#[test]
fn names_and_order_of_files_do_not_matter() {
    let data = data_set(&[(0..50).collect(), (100..150).collect()]);
    let renamed = data_set(&[(0..50).rev().collect(), (100..150).rev().collect()]);
    let held_out = |data: &Dataset| contents(data, &train_val(data, 0.2, 3).unwrap().val);
    assert_eq!(held_out(&data), held_out(&renamed));
}

#[test]
fn one_more_picture_moves_at_most_one_other_out() {
    let held_out = |n| {
        let data = data_set(&[(0..n).collect(), (1000..1050).collect()]);
        contents(&data, &train_val(&data, 0.2, 3).unwrap().val)
    };
    for n in 20..60 {
        assert!(held_out(n).difference(&held_out(n + 1)).count() <= 1, "{n}");
    }
}

#[test]
fn folds_are_equally_large() {
    let data = distinct(&[50, 20, 3]);
    for split in folds(&data, 5, 1).unwrap() {
        assert!((14..=15).contains(&split.val.len()), "{}", split.val.len());
    }
}

#[test]
fn impossible_splits_are_explained() {
    let copies = data_set(&[vec![1, 1, 1], vec![2, 3]]);
    let too_small = "class `class0` has 1 usable picture, at least 2 different ones are needed";
    let hint = "add pictures to `class0` or remove the class (copies of a picture count once)";
    for error in [train_val(&copies, 0.2, 1).unwrap_err(), folds(&copies, 2, 1).unwrap_err()] {
        assert_eq!((error.to_string(), error.hint()), (too_small.to_string(), Some(hint.to_string())));
    }
    let data = distinct(&[5, 7]);
    for share in [0.0, 1.0, -0.5, f64::NAN] {
        let message = format!("the share of pictures for validation is {share}, it must lie between 0 and 1");
        assert_eq!(train_val(&data, share, 1).unwrap_err().to_string(), message);
    }
    for k in [0, 1, 8] {
        let message = format!("{k} folds were asked for, these pictures allow 2 to 7");
        assert_eq!(folds(&data, k, 1).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_split_reads_back_as_written() {
    let mut data = distinct(&[6, 6]);
    data.classes[1] = "a, \"quoted\" class".to_string();
    data.samples[3].path = PathBuf::from("0/comma, \"quote\"\nand line.png");
    let split = train_val(&data, 0.3, 1).unwrap();
    let table = write_csv(&data, &split);
    let first = format!("path,class,content,part\n0/0.png,class0,{},", data.samples[0].content);
    assert!(table.starts_with(first.as_bytes()));
    assert_eq!(read_csv(&data, &table).unwrap(), split);
}

#[test]
fn a_split_goes_by_paths_where_it_has_no_contents_and_by_both_where_it_has() {
    let data = distinct(&[2, 2]);
    let contents: Vec<String> = data.samples.iter().map(|sample| sample.content.to_string()).collect();
    let parts = ["train", "val", "val", "train"];
    let rows = |wrong: Option<usize>, has_contents: bool| -> String {
        let row = |at: usize| {
            let content = if wrong == Some(at) { "0123456789abcdef" } else { &contents[at] };
            let content = if has_contents { format!("{content},") } else { String::new() };
            format!(
                "{0}/{1}.png,class{0},{content}{2}\n",
                at / 2,
                data.samples[at].name().chars().nth(2).unwrap(),
                parts[at]
            )
        };
        let header = if has_contents { "path,class,content,part\n" } else { "path,class,part\n" };
        (0..4).map(row).fold(header.to_string(), |table, row| table + &row)
    };
    let split = read_csv(&data, rows(None, true).as_bytes()).unwrap();
    assert_eq!(split.val, [SampleId(1), SampleId(2)]);
    assert_eq!(
        read_csv(&data, rows(Some(2), false).as_bytes()).unwrap(),
        split,
        "there is nothing to be wrong"
    );
    let message = "split file: line 4: `1/0.png` is another file than when the split was made; without the column \
                   `content` paths alone count";
    assert_eq!(read_csv(&data, rows(Some(2), true).as_bytes()).unwrap_err().to_string(), message);
}

#[test]
fn split_files_of_another_data_set_are_explained() {
    let data = distinct(&[2, 2]);
    for (table, message) in [
        ("a,b\n", "split file: line 1 is not `path,class,part`"),
        (
            "path,class,part\n0/0.png,class0,here\n",
            "split file: line 2: part `here` is none of train, val, test and fold-1, fold-2, ..",
        ),
        (
            "path,class,part\n0/9.png,class0,val\n",
            "split file: line 2: no readable picture `0/9.png`, or it is listed twice",
        ),
        (
            "path,class,part\n0/0.png,class1,val\n",
            "split file: line 2: `0/0.png` is in class `class0`, not `class1`",
        ),
        ("path,class,part\n0/0.png,class0,val\n", "split file: no picture is in the part train"),
    ] {
        assert_eq!(read_csv(&data, table.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn classes_whose_pictures_contradict_each_other_are_named_with_a_pair() {
    let cases: [(&[Vec<u16>], &str); 4] = [
        (
            &[vec![1, 2], vec![1, 2, 3, 4]],
            "class `class0` has 0 usable pictures: 2 contradict the class `class1`, `0/0.png` and `1/0.png` are the same picture",
        ),
        (
            &[vec![5, 1], vec![1, 3, 4]],
            "class `class0` has 1 usable picture: 1 contradicts the class `class1`, `0/1.png` and `1/0.png` are the same picture",
        ),
        (
            &[vec![8, 9], vec![1, 2], vec![1, 6, 7], vec![2, 4, 5]],
            "class `class1` has 0 usable pictures: 2 contradict the classes `class2`, `class3`, `1/0.png` and `2/0.png` are the same \
             picture",
        ),
        (
            &[vec![1, 1, 1], vec![2, 3]],
            "class `class0` has 1 usable picture, at least 2 different ones are needed",
        ),
    ];
    for (classes, message) in cases {
        let error = train_val(&data_set(classes), 0.5, 0).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some());
    }
}
