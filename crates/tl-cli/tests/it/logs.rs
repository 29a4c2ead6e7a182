//! What training in steps writes down, and that stopping it leaves no trace there.

use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use tl_model::FetchObserver;
use tl_pipeline::{Invocation, Observer, PipelineError, Quiet, TrainConfig};
use tl_train::{Recipe, StepMetrics, StepsConfig, TrainError, TrainObserver, Unfreeze};

use crate::folders::two_classes;

/// Stops after so many steps.
struct StopsAfter(usize, AtomicUsize);

impl FetchObserver for StopsAfter {}

impl TrainObserver for StopsAfter {
    fn step_end(&self, _news: &StepMetrics<'_>) {
        self.1.fetch_add(1, Ordering::Relaxed);
    }

    fn stop(&self) -> bool {
        self.1.load(Ordering::Relaxed) >= self.0
    }
}

impl Observer for StopsAfter {}

const FILES: [&str; 3] = ["metrics.jsonl", "metrics.csv", "tensorboard/events.out.tfevents.0.tl"];

fn config(folder: &Path, name: &str, folds: Option<usize>) -> TrainConfig {
    let steps = StepsConfig {
        recipe: Recipe::FineTune,
        unfreeze: Some(Unfreeze::from("1".to_owned())),
        epochs: Some(2),
        batch: 4,
        ..StepsConfig::default()
    };
    TrainConfig {
        runs: folder.join("runs"),
        name: Some(name.to_owned()),
        cache: false,
        folds,
        steps,
        ..TrainConfig::new(folder.join("data"))
    }
}

fn lines(run: &Path, event: &str) -> Vec<Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == event).collect()
}

#[test]
fn a_run_in_steps_logs_each_step_and_epoch() {
    let folder = two_classes(8);
    let outcome =
        tl_pipeline::train(&config(folder.path(), "run", None), &Invocation::default(), &Quiet).unwrap();
    let (steps, epochs) = (lines(&outcome.folder, "step"), lines(&outcome.folder, "epoch"));
    // Some pictures are held out, and some of the rest judge the epochs: two steps are left.
    assert_eq!((steps.len(), epochs.len()), (6, 3));
    assert!(steps.iter().all(|step| step["loss"].is_f64() && step["learning_rate"].is_f64()), "{steps:?}");
    let of = |line: &Value| (line["phase"].clone(), line["epoch"].clone(), line["step"].clone());
    assert_eq!(of(&steps[5]), ("unfrozen".into(), 2.into(), 4.into()));
    assert_eq!(of(&epochs[2]), of(&steps[5]));
    assert_eq!(epochs[2]["learning_rate"], steps[5]["learning_rate"]);
    let table = fs::read_to_string(outcome.folder.join("metrics.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "trial,phase,epoch,step,loss,val_loss,val_accuracy,learning_rate,best");
    assert!(rows.len() == 4 && rows[3].starts_with("all,unfrozen,2,4,"), "{table}");
    let events = fs::read(outcome.folder.join(FILES[2])).unwrap();
    let count = |tag: &[u8]| events.windows(tag.len()).filter(|window| *window == tag).count();
    assert_eq!((count(b"train/loss"), count(b"val/accuracy"), count(b"brain.Event:2")), (6, 3, 1));
}

/// Stopped or killed: what was written after the checkpoint is as if it had not been.
#[test]
fn logs_of_a_run_that_was_stopped_are_those_of_one_that_was_not() {
    let folder = two_classes(8);
    let at = folder.path();
    for (folds, after) in [(None, 5), (Some(2), 14)] {
        let whole = config(at, &format!("whole{after}"), folds);
        let whole = tl_pipeline::train(&whole, &Invocation::default(), &Quiet).unwrap().folder;
        let config = config(at, &format!("stopped{after}"), folds);
        let stopped =
            tl_pipeline::train(&config, &Invocation::default(), &StopsAfter(after, AtomicUsize::new(0)));
        let Err(PipelineError::Train(TrainError::Stopped { run })) = stopped else { panic!("{stopped:?}") };
        assert_eq!(lines(&run, "step").len(), after);
        for file in FILES.iter().filter(|file| run.join(file).exists()) {
            let mut file = OpenOptions::new().append(true).open(run.join(file)).unwrap();
            file.write_all(b"{\"event\":\"written after the checkpoint\"}\n").unwrap();
        }
        tl_pipeline::resume(&run, &Invocation::default(), &Quiet).unwrap();
        for file in FILES {
            let read = |run: &Path| fs::read(run.join(file)).unwrap();
            assert!(read(&whole) == read(&run), "{file} with folds {folds:?}");
        }
    }
}
