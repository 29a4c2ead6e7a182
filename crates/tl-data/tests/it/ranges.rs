//! Pictures of 10 and 12 bits that are stored in 16.

use std::fs;
use std::path::Path;

use image::{ImageBuffer, Luma, LumaA, Rgb};
use tl_data::{
    CheckOptions, Limits, PixelCache, Preprocess, RangeChoice, ReadOptions, Source, ValueRange, check,
    decode, find_range, read, settle_range,
};

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

fn range(text: &str) -> ValueRange {
    text.parse().unwrap()
}

#[test]
fn values_of_every_kind_of_16_bits_are_read_in_the_range() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let limits = Limits::default().with_range(range("12"));
    for ending in ["png", "tiff"] {
        let gray = ImageBuffer::from_fn(4, 1, |x, _| Luma([[0_u16, 2048, 4095, 65_535][x as usize]]));
        gray.save(at(&format!("gray.{ending}"))).unwrap();
        let color = ImageBuffer::from_fn(1, 1, |_, _| Rgb([100_u16, 1000, 4000]));
        color.save(at(&format!("rgb.{ending}"))).unwrap();
        let read = |name: &str, limits: &Limits| {
            decode(&fs::read(at(&format!("{name}.{ending}"))).unwrap(), limits, [255; 3]).unwrap().into_raw()
        };
        assert_eq!(read("gray", &limits), [0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255], "{ending}");
        assert_eq!(read("rgb", &limits), [6, 62, 249], "{ending}");
        assert_eq!(read("rgb", &Limits::default()), [0, 4, 16], "{ending}");
    }
    // Transparency has all its bits whatever the colours have.
    let clear = ImageBuffer::from_fn(2, 1, |x, _| LumaA([4095_u16, [65_535, 0][x as usize]]));
    clear.save(at("clear.png")).unwrap();
    let read = decode(&fs::read(at("clear.png")).unwrap(), &limits, [9; 3]).unwrap();
    assert_eq!(read.into_raw(), [255, 255, 255, 9, 9, 9]);
}

#[test]
fn eight_bits_are_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let picture = image::RgbImage::from_fn(20, 20, |x, y| Rgb([(x * 12) as u8, (y * 12) as u8, 7]));
    picture.save(folder.path().join("a.png")).unwrap();
    let bytes = fs::read(folder.path().join("a.png")).unwrap();
    let limits = Limits::default().with_range(range("10"));
    assert_eq!(decode(&bytes, &limits, [0; 3]).unwrap(), picture);
}

#[test]
fn one_range_is_found_for_the_whole_data_set() {
    let folder = folder();
    let (source, limits) = (Source::of_path(folder.path()), Limits::default());
    let options = ReadOptions { range: Some(RangeChoice::Auto), ..ReadOptions::default() };
    let found = find_range(&source, &options, &limits, &|_| {}).unwrap().unwrap();
    assert!((3900..=4095).contains(&found.white()) && found.black() < 100, "{found}");
    let settled = settle_range(&source, &options, &limits, &|_| {}).unwrap();
    assert_eq!(settled.range, Some(RangeChoice::Fixed(found)));
    let dark = ReadOptions { include: vec!["dark/*".into()], ..options };
    let alone = find_range(&source, &dark, &limits, &|_| {}).unwrap().unwrap();
    assert!(alone.white() <= 600, "{alone}");
}

#[test]
fn pictures_that_look_black_are_compared_by_their_looks_in_their_range() {
    let folder = folder();
    let source = Source::of_path(folder.path());
    for (range, seen) in [(None, 0..=1), (Some(RangeChoice::Auto), 6..=6), ("12".parse().ok(), 6..=6)] {
        let options = ReadOptions { range, ..ReadOptions::default() };
        let data = read(&source, &options, &Limits::default(), &|_| {}).unwrap();
        let looks = data.samples.iter().filter(|sample| sample.look.is_some()).count();
        // One of the bright ones has stripes that 16 shades are enough for.
        assert!(seen.contains(&looks), "{range:?}: {looks}");
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

#[test]
fn kept_pixels_of_one_range_are_not_those_of_another() {
    let folder = folder();
    let bytes = fs::read(folder.path().join("bright/1.png")).unwrap();
    let content = tl_data::ContentHash::of(&bytes);
    let kept = tempfile::tempdir().unwrap();
    let preprocess = Preprocess::default();
    for _run in 0..2 {
        let cache = PixelCache::on_disk(kept.path(), 1 << 20).unwrap();
        for range in ["full", "12", "10", "0:4094"] {
            let limits = Limits::default().with_range(range.parse().unwrap());
            let wanted = |full| preprocess.wanted(full);
            let expected = tl_data::decode_part(&bytes, &limits, [0; 3], wanted).unwrap();
            let read = || Ok(bytes.clone());
            let found = cache.decode_part(content, &limits, [0; 3], wanted, read).unwrap();
            assert_eq!(found, expected, "{range}");
        }
    }
}
