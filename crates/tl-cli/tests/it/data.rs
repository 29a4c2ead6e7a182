//! Pictures and labels as people have them: checked, and trained on.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::folders::{picture, two_classes};
use crate::program::{command, ended, tl, tl_ok};

const QUICK: [&str; 3] = ["--resize", "crop", "--quiet"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// `pics/warm-0.png` and so on, eight of each class, in one folder.
fn loose(at: &Path) {
    fs::create_dir(at.join("pics")).unwrap();
    for (class, color) in [("warm", [250, 120, 60]), ("cold", [60, 120, 250])] {
        for seed in 0..8 {
            picture(color, seed).save(at.join(format!("pics/{class}-{seed}.png"))).unwrap();
        }
    }
}

/// A table of these pictures, two neighbours a group.
fn table(at: &Path) {
    let rows = ["warm", "cold"].into_iter().flat_map(|class| {
        (0..8).map(move |seed| format!("pics/{class}-{seed}.png,{class},{class}{}\n", seed / 2))
    });
    fs::write(at.join("labels.csv"), format!("file,kind,group\n{}", rows.collect::<String>())).unwrap();
}

#[test]
fn a_check_says_what_is_wrong_and_fails_only_where_training_would() {
    let folder = two_classes(6);
    let at = folder.path();
    let good = tl_ok(at, &["data", "check", "data", "--html", "check.html"]).stdout;
    assert!(good.starts_with("pictures  12 of 12 files can be used"), "{good}");
    assert!(!good.contains("the same: "), "{good}");
    let page = fs::read_to_string(at.join("check.html")).unwrap();
    assert!(page.contains("data:image/jpeg;base64,"), "no thumbnails");
    fs::copy(at.join("data/warm/0.png"), at.join("data/cold/9.png")).unwrap();
    fs::write(at.join("data/warm/words.jpg"), "no picture").unwrap();
    let bad = tl(at, &["data", "check", "data"]);
    assert_eq!(bad.code, 1, "{}", bad.stdout);
    assert!(bad.stdout.contains("the same: "), "{}", bad.stdout);
    assert!(bad.stdout.contains("warm/words.jpg: not a picture (it is text)"), "{}", bad.stdout);
    assert!(bad.stdout.contains("\nproblem   "), "{}", bad.stdout);
    let report = json(&tl(at, &["data", "check", "data", "--json"]).stdout);
    assert_eq!(report["files"], 14);
    assert_eq!(report["duplicates"][0]["across_classes"], true);
}

#[test]
fn a_table_and_a_pattern_give_the_labels_that_folders_lack() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    loose(at);
    table(at);
    let of_table = ["train", "labels.csv", "--label-column", "kind", "--group-column", "group"];
    tl_ok(at, &[&of_table[..], &QUICK].concat());
    let pattern = ["train", "pics", "--pattern", "(?<class>[a-z]+)-[0-9]"];
    tl_ok(at, &[&pattern[..], &QUICK].concat());
    for run in ["labels-1", "pics-1"] {
        let header = json(&tl_ok(at, &["info", &format!("runs/{run}"), "--json"]).stdout);
        assert_eq!(header["classes"], serde_json::json!(["cold", "warm"]), "{run}");
    }
    let split = fs::read_to_string(at.join("runs/labels-1/split.csv")).unwrap();
    let part =
        |name: &str| split.lines().find(|line| line.contains(name)).unwrap().rsplit(',').next().unwrap();
    for pair in 0..4 {
        let [a, b] = [pair * 2, pair * 2 + 1].map(|seed| part(&format!("warm-{seed}.png")));
        assert_eq!(a, b, "{split}");
    }
    tl_ok(at, &["train", "--config", "runs/labels-1/run.toml", "--quiet"]);
    let model = |run: &str| fs::read(at.join(run).join("model.safetensors")).unwrap();
    assert!(model("runs/labels-1") == model("runs/labels-2"), "run.toml gave another model");
}

