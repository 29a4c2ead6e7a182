//! The fast JPEG decoder beside libjpeg-turbo, and parts of pictures beside whole ones.

use std::path::{Path, PathBuf};

use image::{RgbImage, imageops};
use proptest::prelude::*;
use serde_json::Value;
use tl_image::{
    DecodedRegion, Interpolation, Limits, Preprocess, RegionRequest, ResizeMode, decode, decode_part,
};

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn bytes_of(path: &str) -> Vec<u8> {
    std::fs::read(golden(path)).unwrap()
}

fn part(bytes: &[u8], wanted: RegionRequest) -> DecodedRegion {
    decode_part(bytes, &Limits::default(), [255; 3], |_| wanted).unwrap()
}

/// The whole picture at a reduced resolution: just enough output for it.
fn reduced(bytes: &[u8], reduction: u32) -> DecodedRegion {
    let per_output = f64::from(3 * reduction);
    decode_part(bytes, &Limits::default(), [255; 3], |(width, height)| {
        let (w, h) = (f64::from(width), f64::from(height));
        // Borders beyond the picture, so that small pictures are reduced too.
        let output = ((w / per_output).ceil(), (h / per_output).ceil());
        let region = [0.0, 0.0, output.0 * per_output, output.1 * per_output];
        RegionRequest { region, output: (output.0 as u32, output.1 as u32) }
    })
    .unwrap()
}

