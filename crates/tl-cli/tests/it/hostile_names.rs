//! Names that would steer a terminal, in the output of every command that shows names.
#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::folders::picture;
use crate::program::{Ended, command, ended, tl, tl_ok};

/// Clears the screen, begins a line that looks like ours, turns the direction, sets a title, by C0 and by C1.
const BAD: &str = "\x1b[2J\nerror: forged\r\u{202e}\x1b]0;t\x07\u{9b}31m\u{2066}\x08";

fn hostile(name: &str) -> String {
    format!("{name}{BAD}")
}

/// `data/CLASS/N.png`, and an empty file in the first class, all with such names.
fn pictures(at: &Path) {
    for (class, color) in [("warm", [250, 120, 60]), ("cold", [60, 120, 250])] {
        let inside = at.join("data").join(hostile(class));
        fs::create_dir_all(&inside).unwrap();
        for seed in 0..6 {
            let file = inside.join(hostile(&seed.to_string()) + ".png");
            picture(color, seed).save_with_format(file, image::ImageFormat::Png).unwrap();
        }
    }
    fs::write(at.join("data").join(hostile("warm")).join(hostile("bad") + ".png"), "").unwrap();
}

/// Nothing in it steers a terminal but colours that are ours: bold and red.
fn assert_tame(ended: &Ended, what: &str) {
    for text in [&ended.stdout, &ended.stderr] {
        let mut plain = text.clone();
        for color in ["\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[22m", "\x1b[1m\x1b[31m"] {
            plain = plain.replace(color, "");
        }
        let left: Vec<char> = plain.chars().filter(|&c| c != '\n' && tl_files::steers(c)).collect();
        assert!(left.is_empty(), "{what}: {left:?} in {text:?}");
        assert!(!plain.lines().any(|line| line.starts_with("error: forged")), "{what}: {text}");
    }
}

fn colored(at: &Path, arguments: &[&str]) -> Ended {
    ended(command(at, arguments).env("CLICOLOR_FORCE", "1").output().unwrap())
}

#[test]
fn no_name_steers_the_terminal_and_data_stay_data() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    pictures(at);
    let picture = format!("data/{}/{}.png", hostile("warm"), hostile("1"));
    let bad = format!("data/{}/{}.png", hostile("warm"), hostile("bad"));
    let train = ["train", "data", "--resize", "crop", "--name", "run", "--verbose"];
    let trained = tl_ok(at, &train);
    assert_tame(&trained, "train");
    assert!(
        trained.stderr.contains(r"warm\x1b[2J\nerror: forged\r\u{202e}\x1b]0;t\x07\u{9b}31m\u{2066}\x08")
    );
    for arguments in [
        &["data", "check", "data", "--verbose"][..],
        &["info", "runs/run-1"],
        &["eval", "runs/run-1", "data"],
        &["predict", "runs/run-1", "data"],
        &["predict", "runs/run-1", &picture, &bad],
        &["predict", "runs/run-1", &hostile("nowhere")],
        &["predict", &hostile("nowhere"), &picture],
        &["extract", "data", "--out", &hostile("f.npy")],
        &["extract", "data", "--out", "f.npy", "--backbone", &hostile("net")],
        &["train", &hostile("nowhere")],
        &["train", "data", "--config", &hostile("none.toml")],
        &["train", "data", &hostile("--option")],
        &["data", "augment", &bad],
        &["lr-find", "data", "--max-bad", "0"],
        &["info", &hostile("nowhere")],
        &["eval", "runs/run-1", &hostile("nowhere")],
    ] {
        assert_tame(&tl(at, arguments), &format!("{arguments:?}"));
        assert_tame(&colored(at, arguments), &format!("{arguments:?} in colours"));
    }
    let json: Value =
        serde_json::from_str(&tl(at, &["predict", "runs/run-1", &picture, "--json"]).stdout).unwrap();
    assert_eq!(json[0]["path"], picture.as_str());
    let classes: Vec<&str> = json[0]["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["class"].as_str().unwrap())
        .collect();
    assert!(classes.contains(&hostile("warm").as_str()), "{classes:?}");
    let csv = tl(at, &["predict", "runs/run-1", &picture, "--csv"]).stdout;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(&rows.records().next().unwrap().unwrap()[0], picture.as_str());
}

#[test]
fn cells_of_a_table_steer_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    picture([9; 3], 1).save(at.join("1.png")).unwrap();
    for (number, (header, row)) in [
        ("path,label,part", vec!["1.png", "x", BAD]),
        ("path,label,part", vec![BAD, "x", "train"]),
        ("path,label,part", vec!["1.png", BAD, "train"]),
        ("path,label,part", vec!["1.png", "", BAD]),
        ("path,other,part", vec!["1.png", "x", "train"]),
    ]
    .into_iter()
    .enumerate()
    {
        let table = at.join(format!("{number}.csv"));
        let mut rows = csv::Writer::from_path(&table).unwrap();
        rows.write_record(header.split(',')).unwrap();
        rows.write_record(&row).unwrap();
        rows.write_record(&row).unwrap();
        rows.flush().unwrap();
        for options in [&[][..], &["--part-column", "part"], &["--label-column", BAD]] {
            let ended = tl(at, &[&["train", table.to_str().unwrap()][..], options].concat());
            assert_ne!(ended.code, 0);
            assert_tame(&ended, &format!("table {number} {options:?}"));
        }
    }
}
