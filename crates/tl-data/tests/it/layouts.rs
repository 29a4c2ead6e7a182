//! Folders of a split and folders of classes, told apart.

use tempfile::TempDir;
use tl_data::{CheckOptions, Dataset, Part, Source, check, parts_said};
use tl_image::Limits;

use crate::sources::{folder, read_plainly, refusal};

/// `folder/class/N.png` for each class of each folder.
fn tree(folders: &[&str], classes: &[&str]) -> TempDir {
    let mut number = 0;
    let mut paths = Vec::new();
    for (folder, class) in folders.iter().flat_map(|folder| classes.iter().map(move |class| (folder, class)))
    {
        number += 1;
        paths.push(format!("{folder}/{class}/{number}.png"));
    }
    folder(&paths.iter().map(String::as_str).collect::<Vec<_>>())
}

fn source(folder: &TempDir) -> Source {
    Source::Folder { path: folder.path().to_path_buf() }
}

fn read_tree(folders: &[&str]) -> Dataset {
    read_plainly(&source(&tree(folders, &["cats", "dogs"]))).unwrap()
}

/// The part of each folder, by the pictures in it.
fn parts(data: &Dataset) -> Vec<(String, Option<Part>)> {
    let mut parts: Vec<_> = data
        .samples
        .iter()
        .map(|sample| (sample.name().split('/').next().unwrap().to_string(), sample.part))
        .collect();
    parts.sort();
    parts.dedup();
    parts
}

#[test]
fn folders_of_a_split_are_parts_in_any_spelling() {
    for [train, val, test] in [
        ["training_set", "validation_set", "test_set"],
        ["TrainImages", "ValImages", "TestImages"],
        ["train-2017", "val-2017", "test-2017"],
        ["my_train", "my_val", "my_test"],
        ["Training", "dev", "testing"],
        ["TRAIN SET", "DEV SET", "HOLD-OUT SET"],
        ["images.train", "images.valid", "images.holdout"],
        ["trainset", "valset", "testset"],
        ["01_train", "02_dev", "03_test"],
        ["birdstrain", "birdsvalidation", "birdstest"],
        ["seg_train", "seg_dev", "seg_test"],
        ["trainval", "dev", "test"],
    ] {
        let data = read_tree(&[train, val, test]);
        assert_eq!(data.classes, ["cats", "dogs"], "{train}");
        let mut expected = [(train, Part::Train), (val, Part::Val), (test, Part::Test)]
            .map(|(name, part)| (name.to_string(), Some(part)));
        expected.sort();
        assert_eq!(parts(&data), expected);
        let note = format!("`{train}` is train");
        assert!(data.notes.len() == 1 && data.notes[0].contains(&note), "{train}: {:?}", data.notes);
    }
}

#[test]
fn two_folders_are_enough_and_classes_may_be_missing() {
    let two =
        folder(&["training_set/a/1.png", "training_set/b/2.png", "training_set/c/3.png", "test_set/b/4.png"]);
    let data = read_plainly(&source(&two)).unwrap();
    assert_eq!((data.classes.len(), data.notes.len()), (3, 1));
    let unlabelled = folder(&["Train_set/a/1.png", "Train_set/b/2.png", "Test_set/3.png"]);
    let data = read_plainly(&source(&unlabelled)).unwrap();
    assert_eq!((data.classes.len(), data.len(), data.ignored), (2, 2, 1));
}

#[test]
fn where_it_is_not_clear_what_each_part_is_the_words_to_type_are_said() {
    for (folders, suggestion) in [
        (&["train", "eval"][..], "--parts train=train,test=eval"),
        (&["train", "extra"], "--parts train=train,test=extra"),
        (&["train_a", "train_b"], "--parts train=train_a,test=train_b"),
        (&["val", "test"], "--parts val=val,test=test"),
        (&["train", "test", "test2"], "--parts train=train,val=test2,test=test"),
        (&["train", "val", "dev"], "--parts train=train,val=dev,test=val"),
        (&["set one", "test set"], "--parts 'train=set one,test=test set'"),
        (&["train_test", "other"], "--parts train=other,test=train_test"),
    ] {
        let tree = tree(folders, &["cats", "dogs"]);
        let (message, hint) = refusal(read_plainly(&source(&tree)));
        assert!(message.contains("parts of a split"), "{folders:?}: {message}");
        assert!(folders.iter().all(|name| message.contains(&format!("`{name}`"))), "{message}");
        let hint = hint.unwrap();
        assert!(hint.contains(suggestion) && hint.contains("--parts none"), "{folders:?}: {hint}");
        // Every command stops, the check too.
        assert!(check(&source(&tree), &CheckOptions::default(), &Limits::default(), &|_| {}).is_err());
        let typed = suggestion.trim_start_matches("--parts ").trim_matches('\'');
        let divided = |text: &str| Source::Divided {
            path: tree.path().to_path_buf(),
            parts: parts_said(text).unwrap(),
        };
        let none = read_plainly(&divided("none")).unwrap();
        assert_eq!(none.classes.len(), folders.len());
        if typed.contains("train=") {
            assert_eq!(read_plainly(&divided(typed)).unwrap().classes, ["cats", "dogs"]);
        }
    }
}

