//! Pictures with several labels, from the table to the answers.

use image::{Rgb, imageops};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use crate::folders::{picture, two_classes};
use crate::program::{tl, tl_ok};

const SHAPES: [(&str, [u8; 3]); 3] =
    [("blue", [20, 40, 230]), ("green", [20, 200, 40]), ("red", [230, 30, 30])];

/// `count` pictures with a square in one, two or three colours, and `labels.csv`, which says in which.
fn squares(count: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "path,colours\n".to_owned();
    for number in 0..count {
        let mut grey = picture([150, 150, 150], number * 13);
        let here = SHAPES.iter().enumerate().filter(|(bit, _)| (number % 7 + 1) >> bit & 1 == 1);
        let mut labels = Vec::new();
        for (bit, (label, color)) in here {
            let square = image::RgbImage::from_pixel(13, 13, Rgb(*color));
            let (x, y) = (16 * bit as i64 + i64::from(number * 5 % 4), i64::from(number * 7 % 26));
            imageops::overlay(&mut grey, &square, x, y);
            labels.push(*label);
        }
        grey.save(folder.path().join(format!("{number}.png"))).unwrap();
        table += &format!("{number}.png,{}\n", labels.join("|"));
    }
    fs::write(folder.path().join("labels.csv"), table).unwrap();
    folder
}

const TABLE: [&str; 5] = ["labels.csv", "--label-column", "colours", "--label-separator", "|"];

fn train(at: &Path, more: &[&str]) -> Value {
    let ended = tl_ok(at, &[&["train"], &TABLE[..], &["--json"], more].concat());
    serde_json::from_str::<Value>(&ended.stdout).unwrap()["record"].take()
}

fn figure(found: &Value, name: &str) -> f64 {
    let value = &found[name];
    value["value"].as_f64().or(value.as_f64()).unwrap_or_else(|| panic!("{name}: {value}"))
}

#[test]
fn a_picture_gets_every_label_it_has() {
    let folder = squares(84);
    let at = folder.path();
    let ended = tl_ok(at, &[&["train"], &TABLE[..]].concat());
    for found in
        ["blue 48, green 48, red 48\n", "labels    given from ", "stratified by each picture's rarest label"]
    {
        assert!(ended.stderr.contains(found), "{found} is not in {}", ended.stderr);
    }
    for found in ["mAP       ", "exact     ", "mean F1 of the classes", "class  pictures  given from  AP"] {
        assert!(ended.stdout.contains(found), "{found} is not in {}", ended.stdout);
    }
    let record: Value =
        serde_json::from_slice(&fs::read(at.join("runs/labels-1/report.json")).unwrap()).unwrap();
    let found = &record["multi_label"];
    // Chance is 0.57 and a seventh.
    assert!(figure(found, "mean_average_precision") > 0.9, "{found}");
    assert!(figure(found, "exact_match") > 0.5, "{found}");
    let page = fs::read_to_string(at.join("runs/labels-1/report.html")).unwrap();
    assert!(page.contains("mean average precision") && page.contains("Label by label"));
    let ended = tl_ok(at, &["predict", "runs/labels-1", "6.png", "0.png", "--json", "--top", "1"]);
    let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
    let labels = |row: usize| -> Vec<&str> {
        let labels = rows[row]["labels"].as_array().unwrap().iter();
        let mut labels: Vec<&str> = labels.map(|label| label["class"].as_str().unwrap()).collect();
        labels.sort_unstable();
        labels
    };
    assert_eq!((labels(0), labels(1)), (vec!["blue", "green", "red"], vec!["blue"]));
    assert_eq!(rows[0]["answers"].as_array().unwrap().len(), 1);
    let ended = tl_ok(at, &["predict", "runs/labels-1", "6.png", "--csv", "--top", "1"]);
    let given = ended.stdout.lines().skip(1).filter(|line| line.ends_with(",1,")).count();
    assert_eq!((ended.stdout.lines().next(), given), (Some("path,rank,class,probability,label,error"), 3));
}

