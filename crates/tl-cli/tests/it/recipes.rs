//! `tl train --recipe` and `--head`: each way ends in a run that answers.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::folders::two_classes;
use crate::network::checkpoint;
use crate::program::{tl, tl_ok};

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&tl_ok(folder, &[arguments, &["--json"]].concat()).stdout).unwrap()
}

/// Pictures that were held out of training in a run.
fn held_out(run: &Path) -> Vec<String> {
    let split = fs::read_to_string(run.join("split.csv")).unwrap();
    split
        .lines()
        .filter_map(|line| Some(format!("data/{}", line.strip_suffix(",val")?.split(',').next()?)))
        .collect()
}

/// Mean negative logarithm, as far as the record goes, of what `tl predict` gives the truth, which is the folder's name.
fn log_loss(folder: &Path, run: &str, pictures: &[String]) -> f64 {
    let pictures: Vec<&str> = pictures.iter().map(String::as_str).collect();
    let rows = json(folder, &[&["predict", run], &pictures[..]].concat());
    let of_truth = |row: &Value| -> f64 {
        let path = row["path"].as_str().unwrap().to_owned();
        let answer = row["answers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|answer| path.contains(answer["class"].as_str().unwrap()));
        -answer.unwrap()["probability"].as_f64().unwrap().max(tl_report::LEAST_PROBABILITY).ln()
    };
    rows.as_array().unwrap().iter().map(of_truth).sum::<f64>() / pictures.len() as f64
}

#[test]
fn every_recipe_ends_in_a_run_that_answers() {
    let folder = two_classes(6);
    let at = folder.path();
    fs::write(at.join("w.safetensors"), checkpoint("mobilenetv3_small_100")).unwrap();
    for recipe in ["features", "classic", "lp-ft", "fine-tune", "gradual", "bit", "full", "scratch"] {
        let network =
            ["--backbone", "mobilenetv3_small_100", "--weights", "w.safetensors", "--resize", "squash"];
        let steps: &[&str] =
            if recipe == "features" { &[] } else { &["--epochs", "1", "--batch", "16", "--lr", "1e-5"] };
        let arguments = ["train", "data", "--recipe", recipe, "--name", recipe];
        let record = json(at, &[&arguments[..], &network, steps].concat())["record"].take();
        let candidates = record["candidates"].as_array().unwrap();
        let found =
            candidates.iter().any(|candidate| candidate["name"].as_str().unwrap().starts_with(recipe));
        assert_eq!(found, recipe != "features", "{recipe}: {candidates:?}");
        let run = format!("runs/{recipe}-1");
        assert_eq!(json(at, &["eval", &run, "data"])["total"], 12, "{recipe}");
        let (expected, pictures) =
            (record["evaluation"]["log_loss"].as_f64().unwrap(), held_out(&at.join(&run)));
        let found = log_loss(at, &run, &pictures);
        assert!(
            (found - expected).abs() < 1e-5 * (1.0 + expected),
            "{recipe}: {found}, the record says {expected}"
        );
    }
}

#[test]
fn every_head_answers_as_it_was_evaluated() {
    let folder = two_classes(8);
    let at = folder.path();
    for head in ["dense256", "fastai", "cosine", "concat", "max", "flatten256", "prototype", "neighbours"] {
        let is_solved = ["prototype", "neighbours"].contains(&head);
        let steps: &[&str] = if is_solved { &[] } else { &["--epochs", "3", "--batch", "6"] };
        let arguments = ["train", "data", "--head", head, "--name", head, "--resize", "squash"];
        let record = json(at, &[&arguments[..], steps].concat())["record"].take();
        let run = format!("runs/{head}-1");
        let (expected, pictures) =
            (record["evaluation"]["log_loss"].as_f64().unwrap(), held_out(&at.join(&run)));
        let found = log_loss(at, &run, &pictures);
        assert!(
            (found - expected).abs() < 1e-5 * (1.0 + expected),
            "{head}: {found}, the record says {expected}"
        );
        assert!(
            record["evaluation"]["accuracy"].as_f64().unwrap() >= 0.5,
            "{head}: {}",
            record["evaluation"]
        );
    }
}

#[test]
fn activations_that_are_computed_again_leave_the_same_model() {
    let folder = two_classes(6);
    let at = folder.path();
    let begin = ["train", "data", "--recipe", "scratch", "--unfreeze", "3", "--epochs", "2", "--batch", "4"];
    let train = [&begin[..], &["--ema", "0.5", "--accumulate", "2", "--resize", "squash"]].concat();
    let result = |run: &str| {
        ["model.safetensors", "metrics.jsonl"]
            .map(|file| fs::read(at.join("runs").join(run).join(file)).unwrap())
    };
    tl_ok(at, &[&train[..], &["--name", "kept"]].concat());
    tl_ok(at, &[&train[..], &["--name", "again", "--checkpoint-activations"]].concat());
    assert!(result("kept-1") == result("again-1"), "other bits");
    let settings = |run: &str| fs::read_to_string(at.join("runs").join(run).join("run.toml")).unwrap();
    assert!(settings("again-1").contains("\ncheckpoint_activations = true\n"), "{}", settings("again-1"));
    assert!(!settings("kept-1").contains("checkpoint_activations"));
    tl_ok(at, &["train", "--config", "runs/again-1/run.toml", "--name", "told"]);
    assert!(result("told-1") == result("again-1"), "the file of settings says something else");
}

#[test]
fn a_batch_is_chosen_by_the_memory_and_written_down() {
    let folder = two_classes(8);
    let at = folder.path();
    let train =
        ["train", "data", "--recipe", "classic", "--unfreeze", "1", "--epochs", "1", "--batch", "auto"];
    let ended = tl_ok(at, &train);
    // Eight steps of an epoch of 16 pictures, whatever memory there is.
    assert!(ended.stderr.contains("batch     2 pictures: a step takes "), "{}", ended.stderr);
    let settings = fs::read_to_string(at.join("runs/data-1/run.toml")).unwrap();
    assert!(settings.contains("\nbatch = 2\n") && !settings.contains("auto_batch"), "{settings}");
    let ended = tl(at, &["train", "data", "--batch", "many"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("a number or auto"), "{}", ended.stderr);
}
