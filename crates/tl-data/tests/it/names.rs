//! Names that are no text, or the same text in two spellings.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use tempfile::TempDir;
use tl_data::{CheckOptions, Columns, Dataset, Part, Severity, Source, check, read_parts, train_val};
use tl_image::Limits;

use crate::sources::{folder, listed, png, read_plainly, shard};
use crate::splits::{read_csv, write_csv};

/// Three names in another encoding, which are all `caf?` where that is not known; and the text that they are not.
const NAMES: [&[u8]; 4] = [b"caf\xe9", b"caf\xe8", b"caf\xea", br"caf\xe9"];
const TEXTS: [&str; 4] = [r"caf\x5cxe9", r"caf\xe8", r"caf\xe9", r"caf\xea"];

/// A folder with two pictures in each of these.
fn classes(names: &[&[u8]]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut shade = 0;
    for name in names {
        let inside = folder.path().join(OsStr::from_bytes(name));
        fs::create_dir(&inside).unwrap();
        for file in [&b"1\xff.png"[..], b"1\xfe.png"] {
            shade += 9;
            fs::write(inside.join(OsStr::from_bytes(file)), png(shade)).unwrap();
        }
    }
    folder
}

fn source(folder: &TempDir) -> Source {
    Source::Folder { path: folder.path().to_path_buf() }
}

/// `read` without looks, which these pictures have none of anyway.
fn plainly(folder: &TempDir) -> Dataset {
    read_plainly(&source(folder)).unwrap()
}

#[test]
fn folders_whose_names_are_no_text_are_classes_of_their_own() {
    let data = plainly(&classes(&NAMES));
    assert_eq!(data.classes, TEXTS);
    assert_eq!(data.class_counts(), [2; 4]);
    let names: Vec<String> = data.samples.iter().map(|sample| sample.name()).collect();
    assert!(names.contains(&r"caf\xe9/1\xff.png".to_string()), "{names:?}");
    assert!(names.contains(&r"caf\x5cxe9/1\xfe.png".to_string()), "{names:?}");
}

#[test]
fn the_order_of_such_names_does_not_depend_on_the_file_system() {
    let orders: Vec<Vec<String>> = [NAMES, [NAMES[3], NAMES[2], NAMES[1], NAMES[0]]]
        .iter()
        .map(|names| plainly(&classes(names)).samples.iter().map(|sample| sample.name()).collect())
        .collect();
    assert_eq!(orders[0], orders[1]);
    assert!(orders[0].windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_split_of_such_names_reads_back_and_its_paths_find_the_files() {
    let folder = classes(&NAMES);
    let data = plainly(&folder);
    let split = train_val(&data, 0.5, 3).unwrap();
    let table = write_csv(&data, &split);
    assert_eq!(read_csv(&data, &table).unwrap(), split);
    assert!(read_parts(&data, table.as_slice()).unwrap().1.is_empty());
    let path = folder.path().join("split.csv");
    fs::write(&path, &table).unwrap();
    let columns = Columns { part: Some("part".into()), ..Columns::default() };
    let again = read_plainly(&Source::Table { path, root: None, columns }).unwrap();
    assert_eq!((again.rejected.len(), again.classes.as_slice()), (0, data.classes.as_slice()));
    let files = |data: &Dataset| {
        let mut files: Vec<_> = data.samples.iter().map(|s| (s.path.clone(), s.content)).collect();
        files.sort();
        files
    };
    assert_eq!(files(&again), files(&data));
}

#[test]
fn lists_patterns_and_shards_keep_such_names_apart() {
    let folder = classes(&NAMES[..2]);
    let lines = r"caf\xe9/1\xff.png
caf\xe9/1\xfe.png
caf\xe8/1\xff.png
";
    let path = folder.path().join("list.txt");
    fs::write(&path, lines).unwrap();
    let list = read_plainly(&Source::List { path, root: Some(folder.path().to_path_buf()) }).unwrap();
    assert_eq!((list.classes.len(), list.len()), (2, 3));
    let pattern = Source::Pattern { path: folder.path().to_path_buf(), pattern: "([^/]+)/".into() };
    assert_eq!(read_plainly(&pattern).unwrap().classes, [r"caf\xe8", r"caf\xe9"]);

    let shards = self::folder(&[]);
    let name = shards.path().join(OsStr::from_bytes(b"s\xff.tar"));
    let (one, two) = (png(1), png(2));
    shard(&name, &[("1.png", &one), ("1.cls", b"caf\xe9"), ("2.png", &two), ("2.cls", b"caf\xe8")]);
    let data = read_plainly(&Source::Shards { path: shards.path().to_path_buf() }).unwrap();
    assert_eq!(data.classes, [r"caf\xe8", r"caf\xe9"]);
    assert_eq!(data.samples[0].name(), r"s\xff.tar/2.png");
    assert!(data.place_of(tl_data::SampleId(0)).decode(&Limits::default(), [0; 3]).is_ok());
}

const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";
const SAID: &str = "`café` is spelt with composed and with decomposed characters: taken as one class";

#[test]
fn two_spellings_of_a_folder_are_one_class_in_all_parts_and_it_is_said() {
    let beside = folder(&["caf\u{e9}/1.png", "cafe\u{301}/2.png", "tea/3.png"]);
    let data = plainly(&beside);
    assert_eq!(
        (data.classes.as_slice(), data.class_counts()),
        (&[COMPOSED, "tea"].map(String::from)[..], vec![2, 1])
    );
    assert_eq!(data.notes, [SAID]);
    let across = folder(&["train/caf\u{e9}/1.png", "train/tea/2.png", "val/cafe\u{301}/3.png"]);
    let data = plainly(&across);
    assert_eq!(data.classes, [COMPOSED, "tea"]);
    assert_eq!(data.samples.iter().filter(|sample| sample.part == Some(Part::Val)).count(), 1);
    assert_eq!(data.notes, [SAID]);
}

#[test]
fn one_spelling_alone_stays_as_it_is() {
    let data = plainly(&folder(&["cafe\u{301}/1.png", "tea/2.png"]));
    assert_eq!((data.classes.as_slice(), data.notes.len()), (&[DECOMPOSED, "tea"].map(String::from)[..], 0));
}

#[test]
fn two_spellings_in_a_table_are_one_class_and_one_group() {
    let folder = folder(&["1.png", "2.png", "3.png"]);
    let path = folder.path().join("labels.csv");
    let rows = format!(
        "path,label,who\n1.png,{COMPOSED},Jos\u{e9}\n2.png,{DECOMPOSED},Jose\u{301}\n3.png,tea,x\n1.png,{DECOMPOSED},Jos\u{e9}\n"
    );
    fs::write(&path, rows).unwrap();
    let columns = Columns { group: Some("who".into()), ..Columns::default() };
    let data = read_plainly(&Source::Table { path, root: None, columns }).unwrap();
    let expected = ["1.png café of José", "2.png café of José", "3.png tea of x"];
    assert_eq!((listed(&data), data.repeated), (expected.map(String::from).to_vec(), 1));
    assert_eq!(data.notes[0], SAID);
    assert!(data.notes[1].ends_with("taken as one group"), "{:?}", data.notes);
}

#[test]
fn a_split_knows_the_class_in_both_spellings() {
    let folder = folder(&["cafe\u{301}/1.png", "cafe\u{301}/2.png", "tea/3.png", "tea/4.png"]);
    let data = plainly(&folder);
    let table = format!(
        "path,class,part\n{DECOMPOSED}/1.png,{COMPOSED},train\n{DECOMPOSED}/2.png,{DECOMPOSED},val\ntea/3.png,tea,train\n\
        tea/4.png,tea,val\n"
    );
    assert_eq!(read_csv(&data, table.as_bytes()).unwrap().train.len(), 2);
}

#[test]
fn names_that_differ_in_capital_letters_only_are_mentioned_by_the_check() {
    let folder = folder(&["Cats/1.png", "cats/2.png", "dogs/3.png"]);
    let report = check(&source(&folder), &CheckOptions::default(), &Limits::default(), &|_| {}).unwrap();
    assert_eq!(report.classes.len(), 3);
    let advice: Vec<_> =
        report.advice.iter().filter(|advice| advice.text.contains("capital letters")).collect();
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].severity, Severity::Warning);
    assert_eq!(advice[0].text, "`Cats`, `cats` differ in capital letters only, and are classes of their own");
}

