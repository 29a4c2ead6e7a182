//! 12-bit pictures in 16-bit files, from the check to the answer.

use image::{ImageBuffer, Luma};
use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::program::{tl, tl_ok};

const QUICK: [&str; 3] = ["--resize", "crop", "--quiet"];

/// Stripes across or down, with values of 12 bits.
fn save(path: &Path, across: bool, seed: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = ImageBuffer::from_fn(48, 48, |x, y| {
        let at = if across { x } else { y };
        Luma([((at + seed) / 6 % 2 * 3500 + (x * 7 + y * 11 + seed * 13) % 500) as u16])
    });
    picture.save(path).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..8 {
        save(&folder.path().join(format!("data/across/{seed}.png")), true, seed);
        save(&folder.path().join(format!("data/down/{seed}.png")), false, seed);
    }
    save(&folder.path().join("new/a.png"), true, 20);
    save(&folder.path().join("new/d.png"), false, 20);
    folder
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_check_finds_12_bits_and_training_in_their_range_goes_on_into_prediction() {
    let folder = folder();
    let at = folder.path();
    let checked = tl(at, &["data", "check", "data"]).stdout;
    let found = "16 pictures with 16 bits a colour have values from 0 to 3,999, and are read from 0 to 65,535: they become nearly black";
    assert!(checked.contains(found), "{checked}");
    assert!(checked.contains("tl train data --range 12"), "{checked}");

    let full = tl_ok(at, &["train", "data", "--resize", "crop", "--name", "full"]);
    assert!(full.stderr.contains("they become nearly black"), "{}", full.stderr);
    let header = |run: &str| json(&tl_ok(at, &["info", &format!("runs/{run}"), "--json"]).stdout);
    assert_eq!(header("full-1")["preprocess"].get("range"), None);

    let quiet = tl_ok(at, &["train", "data", "--resize", "crop", "--range", "12", "--name", "narrow"]);
    assert!(!quiet.stderr.contains("nearly black"), "{}", quiet.stderr);
    assert_eq!(header("narrow-1")["preprocess"]["range"], "0:4095");
    let settings = fs::read_to_string(at.join("runs/narrow-1/run.toml")).unwrap();
    assert!(settings.contains("range = \"0:4095\""), "{settings}");

    let answers = tl_ok(at, &["predict", "runs/narrow-1", "new", "--json", "--top", "1"]).stdout;
    let classes: Vec<Value> =
        json(&answers).as_array().unwrap().iter().map(|row| row["answers"][0]["class"].clone()).collect();
    assert_eq!(classes, ["across", "down"], "{answers}");
    // The same pictures in the range of another model are not the same.
    let features = |run: &str| {
        let (model, out) = (format!("runs/{run}"), format!("{run}.npy"));
        tl_ok(at, &["extract", "new", "--model", &model, "--out", &out]);
        fs::read(at.join(out)).unwrap()
    };
    assert!(features("full-1") != features("narrow-1"));
    let judged = json(&tl_ok(at, &["eval", "runs/narrow-1", "data", "--json"]).stdout);
    assert_eq!(judged["total"], 16);

    let repeated = ["train", "--config", "runs/narrow-1/run.toml", "--quiet"];
    tl_ok(at, &repeated);
    let model = |run: &str| fs::read(at.join("runs").join(run).join("model.safetensors")).unwrap();
    assert!(model("narrow-1") == model("narrow-2"), "run.toml gave another model");
}

#[test]
fn auto_takes_one_range_which_the_model_and_the_settings_record() {
    let folder = folder();
    let at = folder.path();
    tl_ok(at, &[&["train", "data", "--range", "auto"][..], &QUICK].concat());
    let header = json(&tl_ok(at, &["info", "runs/data-1", "--json"]).stdout);
    assert_eq!(header["preprocess"]["range"], "0:3999");
    let settings = fs::read_to_string(at.join("runs/data-1/run.toml")).unwrap();
    assert!(settings.contains("range = \"0:3999\""), "{settings}");
    let shown = tl_ok(at, &["info", "runs/data-1"]).stdout;
    assert!(shown.contains("of 16 bits a colour the values 0:3999"), "{shown}");
    // A model that is begun from keeps its range.
    tl_ok(at, &[&["train", "data", "--init-from", "runs/data-1", "--name", "next"][..], &QUICK].concat());
    let header = json(&tl_ok(at, &["info", "runs/next-1", "--json"]).stdout);
    assert_eq!(header["preprocess"]["range"], "0:3999");
}

#[test]
fn features_of_a_range_are_others_and_kept_apart() {
    let folder = folder();
    let at = folder.path();
    let extract = |range: &str, out: &str| {
        tl_ok(at, &["extract", "data", "--out", out, "--range", range, "--quiet"]);
        fs::read(at.join(out)).unwrap()
    };
    let first = extract("12", "a.npy");
    assert!(extract("full", "b.npy") != first, "another range gave the same features");
    assert!(extract("12", "c.npy") == first, "the same range gave other features");
    assert!(extract("0:4095", "d.npy") == first);
    let wrong = tl(at, &["extract", "data", "--out", "e.npy", "--range", "4095:0"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("the range 4095:0 is empty, MIN must be below MAX"), "{}", wrong.stderr);
}
