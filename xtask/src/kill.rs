//! `cargo xtask kill`: training that is killed at random instants and gone on with, until it ends with the bits of
//! training that nobody disturbed.

use anyhow::{Context, Result, bail, ensure};
use image::{Rgb, RgbImage};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::{cargo, must, root};

/// What is trained, in turn: name and arguments. All have random changes, an optimiser with a memory, and an average. What
/// begins with random weights is kept however good it is; of phases on pretrained ones, the losses of every epoch tell if
/// the frozen network is kept.
const COURSES: [(&str, &[&str]); 3] = [
    (
        "from scratch, linear head, SGD, views kept",
        &[
            "--recipe",
            "scratch",
            "--unfreeze",
            "1",
            "--epochs",
            "12",
            "--optimizer",
            "sgd",
            "--lr",
            "1e-3",
            "--views",
            "2",
        ],
    ),
    (
        "from scratch, AdamW, MixUp, activations checkpointed",
        &[
            "--recipe",
            "scratch",
            "--unfreeze",
            "2",
            "--epochs",
            "12",
            "--lr",
            "1e-3",
            "--mixup",
            "0.4",
            "--checkpoint-activations",
        ],
    ),
    (
        "two phases, fastai's head, AdamW, MixUp",
        &["--recipe", "phases.toml", "--head", "fastai", "--mixup", "0.4"],
    ),
];
const ALL: &[&str] =
    &["--resize", "squash", "--batch", "4", "--ema", "0.8", "--checkpoint-steps", "3", "--quiet"];

const PHASES: &str = r#"[[phases]]
name = "head"
epochs = 2
rate = 3e-3

[[phases]]
name = "tune"
unfreeze = "1"
epochs = 10
rate = 3e-4
norms = "train"
"#;

/// Pictures of a class, and the side of each.
const EACH: u32 = 10;
const SIDE: u32 = 32;

/// What training leaves behind when nobody disturbs it, and how long it takes.
struct Reference {
    files: Vec<Vec<u8>>,
    duration: Duration,
}

/// What happened to one run.
#[derive(Default)]
struct History {
    /// Seconds after the start of the process, and how it was gone on with.
    kills: Vec<(f64, &'static str)>,
}

/// Runs so many trainings, and fails if one ends with other bits than the undisturbed one.
pub(crate) fn run(runs: usize, seed: u64) -> Result<()> {
    must(&mut cargo(&["build", "--workspace", "--quiet"]))?;
    let folder = tempfile::tempdir()?;
    // A copy, which no other build replaces meanwhile.
    fs::copy(root().join("target/debug").join(program()), folder.path().join(program()))?;
    pictures(&folder.path().join("data"))?;
    fs::write(folder.path().join("phases.toml"), PHASES)?;
    let references: Vec<Reference> =
        (0..COURSES.len()).map(|course| reference(&folder, course)).collect::<Result<_>>()?;
    println!("| run | settings | killed after seconds, gone on with by | bits |\n|---|---|---|---|");
    let mut draws = Draws(seed);
    let (mut kills, mut different) = (0, 0);
    for number in 1..=runs {
        let course = number % COURSES.len();
        let runs = folder.path().join(format!("killed-{number}"));
        let history = disturbed(&folder, course, &runs, references[course].duration, &mut draws)?;
        let same = results(&runs)? == references[course].files;
        let places: Vec<String> = history.kills.iter().map(|(at, how)| format!("{at:.2} {how}")).collect();
        println!(
            "| {number} | {} | {} | {} |",
            COURSES[course].0,
            places.join(", "),
            if same { "same" } else { "OTHER" }
        );
        kills += history.kills.len();
        different += usize::from(!same);
        fs::remove_dir_all(&runs)?;
    }
    println!("\n{runs} runs, {kills} kills, {different} with other bits");
    ensure!(different == 0, "{different} of {runs} runs ended with other bits");
    Ok(())
}

/// Two runs without a disturbance, the first with an empty cache, which must agree.
fn reference(folder: &TempDir, course: usize) -> Result<Reference> {
    let runs = [1, 2].map(|number| folder.path().join(format!("undisturbed-{course}-{number}")));
    let mut duration = Duration::ZERO;
    for runs in &runs {
        let begun = Instant::now();
        finished(start(folder, &train(course, runs))?, folder)?;
        duration = begun.elapsed();
    }
    let [cold, warm] = [results(&runs[0])?, results(&runs[1])?];
    ensure!(cold == warm, "{}: a cache that was there changed the bits", COURSES[course].0);
    let record: Value = serde_json::from_slice(&fs::read(only_run(&runs[0])?.join("report.json"))?)?;
    let trained =
        record["model"]["trained_parameters"].as_u64().context("no number of trained parameters")?;
    ensure!(
        trained > 100_000 || !COURSES[course].1.contains(&"scratch"),
        "{}: the frozen network was kept, whose bits prove nothing",
        COURSES[course].0
    );
    let steps = String::from_utf8_lossy(&warm[1])
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["step"].as_u64())
        .next_back();
    eprintln!(
        "{}: {:.1} s undisturbed, {} steps in the last phase",
        COURSES[course].0,
        duration.as_secs_f64(),
        steps.unwrap_or(0)
    );
    Ok(Reference { files: warm, duration })
}