/// CRC-32 as in PNG: <https://www.w3.org/TR/png-3/#D-CRCAppendix>
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 0 { crc >> 1 } else { 0xedb8_8320 ^ (crc >> 1) };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[test]
fn baseline_jpegs_are_as_in_libjpeg_turbo_to_the_bit() {
    let index: Value = serde_json::from_slice(&bytes_of("jpeg/index.json")).unwrap();
    let mut compared = 0;
    for case in index["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let bytes = bytes_of(&format!("jpeg/{file}"));
        for expected in case["pixels"].as_array().unwrap() {
            let number = |name: &str| u32::try_from(expected[name].as_u64().unwrap()).unwrap();
            let got = match number("reduction") {
                1 => decode(&bytes, &Limits::default(), [0; 3]).unwrap(),
                reduction => reduced(&bytes, reduction).pixels,
            };
            assert_eq!(got.dimensions(), (number("width"), number("height")), "{file} {expected}");
            assert_eq!(crc32(&got), number("crc32"), "{file} {expected}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

const ORIENTED: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

/// Anywhere, also a little outside.
fn region() -> impl Strategy<Value = [f64; 4]> {
    [-9.0..99.0, -9.0..99.0, 0.5..99.0, 0.5..99.0_f64].prop_map(|[x, y, w, h]| [x, y, x + w, y + h])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_part_has_the_pixels_of_the_whole(
        region in region(), file in prop::sample::select(vec!["444_q75", "422_q75", "420_q75", "gray_q75", "420_restart", "440_q80"])
    ) {
        let bytes = bytes_of(&format!("jpeg/{file}.jpg"));
        let whole = decode(&bytes, &Limits::default(), [0; 3]).unwrap();
        let got = part(&bytes, RegionRequest { region, output: (60, 60) });
        prop_assert_eq!((got.full, got.scale), (whole.dimensions(), 1));
        let checked = Limits { checked: true, ..Limits::default() };
        let wanted = RegionRequest { region, output: (60, 60) };
        prop_assert_eq!(&tl_image::decode_part(&bytes, &checked, [0; 3], |_| wanted).unwrap(), &got);
        let (x, y) = (got.origin.0 as u32, got.origin.1 as u32);
        let (w, h) = got.pixels.dimensions();
        prop_assert!(x + w <= whole.width() && y + h <= whole.height());
        prop_assert_eq!(&got.pixels, &imageops::crop_imm(&whole, x, y, w, h).to_image());
    }

    #[test]
    fn a_reduced_part_has_the_pixels_of_the_reduced_whole(
        region in region(), file in prop::sample::select(vec!["444_q75", "422_q75", "420_q75", "gray_q75"]), reduction in prop::sample::select(vec![2_u32, 4])
    ) {
        let bytes = bytes_of(&format!("jpeg/{file}.jpg"));
        let whole = reduced(&bytes, reduction);
        let output = |side: f64| ((side / f64::from(3 * reduction)) as u32).max(1);
        let [left, top, right, bottom] = region;
        let got = part(&bytes, RegionRequest { region, output: (output(right - left), output(bottom - top)) });
        if got.scale == reduction {
            let (x, y) = (got.origin.0 as u32 / reduction, got.origin.1 as u32 / reduction);
            let (w, h) = got.pixels.dimensions();
            prop_assert_eq!(&got.pixels, &imageops::crop_imm(&whole.pixels, x, y, w, h).to_image());
        }
    }

    /// All that the kernel reads is there: the result is that of the whole picture.
    #[test]
    fn resizing_a_part_is_resizing_the_whole(
        region in region(), size in 8_u32..120, exif in prop::sample::select(&ORIENTED), cubic: bool
    ) {
        let bytes = bytes_of(&format!("decode/jpeg_exif{exif}.jpg"));
        let how = if cubic { Interpolation::Bicubic } else { Interpolation::Bilinear };
        let whole = decode(&bytes, &Limits::default(), [0; 3]).unwrap();
        let got = part(&bytes, RegionRequest { region, output: (size, size) });
        prop_assert_eq!(got.full, whole.dimensions());
        if got.scale == 1 {
            let expected = tl_image::resize_box(&whole, region, size, size, how);
            prop_assert!(differences(&got.resize(region, size, size, how), &expected).1 <= 1);
        }
    }
}

#[test]
fn what_lies_behind_the_part_is_read_unless_the_picture_was_checked() {
    let bytes = bytes_of("jpeg/420_q75.jpg");
    let mut broken = bytes.clone();
    let tail = broken.len() * 7 / 8;
    // A code of ones only, which no Huffman table has: T.81, annex C.
    broken[tail..tail + 40].copy_from_slice(&[0xff, 0].repeat(20));
    let wanted = RegionRequest { region: [0.0, 0.0, 90.0, 20.0], output: (60, 20) };
    let decoded = |bytes: &[u8], checked| {
        let limits = Limits { checked, ..Limits::default() };
        tl_image::decode_part(bytes, &limits, [0; 3], |_| wanted)
    };
    assert!(decoded(&broken, false).is_err());
    assert_eq!(decoded(&broken, true).unwrap(), decoded(&bytes, false).unwrap());
}

/// Mean and largest difference.
fn differences(a: &RgbImage, b: &RgbImage) -> (f64, u8) {
    assert_eq!(a.dimensions(), b.dimensions());
    let each = || a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
    (each().map(f64::from).sum::<f64>() / a.len() as f64, each().max().unwrap_or(0))
}

/// Reduced pixels are means of squares, so what changes is the kernel's shape a little. Measured here, where 3 to 4
/// reduced pixels are left for each of output: 0.22 to 0.47 in the mean, 4 at most. Of 100 larger pictures (500 x 375,
/// with noise) the mean is 0.28, 0.58 in the worst, and the largest difference 11 of 255. With 2 reduced pixels left it
/// would be 0.6, 1.6 and 15.
#[test]
fn what_reducing_changes_is_small() {
    for (file, side, scale) in
        [("photo_420", 40, 2), ("photo_420", 30, 2), ("photo_420", 20, 4), ("photo_420", 10, 8)]
    {
        let bytes = bytes_of(&format!("jpeg/{file}.jpg"));
        let whole = decode(&bytes, &Limits::default(), [0; 3]).unwrap();
        let region = [0.0, 0.0, f64::from(whole.width()), f64::from(whole.height())];
        for how in [Interpolation::Bilinear, Interpolation::Bicubic] {
            let got = part(&bytes, RegionRequest { region, output: (side, side) });
            assert_eq!(got.scale, scale, "{side}");
            let expected = tl_image::resize_box(&whole, region, side, side, how);
            let (mean, largest) = differences(&got.resize(region, side, side, how), &expected);
            assert!(mean <= 0.5 && largest <= 5, "{side} {how}: mean {mean:.3}, largest {largest}");
        }
    }
}

#[test]
fn what_serves_two_views_serves_each_as_alone() {
    let bytes = bytes_of("jpeg/photo_420.jpg");
    let full = decode(&bytes, &Limits::default(), [255; 3]).unwrap();
    let crop = Preprocess { size: 16, ..Preprocess::default() };
    let letterbox = Preprocess { size: 96, mode: ResizeMode::Letterbox, ..Preprocess::default() };
    let both = |full| crop.wanted(full).and(&letterbox.wanted(full));
    let cutout = decode_part(&bytes, &Limits::default(), [255; 3], both).unwrap();
    let alone = decode_part(&bytes, &Limits::default(), [255; 3], |full| crop.wanted(full)).unwrap();
    assert_eq!((alone.scale, cutout.scale), (4, 1), "the finer of the two decides");
    for view in [crop, letterbox] {
        assert_eq!(view.picture_of(&cutout), view.picture(&full));
    }
}
