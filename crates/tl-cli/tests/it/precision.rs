//! `--precision`: what is asked for is done or refused, and what is left out changes nothing.

use serde_json::Value;
use std::fs;
use std::path::Path;
use tl_model::Precision;

use crate::folders::{stamps, two_classes};
use crate::program::{tl, tl_ok};

fn train(folder: &Path, name: &str, more: &[&str]) -> Value {
    let arguments = ["train", "data", "--resize", "squash", "--name", name, "--json", "--no-cache"];
    serde_json::from_str(&tl_ok(folder, &[&arguments, more].concat()).stdout).unwrap()
}

fn choices(outcome: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let choices = outcome["record"]["choices"].as_array().unwrap();
    choices.iter().map(|choice| (text(&choice["what"]), text(&choice["chosen"]))).collect()
}

fn probabilities(folder: &Path, run: &str, more: &[&str]) -> Vec<f64> {
    let rows = tl_ok(folder, &[&["predict", run, "data", "--json"], more].concat()).stdout;
    let rows: Value = serde_json::from_str(&rows).unwrap();
    rows.as_array().unwrap().iter().map(|row| row["answers"][0]["probability"].as_f64().unwrap()).collect()
}

#[test]
fn with_few_pictures_the_default_is_f32_to_the_bit() {
    let folder = two_classes(6);
    let at = folder.path();
    assert!(!choices(&train(at, "auto", &[])).iter().any(|(name, _)| name == "precision"));
    train(at, "floats", &["--precision", "f32"]);
    let model = |run: &str| fs::read(at.join("runs").join(run).join("model.safetensors")).unwrap();
    assert!(model("auto-1") == model("floats-1"));
}

#[test]
fn a_model_answers_in_the_precision_it_was_trained_in() {
    let folder = two_classes(10);
    let at = folder.path();
    for precision in [Precision::Bf16, Precision::Int8] {
        let name = precision.name();
        if !precision.is_available() {
            let refused = tl(at, &["train", "data", "--precision", name]);
            assert!(
                refused.code != 0 && refused.stderr.contains("f32: this processor has no"),
                "{refused:?}"
            );
            continue;
        }
        let outcome = train(at, name, &["--precision", name]);
        let choices = choices(&outcome);
        assert!(choices.contains(&("precision".to_owned(), name.to_owned())), "{choices:?}");
        // What bytes cost is measured on held-out pictures.
        assert_eq!(choices.iter().any(|(named, _)| named == "int8"), precision == Precision::Int8);
        let run = format!("runs/{name}-1");
        let (own, same) = (probabilities(at, &run, &[]), probabilities(at, &run, &["--precision", name]));
        assert_eq!(own, same);
        let floats = probabilities(at, &run, &["--precision", "f32"]);
        assert_ne!(own, floats);
        let pairs = own.iter().zip(&floats);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 0.1), "{own:?} {floats:?}");
        let toml = fs::read_to_string(at.join(&run).join("run.toml")).unwrap();
        assert!(toml.contains(&format!("precision = \"{name}\"")), "{toml}");
    }
}

#[test]
fn steps_in_bf16_come_to_nearly_the_same() {
    if !Precision::Bf16.is_available() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let stamps = stamps();
    let steps = ["--resize", "squash", "--no-cache", "--recipe", "lp-ft", "--unfreeze", "1", "--epochs", "2"];
    let losses = |precision: &str| -> Vec<f64> {
        let arguments =
            [&["train", stamps.to_str().unwrap(), "--json", "--precision", precision][..], &steps].concat();
        let outcome: Value = serde_json::from_str(&tl_ok(folder.path(), &arguments).stdout).unwrap();
        let points = outcome["record"]["curve"].as_array().unwrap();
        points
            .iter()
            .flat_map(|point| ["train_loss", "val_loss"].map(|loss| point[loss].as_f64().unwrap()))
            .collect()
    };
    let (floats, rounded) = (losses("f32"), losses("bf16"));
    assert!(floats.len() == 4 && rounded.len() == 4 && floats != rounded, "{floats:?} {rounded:?}");
    for (a, b) in floats.iter().zip(&rounded) {
        // Factors change by 0.4 % at most, and so do logits, which are about ten: four hundredths of a nat for a single picture,
        // and less for the mean of many. 0.0016 were seen.
        assert!((a - b).abs() < 0.01, "{floats:?} {rounded:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let folder = two_classes(6);
    let at = folder.path();
    let refused = |arguments: &[&str], words: &str| {
        let ended = tl(at, arguments);
        assert!(ended.code != 0 && ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
    };
    refused(&["train", "data", "--precision", "fp16"], "is not one of auto, f32, bf16, int8");
    refused(
        &["train", "data", "--precision", "int8", "--recipe", "lp-ft"],
        "the precision is int8, it must be f32",
    );
    refused(
        &["extract", "data", "--out", "f.npy", "--precision", "int8"],
        "the precision is int8, it must be f32",
    );
    train(at, "plain", &[]);
    refused(
        &["predict", "runs/plain-1", "data", "--precision", "int8"],
        "the precision is int8, it must be f32",
    );
    assert!(!at.join("f.npy").exists() && !at.join("runs/data-1").exists());
}
