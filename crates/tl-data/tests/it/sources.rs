//! Folders of parts, patterns, shards and lists, chosen by globs, groups and shares.

use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;
use tl_data::{DataError, Dataset, Part, Portion, ReadOptions, Source, read, read_portion, read_to_judge};
use tl_image::Limits;

/// A folder with these pictures, each of another colour.
pub(crate) fn folder(pictures: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (i, name) in pictures.iter().enumerate() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, png(i as u8)).unwrap();
    }
    folder
}

pub(crate) fn png(shade: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::from_pixel(6, 4, Rgb([shade; 3])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

pub(crate) fn read_with(source: &Source, options: &ReadOptions) -> Result<Dataset, DataError> {
    read(source, options, &Limits::default(), &|_| {})
}

pub(crate) fn read_plainly(source: &Source) -> Result<Dataset, DataError> {
    read_with(source, &ReadOptions::default())
}

/// `path class` of each picture, and its part and group where it has them.
pub(crate) fn listed(data: &Dataset) -> Vec<String> {
    let line = |sample: &tl_data::Sample| {
        let classes: Vec<&str> = sample.labels().map(|class| data.classes[class.0].as_str()).collect();
        let part = sample.part.map_or(String::new(), |part| format!(" {part}"));
        let group = sample.group.as_ref().map_or(String::new(), |group| format!(" of {group}"));
        format!("{} {}{part}{group}", sample.path.display(), classes.join("+"))
    };
    data.samples.iter().map(line).collect()
}

pub(crate) fn rejected(data: &Dataset) -> Vec<String> {
    data.rejected.iter().map(ToString::to_string).collect()
}

pub(crate) fn refusal(result: Result<Dataset, DataError>) -> (String, Option<String>) {
    let error = result.unwrap_err();
    (error.to_string(), error.hint())
}

#[test]
fn pictures_that_only_judge_may_be_of_one_class_and_a_class_may_have_none() {
    let judge = |source: &Source| read_to_judge(source, &ReadOptions::default(), &Limits::default(), &|_| {});
    let one = folder(&["cat/1.png", "cat/2.png"]);
    assert_eq!(listed(&judge(&folder_source(&one)).unwrap()), ["cat/1.png cat", "cat/2.png cat"]);
    fs::create_dir(one.path().join("dog")).unwrap();
    fs::write(one.path().join("labels.csv"), "path,label\ncat/1.png,cat\n").unwrap();
    let table = Source::of_path(one.path().join("labels.csv"));
    assert_eq!(listed(&judge(&table).unwrap()), ["cat/1.png cat"]);
    let data = judge(&folder_source(&one)).unwrap();
    assert_eq!((data.classes.as_slice(), data.len()), (&["cat".to_string(), "dog".to_string()][..], 2));
    // For training both are refused; and nothing at all judges nothing.
    let (one_class, no_picture) =
        (refusal(read_plainly(&table)).0, refusal(read_plainly(&folder_source(&one))).0);
    assert!(one_class.contains("cat") && no_picture.contains("dog"), "{one_class} {no_picture}");
    let none = folder(&["1.png", "2.png"]);
    let source = folder_source(&none);
    assert_eq!(refusal(judge(&source)), refusal(read_plainly(&source)));
}

fn folder_source(folder: &TempDir) -> Source {
    Source::Folder { path: folder.path().to_path_buf() }
}

fn pattern(folder: &TempDir, pattern: &str) -> Source {
    Source::Pattern { path: folder.path().to_path_buf(), pattern: pattern.to_string() }
}

#[test]
fn folders_of_parts_are_told_by_their_usual_names() {
    for [train, val, test] in
        [["train", "val", "test"], ["Training", "valid", "TESTING"], ["TRAIN", "Validation", "Test"]]
    {
        let names = [format!("{train}/a/1.png"), format!("{train}/b/1.png"), format!("{val}/a/2.png")];
        let more = [format!("{test}/b/3.png")];
        let all: Vec<&str> = names.iter().chain(&more).map(String::as_str).collect();
        let data = read_plainly(&folder_source(&folder(&all))).unwrap();
        assert_eq!(data.classes, ["a", "b"]);
        let mut expected = [
            format!("{train}/a/1.png a train"),
            format!("{val}/a/2.png a val"),
            format!("{train}/b/1.png b train"),
            format!("{test}/b/3.png b test"),
        ];
        let mut found = listed(&data);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_class_that_is_called_like_a_part_is_a_class() {
    let data = read_plainly(&folder_source(&folder(&["train/1.png", "plane/1.png"]))).unwrap();
    assert_eq!(data.classes, ["plane", "train"]);
    let data = read_plainly(&folder_source(&folder(&["train/steam/1.png", "plane/1.png"]))).unwrap();
    assert_eq!(data.classes, ["plane", "train"]);
}

#[test]
fn a_test_folder_without_classes_is_passed_over() {
    let folder = folder(&["train/a/1.png", "train/b/2.png", "test/3.png"]);
    let data = read_plainly(&folder_source(&folder)).unwrap();
    assert_eq!((listed(&data).len(), data.ignored, data.classes.len()), (2, 1, 2));
}

#[test]
fn muddled_folders_of_parts_are_explained() {
    let mixed = folder(&["train/a/1.png", "test/a/1.png", "extra/a/1.png"]);
    let untrained = folder(&["train/a/1.png", "train/b/1.png", "val/c/1.png"]);
    let at = |folder: &TempDir| folder.path().display().to_string();
    for (folder, message, hint) in [
        (
            &mixed,
            format!("{} holds folders of parts (`test`, `train`) and others (`extra`)", at(&mixed)),
            "move `extra` somewhere else, or leave out what is not named: --parts train=train,test=test",
        ),
        (
            &untrained,
            "class `c` has pictures in val and none in train".to_string(),
            "add pictures of `c` to train, or remove it",
        ),
    ] {
        assert_eq!(refusal(read_plainly(&folder_source(folder))), (message, Some(hint.to_string())));
    }
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_hidden_files_are_no_trouble_for_a_pattern() {
    let folder = folder(&["cat_1.png", "dog_1.png", ".cat_2.png", ".git/cat_3.png", "deep/cat_4.png"]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("deep/circle")).unwrap();
    let data = read_plainly(&pattern(&folder, "(cat|dog)_")).unwrap();
    assert_eq!(listed(&data), ["cat_1.png cat", "deep/cat_4.png cat", "dog_1.png dog"]);
    assert_eq!(rejected(&data), ["deep/circle: a link to a folder that contains it"]);
    assert_eq!(data.ignored, 2);
}

#[test]
fn a_pattern_finds_the_class_and_the_group() {
    let folder = folder(&["p7/cat-01.png", "p7/dog-02.png", "p8/cat-01.png", "p8/odd.png"]);
    fs::write(folder.path().join("p8/data.bin"), b"x").unwrap();
    let data = read_plainly(&pattern(&folder, "(?<group>p[0-9]+)/(?<class>[a-z]+)-")).unwrap();
    assert_eq!(
        listed(&data),
        ["p7/cat-01.png cat of p7", "p8/cat-01.png cat of p8", "p7/dog-02.png dog of p7"]
    );
    assert_eq!(rejected(&data), ["p8/odd.png: has no label (the class pattern does not match its path)"]);
    assert_eq!(data.ignored, 1);
}

#[test]
fn patterns_that_make_no_sense_are_explained() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let at = folder.path().display();
    for (source, options, message) in [
        (
            pattern(&folder, "x(y)"),
            ReadOptions::default(),
            "the class pattern `x(y)` matches none of 2 paths, the first is a/1.png".to_string(),
        ),
        (
            pattern(&folder, "a/"),
            ReadOptions::default(),
            "the class pattern `a/` is not valid: it has no group, put parentheses around the part that names \
            the class"
                .to_string(),
        ),
        (
            folder_source(&folder),
            ReadOptions { group: Some("p[0-9]+".into()), ..ReadOptions::default() },
            "the group pattern `p[0-9]+` matches none of 2 paths, the first is a/1.png".to_string(),
        ),
        (
            folder_source(&folder),
            ReadOptions { include: vec!["*.jpg".into()], ..ReadOptions::default() },
            format!("the include and exclude patterns leave none of the 2 files in {at}"),
        ),
        (
            folder_source(&folder),
            ReadOptions { exclude: vec!["a/[".into()], ..ReadOptions::default() },
            "the exclude pattern `a/[` is not valid: invalid range pattern".to_string(),
        ),
        (
            folder_source(&folder),
            ReadOptions { fraction: 0.0, ..ReadOptions::default() },
            "the fraction of pictures to use is 0, it must be above 0 and at most 1".to_string(),
        ),
    ] {
        assert_eq!(read_with(&source, &options).unwrap_err().to_string(), message);
    }
}

#[test]
fn globs_choose_by_name_or_by_path() {
    let folder = folder(&["a/1.png", "a/2.PNG", "a/deep/3.png", "b/1.png", "b/thumb_2.png", "c/1.png"]);
    let chosen = |include: &[&str], exclude: &[&str]| {
        let texts = |globs: &[&str]| globs.iter().map(|glob| glob.to_string()).collect();
        let options =
            ReadOptions { include: texts(include), exclude: texts(exclude), ..ReadOptions::default() };
        let data = read_with(&folder_source(&folder), &options).unwrap();
        let paths: Vec<String> = data.samples.iter().map(|s| s.path.display().to_string()).collect();
        (paths.join(" "), data.classes.join(" "), data.ignored)
    };
    for (include, exclude, paths, classes, ignored) in [
        (&["*.png"][..], &["thumb_*", "c/**"][..], "a/1.png a/2.PNG a/deep/3.png b/1.png", "a b", 2),
        (&["a/*", "b/1.png"], &[], "a/1.png a/2.PNG b/1.png", "a b", 3),
        (&[], &["a/deep/**"], "a/1.png a/2.PNG b/1.png b/thumb_2.png c/1.png", "a b c", 1),
    ] {
        assert_eq!(chosen(include, exclude), (paths.to_string(), classes.to_string(), ignored));
    }
}

#[test]
fn a_group_is_what_the_first_parentheses_find() {
    let folder = folder(&["a/p1_x.png", "a/p2_x.png", "b/p1_y.png", "b/none.png"]);
    let options = ReadOptions { group: Some("(p[0-9]+)_".into()), ..ReadOptions::default() };
    let data = read_with(&folder_source(&folder), &options).unwrap();
    assert_eq!(
        listed(&data),
        ["a/p1_x.png a of p1", "a/p2_x.png a of p2", "b/none.png b", "b/p1_y.png b of p1"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_fraction_is_the_seeds_and_contains_smaller_ones(
        seed: u64, small in 0.05_f64..1.0, large in 0.05_f64..1.0, a in 1_usize..30, b in 1_usize..30
    ) {
        let (small, large) = (small.min(large), small.max(large));
        let names: Vec<String> = (0..a).map(|i| format!("a/{i}.png")).chain((0..b).map(|i| format!("b/{i}.png"))).collect();
        let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let kept = |fraction| {
            let options = ReadOptions { fraction, seed, near_duplicates: false, ..ReadOptions::default() };
            let data = read_with(&folder_source(&folder), &options).unwrap();
            (data.class_counts(), data.samples.into_iter().map(|s| s.path).collect::<Vec<PathBuf>>())
        };
        let (counts, few) = kept(small);
        prop_assert_eq!(&few, &kept(small).1);
        let expected = |n: usize| ((n as f64 * small).round() as usize).max(2).min(n);
        prop_assert_eq!(counts, [expected(a), expected(b)]);
        let (_, more) = kept(large);
        prop_assert!(few.iter().all(|path| more.contains(path)));
    }
}

/// A tar with these members.
pub(crate) fn shard(path: &Path, members: &[(&str, &[u8])]) {
    let mut tar = tar::Builder::new(fs::File::create(path).unwrap());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.finish().unwrap();
}

#[test]
fn shards_are_read_in_their_order_without_unpacking() {
    let folder = folder(&[]);
    let (one, two, three, four) = (png(1), png(2), png(3), png(4));
    shard(
        &folder.path().join("s10.tar"),
        &[("x/0001.png", &three), ("x/0001.cls", b"10"), ("x/0001.json", b"{}"), ("y.cls", b"7")],
    );
    shard(
        &folder.path().join("s2.tar"),
        &[
            ("0001.cls", b"2\n"),
            ("0001.png", &one),
            ("0002.png", &two),
            ("0002.cls", b"10"),
            ("0003.seg.png", &four),
            ("0004.png", &four),
            ("0005.jpg", b"not a picture"),
            ("0005.cls", b"2"),
        ],
    );
    let source = Source::of_path(folder.path());
    assert_eq!(source, Source::Shards { path: folder.path().to_path_buf() });
    let data = read_plainly(&source).unwrap();
    assert_eq!(data.classes, ["2", "10"]);
    assert_eq!(listed(&data), ["s2.tar/0001.png 2", "s2.tar/0002.png 10", "s10.tar/x/0001.png 10"]);
    assert_eq!(
        rejected(&data),
        [
            "s2.tar/0003.seg.png: has no label (the tar has no `0003.cls`)",
            "s2.tar/0004.png: has no label (the tar has no `0004.cls`)",
            "s2.tar/0005.jpg: not a picture (it is text)",
        ]
    );
    assert_eq!(data.ignored, 1);
    let picture = data.place_of(tl_data::SampleId(2)).decode(&Limits::default(), [0; 3]).unwrap();
    assert_eq!(picture.get_pixel(0, 0).0, [3; 3]);
    let single = Source::of_path(folder.path().join("s2.tar"));
    assert_eq!(read_plainly(&single).unwrap().len(), 2);
}

#[test]
fn shards_that_cannot_be_read_are_explained() {
    let empty = folder(&[]);
    fs::create_dir(empty.path().join("sub")).unwrap();
    let folder = folder(&[]);
    let at = |name: &str| folder.path().join(name);
    shard(&at("whole.tar"), &[("1.png", &png(1)), ("1.cls", b"a"), ("2.png", &png(2)), ("2.cls", b"b")]);
    let whole = fs::read(at("whole.tar")).unwrap();
    fs::write(at("cut.tar"), &whole[..540]).unwrap();
    fs::write(at("packed.tar"), b"\x1f\x8b\x08\0 and so on, so on and so on").unwrap();
    shard(&at("none.tar"), &[("1.txt", b"x")]);
    for (path, message) in [
        (
            at("cut.tar"),
            format!("cannot read {}: the tar ends too early, copy it again", at("cut.tar").display()),
        ),
        (
            at("packed.tar"),
            format!("cannot read {}: it is compressed, unpack it with gunzip", at("packed.tar").display()),
        ),
        (at("none.tar"), format!("no pictures in {}", at("none.tar").display())),
        (empty.path().to_path_buf(), format!("no tar files in {}", empty.path().display())),
        (at("gone.tar"), format!("cannot read {}: no such file or directory", at("gone.tar").display())),
    ] {
        assert_eq!(read_plainly(&Source::Shards { path }).unwrap_err().to_string(), message);
    }
}

fn list(folder: &TempDir, text: &str) -> Source {
    let path = folder.path().join("list.txt");
    fs::write(&path, text).unwrap();
    Source::List { path, root: Some(folder.path().to_path_buf()) }
}

#[test]
fn a_list_has_labels_or_takes_the_folders_names() {
    let folder = folder(&["a/1.png", "b/2.png", "b/3 3.png"]);
    let data =
        read_plainly(&list(&folder, "\u{feff}a/1.png\r\n./b/2.png\r\n\r\nb\\3 3.png\nb/gone.png\n")).unwrap();
    assert_eq!(listed(&data), ["a/1.png a", "b/2.png b", "b/3 3.png b"]);
    assert_eq!(rejected(&data), ["b/gone.png: no such file (line 5)"]);
    let data = read_plainly(&list(&folder, "a/1.png\tgood\nb/2.png\tbad\na/1.png\tgood\n")).unwrap();
    assert_eq!((listed(&data), data.repeated), (vec!["b/2.png bad".into(), "a/1.png good".into()], 1));
}

#[test]
fn lists_that_make_no_sense_are_explained() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let at = folder.path().join("list.txt").display().to_string();
    for (text, message) in [
        ("", format!("no pictures in {at}")),
        (
            "1.png\n",
            format!("{at}, line 1: `1.png` has no label and lies in no folder that could name its class"),
        ),
        (
            "a/1.png\tx\nb/2.png\n",
            format!("{at}, line 2: `b/2.png` has no label after a tab, and other lines have"),
        ),
        ("\tx\n", format!("{at}, line 1: the path is empty")),
        (
            "a/1.png\tx\nb/2.png\ty\na/1.png\tz\n",
            format!("1 picture has contradicting labels in {at}\n  a/1.png: `x` in line 1, `z` in line 3"),
        ),
        ("a/1.png\nb/7.png\n", "no readable picture of `b`\n  b/7.png: no such file (line 2)".to_string()),
        ("a/1.png\na/2.png\n", format!("all pictures of {at} are of the class `a`")),
        (
            "x/1.png\ny/2.png\n",
            format!(
                "none of the 2 pictures of {at} exists, the first is {}",
                folder.path().join("x/1.png").display()
            ),
        ),
    ] {
        assert_eq!(read_plainly(&list(&folder, text)).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_text_file_on_the_command_line_is_a_list() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let file = folder.path().join("list.TXT");
    let line = |name: &str| format!("{}\n", folder.path().join(name).display());
    fs::write(&file, line("a/1.png") + &line("b/2.png")).unwrap();
    let source = Source::of_path(&file);
    assert_eq!(source, Source::List { path: file, root: None });
    assert_eq!(read_plainly(&source).unwrap().classes, ["a", "b"]);
    let none = folder.path().join("none.txt");
    assert_eq!(Source::of_path(&none), Source::Folder { path: none });
}

#[test]
fn a_source_reads_back_as_written() {
    let sources = [
        Source::of_path("photos"),
        Source::of_path("-"),
        Source::of_path("labels.CSV"),
        Source::of_path("shard.tar"),
        Source::Pattern { path: "photos".into(), pattern: "(a|b)".into() },
    ];
    for source in sources {
        let text = serde_json::to_string(&source).unwrap();
        assert_eq!(serde_json::from_str::<Source>(&text).unwrap(), source, "{text}");
    }
    assert_eq!(
        serde_json::to_value(Source::of_path("photos")).unwrap(),
        serde_json::json!({"kind": "folder", "path": "photos"})
    );
    assert_eq!(Part::spelt(" Testing"), Some(Part::Test));
}

fn portion_of(folder: &TempDir, options: &ReadOptions, portion: &str) -> Result<Dataset, DataError> {
    let portion: Portion = portion.parse().unwrap();
    read_portion(&folder_source(folder), options, portion, &Limits::default(), &|_| {})
}

/// Paths of the pictures and of the files that are none.
fn paths(data: &Dataset) -> (Vec<String>, Vec<String>) {
    let path = |path: &Path| path.display().to_string();
    (
        data.samples.iter().map(|sample| path(&sample.path)).collect(),
        data.rejected.iter().map(|file| path(&file.path)).collect(),
    )
}

#[test]
fn portions_put_together_are_the_whole_and_know_all_classes() {
    let folder =
        folder(&["a/1.png", "a/2.png", "a/3.png", "b/1.png", "b/2.png", "c/1.png", "x.png", "y.png"]);
    fs::write(folder.path().join("b/2.png"), "no picture").unwrap();
    let whole = portion_of(&folder, &ReadOptions::default(), "1/1").unwrap();
    let (mut pictures, mut bad) = (Vec::new(), Vec::new());
    for number in 1..=9 {
        let data = portion_of(&folder, &ReadOptions::default(), &format!("{number}/9")).unwrap();
        assert_eq!(data.classes, ["a", "b", "c"]);
        let (here, bad_here) = paths(&data);
        pictures.extend(here);
        bad.extend(bad_here);
    }
    bad.sort();
    assert_eq!((pictures, bad), paths(&whole));
    assert_eq!(whole.files(), 8);
}

#[test]
fn pictures_without_class_folders_have_no_class() {
    let folder = folder(&["1.png", "2.png", "10.png", "notes.txt"]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    let data = portion_of(&folder, &ReadOptions::default(), "1/1").unwrap();
    assert_eq!(paths(&data).0, ["1.png", "2.png", "10.png"]);
    assert_eq!((data.classes.len(), data.class_counts().len(), data.rejected.len()), (0, 0, 0));
    let options = ReadOptions { fraction: 0.7, exclude: vec!["10.png".into()], ..ReadOptions::default() };
    assert_eq!(portion_of(&folder, &options, "1/1").unwrap().len(), 2);
    assert!(refusal(read_plainly(&folder_source(&folder))).0.starts_with("no pictures in class folders"));
}

#[test]
fn a_list_of_bare_names_has_no_classes_where_none_are_needed() {
    let folder = folder(&["1.png", "a/2.png"]);
    let path = folder.path().join("list.txt");
    let source = Source::List { path: path.clone(), root: Some(folder.path().to_path_buf()) };
    for (text, classes, pictures) in [
        ("./1.png\n\na/2.png\n1.png\n", &[][..], &["1.png", "a/2.png"][..]),
        ("a/2.png\n", &["a"], &["a/2.png"]),
        ("1.png\tx\na/2.png\ty\n", &["x", "y"], &["1.png", "a/2.png"]),
    ] {
        fs::write(&path, text).unwrap();
        let options = ReadOptions::default();
        let data = read_portion(&source, &options, Portion::ALL, &Limits::default(), &|_| {}).unwrap();
        assert_eq!(data.classes, classes);
        assert_eq!(paths(&data).0, pictures);
    }
    fs::write(&path, "1.png\na/2.png\n").unwrap();
    assert!(refusal(read_plainly(&source)).0.contains("lies in no folder that could name its class"));
}

#[test]
fn one_class_is_enough_where_nothing_is_trained_and_no_file_is_not() {
    let one = folder(&["a/1.png", "a/2.png"]);
    let data = portion_of(&one, &ReadOptions::default(), "2/2").unwrap();
    assert_eq!((paths(&data).0, data.classes), (vec!["a/2.png".to_string()], vec!["a".to_string()]));
    let none = folder(&[]);
    let message = format!("no pictures in {}", none.path().display());
    assert_eq!(refusal(portion_of(&none, &ReadOptions::default(), "1/1")).0, message);
}
