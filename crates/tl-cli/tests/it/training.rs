//! `tl train`: what it finds out, what it writes, and that it does so again.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::folders::{stamps, two_classes};
use crate::program::{ended, tl, tl_ok};

fn record(folder: &Path, arguments: &[&str]) -> Value {
    let ended = tl_ok(folder, &[&["train", "--json"], arguments].concat());
    serde_json::from_str::<Value>(&ended.stdout).unwrap()["record"].take()
}

fn interval(record: &Value) -> (f64, f64) {
    let interval = &record["evaluation"]["interval"];
    (interval["low"].as_f64().unwrap(), interval["high"].as_f64().unwrap())
}

#[test]
fn the_sample_pictures_become_a_classifier_with_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let ended = tl_ok(folder.path(), &["train", stamps().to_str().unwrap()]);
    for found in [
        "pictures  188 in 6 classes: birds 35, flowers 25, fruit 26, insects 19, mammals 65, vegetables 18\n",
        "JPEG 170, PNG 18; RGB 170, RGB + alpha 8, palette 10\n",
        "backbone  efficientnet_lite0: ",
        "split     150 to train, 38 held out: stratified by class, seed 0; ",
        "head      logistic regression, C = ",
    ] {
        assert!(ended.stderr.contains(found), "{found} is not in {}", ended.stderr);
    }
    for found in [
        "accuracy  ",
        " of 38 unseen pictures (95 % interval ",
        "balanced over classes ",
        "run       runs/stamps-1: ",
    ] {
        assert!(ended.stdout.contains(found), "{found} is not in {}", ended.stdout);
    }
    let run = folder.path().join("runs/stamps-1");
    let mut files: Vec<_> =
        fs::read_dir(&run).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(
        files,
        ["metrics.jsonl", "model.safetensors", "report.html", "report.json", "run.toml", "split.csv"]
    );
    let split = fs::read_to_string(run.join("split.csv")).unwrap();
    assert_eq!((split.lines().count(), split.matches(",val\n").count()), (189, 38));
    let metrics = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    assert!(metrics.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{metrics}");
    let record: Value = serde_json::from_slice(&fs::read(run.join("report.json")).unwrap()).unwrap();
    let (low, _) = interval(&record);
    let commonest = record["evaluation"]["majority_share"].as_f64().unwrap();
    assert!(low > commonest, "no better than guessing: {low} {commonest}");
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("data:image/jpeg;base64,") && !report.contains("src=\"http"));
}

#[test]
fn solving_and_stepping_reach_the_same_accuracy() {
    let folder = tempfile::tempdir().unwrap();
    let of =
        |head| record(folder.path(), &[stamps().to_str().unwrap(), "--resize", "squash", "--head", head]);
    let (logistic, adamw) = (of("logistic"), of("adamw"));
    let accuracy = |record: &Value| record["evaluation"]["accuracy"].as_f64().unwrap();
    for (one, other) in [(&logistic, &adamw), (&adamw, &logistic)] {
        let (low, high) = interval(one);
        assert!((low..=high).contains(&accuracy(other)), "{} outside {low}..{high}", accuracy(other));
    }
    let losses: Vec<f64> =
        adamw["curve"].as_array().unwrap().iter().map(|p| p["train_loss"].as_f64().unwrap()).collect();
    assert!(losses.len() > 10 && losses.last().unwrap() < &(losses[0] / 4.0), "{losses:?}");
}

#[test]
fn the_same_seed_gives_the_same_bits_whatever_the_threads_and_run_toml_repeats_it() {
    let folder = two_classes(8);
    let at = folder.path();
    tl_ok(at, &["train", "data", "--threads", "1", "--no-cache"]);
    tl_ok(at, &["train", "data", "--threads", "3", "--no-cache"]);
    tl_ok(at, &["train", "--config", "runs/data-1/run.toml"]);
    tl_ok(at, &["train", "data", "--seed", "1"]);
    let model = |number: u32| fs::read(at.join(format!("runs/data-{number}/model.safetensors"))).unwrap();
    assert!(model(1) == model(2), "threads changed the model");
    assert!(model(1) == model(3), "run.toml gave another model");
    assert!(model(1) != model(4), "the seed changes nothing");
}