#[test]
fn classes_with_honest_names_stay_classes() {
    for (pictures, classes) in [
        (&["plane/1.png", "car/2.png", "train/3.png"][..], &["car", "plane", "train"][..]),
        (&["test_tube/1.png", "beaker/2.png"], &["beaker", "test_tube"]),
        (&["train/steam/1.png", "plane/jet/2.png", "car/3.png"], &["car", "plane", "train"]),
        (&["validators/1.png", "trains/2.png"], &["trains", "validators"]),
        (&["train/1.png", "test_tube/2.png"], &["test_tube", "train"]),
        (&["train/steam/1.png", "train/diesel/2.png", "test_tube/3.png"], &["test_tube", "train"]),
        (&["strain_a/40X/1.png", "strain_b/40X/2.png"], &["strain_a", "strain_b"]),
    ] {
        let data = read_plainly(&source(&folder(pictures))).unwrap();
        assert_eq!(data.classes, classes);
        assert!(data.samples.iter().all(|sample| sample.part.is_none()));
    }
}

#[test]
fn parts_without_class_folders_have_no_labels() {
    let folder = folder(&["train2017/1.png", "val2017/2.png"]);
    let (message, hint) = refusal(read_plainly(&source(&folder)));
    let at = folder.path().display();
    assert_eq!(
        message,
        format!(
            "the folders `train2017`, `val2017` of {at} are parts of a split, as it seems, and hold no class folders"
        )
    );
    assert!(hint.unwrap().contains("--pattern finds it"));
    let none = Source::Divided { path: folder.path().to_path_buf(), parts: parts_said("none").unwrap() };
    assert_eq!(read_plainly(&none).unwrap().classes, ["train2017", "val2017"]);
}

#[test]
fn the_same_folders_in_each_class_are_classes_with_one_note() {
    let data = read_plainly(&source(&tree(&["benign", "malignant"], &["40X", "100X"]))).unwrap();
    assert_eq!(data.classes, ["benign", "malignant"]);
    assert_eq!(
        data.notes,
        [
            "each holds the same folders (`40X`, `100X`), which are not told apart: the classes are `benign`, `malignant`"
        ]
    );
    let plain = read_plainly(&source(&folder(&["a/1.png", "b/deep/2.png"]))).unwrap();
    assert!(plain.notes.is_empty());
}

#[test]
fn parts_inside_the_class_folders_are_parts_too() {
    let data = read_plainly(&source(&tree(&["cats", "dogs"], &["Training", "test_set"]))).unwrap();
    assert_eq!(data.classes, ["cats", "dogs"]);
    let of = |part| data.samples.iter().filter(|sample| sample.part == Some(part)).count();
    assert_eq!((of(Part::Train), of(Part::Test)), (2, 2));
    assert_eq!(
        data.notes,
        ["folders are taken for the parts of a split: `test_set` is test, `Training` is train"]
    );
    let unclear = tree(&["cats", "dogs"], &["train", "rest"]);
    let (message, hint) = refusal(read_plainly(&source(&unclear)));
    assert!(message.contains("in its class folders"), "{message}");
    assert!(hint.unwrap().contains("--parts train=train,test=rest"));
    let parts = parts_said("train=train,test=rest").unwrap();
    let data = read_plainly(&Source::Divided { path: unclear.path().to_path_buf(), parts }).unwrap();
    assert_eq!(data.classes, ["cats", "dogs"]);
}

#[test]
fn a_part_that_is_not_there_is_named_with_those_that_are() {
    let tree = tree(&["one", "two"], &["cats", "dogs"]);
    for (typed, missing) in [("train=one,test=tow", "tow"), ("train=uno", "uno")] {
        let parts = parts_said(typed).unwrap();
        let (message, hint) =
            refusal(read_plainly(&Source::Divided { path: tree.path().to_path_buf(), parts }));
        let at = tree.path().display();
        let expected =
            format!("no folder `{missing}` in {at}, and none in its class folders; there are `one`, `two`");
        assert_eq!(message, expected);
        assert!(hint.is_some());
    }
}

