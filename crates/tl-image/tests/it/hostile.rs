//! Every file of `datasets/hostile` is read correctly or named with a reason: no panic, no hang, bounded memory.
//!
//! Memory is counted by the allocator, so the test starts itself again in a process of its own. `xtask/reference/hostile.py`
//! makes the files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use image::RgbImage;
use peak_alloc::PeakAlloc;
use serde_json::Value;
use tl_image::{Limits, PictureError, Preprocess, RegionRequest, ValueRange, decode, decode_part};

use crate::containers::{LONG, Order, SHORT, deflated, tag, tiff_block, with_chunks};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const LIMITS: Limits = Limits {
    file_bytes: 8 << 20,
    side: 16_384,
    pixels: 178_956_970,
    alloc: 64 << 20,
    checked: false,
    range: ValueRange::FULL,
};

/// For one file. All 241 together take 0.7 s in an optimised build; a hang takes for ever.
const TIME: Duration = Duration::from_secs(20);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/hostile")
}

/// Mean colour of each quarter, as in the script.
fn quarters(picture: &RgbImage) -> Vec<f64> {
    let (w, h) = picture.dimensions();
    let mut means = Vec::new();
    for (top, bottom) in [(0, h - h / 2), (h / 2, h)] {
        for (left, right) in [(0, w - w / 2), (w / 2, w)] {
            for channel in 0..3 {
                let values = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
                let sum: f64 = values.map(|(x, y)| f64::from(picture.get_pixel(x, y)[channel])).sum();
                means.push(sum / f64::from((bottom - top) * (right - left)));
            }
        }
    }
    means
}

/// Runs, and holds memory and time to their limits.
fn bounded<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let (before, begun) = (ALLOCATED.current_usage(), Instant::now());
    ALLOCATED.reset_peak_usage();
    let result = run();
    let taken = ALLOCATED.peak_usage().saturating_sub(before) as u64;
    assert!(taken <= 2 * LIMITS.alloc, "{name} took {taken} bytes of memory");
    assert!(begun.elapsed() < TIME, "{name} took {:?}", begun.elapsed());
    result
}

/// What is wrong with the outcome, if anything.
fn complaint(case: &Value, outcome: &Result<RgbImage, PictureError>) -> Option<String> {
    match (case["expect"].as_str()?, outcome) {
        ("either", _) => None,
        ("read", Ok(picture)) => {
            let size = (u64::from(picture.width()), u64::from(picture.height()));
            if Some(size) != case["width"].as_u64().zip(case["height"].as_u64()) {
                return Some(format!("has {size:?} pixels"));
            }
            let expected = case["means"].as_array()?.iter().flat_map(|part| part.as_array().unwrap());
            let difference = |(a, b): (f64, &Value)| (a - b.as_f64().unwrap()).abs();
            let largest = quarters(picture).into_iter().zip(expected).map(difference).fold(0.0, f64::max);
            (largest > case["tolerance"].as_f64()?).then(|| format!("is {largest} off"))
        }
        ("rejected", Err(reason)) => {
            let reason = reason.to_string();
            (!reason.starts_with(case["reason"].as_str()?)).then_some(reason)
        }
        (_, Ok(_)) => Some("was read".to_string()),
        (_, Err(reason)) => Some(reason.to_string()),
    }
}

/// Set in the process that runs this test alone.
const ALONE: &str = "TL_ALONE";

#[test]
fn hostile_files_are_read_correctly_or_named_with_a_reason() {
    if std::env::var_os(ALONE).is_some() {
        return each_file_is_read_or_named();
    }
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let name = "hostile::hostile_files_are_read_correctly_or_named_with_a_reason";
    let ended = alone.args([name, "--exact", "--nocapture"]).env(ALONE, "1").output().unwrap();
    let [said, failed] = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ended.status.success() && said.contains("1 passed"), "{said}{failed}");
}

fn each_file_is_read_or_named() {
    let manifest = fs::read(folder().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    assert!(cases.len() >= 150);
    let mut complaints = Vec::new();
    for case in cases {
        let name = case["file"].as_str().unwrap();
        let path = folder().join(name);
        let bytes = fs::read(&path).unwrap();
        let outcome = bounded(name, || decode(&bytes, &LIMITS, [255; 3]));
        let outcome = outcome.map_err(|reason| reason.with_name(&path, &bytes));
        complaints.extend(complaint(case, &outcome).map(|words| format!("{name}: {words}")));
        let preprocess = Preprocess::default();
        let part = bounded(name, || decode_part(&bytes, &LIMITS, [255; 3], |full| preprocess.wanted(full)));
        let part = part.map_err(|reason| reason.with_name(&path, &bytes));
        if part.as_ref().err() != outcome.as_ref().err() {
            complaints.push(format!("{name}: a part of it: {:?}", part.err()));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    claims_take_no_memory();
}

/// What tags and chunks claim is not believed: tiles of gigabytes, text that inflates to gigabytes, counts without end.
fn claims_take_no_memory() {
    let size = [tag(256, LONG, [64]), tag(257, LONG, [64]), tag(258, SHORT, [8])];
    let kinds = [tag(262, SHORT, [1]), tag(277, SHORT, [1])];
    for compression in [1, 5, 8, 32_773] {
        for (width, height) in
            [(60_000, 60_000), (u64::from(u32::MAX), 16), (16, u64::from(u32::MAX)), (900_000, 16)]
        {
            let tile = [
                tag(322, LONG, [width]),
                tag(323, LONG, [height]),
                tag(324, LONG, [8]),
                tag(325, LONG, [64]),
            ];
            let tags = [&size[..], &[tag(259, SHORT, [compression])], &kinds, &tile].concat();
            let bytes = tiff_block(Order::Little, &[7; 64], &tags);
            let name = format!("a tile of {width} x {height}, compression {compression}");
            assert!(bounded(&name, || decode(&bytes, &LIMITS, [0; 3])).is_err(), "{name}");
        }
    }
    let plain = fs::read(folder().join("rgb.png")).unwrap();
    let zeros = deflated(&vec![b'0'; 100 << 20]);
    let text = [b"Raw profile type exif\0\0", &zeros[..]].concat();
    let bomb = with_chunks(&plain, &vec![(b"zTXt", text); 40], &[]);
    let picture = bounded("40 text chunks of 100 MiB", || decode(&bomb, &LIMITS, [0; 3]));
    assert_eq!(picture, decode(&plain, &LIMITS, [0; 3]));
}

/// Cut at every 37th byte: named, or the whole picture where only what follows it is missing.
#[test]
fn parts_of_truncated_files_are_named_too() {
    let bytes = fs::read(folder().join("jpeg.jpg")).unwrap();
    for length in (4..bytes.len()).step_by(37) {
        let wanted = |_| RegionRequest { region: [0.0, 0.0, 8.0, 8.0], output: (8, 8) };
        let reason = decode_part(&bytes[..length], &LIMITS, [0; 3], wanted).unwrap_err();
        assert_eq!(Err(reason), decode(&bytes[..length], &LIMITS, [0; 3]));
    }
}