#[test]
fn folds_judge_every_picture_once_and_keep_a_model_of_all() {
    let folder = two_classes(6);
    let record = record(folder.path(), &["data", "--folds", "3"]);
    assert_eq!(record["evaluation"]["total"], 12);
    assert_eq!(record["folds"]["accuracies"].as_array().unwrap().len(), 3);
    let split = fs::read_to_string(folder.path().join("runs/data-1/split.csv")).unwrap();
    for fold in ["fold-1", "fold-2", "fold-3"] {
        assert_eq!(split.matches(&format!(",{fold}\n")).count(), 4, "{split}");
    }
    tl_ok(folder.path(), &["predict", "runs/data-1", "data/warm/0.png"]);
}

#[test]
fn two_pictures_a_class_are_enough_and_what_could_not_be_chosen_is_said() {
    let folder = two_classes(2);
    let ended = tl_ok(folder.path(), &["train", "data"]);
    let reason = "a class has too few training pictures for cross-validation";
    for found in [
        format!(
            "resize    crop: the median picture is 1.20 times as long as wide, but {reason}: as the weights were evaluated\n"
        ),
        format!("head      logistic regression, C = 1: {reason}: the usual strength"),
    ] {
        assert!(ended.stderr.contains(&found), "{found} is not in {}", ended.stderr);
    }
}

#[test]
fn a_slim_model_is_small_and_answers_the_same() {
    let folder = two_classes(6);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    tl_ok(at, &["train", "data", "--slim"]);
    let size = |number| fs::metadata(at.join(format!("runs/data-{number}/model.safetensors"))).unwrap().len();
    assert!(size(2) < 100_000 && size(1) > 6_000_000, "{} {}", size(1), size(2));
    let answers = |run| tl_ok(at, &["predict", run, "data", "--csv"]).stdout;
    assert_eq!(answers("runs/data-1"), answers("runs/data-2"));
}

#[test]
fn a_model_is_evaluated_on_a_folder_of_its_own() {
    let folder = two_classes(6);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    let ended = tl_ok(at, &["eval", "runs/data-1", "data", "--json"]);
    let evaluation: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(evaluation["total"], 12);
    // Two of them were held out, and may be mistaken for the other class.
    assert!(evaluation["correct"].as_u64() >= Some(10), "{evaluation}");
    let wrong = evaluation["worst_pictures"].as_array().unwrap().iter();
    let split = fs::read_to_string(at.join("runs/data-1/split.csv")).unwrap();
    for mistake in wrong.map(|mistake| mistake["path"].as_str().unwrap()) {
        let line = split.lines().find(|line| line.starts_with(mistake)).unwrap();
        assert!(line.ends_with(",val"), "it was trained on {line}");
    }
    fs::rename(at.join("data/warm"), at.join("data/hot")).unwrap();
    let ended = tl(at, &["eval", "runs/data-1", "data"]);
    let message = "error: the model does not know the class `hot`, it knows `cold`, `warm`\n\
                   hint: folders must be named as the model's classes\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (1, message));
}

/// A file size limit stands in for a full disk: the write of the model breaks off in the middle.
#[cfg(unix)]
#[test]
fn a_write_that_breaks_off_leaves_no_run_behind() {
    let folder = two_classes(4);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    let script = format!("trap '' XFSZ; ulimit -f 2000; exec '{}' -q train data", env!("CARGO_BIN_EXE_tl"));
    let mut bash = std::process::Command::new("bash");
    let output =
        bash.args(["-c", &script]).current_dir(at).env("TL_CACHE", at.join("cache")).output().unwrap();
    let ended = ended(output);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("error: cannot write `runs/.data."), "{}", ended.stderr);
    assert!(ended.stderr.contains("model.safetensors`: file too large\n"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("hint: free some space, or write elsewhere with `--runs DIR`"),
        "{}",
        ended.stderr
    );
    let left: Vec<_> =
        fs::read_dir(at.join("runs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data-1"]);
}
