//! `tl train --init-from`: what a model takes from another one.

use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use crate::folders::{picture, two_classes};
use crate::program::{tl, tl_ok};

/// A run on `warm` and `cold`, and then `data` without `warm` and with `green`.
fn first_run() -> TempDir {
    let folder = two_classes(8);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    fs::rename(at.join("data/warm"), at.join("warm")).unwrap();
    fs::create_dir(at.join("data/green")).unwrap();
    (0..8).for_each(|seed| {
        picture([60, 250, 90], seed).save(at.join(format!("data/green/{seed}.png"))).unwrap()
    });
    folder
}

fn tensor(run: &Path, name: &str) -> Vec<f32> {
    let bytes = fs::read(run.join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (fours, _) = file.tensor(name).unwrap().data().as_chunks::<4>();
    fours.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn classes_that_are_there_again_keep_their_rows_and_all_of_it_is_said() {
    let folder = first_run();
    let at = folder.path();
    let rate = "0.0000000001";
    let more = [
        "--init-from",
        "runs/data-1",
        "--unfreeze",
        "1",
        "--epochs",
        "1",
        "--lr",
        rate,
        "--weight-decay",
        "0",
    ];
    let ended = tl_ok(at, &[&["train", "data"], &more[..]].concat());
    let said = "start     the model runs/data-1: network and preprocessing; the head's rows of 1 of 2 classes, new: green, \
                dropped: warm; ";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(ended.stderr.contains(": as the model that this one begins from"), "{}", ended.stderr);
    let settings = fs::read_to_string(at.join("runs/data-2/run.toml")).unwrap();
    assert!(settings.contains("init_from = \"runs/data-1\""), "{settings}");
    // Nothing can be learnt at this rate; heads in layers are not compared with the frozen network.
    let ended = tl_ok(
        at,
        &["train", "data", "--init-from", "runs/data-1", "--head", "linear", "--epochs", "1", "--lr", rate],
    );
    assert!(ended.stderr.contains("start     the model runs/data-1"));
    let [old, new] = ["runs/data-1", "runs/data-3"].map(|run| tensor(&at.join(run), "head.weight"));
    let features = old.len() / 2;
    // In order: cold, warm; cold, green, which is the mean of the classes known again.
    assert!(near(&old[..features], &new[..features]) && near(&new[..features], &new[features..]));
    assert!(!near(&old[features..], &new[features..]));
}

#[test]
fn the_solved_head_begins_from_it_and_the_network_is_the_other_models() {
    let folder = first_run();
    let at = folder.path();
    fs::rename(at.join("warm"), at.join("data/warm")).unwrap();
    tl_ok(at, &["train", "data", "--recipe", "scratch", "--epochs", "1"]);
    tl_ok(at, &["train", "data", "--init-from", "runs/data-2"]);
    let keys = "backbone.conv_head.weight";
    let [first, second, third] = [1, 2, 3].map(|n| tensor(&at.join(format!("runs/data-{n}")), keys));
    assert!(first != second && second == third);
    let ended = tl(at, &["train", "data", "--init-from", "runs/data-2", "--recipe", "scratch"]);
    assert!(ended.stderr.contains("the recipe is scratch, it must be another one"), "{}", ended.stderr);
    let info: Value = serde_json::from_str(&tl_ok(at, &["info", "runs/data-3", "--json"]).stdout).unwrap();
    assert_eq!(info["classes"], serde_json::json!(["cold", "green", "warm"]));
    tl_ok(at, &["train", "--config", "runs/data-3/run.toml"]);
    let model = |n: u32| fs::read(at.join(format!("runs/data-{n}/model.safetensors"))).unwrap();
    assert!(model(3) == model(4), "run.toml gave another model");
}

#[test]
fn what_is_no_model_is_named() {
    let folder = first_run();
    fs::write(folder.path().join("x.bin"), "no model").unwrap();
    for (model, message) in [
        ("x.bin", "error: `x.bin` is not a model that `tl` can use: it was not written by `tl`\n"),
        ("nothing", "error: cannot read `nothing`: no such file or directory\n"),
    ] {
        let ended = tl(folder.path(), &["train", "data", "--init-from", model]);
        assert!(ended.code == 1 && ended.stderr.contains(message), "{}", ended.stderr);
    }
}
