//! The files of `datasets/hostile` as a data set, and what is no file at all: named with a reason.

use std::fs;
use std::path::{Path, PathBuf};

use tl_data::{PictureLocation, scan};
use tl_image::Limits;

fn limits() -> Limits {
    Limits { file_bytes: 8 << 20, alloc: 64 << 20, ..Limits::default() }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/hostile")
}

/// Those that the scan takes can be decoded or are named then: tl-image's tests look at each.
#[test]
fn the_scan_names_them() {
    let manifest = fs::read(folder().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let root = tempfile::tempdir().unwrap();
    for (number, entry) in fs::read_dir(folder()).unwrap().enumerate() {
        let class = root.path().join(["even", "odd"][number % 2]);
        fs::create_dir_all(&class).unwrap();
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending != "json") {
            fs::copy(&path, class.join(path.file_name().unwrap())).unwrap();
        }
    }
    let data = scan(root.path(), &limits(), &|_| {}).unwrap();
    assert_eq!(data.files(), manifest["cases"].as_array().unwrap().len());
    assert!(data.rejected.iter().all(|rejected| !rejected.to_string().is_empty()));
}

#[cfg(unix)]
#[test]
fn pipes_folders_and_loops_are_named() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::create_dir(at("folder.jpg")).unwrap();
    std::os::unix::fs::symlink(at("a.jpg"), at("b.jpg")).unwrap();
    std::os::unix::fs::symlink(at("b.jpg"), at("a.jpg")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(at("pipe.jpg")).status();
    for (name, reason) in [
        ("folder.jpg", "a folder whose name ends like a picture's"),
        ("a.jpg", "cannot be read ("),
        ("missing.jpg", "cannot be read ("),
        ("pipe.jpg", "not a regular file"),
    ] {
        if name == "pipe.jpg" && !made.as_ref().is_ok_and(std::process::ExitStatus::success) {
            continue;
        }
        let refused = PictureLocation::from(at(name)).decode(&limits(), [0; 3]).unwrap_err();
        assert!(refused.to_string().starts_with(reason), "{name}: {refused}");
    }
}
