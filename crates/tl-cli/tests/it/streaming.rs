//! Answers that come before the last picture is read.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::folders::picture;
use crate::program::{command, tl, tl_ok};

const PICTURES: u32 = 200;

/// So many pictures of five kinds in `many/`.
fn many() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("many")).unwrap();
    let kinds = (0..5).map(|seed| {
        let path = folder.path().join(format!("{seed}.png"));
        picture([250, 120, 60], seed).save(&path).unwrap();
        fs::read(path).unwrap()
    });
    let kinds: Vec<Vec<u8>> = kinds.collect();
    for number in 0..PICTURES {
        let path = folder.path().join(format!("many/{number}.png"));
        fs::write(path, &kinds[number as usize % kinds.len()]).unwrap();
    }
    folder
}

/// All the thousand answers of each picture: a pipe holds those of two pictures, and the program waits for its reader.
const ALL: [&str; 6] = ["predict", "--model", "efficientnet_lite0", "many", "--top", "1000"];

#[test]
fn the_first_answer_comes_before_the_last_picture_is_read() {
    for form in ["--csv", "--json", "--quiet"] {
        let folder = many();
        let at = folder.path();
        let mut child = command(at, &[&ALL[..], &[form]].concat());
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = Vec::new();
        out.read_until(b'\n', &mut said).unwrap();
        out.read_until(b'\n', &mut said).unwrap();
        let last = at.join(format!("many/{}.png", PICTURES - 1));
        fs::write(&last, "no picture any more").unwrap();
        out.read_to_end(&mut said).unwrap();
        let ended = child.wait_with_output().unwrap();
        let (said, stderr) = (String::from_utf8(said).unwrap(), String::from_utf8(ended.stderr).unwrap());
        assert_eq!(ended.status.code(), Some(1), "{stderr}");
        match form {
            "--csv" => assert!(said.ends_with("many/199.png,,,,not a picture (it is text)\n")),
            "--quiet" => {
                assert_eq!(stderr, "error: cannot use `many/199.png`: not a picture (it is text)\n");
                assert_eq!(said.lines().count(), 199);
            }
            _ => {
                let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
                assert_eq!(rows.as_array().unwrap().len(), 200);
                assert_eq!(rows[199]["error"], "not a picture (it is text)");
            }
        }
    }
}

#[test]
fn answers_come_in_order_and_are_those_of_each_picture_alone() {
    let folder = many();
    let at = folder.path();
    let call = ["predict", "--model", "efficientnet_lite0", "--csv", "--top", "2"];
    let together = tl_ok(at, &[&call[..], &["many"]].concat()).stdout;
    let mut lines = together.lines();
    assert_eq!(lines.next(), Some("path,rank,class,probability,error"));
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), 2 * PICTURES as usize);
    for number in [0, 31, 32, 33, 95, 96, 199] {
        let path = format!("many/{number}.png");
        let alone = tl_ok(at, &[&call[..], &[&path]].concat()).stdout;
        let alone: Vec<&str> = alone.lines().skip(1).collect();
        assert_eq!(rows[2 * number..2 * number + 2], alone, "{path}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = many();
    let mut child = command(folder.path(), &[&ALL[..], &["--csv"]].concat());
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn one_bad_picture_alone_is_still_an_array() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.png"), "text").unwrap();
    let said = tl(folder.path(), &["predict", "--model", "efficientnet_lite0", "a.png", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, rows.as_array().unwrap().len()), (1, 1));
}