#[test]
fn several_labels_are_trained_in_steps_too() {
    let folder = squares(56);
    let record = train(
        folder.path(),
        &["--head", "linear", "--epochs", "20", "--lr", "0.01", "--sampler", "balanced"],
    );
    assert!(figure(&record["multi_label"], "mean_average_precision") > 0.85, "{}", record["multi_label"]);
    let losses: Vec<f64> =
        record["curve"].as_array().unwrap().iter().map(|point| point["val_loss"].as_f64().unwrap()).collect();
    // All questions at one half: ln 2.
    assert!(losses.iter().copied().fold(f64::INFINITY, f64::min) < 0.6, "{losses:?}");
    let settings = fs::read_to_string(folder.path().join("runs/labels-1/run.toml")).unwrap();
    assert!(settings.contains("kind = \"binary\""), "{settings}");
    let record = train(folder.path(), &["--head", "adamw"]);
    assert!(figure(&record["multi_label"], "mean_average_precision") > 0.85, "{}", record["multi_label"]);
}

#[test]
fn thresholds_are_kept_in_the_model_and_come_from_pictures_that_do_not_judge() {
    let folder = squares(70);
    let at = folder.path();
    train(at, &[]);
    let info: Value = serde_json::from_str(&tl_ok(at, &["info", "runs/labels-1", "--json"]).stdout).unwrap();
    assert_eq!((&info["multi_label"], info["thresholds"].as_array().unwrap().len()), (&Value::Bool(true), 3));
    // The last label of the pictures that judge is another one: another evaluation, the same thresholds.
    let split = fs::read_to_string(at.join("runs/labels-1/split.csv")).unwrap();
    let judges = |path: &str| split.lines().any(|line| line.starts_with(path) && line.ends_with(",val"));
    let table = fs::read_to_string(at.join("labels.csv")).unwrap();
    let other = |line: &str| {
        let (path, labels) = line.split_once(',').unwrap();
        let wrong = match labels.strip_suffix("|red") {
            Some(others) => others.to_owned(),
            None if labels == "red" => "red".to_owned(),
            None => format!("{labels}|red"),
        };
        if judges(&format!("{path},")) { format!("{path},{wrong}\n") } else { format!("{line}\n") }
    };
    fs::write(at.join("labels.csv"), table.lines().map(other).collect::<String>()).unwrap();
    let record = train(at, &["--split", "runs/labels-1/split.csv"]);
    assert!(figure(&record["multi_label"], "exact_match") < 0.5, "{}", record["multi_label"]);
    let again: Value = serde_json::from_str(&tl_ok(at, &["info", "runs/labels-2", "--json"]).stdout).unwrap();
    assert_eq!(info["thresholds"], again["thresholds"]);
}

#[test]
fn folds_judge_every_picture_once() {
    let folder = squares(42);
    let record = train(folder.path(), &["--folds", "3"]);
    assert_eq!(
        (&record["multi_label"]["total"], &record["multi_label"]["folds"]["n"]),
        (&42.into(), &3.into())
    );
    assert!(record["folds"].is_null());
}

#[test]
fn one_label_and_several_are_not_mixed_up() {
    let folder = squares(42);
    let at = folder.path();
    train(at, &[]);
    let single = two_classes(4);
    tl_ok(single.path(), &["train", "data"]);
    let one = single.path().join("runs/data-1");
    let several = at.join("runs/labels-1");
    let [one, several] = [&one, &several].map(|run| run.to_str().unwrap());
    for (folder, arguments, message) in [
        (
            single.path(),
            vec!["eval", several, "data"],
            "error: the model gives pictures several labels each, these pictures have one\nhint: `--label-separator`",
        ),
        (
            at,
            [&["eval", one], &TABLE[..]].concat(),
            "error: the model gives each picture one label, these pictures have several\nhint: ",
        ),
        (
            at,
            [&["train"], &TABLE[..], &["--head", "neighbours"]].concat(),
            "error: `--head neighbours` is for pictures with one label each, these have several\nhint: leave it out",
        ),
        (
            at,
            [&["train"], &TABLE[..], &["--recipe", "features", "--loss", "focal"]].concat(),
            "error: `--loss focal` is for pictures with one label each, these have several\nhint: leave it out",
        ),
    ] {
        let ended = tl(folder, &arguments);
        assert_eq!(ended.code, 1);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    }
    let ended = tl_ok(at, &[&["eval", several], &TABLE[..], &["--json"]].concat());
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&found["part"], &found["total"]), (&"external".into(), &42.into()));
}
