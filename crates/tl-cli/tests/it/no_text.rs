//! Names of files that are no UTF-8, as arguments.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;

use crate::folders::two_classes;
use crate::program::{Ended, command, ended, tl_ok};

fn name(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn tl(folder: &std::path::Path, words: &[&OsStr]) -> Ended {
    ended(command(folder, &[]).args(words).output().unwrap())
}

#[test]
fn settings_that_run_toml_cannot_hold_are_refused_before_anything_is_done() {
    let folder = two_classes(4);
    let at = folder.path();
    let odd = name(b"caf\xe9");
    fs::rename(at.join("data"), at.join(&odd)).unwrap();
    let of_data = tl(at, &["train".as_ref(), &odd]);
    fs::rename(at.join(&odd), at.join("data")).unwrap();
    let of_runs = tl(at, &["train".as_ref(), "data".as_ref(), "--runs".as_ref(), &odd]);
    for (said, what) in [(of_data, "the pictures"), (of_runs, "the runs")] {
        assert_eq!((said.code, said.stdout.as_str()), (1, ""));
        let expected = format!(
            "error: the path of {what}, `caf\\xe9`, is not UTF-8 text, and `run.toml` can hold no other\n\
             hint: rename it, or reach it by a link with another name: `ln -s OLD NEW`, then NEW\n"
        );
        assert_eq!(said.stderr, expected);
    }
    assert!(!at.join("runs").exists() && !at.join(&odd).exists());
    // As the hint says.
    std::os::unix::fs::symlink(at.join("data"), at.join("link")).unwrap();
    tl_ok(at, &["train", "link"]);
}

#[test]
fn pictures_models_and_outputs_may_have_any_name() {
    let folder = two_classes(4);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    let (run, picture, out) = (name(b"run\xff"), name(b"caf\xe9.png"), name(b"f\xfe.npy"));
    fs::rename(at.join("runs/data-1"), at.join(&run)).unwrap();
    fs::copy(at.join("data/warm/1.png"), at.join(&picture)).unwrap();
    for form in ["--top=1", "--csv", "--json"] {
        let said = tl(at, &["predict".as_ref(), &run, &picture, form.as_ref()]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.stdout.contains(r"caf\xe9.png") || said.stdout.contains(r"caf\\xe9.png"),
            "{}",
            said.stdout
        );
    }
    for words in [
        &["eval".as_ref(), run.as_os_str(), "data".as_ref()][..],
        &["info".as_ref(), &run],
        &["extract".as_ref(), "data".as_ref(), "--out".as_ref(), &out],
        &["data".as_ref(), "augment".as_ref(), &picture, "--out".as_ref(), &name(b"sheet\xff.png")],
        &["data".as_ref(), "check".as_ref(), "data".as_ref(), "--html".as_ref(), &name(b"check\xff.html")],
    ] {
        let said = tl(at, words);
        assert_eq!(said.code, 0, "{words:?}: {}", said.stderr);
    }
    assert!(at.join(&out).exists() && at.join(name(b"sheet\xff.png")).exists());
    let said = tl(at, &["predict".as_ref(), &run, &name(b"gone\xff.png")]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.starts_with(r"error: no pictures at `gone\xff.png`"), "{}", said.stderr);
}
