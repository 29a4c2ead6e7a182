//! What systems, tools and this program itself leave between pictures, from every source.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tl_data::{Columns, Dataset, Portion, ReadOptions, Source, is_ours, is_passed_over, read_portion};
use tl_image::Limits;

use crate::sources::{folder, png, read_plainly, rejected, shard};

/// Files, each a picture by its content, so that nothing but its name says what it is.
const FILES: &[&str] = &[
    "._1.png",
    "Thumbs.db",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "Desktop.ini",
    ".DS_Store",
    "Icon\r",
    "1.aae",
    "1.xmp",
    "1.png.xmp",
    "1.thm",
    "picasa.ini",
    "Picasa.ini",
    ".picasa.ini",
    ".nextcloudsync.log",
    "2.png.crdownload",
    "2.png.part",
    "~$2.png",
    ".~lock.1.png#",
    "1.json",
    "1.png.json",
    "1.txt",
    "1.xml",
    "shortcut.lnk",
    ".directory",
    ".localized",
    "1.png:Zone.Identifier",
    "1.png\u{f03a}Zone.Identifier",
    "1.png@SynoEAStream",
    "1.png@SynoResource",
    "Thumbs (2).db",
    "desktop (1).ini",
    "desktop 2.ini",
];

/// Folders with a picture inside.
const FOLDERS: &[&str] = &[
    "__MACOSX",
    "@eaDir",
    ".ipynb_checkpoints",
    ".Trashes",
    ".Trash-1000",
    ".Spotlight-V100",
    "$RECYCLE.BIN",
    "System Volume Information",
    ".thumbnails",
    ".git",
    "lost+found",
    ".picasaoriginals",
    ".dropbox.cache",
    ".fseventsd",
    "#recycle",
    "__pycache__",
    "__MACOSX 2",
    "__MACOSX (1)",
    "$RECYCLE.BIN (2)",
    "RECYCLE.BIN",
    "RECYCLER",
    "RECYCLED",
    "FOUND.000",
    "found.012",
    "_vti_cnf",
    "@SynoResource",
    "@tmp",
];

/// The names of all leftovers, at the root and in a class folder.
fn leftovers() -> Vec<String> {
    let names = FILES.iter().map(ToString::to_string);
    let inside = FOLDERS.iter().map(|folder| format!("{folder}/7.png"));
    let all: Vec<String> = names.chain(inside).collect();
    all.iter().flat_map(|name| [name.clone(), format!("a/{name}"), format!("a/deep/{name}")]).collect()
}

/// `a/1.png`, `b/2.png` and the leftovers.
fn littered() -> TempDir {
    let folder = folder(&["a/1.png", "b/2.png"]);
    for (shade, name) in (3..).zip(leftovers()) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, png(shade)).unwrap();
    }
    folder
}

fn assert_clean(data: &Dataset, source: &str) {
    let paths: Vec<String> = data.samples.iter().map(|sample| sample.name()).collect();
    let names: Vec<&str> = paths.iter().map(|path| path.trim_start_matches("s.tar/")).collect();
    assert_eq!((names, rejected(data)), (vec!["a/1.png", "b/2.png"], vec![]), "{source}");
    assert!(data.ignored > 0, "{source}: they are counted");
}

#[test]
fn every_source_passes_over_what_systems_and_tools_leave_behind() {
    let littered = littered();
    let root = littered.path().to_path_buf();
    let source = Source::Folder { path: root.clone() };
    assert_clean(&read_plainly(&source).unwrap(), "folder");
    let portion = |source: &Source| {
        read_portion(source, &ReadOptions::default(), Portion::ALL, &Limits::default(), &|_| {}).unwrap()
    };
    assert_clean(&portion(&source), "a portion of a folder");
    let pattern = Source::Pattern { path: root.clone(), pattern: "([^/]+)/[^/]*$".into() };
    assert_clean(&read_plainly(&pattern).unwrap(), "pattern");

    let all: Vec<String> = ["a/1.png", "b/2.png"].map(String::from).into_iter().chain(leftovers()).collect();
    let elsewhere = tempfile::tempdir().unwrap();
    let table = elsewhere.path().join("t.csv");
    let mut rows = csv::Writer::from_path(&table).unwrap();
    rows.write_record(["path", "label"]).unwrap();
    for path in &all {
        // Those at the root have no label, as a program that lists everything would have it.
        rows.write_record([path.as_str(), path.split_once('/').map_or("", |(class, _)| class)]).unwrap();
    }
    rows.flush().unwrap();
    let source = Source::Table { path: table, root: Some(root.clone()), columns: Columns::default() };
    let data = read_plainly(&source).unwrap();
    assert_clean(&data, "table");
    let note =
        format!("passed over, named by {} rows and no picture: `._1.png` in row 4, ..", leftovers().len());
    assert_eq!(data.notes[0], note);

    let list = elsewhere.path().join("list.txt");
    fs::write(&list, all.join("\n")).unwrap();
    let source = Source::List { path: list, root: Some(root) };
    assert_clean(&read_plainly(&source).unwrap(), "list");
    assert_clean(&portion(&source), "a portion of a list");
}