#[test]
fn folders_of_parts_in_any_spelling_beside_others_are_explained() {
    let mixed = folder(&["train_set/a/1.png", "test_set/a/1.png", "extra/b/1.png"]);
    let (message, hint) = refusal(read_plainly(&source(&mixed)));
    assert!(hint.unwrap().contains("--parts train=train_set,test=test_set"));
    assert!(
        message.ends_with("holds folders of parts (`test_set`, `train_set`) and others (`extra`)"),
        "{message}"
    );
}

#[test]
fn a_folder_around_the_one_that_is_meant_is_explained() {
    let outer = folder(&["dataset/train/a/1.png", "dataset/train/b/2.png", "dataset/test/a/3.png"]);
    let (message, hint) = refusal(read_plainly(&source(&outer)));
    let at = outer.path().display();
    assert_eq!(message, format!("only one class folder in {at}: `dataset`"));
    assert_eq!(hint.unwrap(), format!("a classifier needs at least two; do you mean {at}/dataset?"));
}

#[test]
fn a_part_of_pictures_without_class_folders_is_named_with_their_number() {
    for (test, name) in [("test_set", "test_set"), ("test", "test"), ("TEST1", "TEST1")] {
        let train = test.to_lowercase().replace("test", "train");
        let files = [
            format!("{train}/a/1.png"),
            format!("{train}/b/2.png"),
            format!("{test}/3.png"),
            format!("{test}/4.png"),
            format!("{test}/._4.png"),
            format!("{test}/notes.txt"),
        ];
        let tree = folder(&files.each_ref().map(String::as_str));
        let data = read_plainly(&source(&tree)).unwrap();
        assert_eq!(data.classes, ["a", "b"]);
        let note =
            format!("`{name}` has 2 pictures and no class folders: they have no class, and are left out");
        assert!(data.notes.contains(&note), "{:?}", data.notes);
    }
}

#[test]
fn a_class_that_train_has_in_another_spelling_is_pointed_out() {
    for (trained, tested, note) in [
        ("Birds", "birds", ", where `Birds` differs in capital letters or spaces only"),
        ("birds ", "birds", ", where `birds ` differs in capital letters or spaces only"),
        ("bird", "birds", ""),
    ] {
        let files = [
            format!("training_set/{trained}/1.png"),
            "training_set/fruit/2.png".to_string(),
            format!("test_set/{tested}/3.png"),
            "test_set/fruit/4.png".to_string(),
        ];
        let tree = folder(&files.each_ref().map(String::as_str));
        let (message, hint) = refusal(read_plainly(&source(&tree)));
        assert_eq!(message, format!("class `{tested}` has pictures in test and none in train{note}"));
        let expected = match note {
            "" => format!("add pictures of `{tested}` to train, or remove it"),
            _ => format!(
                "if they are one class, give both folders one name; else add pictures of `{tested}` to train, or remove it \
                (train has `{trained}`)"
            ),
        };
        assert_eq!(hint.unwrap(), expected);
    }
}

#[test]
fn folders_below_parts_that_are_not_told_apart_are_named() {
    let expected =
        "each holds the same folders (`x`, `y`), which are not told apart: the classes are `a`, `b`"
            .to_string();
    let inside = ["a/train", "a/test", "b/train", "b/test"];
    for folders in [inside, ["train/a", "train/b", "test/a", "test/b"]] {
        let data = read_plainly(&source(&tree(&folders, &["x", "y"]))).unwrap();
        assert_eq!(data.classes, ["a", "b"]);
        assert_eq!(data.notes.last(), Some(&expected), "{folders:?}");
    }
    let some = folder(&["train/a/x/1.png", "train/b/2.png", "test/a/x/3.png", "test/b/4.png"]);
    assert!(read_plainly(&source(&some)).unwrap().notes.is_empty());
}

#[test]
fn class_folders_whose_names_print_alike_are_pointed_out() {
    let tree = folder(&["cat/1.png", "cat /2.png", "dog/3.png", "d\u{200b}og/4.png"]);
    let data = read_plainly(&source(&tree)).unwrap();
    assert_eq!(
        data.notes,
        [
            "the classes `cat`, `cat ` differ only in spaces or in characters that do not show",
            "the classes `dog`, `d\\u{200b}og` differ only in spaces or in characters that do not show",
        ]
    );
    assert_eq!(data.classes.len(), 4);
}
