//! `tl train` with features that an earlier run has left.

use std::fs;
use std::path::Path;

use crate::folders::two_classes;
use crate::program::{command, ended, tl_ok};

fn model(folder: &Path, number: u32) -> Vec<u8> {
    fs::read(folder.join(format!("runs/data-{number}/model.safetensors"))).unwrap()
}

#[test]
fn the_second_run_takes_features_from_the_cache_and_makes_the_same_model() {
    let folder = two_classes(8);
    let at = folder.path();
    let first = tl_ok(at, &["train", "data"]);
    assert!(!first.stderr.contains("features  "), "{}", first.stderr);
    let line = "features  all 16 pictures' from the cache\n";
    let second = tl_ok(at, &["train", "data"]);
    assert!(second.stderr.contains(line), "{}", second.stderr);
    let third = tl_ok(at, &["train", "--config", "runs/data-1/run.toml", "--no-cache"]);
    assert!(!third.stderr.contains("features  "), "{}", third.stderr);
    assert!(model(at, 1) == model(at, 2), "the cache changed the model");
    assert!(model(at, 1) == model(at, 3), "leaving the cache out changed the model");
    let settings = |number: u32| {
        let text = fs::read_to_string(at.join(format!("runs/data-{number}/run.toml"))).unwrap();
        text.lines().skip(1).map(|line| line.to_owned() + "\n").collect::<String>()
    };
    assert_eq!(settings(1), settings(3));
}

#[test]
fn a_cache_that_cannot_be_written_is_said_once_and_changes_nothing() {
    let folder = two_classes(8);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    let blocked = at.join("file");
    fs::write(&blocked, "in the way").unwrap();
    let train = ended(command(at, &["train", "data"]).env("TL_CACHE", &blocked).output().unwrap());
    assert_eq!(train.code, 0, "{}", train.stderr);
    let line = format!("features  not kept for the next time: cannot write `{}", blocked.display());
    assert_eq!(train.stderr.matches(&line).count(), 1, "{}", train.stderr);
    assert!(model(at, 1) == model(at, 2));
}

const STEPS: &[&str] = &[
    "train",
    "data",
    "--recipe",
    "scratch",
    "--unfreeze",
    "1",
    "--epochs",
    "2",
    "--batch",
    "4",
    "--resize",
    "squash",
    "--cache",
    "disk",
];

#[test]
fn decoded_pictures_are_kept_on_disk_and_are_all_that_a_later_run_reads() {
    let folder = two_classes(8);
    let at = folder.path();
    tl_ok(at, STEPS);
    let kept = |at: &Path| fs::read_dir(at.join("cache/pixels/decoder-1")).unwrap().count();
    // All that are trained on: 12 of 16, less those that judge epochs.
    assert!((8..=12).contains(&kept(at)), "{}", kept(at));
    let before = kept(at);
    tl_ok(at, STEPS);
    assert_eq!(kept(at), before);
    assert!(model(at, 1) == model(at, 2), "kept pictures changed the model");
}

#[test]
fn a_folder_that_cannot_hold_pictures_is_said_and_changes_nothing() {
    let folder = two_classes(8);
    let at = folder.path();
    tl_ok(at, STEPS);
    fs::remove_dir_all(at.join("cache/pixels")).unwrap();
    fs::write(at.join("cache/pixels"), "in the way").unwrap();
    let second = tl_ok(at, STEPS);
    let line = "pictures  not kept from epoch to epoch: cannot use `";
    assert_eq!(second.stderr.matches(line).count(), 1, "{}", second.stderr);
    assert!(model(at, 1) == model(at, 2));
}

#[test]
fn a_limit_of_nothing_keeps_nothing() {
    let folder = two_classes(4);
    let ended = tl_ok(folder.path(), &["train", "data", "--cache-gib", "0"]);
    assert!(ended.stderr.contains("has reached its limit of 0 bytes\n"), "{}", ended.stderr);
    assert!(!folder.path().join("cache/features").exists());
}

#[test]
fn two_runs_at_once_share_the_cache() {
    let folder = two_classes(8);
    let at = folder.path();
    let start = |name: &str| {
        let mut train = command(at, &["train", "data", "--name", name]);
        train.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    for mut child in [start("data-a"), start("data-b")] {
        assert!(child.wait().unwrap().success());
    }
    let third = tl_ok(at, &["train", "data"]);
    assert!(third.stderr.contains("all 16 pictures' from the cache\n"), "{}", third.stderr);
    let of = |run: &str| fs::read(at.join(run).join("model.safetensors")).unwrap();
    assert!(of("runs/data-a-1") == of("runs/data-1") && of("runs/data-b-1") == of("runs/data-1"));
}
