//! Training in steps that is stopped, killed, or run in another way, and the bits it ends with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::folders::two_classes;
use crate::program::{Ended, command, ended, tl_ok};

/// Twelve steps with everything that is drawn at random or remembered: from random weights, so that the model that comes
/// out is always the trained one.
const TRAIN: &[&str] = &[
    "train",
    "data",
    "--recipe",
    "scratch",
    "--unfreeze",
    "1",
    "--head",
    "fastai",
    "--epochs",
    "4",
    "--batch",
    "4",
    "--optimizer",
    "sgd",
    "--ema",
    "0.5",
    "--resize",
    "squash",
    "--checkpoint-steps",
    "2",
];

/// A folder in which a run was left alone, with an empty cache.
static UNDISTURBED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = two_classes(8);
    tl_ok(folder.path(), TRAIN);
    folder
});

/// Model and losses of the first run in a folder of runs.
fn result(runs: &Path) -> [Vec<u8>; 2] {
    ["model.safetensors", "metrics.jsonl"].map(|file| fs::read(runs.join("data-1").join(file)).unwrap())
}

fn assert_same_bits(runs: &Path, what: &str) {
    assert!(result(runs) == result(&UNDISTURBED.path().join("runs")), "{what} changed the bits");
    let left: Vec<_> = fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data-1"], "one run became several");
}

/// Wherever the pictures are, a run has a folder of its own.
struct Course {
    runs: TempDir,
}

impl Course {
    fn new() -> Self {
        LazyLock::force(&UNDISTURBED);
        Self { runs: tempfile::tempdir().unwrap() }
    }

    fn runs(&self) -> &Path {
        self.runs.path()
    }

    fn run(&self) -> PathBuf {
        self.runs().join("data-1")
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = command(UNDISTURBED.path(), arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn train(&self) -> Child {
        self.start(&[TRAIN, &["--runs", self.runs().to_str().unwrap()]].concat())
    }

    fn resume(&self) -> Child {
        self.start(&["resume", self.run().to_str().unwrap()])
    }

    /// The newest checkpoint's number of steps.
    fn step(&self) -> u64 {
        let entries = fs::read_dir(self.run().join("checkpoints/all")).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter_map(|name| name.strip_prefix("step-")?.parse().ok()).max().unwrap_or(0)
    }

    /// Waits until there is a checkpoint behind this step.
    fn wait_past(&self, step: u64) {
        wait_until(|| self.step() > step, "no checkpoint was written");
    }
}

fn wait_until(mut is_so: impl FnMut() -> bool, else_say: &str) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{else_say}");
        sleep(Duration::from_millis(3));
    }
}

fn end(child: Child) -> Ended {
    ended(child.wait_with_output().unwrap())
}

#[test]
fn training_that_is_killed_is_gone_on_with_to_the_same_bits() {
    let course = Course::new();
    let mut child = course.train();
    for past in [0, 3, 6] {
        course.wait_past(past);
        child.kill().unwrap();
        child.wait().unwrap();
        child = if past == 3 { course.train() } else { course.resume() };
    }
    let said = end(child);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let from =
        said.stderr.lines().find_map(|line| line.strip_prefix("resumed   going on from checkpoint step-"));
    assert!(from.is_some_and(|step| step > "000006"), "{}", said.stderr);
    assert_same_bits(course.runs(), "killing it");
}

#[test]
fn neither_threads_nor_the_cache_change_the_bits_of_training_in_steps() {
    for (what, more, threads) in [
        ("one thread, and features in the cache", &["--threads", "1"][..], "2"),
        ("four threads, and no cache", &["--threads", "4", "--no-cache"], "2"),
        ("one thread for products of matrices", &[], "1"),
        ("three threads for products of matrices", &[], "3"),
        ("decoded pictures in memory", &["--cache", "ram"], "2"),
        ("decoded pictures on disk", &["--cache", "disk"], "2"),
    ] {
        let course = Course::new();
        let runs = course.runs().to_str().unwrap();
        let mut command = command(UNDISTURBED.path(), &[TRAIN, &["--runs", runs], more].concat());
        let said = ended(command.env("RAYON_NUM_THREADS", threads).output().unwrap());
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert_same_bits(course.runs(), what);
    }
}

#[test]
fn a_run_of_other_pictures_or_settings_is_not_gone_on_with() {
    let course = Course::new();
    let mut child = course.train();
    course.wait_past(0);
    child.kill().unwrap();
    child.wait().unwrap();
    let settings = course.run().join("run.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("seed = 0\n", "seed = 1\n")).unwrap();
    let said = end(course.resume());
    let start = format!("error: the checkpoint `{}/checkpoints/all/step-", course.run().display());
    let rest = "` is of another run: its settings, pictures or weights were not these\n\
                hint: start a new run, or go back to what this one was begun with\n";
    assert_eq!(said.code, 1);
    let error = said.stderr.find("error: ").map(|at| &said.stderr[at..]).unwrap();
    assert!(error.starts_with(&start) && error.ends_with(rest), "{}", said.stderr);
    fs::write(&settings, text).unwrap();
    assert_eq!(end(course.resume()).code, 0);
    assert_same_bits(course.runs(), "a failed attempt");
    let message = format!(
        "error: the run `{}` is finished\nhint: `tl train` with another `--seed` or `--name` makes a new one\n",
        course.run().display()
    );
    let said = end(course.resume());
    assert_eq!((said.code, said.stderr), (1, message));
}

#[cfg(unix)]
mod signals {
    use super::*;

    fn send(signal: &str, to: &Child) {
        let status = std::process::Command::new("kill").args([signal, &to.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn a_signal_stops_training_at_a_checkpoint_to_go_on_from() {
        let course = Course::new();
        let mut child = course.train();
        for (signal, past) in [("-TERM", 0), ("-INT", 5)] {
            course.wait_past(past);
            let sent = Instant::now();
            send(signal, &child);
            let said = end(child);
            // A step takes a fifth of a second; the rest is for a machine that is busy.
            assert!(sent.elapsed() < Duration::from_secs(10), "{:?}", sent.elapsed());
            assert_eq!(said.code, 75, "{}", said.stderr);
            let hint = format!("hint: `tl resume {}`, or the same command again\n", course.run().display());
            assert!(said.stderr.ends_with(&hint), "{}", said.stderr);
            child = course.resume();
        }
        assert_eq!(end(child).code, 0);
        assert_same_bits(course.runs(), "stopping it");
    }

    #[test]
    fn a_second_signal_stops_training_at_once() {
        let course = Course::new();
        let runs = course.runs().to_str().unwrap();
        // One step of all pictures and all of the network: seconds.
        let mut child = course.start(&[
            "train", "data", "--recipe", "full", "--batch", "16", "--resize", "squash", "--runs", runs,
        ]);
        wait_until(|| course.run().join("checkpoints/all/.lock").exists(), "training did not begin");
        sleep(Duration::from_millis(300));
        send("-TERM", &child);
        sleep(Duration::from_millis(100));
        assert!(child.try_wait().unwrap().is_none(), "the first signal did not wait for a checkpoint");
        let sent = Instant::now();
        send("-INT", &child);
        let said = end(child);
        assert!(sent.elapsed() < Duration::from_millis(500), "{:?}", sent.elapsed());
        assert_eq!((said.code, course.step()), (75, 0), "{}", said.stderr);
    }
}
