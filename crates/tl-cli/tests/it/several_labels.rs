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
    squares_of(count, |number| number % 7 + 1)
}

/// The same with the colours that these bits say; `classes.csv` says it with 0 and 1.
fn squares_of(count: u32, bits: fn(u32) -> u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut table = "path,colours\n".to_owned();
    let mut classes = "path,blue,green,red\n".to_owned();
    for number in 0..count {
        let mut grey = picture([150, 150, 150], number * 13);
        let has = |bit: usize| bits(number) >> bit & 1;
        classes += &format!("{number}.png,{},{},{}\n", has(0), has(1), has(2));
        let here = SHAPES.iter().enumerate().filter(|(bit, _)| has(*bit) == 1);
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
    fs::write(folder.path().join("classes.csv"), classes).unwrap();
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

const CLASSES: [&str; 7] =
    ["classes.csv", "--label-column", "blue", "--label-column", "green", "--label-column", "red"];

#[test]
fn pictures_of_no_class_teach_and_are_judged() {
    let folder = squares_of(96, |number| number % 8);
    let at = folder.path();
    let ended = tl_ok(at, &[&["train"], &CLASSES[..]].concat());
    for found in [
        "note      `blue`, `green`, `red` are classes: 1 where a picture is of the class, else 0\n",
        "pictures  96 in 3 classes: blue 48, green 48, red 48; 12 of none\n",
        "77 to train, 19 held out",
    ] {
        assert!(ended.stderr.contains(found), "{found} is not in {}", ended.stderr);
    }
    let split = fs::read_to_string(at.join("runs/classes-1/split.csv")).unwrap();
    let of_none =
        |part: &str| split.lines().filter(|line| line.contains(",,") && line.ends_with(part)).count();
    assert!(of_none("train") > 0 && of_none("val") > 0, "{split}");
    let ended = tl_ok(at, &[&["eval", "runs/classes-1"], &CLASSES[..], &["--json"]].concat());
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found["total"], 96);
    let ended = tl_ok(at, &["predict", "runs/classes-1", "0.png", "7.png"]);
    assert!(ended.stdout.starts_with("0.png  no label"), "{}", ended.stdout);
    // In steps, with pictures of no class as a class of their own for the sampler.
    let steps = ["--head", "linear", "--epochs", "20", "--lr", "0.01", "--sampler", "balanced", "--json"];
    let ended = tl_ok(at, &[&["train"], &CLASSES[..], &steps].concat());
    let record = serde_json::from_str::<Value>(&ended.stdout).unwrap()["record"].take();
    assert_eq!(record["multi_label"]["total"], 19);
    assert!(figure(&record["multi_label"], "mean_average_precision") > 0.8, "{}", record["multi_label"]);
    let ended = tl_ok(at, &["predict", "runs/classes-2", "0.png", "--json"]);
    let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(rows[0]["labels"], serde_json::json!([]));
}

#[test]
fn cells_that_are_neither_0_nor_1_count_as_was_asked_and_later_runs_keep_it() {
    let folder = squares(56);
    let at = folder.path();
    let table = fs::read_to_string(at.join("classes.csv")).unwrap();
    let doubtful = table.replacen("0.png,1,0,0", "0.png,1,-1,", 1);
    assert!(doubtful != table);
    fs::write(at.join("classes.csv"), doubtful).unwrap();
    let asked = ["--uncertain", "positive", "--blank", "negative"];
    let uncertain = "error: classes.csv, row 2, column `green`: `-1` is neither 0 nor 1, it may mean that the label is \
        uncertain\nhint: say what such cells count as: --uncertain negative or --uncertain positive\n";
    let blank = "error: classes.csv, row 2, column `red`: an empty cell is neither 0 nor 1\nhint: fill it in, or say \
        that empty cells count as 0: --blank negative\n";
    for (command, more) in [
        (&["train"][..], &[][..]),
        (&["data", "check"], &[]),
        (&["extract"], &["--out", "f.npy"]),
        (&["lr-find"], &[]),
    ] {
        for (options, message) in [(&[][..], uncertain), (&asked[..2], blank)] {
            let ended = tl(at, &[command, &CLASSES[..], options, more].concat());
            assert_eq!(
                (ended.code, ended.stderr.contains(message)),
                (1, true),
                "{command:?} {}",
                ended.stderr
            );
        }
        if command[0] == "extract" || command[0] == "data" {
            let ended = tl(at, &[command, &CLASSES[..], &asked, more].concat());
            assert!(!ended.stderr.contains("error"), "{command:?} {}", ended.stderr);
        }
    }
    let ended = tl_ok(at, &[&["train"], &CLASSES[..], &asked].concat());
    for found in ["note      1 uncertain cell counted as 1\n", "note      1 empty cell counted as 0\n"] {
        assert!(ended.stderr.contains(found), "{found} is not in {}", ended.stderr);
    }
    let settings = fs::read_to_string(at.join("runs/classes-1/run.toml")).unwrap();
    assert!(
        settings.contains("uncertain = \"positive\"") && settings.contains("blank = \"negative\""),
        "{settings}"
    );
    let ended = tl(at, &[&["eval", "runs/classes-1"], &CLASSES[..]].concat());
    assert!(ended.stderr.contains(uncertain), "{}", ended.stderr);
    let ended = tl_ok(at, &[&["eval", "runs/classes-1"], &CLASSES[..], &asked].concat());
    assert!(ended.stdout.contains("note      1 uncertain cell counted as 1\n"), "{}", ended.stdout);
    // Settings of a run, and what is typed over them.
    for (typed, counted) in [(&[][..], "1"), (&["--uncertain", "negative"], "0")] {
        let ended = tl_ok(at, &[&["train", "--config", "runs/classes-1/run.toml"], typed].concat());
        let found = format!("note      1 uncertain cell counted as {counted}\n");
        assert!(ended.stderr.contains(&found), "{typed:?} {}", ended.stderr);
    }
}

#[test]
fn features_with_several_labels_are_a_table_again() {
    let folder = squares_of(16, |number| number % 8);
    let at = folder.path();
    tl_ok(at, &[&["extract", "--out", "f.parquet"], &CLASSES[..]].concat());
    let check = |table: &[&str]| -> Value {
        let ended = tl(at, &[&["data", "check"], table, &["--json"]].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr))
    };
    let (from, back) = (check(&CLASSES), check(&["f.parquet"]));
    for what in ["classes", "of_no_class", "files"] {
        assert_eq!(from[what], back[what], "{what}");
    }
    assert_eq!(back["of_no_class"], 2);
    assert_eq!(back["notes"][1], "`label` holds lists of labels");
    let split = fs::read_to_string(at.join("classes.csv")).unwrap().replace("path,", "is_test,path,");
    let row = |(i, line): (usize, &str)| if i == 0 { line.to_owned() } else { format!("{},{line}", i % 2) };
    let rows: Vec<String> = split.lines().enumerate().map(row).collect();
    fs::write(at.join("classes.csv"), rows.join("\n")).unwrap();
    let parts = check(&CLASSES);
    assert_eq!(parts["notes"][2], "1 in `is_test` is test, all else is train: train 8, val 0, test 8");
}
