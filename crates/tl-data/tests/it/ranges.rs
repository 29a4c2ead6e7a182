//! Pictures of 10 and 12 bits that are stored in 16.

use std::fs;
use std::path::Path;

use image::{ImageBuffer, Luma};
use tl_data::{CheckOptions, RangeChoice, ReadOptions, Source, check, read, settle_range};
use tl_image::{Limits, ValueRange};

/// A gray picture with values up to `largest`.
fn save(path: &Path, largest: u32, seed: u32) {
    let value = |x: u32, y: u32| ((x * (3 + seed) + y * (seed + 1)) * 97 % 4096) * largest / 4095;
    let picture = ImageBuffer::from_fn(40, 30, |x, y| Luma([value(x, y) as u16]));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

/// Two classes of three 12-bit pictures, those of one darker.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..3 {
        save(&folder.path().join(format!("bright/{seed}.png")), 4095, seed);
        save(&folder.path().join(format!("dark/{seed}.png")), 600, seed);
    }
    folder
}

fn found_range(source: &Source, options: &ReadOptions) -> ValueRange {
    match settle_range(source, options, &Limits::default(), &|_| {}).unwrap().range {
        Some(RangeChoice::Fixed(range)) => range,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_range_is_found_for_the_whole_data_set() {
    let folder = folder();
    let source = Source::of_path(folder.path());
    let options = ReadOptions { range: Some(RangeChoice::Auto), ..ReadOptions::default() };
    let found = found_range(&source, &options);
    assert!((3900..=4095).contains(&found.white()) && found.black() < 100, "{found}");
    let dark = ReadOptions { include: vec!["dark/*".into()], ..options };
    let alone = found_range(&source, &dark);
    assert!(alone.white() <= 600, "{alone}");
}

#[test]
fn pictures_that_look_black_are_compared_by_their_looks_in_their_range() {
    let folder = folder();
    let source = Source::of_path(folder.path());
    for (range, seen) in [(None, 0..=1), (Some(RangeChoice::Auto), 6..=6), ("12".parse().ok(), 6..=6)] {
        let options = ReadOptions { range, ..ReadOptions::default() };
        let data = read(&source, &options, &Limits::default(), &|_| {}).unwrap();
        let hashes = data.samples.iter().filter(|sample| sample.perceptual_hash.is_some()).count();
        // One of the bright ones has stripes that 16 shades are enough for.
        assert!(seen.contains(&hashes), "{range:?}: {hashes}");
    }
}

#[test]
fn a_check_names_the_range_that_was_found_and_what_to_type() {
    let folder = folder();
    let source = Source::of_path(folder.path());
    let checked = |range: Option<RangeChoice>| {
        let read = ReadOptions { range, ..ReadOptions::default() };
        let options = CheckOptions { read, ..CheckOptions::default() };
        check(&source, &options, &Limits::default(), &|_| {}).unwrap()
    };
    let report = checked(None);
    let values = report.values.as_ref().unwrap();
    assert_eq!((values.pictures, values.smallest, values.largest), (6, 0, 4083));
    let advice = report.advice.iter().find(|advice| advice.text.contains("16 bits")).unwrap();
    let text = "6 pictures with 16 bits a colour have values from 0 to 4,083, and are read from 0 to 65,535: they become nearly black";
    assert_eq!(advice.text, text);
    let remedy = "say that 12 bits are used, `--range 12`; or take the range that is found, `--range auto`";
    assert_eq!(advice.remedy, remedy);
    assert!(advice.command.as_deref().unwrap().ends_with(" --range 12"));
    for fitting in ["12", "auto", "0:4095"] {
        let report = checked(fitting.parse().ok());
        assert!(!report.advice.iter().any(|advice| advice.text.contains("values from")), "{fitting}");
    }
}
