//! TIFF files of every combination of tags are read as the standard says, or refused by name.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use tl_image::{Limits, PictureError, decode, read_header};

use crate::containers::{LONG, LONG8, Order, SHORT, Tag, tag, tiff_block};

/// What an archive of `tests/golden/containers` holds.
pub(crate) fn archive(name: &str) -> HashMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/containers").join(name);
    let packed = std::fs::File::open(path).unwrap();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let read = |mut entry: tar::Entry<'_, _>| {
        let mut content = Vec::new();
        Read::read_to_end(&mut entry, &mut content).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), content)
    };
    tar.entries().unwrap().map(|entry| read(entry.unwrap())).collect()
}

/// What is wrong with what became of a case, if anything.
fn complaint(case: &Value, files: &HashMap<String, Vec<u8>>) -> Option<String> {
    let bytes = &files[case["file"].as_str().unwrap()];
    let limits = Limits::default();
    let outcome = decode(bytes, &limits, [255; 3]);
    let header = read_header(bytes, &limits);
    if let Some(reason) = case["reason"].as_str() {
        let header_reads_pixels = reason.starts_with("floating-point samples") || reason.contains("left out");
        return match (outcome, header) {
            (Err(PictureError::UnsupportedFeature { detail }), header)
                if detail.contains(reason) && (header.is_err() || header_reads_pixels) =>
            {
                None
            }
            // What a camera wrote is named before any tag is looked at.
            (Err(error), Err(_)) if reason.contains("camera") && error.to_string().starts_with("RAW is") => {
                None
            }
            (Ok(_), _) => Some(format!("was read; expected: {reason}")),
            (Err(error), header) => Some(format!("{error}, header {}; expected: {reason}", header.is_ok())),
        };
    }
    let picture = match outcome {
        Ok(picture) => picture,
        Err(error) => return Some(error.to_string()),
    };
    let size = (picture.width(), picture.height());
    if Some((u64::from(size.0), u64::from(size.1))) != case["width"].as_u64().zip(case["height"].as_u64()) {
        return Some(format!("has {size:?} pixels"));
    }
    let header = header.unwrap();
    let color = serde_json::to_value(header.color).unwrap();
    if (header.width, header.height) != size || case["color"].as_str().is_some_and(|wanted| color != wanted) {
        return Some(format!("its header says {header:?}"));
    }
    let expected = &files[case["rgb"].as_str().unwrap()];
    let largest = picture.as_raw().iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    (u64::from(largest) > case["tolerance"].as_u64().unwrap()).then(|| format!("is {largest} off"))
}

/// The cases of an archive that came out otherwise than expected.
pub(crate) fn complaints(name: &str, at_least: usize) -> Vec<String> {
    let files = archive(name);
    let index: Value = serde_json::from_slice(&files["index.json"]).unwrap();
    let cases = index["cases"].as_array().unwrap();
    assert!(cases.len() >= at_least);
    let named = |case: &Value| complaint(case, &files).map(|words| format!("{}: {words}", case["file"]));
    cases.iter().filter_map(named).collect()
}

#[test]
fn every_combination_is_read_or_refused_by_name() {
    let complaints = complaints("tiff.tar.gz", 2000);
    assert!(complaints.is_empty(), "{}:\n{}", complaints.len(), complaints.join("\n"));
}

/// Whatever the tags claim, memory is bounded by the limits, and the header tells before a pixel is read.
#[test]
fn sizes_that_are_claimed_are_refused_before_memory_is_taken() {
    let limits = Limits { alloc: 16 << 20, ..Limits::default() };
    let gray = |more: &[Tag]| {
        let mut tags = vec![tag(258, SHORT, [8]), tag(262, SHORT, [1]), tag(277, SHORT, [1])];
        tags.extend(more.iter().cloned());
        tags.sort_by_key(|tag| tag.0);
        tags
    };
    let side = |side: u64| [tag(256, LONG, [side]), tag(257, LONG, [side])];
    let strips = |rows: u64| [tag(273, LONG, [8]), tag(278, LONG, [rows]), tag(279, LONG, [9])];
    let tiles = |width: u64, height: u64, count: usize| {
        let places = vec![8; count];
        [
            tag(322, LONG, [width]),
            tag(323, LONG, [height]),
            tag(324, LONG, places.clone()),
            tag(325, LONG, places),
        ]
    };
    let deflate = [tag(259, SHORT, [8])];
    let cases: Vec<(&str, Vec<Tag>, &str)> = vec![
        ("side", [&side(60_000)[..], &strips(60_000)].concat(), "its header says 60000 x 60000 pixels"),
        ("pixels", [&side(16_000)[..], &strips(16_000)].concat(), "its header says 16000 x 16000 pixels"),
        (
            "memory",
            [&side(9_000)[..], &strips(9_000), &deflate].concat(),
            "decoding it takes 243,000,000 bytes",
        ),
        ("a wide tile", [&side(9)[..], &tiles(0xffff_ffff, 16, 1)].concat(), "decoding it takes"),
        (
            "a wide tile, deflated",
            [&side(9)[..], &tiles(0xffff_ffff, 16, 1), &deflate].concat(),
            "decoding it takes",
        ),
        (
            "a high tile",
            [&side(9)[..], &tiles(16, 0xffff_ffff, 1)].concat(),
            "corrupt (a strip or tile is shorter",
        ),
        ("a high tile, deflated", [&side(9)[..], &tiles(16, 0xffff_ffff, 1), &deflate].concat(), "corrupt ("),
        ("tiles of nothing", [&side(9)[..], &tiles(0, 16, 1)].concat(), "corrupt ("),
        (
            "many tiles",
            [&side(2_000)[..], &tiles(1, 1, 9)].concat(),
            "corrupt (9 strips or tiles of 4000000)",
        ),
        ("no size", strips(9).to_vec(), "corrupt ("),
        ("no pixels", [&side(0)[..], &strips(9)].concat(), "corrupt (its header says 0 x 0 pixels)"),
    ];
    for (name, tags, reason) in cases {
        let bytes = tiff_block(Order::Little, &[0; 300], &gray(&tags));
        let error = decode(&bytes, &limits, [0; 3]).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{name}: {error}");
    }
    let many_samples = [&side(3_000)[..], &strips(3_000), &[tag(338, SHORT, vec![2, 0, 0, 0])]].concat();
    let mut tags = gray(&many_samples);
    tags.retain(|tag| tag.0 != 277);
    tags.push(tag(277, SHORT, [60_000]));
    tags.sort_by_key(|tag| tag.0);
    let error = decode(&tiff_block(Order::Big, &[0; 300], &tags), &limits, [0; 3]).unwrap_err().to_string();
    assert!(error.starts_with("decoding it takes"), "{error}");
}