#[test]
fn a_list_comes_from_standard_input() {
    let folder = two_classes(6);
    let at = folder.path();
    let mut child = command(at, &[&["train", "-", "--name", "listed"][..], &QUICK].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = ["warm", "cold"].map(|class| (0..6).map(move |i| format!("data/{class}/{i}.png\n")));
    let lines: String = lines.into_iter().flatten().collect();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(at.join("runs/listed-1/model.safetensors").exists());
}

#[test]
fn a_test_part_is_judged_and_nothing_else_of_it_is_used() {
    let folder = two_classes(10);
    let at = folder.path();
    tl_ok(at, &["train", "data", "--test", "0.3", "--resize", "crop"]);
    let record = json(&fs::read_to_string(at.join("runs/data-1/report.json")).unwrap());
    assert_eq!((&record["evaluation"]["part"], &record["evaluation"]["total"]), (&"test".into(), &6.into()));
    assert_eq!(
        record["data"]["classes"][0],
        serde_json::json!({"name": "cold", "train": 5, "val": 2, "test": 3})
    );
    let metrics = fs::read_to_string(at.join("runs/data-1/metrics.jsonl")).unwrap();
    assert!(metrics.lines().any(|line| json(line)["part"] == "val" && json(line)["total"] == 4), "{metrics}");
    // The split can be given back.
    tl_ok(at, &["train", "data", "--split", "runs/data-1/split.csv", "--resize", "crop", "--seed", "9"]);
    let split = |run: &str| fs::read_to_string(at.join(run).join("split.csv")).unwrap();
    assert_eq!(split("runs/data-1"), split("runs/data-2"));
}

#[test]
fn folders_named_train_and_test_are_what_their_names_say() {
    let folder = two_classes(8);
    let at = folder.path();
    for (part, range) in [("train", 0..6), ("test", 6..8)] {
        for class in ["warm", "cold"] {
            fs::create_dir_all(at.join(format!("parts/{part}/{class}"))).unwrap();
            for i in range.clone() {
                let (from, to) = (format!("data/{class}/{i}.png"), format!("parts/{part}/{class}/{i}.png"));
                fs::copy(at.join(from), at.join(to)).unwrap();
            }
        }
    }
    let ended = tl_ok(at, &["train", "parts", "--resize", "crop"]);
    assert!(
        ended.stderr.contains("split     10 to train, 2 for validation, 4 for the test: "),
        "{}",
        ended.stderr
    );
    let ended = tl_ok(at, &["eval", "runs/parts-1", "parts"]);
    assert!(ended.stdout.starts_with("part      test: the others are not judged\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains(" of 4 unseen pictures"), "{}", ended.stdout);
}

#[test]
fn a_part_of_the_pictures_can_be_chosen() {
    let folder = two_classes(8);
    let at = folder.path();
    let trained =
        |arguments: &[&str]| tl_ok(at, &[&["train", "data", "--resize", "crop"], arguments].concat()).stderr;
    assert!(trained(&["--fraction", "0.5"]).starts_with("pictures  8 in 2 classes: cold 4, warm 4\n"));
    assert!(trained(&["--exclude", "7.png"]).starts_with("pictures  14 in 2 classes: cold 7, warm 7\n"));
    assert!(trained(&["--include", "warm/**", "--include", "cold/[0-2].png"]).contains("cold 3, warm 8\n"));
}

#[test]
fn what_does_not_go_with_the_source_is_said() {
    let folder = two_classes(4);
    let at = folder.path();
    fs::write(at.join("labels.csv"), "picture,kind\ndata/warm/0.png,warm\n").unwrap();
    let cases = [
        (
            &["train", "data", "--label-column", "kind"][..],
            "error: `data` is not a table, it has no columns\n",
        ),
        (
            &["train", "data", "--root", "x"],
            "error: `data` is neither a table nor a list: leave --root out\n",
        ),
        (
            &["train", "data", "--split", "none.csv"],
            "error: cannot read `none.csv`: no such file or directory\n",
        ),
    ];
    for (arguments, message) in cases {
        let ended = tl(at, arguments);
        assert_eq!(ended.code, 1, "{arguments:?}");
        assert!(ended.stderr.ends_with(message), "{arguments:?}: {}", ended.stderr);
    }
    let ended = tl(at, &["train", "labels.csv", "--label-column", "species"]);
    assert!(ended.stderr.contains("species") && ended.stderr.contains("kind"), "{}", ended.stderr);
    assert!(!at.join("runs").exists());
}

#[test]
fn a_sheet_of_augmented_pictures_is_written_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    picture([200, 100, 50], 1).save(at.join("cup.png")).unwrap();
    tl_ok(at, &["data", "augment", "cup.png", "--preset", "trivial", "--count", "3", "--columns", "2"]);
    // Two tiles of 224 and 4 pixels between them.
    assert_eq!(image::image_dimensions(at.join("cup-trivial.png")).unwrap(), (452, 452));
    let again = tl(at, &["data", "augment", "cup.png", "--preset", "trivial"]);
    assert_eq!(again.stderr, "error: `cup-trivial.png` exists: name another file with `--out FILE`\n");
    fs::write(at.join("mine.toml"), "[[augment]]\nop = 'rotation'\ndegrees = 400\n").unwrap();
    let wrong = tl(at, &["data", "augment", "cup.png", "--config", "mine.toml"]);
    assert!(
        wrong.stderr.contains("rotation: degrees is 400, it must lie between 0 and 180"),
        "{}",
        wrong.stderr
    );
    let unknown = tl(at, &["data", "augment", "cup.png", "--preset", "heavy"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("`heavy` is not a preset"), "{}", unknown.stderr);
}