/// Starts, kills and goes on, by the same command and by `tl resume` in turn, until the run is finished.
fn disturbed(
    folder: &TempDir,
    course: usize,
    runs: &Path,
    duration: Duration,
    draws: &mut Draws,
) -> Result<History> {
    let mut history = History::default();
    let mut command = train(course, runs);
    loop {
        // After the first, half of the processes are let be.
        let kill = history.kills.is_empty() || draws.unit() < 0.5;
        let after = if kill { duration.mul_f64(draws.unit()) } else { Duration::MAX };
        let begun = Instant::now();
        let child = start(folder, &command)?;
        if !killed(child, folder, after)? {
            return Ok(history);
        }
        let at = begun.elapsed().as_secs_f64();
        let run = only_run(runs).ok();
        if run.as_ref().is_some_and(|run| run.join("report.json").exists()) {
            history.kills.push((at, "(it was finished)"));
            return Ok(history);
        }
        let resumed = run.filter(|_| history.kills.len() % 2 == 0);
        let how = if resumed.is_some() { "`tl resume`" } else { "`tl train`" };
        history.kills.push((at, how));
        command = resumed.map_or_else(|| train(course, runs), |run| resume(&run));
    }
}

fn train(course: usize, runs: &Path) -> Vec<String> {
    let words = ["train", "data", "--runs"].into_iter().map(str::to_owned);
    let more = COURSES[course].1.iter().chain(ALL).map(|word| (*word).to_owned());
    words.chain([runs.display().to_string()]).chain(more).collect()
}

fn resume(run: &Path) -> Vec<String> {
    vec!["resume".to_owned(), run.display().to_string(), "--quiet".to_owned()]
}

fn start(folder: &TempDir, arguments: &[String]) -> Result<Child> {
    let mut command = Command::new(folder.path().join(program()));
    command.args(arguments).current_dir(folder).env("TL_CACHE", folder.path().join("cache"));
    command.stdout(Stdio::null()).stderr(File::create(said(folder))?);
    command.spawn().with_context(|| format!("cannot start {command:?}"))
}

fn program() -> String {
    format!("tl{}", std::env::consts::EXE_SUFFIX)
}

/// Where the last process wrote its messages.
fn said(folder: &TempDir) -> PathBuf {
    folder.path().join("stderr.txt")
}

/// Kills a process unless it ends by itself before; then it must have succeeded.
fn killed(mut child: Child, folder: &TempDir, after: Duration) -> Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < after {
        if child.try_wait()?.is_some() {
            finished(child, folder)?;
            return Ok(false);
        }
        sleep(Duration::from_millis(2));
    }
    child.kill()?;
    child.wait()?;
    Ok(true)
}

fn finished(mut child: Child, folder: &TempDir) -> Result<()> {
    let status = child.wait()?;
    if !status.success() {
        bail!("tl ended with {status}: {}", fs::read_to_string(said(folder))?);
    }
    Ok(())
}

/// The files of the finished run that hold numbers.
fn results(runs: &Path) -> Result<Vec<Vec<u8>>> {
    let run = only_run(runs)?;
    let read = |name| fs::read(run.join(name)).with_context(|| format!("{name} of {}", run.display()));
    ["model.safetensors", "metrics.jsonl"].into_iter().map(read).collect()
}

/// A run that is gone on with must not have become two.
fn only_run(runs: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(runs).with_context(|| format!("no runs in {}", runs.display()))?;
    let names: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let is_run =
        |path: &&PathBuf| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    let found: Vec<&PathBuf> = names.iter().filter(is_run).collect();
    match found.as_slice() {
        [run] => Ok((*run).clone()),
        other => bail!("{} runs in {} where one should be", other.len(), runs.display()),
    }
}

/// Three classes of noisy stripes, which are hard to tell apart.
fn pictures(data: &Path) -> Result<()> {
    let mut draws = Draws(1);
    for (class, slope) in [("flat", 0.0), ("oblique", 0.5), ("steep", 1.0)] {
        fs::create_dir_all(data.join(class))?;
        for number in 0..EACH {
            let phase = draws.unit() * 32.0;
            let mut pixel = |x: u32, y: u32| {
                let stripe = f64::from(x).mul_add(slope, f64::from(y) + phase) % 8.0 * 10.0;
                Rgb([0, 1, 2].map(|_| (stripe + draws.unit() * 160.0) as u8))
            };
            let picture = RgbImage::from_fn(SIDE, SIDE, &mut pixel);
            picture.save(data.join(class).join(format!("{number}.png")))?;
        }
    }
    Ok(())
}

/// Random numbers by SplitMix64: <https://prng.di.unimi.it/splitmix64.c>
struct Draws(u64);

impl Draws {
    /// A random number from 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