/// Counts that do not fit the file, in BigTIFF up to 2^64.
#[test]
fn counts_that_are_claimed_end_with_the_file() {
    for order in Order::BOTH {
        for (number, kind, length) in
            [(273, LONG.0, 4), (273, LONG8.0, 8), (258, SHORT.0, 2), (279, LONG.0, 4)]
        {
            for count in [1_u64 << 20, 1 << 40, u64::MAX / 8, u64::MAX] {
                let bytes = big_tiff(order, number, kind, length, count);
                let error = decode(&bytes, &Limits::default(), [0; 3]).unwrap_err().to_string();
                assert!(!error.is_empty());
            }
        }
        let mut bytes = big_tiff(order, 273, LONG.0, 4, 1);
        let at = bytes.len() - 8 - 20 * 8 - 8;
        bytes[at..at + 8].copy_from_slice(&[0xff; 8]);
        assert!(decode(&bytes, &Limits::default(), [0; 3]).is_err());
    }
}

/// A small BigTIFF of which one entry claims `count` values at an offset.
fn big_tiff(order: Order, number: u16, kind: u16, length: usize, count: u64) -> Vec<u8> {
    let mut out = if order == Order::Little { b"II".to_vec() } else { b"MM".to_vec() };
    for (value, length) in [(43, 2), (8, 2), (0, 2), (16, 8)] {
        out.extend(order.bytes(value, length));
    }
    out.extend(order.bytes(8, 8));
    let entries: [(u16, u16, u64, u64); 8] = [
        (256, 3, 1, 4),
        (257, 3, 1, 4),
        (258, 3, 1, 8),
        (262, 3, 1, 3),
        (273, 4, 1, 16),
        (277, 3, 1, 1),
        (278, 3, 1, 4),
        (279, 3, 1, 16),
    ];
    for (tag, own_kind, own_count, value) in entries {
        let claims = tag == number;
        let (kind, count) = if claims { (kind, count) } else { (own_kind, own_count) };
        out.extend(order.bytes(u64::from(tag), 2));
        out.extend(order.bytes(u64::from(kind), 2));
        out.extend(order.bytes(count, 8));
        let size = if claims { length } else { [2, 4][usize::from(own_kind == 4)] };
        let mut content = if count == 1 { order.bytes(value, size) } else { order.bytes(16, 8) };
        content.resize(8, 0);
        out.extend(content);
    }
    out.extend([0; 8]);
    out
}

/// Damage of any byte: read or named, but no panic.
#[test]
fn damaged_files_are_read_or_named() {
    let files = archive("tiff.tar.gz");
    let mut names: Vec<&String> = files.keys().filter(|name| name.ends_with(".tif")).collect();
    names.sort();
    let limits = Limits { alloc: 4 << 20, ..Limits::default() };
    for (number, name) in names.into_iter().enumerate() {
        let bytes = &files[name];
        for step in 0..24 {
            let mut damaged = bytes.clone();
            let at = (number * 7919 + step * step * 131) % damaged.len();
            damaged[at] = damaged[at].wrapping_add([1, 0x7f, 0x80, 0xff][step % 4]);
            let _ = decode(&damaged, &limits, [0; 3]);
            let _ = read_header(&damaged, &limits);
            let _ = decode(&bytes[..at], &limits, [0; 3]);
        }
    }
}
