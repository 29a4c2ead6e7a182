//! What `tl train` says to type next can be typed: every line is run, by a shell.

use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::folders::{picture, two_classes};
use crate::program::{Ended, ended, tl_ok};

/// A line for the shell, in a folder, with the program on its path.
fn typed(at: &Path, line: &str) -> Ended {
    let bin = at.join("bin");
    if !bin.exists() {
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_tl"), bin.join("tl")).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut sh = Command::new("sh");
    sh.args(["-c", line]).current_dir(at).env("PATH", path).env("TL_CACHE", at.join("cache"));
    ended(sh.output().unwrap())
}

/// The lines under `next`, as printed; those of the report are the same.
fn next(at: &Path, line: &str) -> Vec<String> {
    let before = runs(at);
    let said = typed(at, line);
    assert_eq!(said.code, 0, "{line}: {}", said.stderr);
    let row = |label: &str| {
        said.stdout
            .lines()
            .skip_while(|line| !line.starts_with(label))
            .map(|line| line[10..].to_owned())
            .collect::<Vec<_>>()
    };
    let run = runs(at).difference(&before).next().unwrap().to_owned();
    let record: Value = serde_json::from_slice(&fs::read(run.join("report.json")).unwrap()).unwrap();
    let lines = row("next");
    assert_eq!(record["next"], serde_json::json!(lines));
    lines
}

fn runs(at: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(at.join("runs")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Runs all that is suggested; how it begins, up to the first space that is not quoted away.
fn follow(at: &Path, line: &str) -> Vec<String> {
    let lines = next(at, line);
    for line in &lines {
        let said = typed(at, line);
        assert_eq!(said.code, 0, "{line}: {}", said.stderr);
    }
    lines.iter().map(|line| line.split("   #").next().unwrap().to_owned()).collect()
}

#[test]
fn what_comes_next_is_about_the_same_pictures_and_can_be_typed() {
    let folder = two_classes(6);
    let at = folder.path();
    fs::rename(at.join("data"), at.join("it's data")).unwrap();
    let lines = follow(at, r#"tl train "it's data" --resize squash --val 0.3 --name "a b""#);
    assert_eq!(
        lines[1..],
        [
            r"tl train 'it'\''s data' --resize squash --name 'a b' --folds 5",
            r"tl eval 'runs/a b-1' 'it'\''s data'"
        ]
    );
    assert!(lines[0].starts_with(r"tl predict 'runs/a b-1' 'it'\''s data/"), "{lines:?}");
    // The second run of one name is not the first.
    assert!(next(at, r#"tl train "it's data" --resize squash --name "a b""#)[0].contains("runs/a b-3"));
}

#[test]
fn whatever_bytes_names_hold_what_comes_next_can_be_typed() {
    let folder = two_classes(6);
    let at = folder.path();
    let picture = fs::read_dir(at.join("data/warm")).unwrap().next().unwrap().unwrap().path();
    let mut data = at.join("data");
    for name in
        [&b"latin1 \xe9"[..], b"two\nlines\x1b[1m\tand a tab", br"a \xe9", b"-n", "\u{202e}100%é".as_bytes()]
    {
        let name = OsStr::from_bytes(name);
        fs::rename(&data, at.join(name)).unwrap();
        data = at.join(name);
        let from = data.join("warm").join(picture.file_name().unwrap());
        fs::rename(from, data.join("warm").join(name).with_extension("png")).unwrap_or_default();
        let argument = Path::new(".").join(name);
        let lines = follow(
            at,
            &tl_data::shell(&[
                OsStr::new("tl"),
                OsStr::new("train"),
                argument.as_os_str(),
                OsStr::new("--resize=squash"),
            ]),
        );
        assert_eq!(lines.len(), 3, "{lines:?}");
    }
}

#[test]
fn labels_of_a_table_stay_those_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("d")).unwrap();
    let mut rows = "file,what\n".to_owned();
    for seed in 0..12 {
        picture(if seed % 2 == 0 { [250, 120, 60] } else { [60, 120, 250] }, seed)
            .save(at.join(format!("d/{seed}.png")))
            .unwrap();
        rows += &format!(
            "{seed}.png,{}{}\n",
            ["warm", "cold"][seed as usize % 2],
            if seed % 3 == 0 { "|third" } else { "" }
        );
    }
    fs::write(at.join("d/labels.csv"), rows).unwrap();
    let lines = follow(at, "tl train d/labels.csv --label-column what --label-separator '|' --resize squash");
    assert!(
        lines[1].starts_with(
            "tl train d/labels.csv --resize squash --label-column what --label-separator '|' --folds "
        ),
        "{lines:?}"
    );
    assert_eq!(lines[2], "tl eval runs/labels-1 d/labels.csv --label-column what --label-separator '|'");
}

#[test]
fn a_list_that_is_gone_and_folds_that_were_made_are_not_suggested_again() {
    let folder = two_classes(4);
    let at = folder.path();
    let lines = follow(at, "find data -name '*.png' | tl train - --resize squash");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let lines = follow(at, "tl train data --resize squash --folds 2");
    assert!(lines.len() == 2 && lines[1].starts_with("tl eval runs/data-1 data"), "{lines:?}");
    let lines = follow(at, "tl train --config runs/data-1/run.toml --val 0.25");
    assert!(lines[1].starts_with("tl train --config runs/data-1/run.toml --folds "), "{lines:?}");
}

#[test]
fn one_way_to_divide_takes_the_place_of_another() {
    let folder = two_classes(4);
    let at = folder.path();
    let split = |run: &str| fs::read_to_string(at.join("runs").join(run).join("split.csv")).unwrap();
    tl_ok(at, &["train", "data", "--resize", "squash", "--name", "held"]);
    tl_ok(at, &["train", "data", "--resize", "squash", "--name", "as", "--split", "runs/held-1/split.csv"]);
    tl_ok(at, &["train", "--config", "runs/as-1/run.toml", "--name", "folds", "--folds", "2"]);
    assert!(split("folds-1").contains("fold-2"));
    tl_ok(at, &["train", "--config", "runs/folds-1/run.toml", "--name", "again", "--val", "0.25"]);
    assert!(!split("again-1").contains("fold-"));
}
