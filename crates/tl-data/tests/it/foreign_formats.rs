//! Pictures in formats that are not read, in folders and shards: named, counted, and never taken for something else.

use std::fs;
use std::path::Path;

use image::RgbImage;
use tl_data::{CheckOptions, ReadOptions, Source, check, scan};
use tl_image::Limits;

/// Two classes with a picture each, and these files in the first one.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, shade) in [("a", 10), ("b", 200)] {
        fs::create_dir(folder.path().join(class)).unwrap();
        let picture = RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 5) as u8, (y * 7) as u8, shade]));
        picture.save(folder.path().join(class).join("1.png")).unwrap();
    }
    for (name, bytes) in files {
        fs::write(folder.path().join("a").join(name), bytes).unwrap();
    }
    folder
}

const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08meta";
const FILES: &[(&str, &[u8])] = &[
    ("1.HEIC", HEIC),
    ("2.hif", HEIC),
    ("3.jpg", HEIC),
    ("4.jxl", b"\xff\x0a\xfa\x7f"),
    ("5.svg", b"<?xml version='1.0'?><!-- drawn --><svg/>"),
    ("6.pdf", b"%PDF-1.7\n"),
    ("7.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
    ("8.cr2", b"II*\0\x10\0\0\0CR\x02\0"),
    ("9.tga", b"\0\0\x02\0\0\0\0\0\0\0\0\0\x08\0\x08\0\x18\0"),
];

#[test]
fn pictures_in_formats_that_are_not_read_are_counted_by_format() {
    let folder = folder(FILES);
    let data = scan(folder.path(), &Limits::default(), &|_| {}).unwrap();
    let found: Vec<(String, usize)> =
        data.unread().into_iter().map(|unread| (unread.format, unread.files)).collect();
    let expected =
        [("HEIC", 3), ("JPEG XL", 1), ("PDF", 1), ("QuickTime video", 1), ("RAW", 1), ("SVG", 1), ("TGA", 1)];
    assert_eq!(found, expected.map(|(format, files)| (format.to_string(), files)));
    assert_eq!((data.len(), data.rejected.len(), data.ignored), (2, FILES.len(), 0));
}

#[test]
fn a_check_says_how_many_and_with_which_command_they_are_converted() {
    let folder = folder(&FILES[..2]);
    let source = Source::of_path(folder.path());
    let report = check(&source, &CheckOptions::default(), &Limits::default(), &|_| {}).unwrap();
    let advice = report.advice.iter().find(|advice| advice.text.contains("not read")).unwrap();
    assert_eq!(advice.text, "2 pictures in a format that is not read: HEIC 2");
    let remedy = "convert them, HEIC: `heif-convert FILE.heic FILE.png`; then move the originals away";
    assert_eq!(advice.remedy, remedy);
    let command = advice.command.as_deref().unwrap();
    assert!(
        command.ends_with(r"\( -iname '*.heic' -o -iname '*.hif' \) -exec heif-convert {} {}.png \;"),
        "{command}"
    );
}

#[test]
fn where_nothing_else_is_there_the_error_names_the_format_and_the_command() {
    let folder = folder(&[]);
    for class in ["a", "b"] {
        fs::remove_file(folder.path().join(class).join("1.png")).unwrap();
        fs::write(folder.path().join(class).join("1.heic"), HEIC).unwrap();
    }
    let error = scan(folder.path(), &Limits::default(), &|_| {}).unwrap_err();
    let found = "2 sub-folders with 2 files, none a readable picture; 2 pictures in a format that is not read: HEIC 2";
    assert!(error.to_string().ends_with(found), "{error}");
    assert_eq!(error.hint().as_deref(), Some("convert them, HEIC: `heif-convert FILE.heic FILE.png`"));
}

#[test]
fn members_of_a_shard_are_not_passed_over_for_their_ending() {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("x.tar");
    let mut tar = tar::Builder::new(fs::File::create(&shard).unwrap());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, Path::new(name), content).unwrap();
    };
    for (at, (name, content)) in FILES.iter().enumerate() {
        let ending = name.rsplit_once('.').unwrap().1;
        add(&format!("{at}.{ending}"), content);
        add(&format!("{at}.cls"), b"cat");
    }
    tar.finish().unwrap();
    let (source, options) = (Source::Shards { path: shard }, ReadOptions::default());
    let data =
        tl_data::read_portion(&source, &options, tl_data::Portion::ALL, &Limits::default(), &|_| {}).unwrap();
    // Films and documents lie in shards beside pictures as other members of a sample do.
    assert_eq!(data.unread().iter().map(|unread| unread.files).sum::<usize>(), FILES.len() - 2);
}