/// Names that are unusual and legal: spaces and dots at the end, as long as the file system allows, with commas and quotes.
#[test]
fn unusual_names_are_names() {
    let long = "n".repeat(255);
    let names = ["a ", "a", "a.", "b, \"c\"", long.as_str(), "new\nline"];
    let folder = folder(&[]);
    for (shade, name) in (1..).zip(names) {
        fs::create_dir(folder.path().join(name)).unwrap();
        for file in 0..2 {
            let path = folder.path().join(name).join(format!("{file}.png"));
            fs::write(path, png(shade * 10 + file)).unwrap();
        }
    }
    let data = plainly(&folder);
    assert_eq!(data.class_counts(), [2; 6]);
    let split = train_val(&data, 0.5, 0).unwrap();
    let table = write_csv(&data, &split);
    assert_eq!(read_csv(&data, &table).unwrap(), split);
}

/// A rejected file is named on one line, whatever its name is.
#[test]
fn what_a_message_says_of_a_name_steers_no_terminal() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let name = OsString::from_vec(b"x\x1b[2J\n\xff\xc2\x9b.jpg".to_vec());
    fs::write(folder.path().join("a").join(&name), b"").unwrap();
    let data = plainly(&folder);
    assert_eq!(data.rejected[0].to_string(), r"a/x\x1b[2J\n\xff\u{9b}.jpg: the file is empty");
    let json = serde_json::to_value(&data.rejected[0]).unwrap();
    assert_eq!(json["path"], "a/x\u{1b}[2J\n\\xff\u{9b}.jpg", "data stay data");
}

#[test]
fn a_source_with_such_a_path_is_written_and_read_back() {
    let path = Path::new(OsStr::from_bytes(b"a\xff/b\\xff")).to_path_buf();
    let parts = [("x".to_string(), Part::Train)].into();
    for source in [
        Source::Folder { path: path.clone() },
        Source::Divided { path: path.clone(), parts },
        Source::List { path: path.clone(), root: Some(path.clone()) },
        Source::Table { path: path.clone(), root: Some(path), columns: Columns::default() },
    ] {
        let text = toml::to_string(&source).unwrap();
        assert_eq!(toml::from_str::<Source>(&text).unwrap(), source, "{text}");
    }
}
