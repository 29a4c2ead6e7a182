//! What a check finds, and what it advises.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;
use tl_data::{CheckOptions, CheckReport, Likeness, Severity, Source, Verdict, check};
use tl_image::{Interpolation, Limits, resize};

/// Soft spots of light and shade, as many pixels as asked for.
fn picture(seed: u8, width: u32, height: u32) -> RgbImage {
    let spot = |x: u32, y: u32| blake3::hash(&[seed, x as u8, y as u8]).as_bytes()[0];
    let spots = RgbImage::from_fn(6, 5, |x, y| Rgb([spot(x, y), spot(y, x), 90]));
    resize(&spots, width, height, Interpolation::Bicubic)
}

/// A folder with these pictures, each another one, 300 x 240 pixels.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (seed, name) in names.iter().enumerate() {
        save(&picture(seed as u8, 300, 240), &folder.path().join(name));
    }
    folder
}

fn save(picture: &RgbImage, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

fn checked(folder: &TempDir) -> CheckReport {
    check(&Source::of_path(folder.path()), &CheckOptions::default(), &Limits::default(), &|_| {}).unwrap()
}

/// `severity: text` of each piece of advice, those that only depend on the small number of pictures left out.
fn advice(report: &CheckReport) -> Vec<String> {
    let few = |text: &str| text.contains("fewer than 10 different") || text.contains("a held-out fifth");
    let line = |advice: &tl_data::Advice| format!("{}: {}", advice.severity, advice.text);
    report.advice.iter().filter(|advice| !few(&advice.text)).map(line).collect()
}

#[test]
fn a_good_folder_gets_no_advice_but_to_grow() {
    let folder = folder(&["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"]);
    let report = checked(&folder);
    assert_eq!(advice(&report), Vec::<String>::new());
    assert_eq!(report.worst(), Some(Severity::Warning));
    assert_eq!((report.files, report.usable(), report.imbalance), (4, 4, Some(1.0)));
    assert!(report.pictures.iter().all(|file| file.verdict == Verdict::Good));
    let thumbnails = report.classes.iter().flat_map(|class| &class.examples);
    assert!(thumbnails.clone().all(|uri| uri.starts_with("data:image/jpeg;base64,") && uri.len() < 12_000));
    assert_eq!(thumbnails.count(), 4);
    let few = &report.advice[0];
    assert_eq!(few.text, "`a`, `b` have fewer than 10 different pictures, `a` only 2");
    let command = format!("tl train {} --folds 2", folder.path().display());
    assert_eq!(few.command.as_deref(), Some(command.as_str()));
}

#[test]
fn copies_are_found_within_and_across_classes() {
    let folder = folder(&["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"]);
    let at = |name: &str| folder.path().join(name);
    fs::copy(at("a/1.jpg"), at("a/copy.jpg")).unwrap();
    fs::copy(at("a/2.jpg"), at("b/wrong.jpg")).unwrap();
    save(&picture(3, 280, 224), &at("b/small.jpg"));
    let report = checked(&folder);
    let sets: Vec<(Likeness, bool, Vec<&str>)> = report
        .duplicates
        .iter()
        .map(|set| (set.likeness, set.across_classes, set.pictures.iter().map(|p| p.path.as_str()).collect()))
        .collect();
    assert_eq!(
        sets,
        [
            (Likeness::Same, true, vec!["a/2.jpg", "b/wrong.jpg"]),
            (Likeness::Same, false, vec!["a/1.jpg", "a/copy.jpg"]),
            (Likeness::Alike, false, vec!["b/2.jpg", "b/small.jpg"]),
        ]
    );
    assert!(report.duplicates.iter().flat_map(|set| &set.pictures).all(|twin| twin.thumbnail.is_some()));
    assert_eq!(
        advice(&report),
        [
            "problem: 1 picture has copies with another label, the first is a/2.jpg",
            "warning: 2 pictures are copies of an earlier one, and 1 picture looks much like one",
        ]
    );
}

#[test]
fn a_copy_in_another_part_is_a_problem() {
    let folder =
        folder(&["train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg", "test/a/3.jpg"]);
    let at = |name: &str| folder.path().join(name);
    fs::copy(at("train/a/1.jpg"), at("test/a/1.jpg")).unwrap();
    let report = checked(&folder);
    let found = advice(&report);
    assert_eq!(found[0], "problem: 1 picture is in several of train, val and test");
    assert_eq!(found[1], "warning: test has no picture of `b`");
    assert!(report.duplicates[0].across_parts && !report.duplicates[0].across_classes);
}

#[test]
fn damaged_and_bad_files_are_told_apart() {
    let folder = folder(&["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"]);
    let whole = fs::read(folder.path().join("a/1.jpg")).unwrap();
    fs::write(folder.path().join("a/cut.jpg"), &whole[..whole.len() * 2 / 3]).unwrap();
    fs::write(folder.path().join("b/page.jpg"), b"<html>").unwrap();
    let report = checked(&folder);
    let unusable: Vec<(&str, &str)> =
        report.unusable().map(|(file, why)| (file.path.as_str(), why)).collect();
    let cut = format!("ends too early (truncated after {} bytes)", tenths(whole.len() * 2 / 3));
    let page = "not a picture (it is an HTML page, perhaps the error page of a failed download)";
    assert_eq!(unusable, [("a/cut.jpg", cut.as_str()), ("b/page.jpg", page)]);
    assert!(
        matches!(report.pictures[0].verdict, Verdict::Damaged { .. }),
        "{:?}",
        report.pictures[0].verdict
    );
    assert!(report.pictures[0].thumbnail.is_some());
    assert!(matches!(report.pictures[1].verdict, Verdict::Bad { .. }));
    let found = advice(&report);
    assert_eq!(found[0], format!("problem: 2 of 6 files cannot be used, the first is a/cut.jpg: {cut}"));
    assert_eq!(
        found[1],
        "warning: 1 of these files is damaged, though other programs show what is left of it"
    );
}

/// A number with its thousands apart.
fn tenths(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

#[test]
fn what_may_mislead_a_network_is_told() {
    let wide = |seed: u8| picture(seed, 640, 200);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    for i in 0..12 {
        save(&wide(i), &at(format!("a/{i}.jpg")));
    }
    let gray = image::DynamicImage::from(wide(100)).into_luma8();
    fs::create_dir(at("b".into())).unwrap();
    gray.save(at("b/1.png".into())).unwrap();
    image::imageops::flip_vertical(&gray).save(at("b/2.png".into())).unwrap();
    let report = checked(&folder);
    assert_eq!(
        advice(&report),
        [
            "warning: `a` has 6 times as many pictures as `b` (12 and 2)",
            "warning: nearly all JPEG files are of `a`",
            "warning: `b` without colours, other classes with",
            "warning: half of the pictures are more than 3.2 times as long as wide; a centre crop loses 69 % of them",
            "note: 100 % of the pictures are smaller than the network's input, 224 x 224 pixels",
            "note: 14 % of the pictures are gray",
        ]
    );
    let letterbox =
        report.advice.iter().find_map(|advice| advice.command.as_ref().filter(|c| c.contains("letterbox")));
    assert_eq!(letterbox.unwrap(), &format!("tl train {} --resize letterbox", folder.path().display()));
    assert_eq!((report.median_aspect, report.smaller_than_input), (3.2, 14));
    assert_eq!(report.widths.iter().map(|bin| (bin.from, bin.count)).collect::<Vec<_>>(), [(512.0, 14)]);
    assert_eq!(report.aspects.iter().map(|bin| (bin.from, bin.count)).collect::<Vec<_>>(), [(3.0, 14)]);
}

#[test]
fn a_folder_no_training_would_accept_still_gets_a_report() {
    let one = folder(&["a/1.jpg"]);
    assert_eq!(
        advice(&checked(&one)),
        [
            "problem: there is only one class, `a`",
            "problem: `a` has fewer than 2 different pictures, so nothing can be held out",
        ]
    );
    let none = tempfile::tempdir().unwrap();
    fs::create_dir(none.path().join("a")).unwrap();
    fs::write(none.path().join("a/1.jpg"), b"").unwrap();
    let report = checked(&none);
    assert_eq!(advice(&report)[0], "problem: none of 1 file can be used");
    assert_eq!((report.usable(), report.imbalance), (0, None));
}

#[test]
fn a_report_reads_back_as_written_and_progress_counts_files() {
    let folder = folder(&["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"]);
    fs::write(folder.path().join("b/bad.jpg"), b"").unwrap();
    let calls = AtomicUsize::new(0);
    let count = |progress: tl_data::Progress| {
        assert_eq!(progress.total, 5);
        calls.fetch_add(1, Ordering::Relaxed);
    };
    let options = CheckOptions { thumbnails: false, ..CheckOptions::default() };
    let report = check(&Source::of_path(folder.path()), &options, &Limits::default(), &count).unwrap();
    assert_eq!(calls.into_inner(), 5);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<CheckReport>(&text).unwrap(), report);
    assert!(!text.contains("data:image"));
}

/// One of tl-image's JPEG files of every structure.
fn jpeg_of_structure(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tl-image/tests/golden/jpeg");
    let index: Value = serde_json::from_slice(&fs::read(folder.join("structures.json")).unwrap()).unwrap();
    let files = fs::read(folder.join("structures.bin")).unwrap();
    let length = |case: &Value| case["length"].as_u64().unwrap() as usize;
    let cases = index["cases"].as_array().unwrap();
    let at = cases.iter().position(|case| case["name"] == name).unwrap();
    let start: usize = cases[..at].iter().map(length).sum();
    files[start..start + length(&cases[at])].to_vec()
}

#[test]
fn a_check_tells_other_processes_from_damage() {
    let folder = tempfile::tempdir().unwrap();
    let class = folder.path().join("a");
    std::fs::create_dir(&class).unwrap();
    for (file, name) in [
        ("1.jpg", "22-11-11 each alone"),
        ("2.jpg", "cut after the first component"),
        ("3.jpg", "written: 12 bits"),
        ("4.jpg", "written: lossless"),
        ("5.jpg", "written: JPEG-LS"),
    ] {
        std::fs::write(class.join(file), jpeg_of_structure(name)).unwrap();
    }
    let (source, options) = (Source::of_path(folder.path()), CheckOptions::default());
    let report = check(&source, &options, &Limits::default(), &|_| {}).unwrap();
    let mut verdicts: Vec<(&str, String)> = report
        .pictures
        .iter()
        .map(|file| {
            let verdict = match &file.verdict {
                Verdict::Good => "good".to_string(),
                Verdict::Damaged { reason } => format!("damaged: {reason}"),
                Verdict::Bad { reason } => format!("bad: {}", reason.split(" (pip").next().unwrap()),
            };
            (file.path.as_str(), verdict)
        })
        .collect();
    verdicts.sort();
    let expected = [
        ("a/1.jpg", "good"),
        ("a/2.jpg", "damaged: corrupt (no scan brings component 2)"),
        ("a/3.jpg", "bad: 12-bit JPEG is not supported, convert it"),
        ("a/4.jpg", "bad: lossless JPEG of 8 bits is not supported, convert it"),
        ("a/5.jpg", "bad: JPEG-LS of 8 bits is not supported, convert it"),
    ];
    assert_eq!(verdicts, expected.map(|(path, verdict)| (path, verdict.to_string())));
}
