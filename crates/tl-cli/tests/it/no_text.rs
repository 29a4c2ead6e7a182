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
fn a_folder_of_any_name_is_trained_on_and_gone_on_with_from_its_settings() {
    let folder = two_classes(4);
    let at = folder.path();
    let odd = name(b"caf\xe9");
    fs::rename(at.join("data"), at.join(&odd)).unwrap();
    let words: [&OsStr; 4] = ["train".as_ref(), &odd, "--name".as_ref(), "odd".as_ref()];
    let said = tl(at, &words);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let settings = fs::read_to_string(at.join("runs/odd-1/run.toml")).unwrap();
    assert!(settings.contains(r"data = 'caf\xe9'"), "{settings}");
    tl_ok(at, &["train", "--config", "runs/odd-1/run.toml"]);
    let model = |run: &str| fs::read(at.join("runs").join(run).join("model.safetensors")).unwrap();
    assert!(model("odd-1") == model("odd-2"));
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