#[test]
fn members_of_shards_are_passed_over_likewise() {
    let folder = folder(&[]);
    let (one, two, other) = (png(1), png(2), png(3));
    let labels: Vec<String> =
        leftovers().iter().map(|name| name.trim_end_matches(".png").to_string() + ".cls").collect();
    let names = leftovers();
    let mut members: Vec<(&str, &[u8])> = Vec::new();
    members.extend([("a/1.png", one.as_slice()), ("a/1.cls", b"a".as_slice())]);
    members.extend([("b/2.png", two.as_slice()), ("b/2.cls", b"b".as_slice())]);
    for (name, label) in names.iter().zip(&labels) {
        members.extend([(name.as_str(), other.as_slice()), (label.as_str(), b"c".as_slice())]);
    }
    shard(&folder.path().join("s.tar"), &members);
    for name in ["__MACOSX", "@eaDir", "lost+found", ".git"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("._s.tar"), b"AppleDouble").unwrap();
    let source = Source::of_path(folder.path());
    assert_eq!(source, Source::Shards { path: folder.path().to_path_buf() });
    assert_clean(&read_plainly(&source).unwrap(), "shards");
}

#[test]
fn one_function_says_it_of_every_name() {
    for name in FILES {
        assert!(is_passed_over(OsStr::new(name), false), "{name:?}");
    }
    for name in FOLDERS {
        assert!(is_passed_over(OsStr::new(name), true), "{name}");
    }
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn runs_and_caches_of_this_program_are_passed_over_and_named() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let at = |path: &str| folder.path().join(path);
    for path in [
        // A folder of runs, finished and not, and of what was never finished.
        "runs/photos-1/run.toml",
        "runs/photos-1/report.html",
        "runs/photos-2/run.toml",
        "runs/photos-2/checkpoints/all/x.safetensors",
        "experiments/june/x-1/run.toml",
        "broken/.unfinished-77/model.safetensors",
        // One run at the root, and one in a class folder.
        "old-1/run.toml",
        "a/runs/a-1/run.toml",
        // What is kept for later.
        "cache/features/0f-1.rows",
        "cache/pixels/decoder-3/ab-1-2-3-0-0-0-0.rgb",
        "cache/weights/resnet50.tv_in1k.pth",
    ] {
        write(&at(path), "x");
    }
    let data = read_plainly(&Source::Folder { path: folder.path().to_path_buf() }).unwrap();
    assert_eq!((data.classes.as_slice(), data.len()), (&["a", "b"].map(String::from)[..], 2));
    assert_eq!(rejected(&data), Vec::<String>::new());
    assert_eq!(data.notes, ["passed over, made by tl itself: `a/runs`, `broken`, `cache` and 3 more"]);
    let flat = Source::Pattern { path: folder.path().to_path_buf(), pattern: "([ab])/".into() };
    assert_eq!(read_plainly(&flat).unwrap().len(), 2);
}

#[test]
fn a_class_folder_with_a_stray_run_toml_is_a_class() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    write(&folder.path().join("a/run.toml"), "x");
    let data = read_plainly(&Source::Folder { path: folder.path().to_path_buf() }).unwrap();
    assert_eq!((data.classes.len(), data.notes.len()), (2, 0));
    for (path, expected) in [("a", false), ("", false)] {
        assert_eq!(is_ours(&folder.path().join(path)), expected);
    }
}

#[test]
fn a_run_without_its_settings_is_told_by_its_results() {
    let folder = folder(&["a/1.png", "b/2.png", "c/3.png"]);
    let at = |path: &str| folder.path().join(path);
    for path in [
        "photos-1/model.safetensors",
        "photos-2/report.json",
        "photos-2/report.html",
        "photos-2/split.csv",
        "photos-2/metrics.jsonl",
        "runs/photos-3/model.safetensors",
        "runs/photos-3/report.json",
        "runs/photos-3/checkpoints/all/x.safetensors",
        // Pictures, or folders of them, are never passed over because of a file beside them.
        "a/report.json",
        "b/model.safetensors",
        "c/report.json",
    ] {
        write(&at(path), "x");
    }
    fs::create_dir(at("c/deep")).unwrap();
    fs::rename(at("c/3.png"), at("c/deep/3.png")).unwrap();
    let data = read_plainly(&Source::Folder { path: folder.path().to_path_buf() }).unwrap();
    assert_eq!((data.classes.as_slice(), data.len()), (&["a", "b", "c"].map(String::from)[..], 3));
    assert_eq!(data.notes, ["passed over, made by tl itself: `photos-1`, `photos-2`, `runs`"]);
}

/// A link to the folder itself would be a class of everything.
#[cfg(unix)]
#[test]
fn a_link_to_the_folder_itself_is_no_class() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("all")).unwrap();
    let data = read_plainly(&Source::Folder { path: folder.path().to_path_buf() }).unwrap();
    assert_eq!(data.classes, ["a", "b"]);
    assert_eq!(rejected(&data), ["all: a link to a folder that contains it"]);
}

#[test]
fn an_empty_class_folder_is_still_named() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    fs::create_dir(folder.path().join("c")).unwrap();
    let error = read_plainly(&Source::Folder { path: folder.path().to_path_buf() }).unwrap_err();
    assert_eq!(error.to_string(), "no readable picture in the class folder `c`");
}
