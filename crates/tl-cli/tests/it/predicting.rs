//! `tl predict`: from file bytes to answers.

use serde_json::Value;
use std::path::{Path, PathBuf};

use crate::folders::two_classes;
use crate::program::{tl, tl_ok};

/// Pictures as scikit-image ships them, and timm's answers: `xtask/reference/efficientnet_lite.py`.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tl-pipeline/tests/golden")
}

/// Measured: 0.0019 for the rocket, a JPEG; 0.0010 at most for the two PNGs. Some pixels differ by 1/255 after resizing.
const TOLERANCE: f64 = 0.004;

#[test]
fn from_the_files_bytes_to_the_top_five_it_answers_as_timm_does() {
    let text = std::fs::read_to_string(golden().join("top5.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    for (file, expected) in reference["pictures"].as_object().unwrap() {
        let ended = tl_ok(&golden(), &["predict", "--model", "efficientnet_lite0", file, "--json"]);
        let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
        let answers = rows[0]["answers"].as_array().unwrap();
        assert_eq!(answers[0]["class"], expected[0][1], "{file}");
        for row in expected.as_array().unwrap() {
            let name = &row[1];
            let answer = answers.iter().find(|answer| &answer["class"] == name);
            let answer = answer.unwrap_or_else(|| panic!("{file}: no {name} in {answers:?}"));
            let off = (answer["probability"].as_f64().unwrap() - row[2].as_f64().unwrap()).abs();
            assert!(off < TOLERANCE, "{file} {name}: off by {off}");
        }
    }
}

#[test]
fn coffee_is_espresso() {
    let ended =
        tl_ok(&golden(), &["predict", "--model", "efficientnet_lite0", "coffee.png", "--csv", "--top", "1"]);
    let line = ended.stdout.lines().nth(1).unwrap();
    let probability: f64 =
        line.strip_prefix("coffee.png,1,espresso,").unwrap().trim_end_matches(',').parse().unwrap();
    assert!(probability > 0.9, "{line}");
}

#[test]
fn a_bad_file_is_named_and_the_others_are_answered() {
    let folder = two_classes(4);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    std::fs::write(at.join("data/warm/9.png"), "no picture").unwrap();
    let ended = tl(at, &["predict", "runs/data-1", "data/warm", "--top", "1"]);
    assert_eq!(ended.code, 1);
    assert_eq!(ended.stderr, "error: cannot use `data/warm/9.png`: not a picture (it is text)\n");
    let pictures: Vec<&str> = ended.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(pictures, ["data/warm/0.png", "data/warm/1.png", "data/warm/2.png", "data/warm/3.png"]);
}

#[test]
fn pictures_of_any_shape_are_answered() {
    let folder = two_classes(4);
    let at = folder.path();
    tl_ok(at, &["train", "data", "--resize", "crop"]);
    for (name, width, height) in [("dot.png", 1, 1), ("line.png", 3000, 1), ("wall.png", 2, 900)] {
        image::GrayImage::new(width, height).save(at.join(name)).unwrap();
        let ended = tl_ok(at, &["predict", "runs/data-1", name]);
        assert!(ended.stdout.starts_with(name), "{}", ended.stdout);
    }
}
