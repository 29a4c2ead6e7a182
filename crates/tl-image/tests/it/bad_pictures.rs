//! Every file that is not a usable picture is named with its reason, and none is half decoded.

use std::path::Path;

use tl_image::{Limits, PictureError, decode, read_header};

/// The pictures of the golden decoding test: every format, 16 bits, palettes, CMYK, progressive, all orientations.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decode");
    let mut seeds: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".expected.png"))
        .filter(|path| path.extension().is_some_and(|ending| ending != "json"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 25);
    seeds
}

fn seed(name: &str) -> Vec<u8> {
    seeds().into_iter().find(|(found, _)| found == name).unwrap().1
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0\0\0\0\0");
    bytes
}

fn jpeg_header(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xc0\0\x11\x08".to_vec();
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9");
    bytes
}

fn bmp_header(width: i32, height: i32) -> Vec<u8> {
    let mut bytes = b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\x01\0\x18\0");
    bytes.resize(54, 0);
    bytes
}

fn gif_header(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(b"\0\0\0;");
    bytes
}

#[test]
fn what_is_not_a_picture_is_named() {
    let too_wide = "its header says 65535 x 65535 pixels, the limit is 16384 a side";
    let jpeg = seed("jpeg_rgb.jpg");
    let mut two_components = jpeg_header(8, 8);
    two_components[11] = 2;
    for (name, bytes, message) in [
        ("empty", vec![], "the file is empty"),
        ("text", b"hello, world".to_vec(), "not a picture (it is text)"),
        ("zeros", vec![0; 100], "not a picture (it starts with the bytes 00 00 00 00 00 00 00 00)"),
        ("start of a jpeg", jpeg[..4].to_vec(), "ends too early (truncated after 4 bytes)"),
        ("half a jpeg", jpeg[..jpeg.len() / 2].to_vec(), ""),
        ("huge png", png_header(65_535, 65_535), too_wide),
        ("huge jpeg", jpeg_header(65_535, 65_535), too_wide),
        ("huge bmp", bmp_header(65_535, 65_535), too_wide),
        ("huge gif", gif_header(65_535, 65_535), too_wide),
        ("flat png", png_header(0, 9), "corrupt (its header says 0 x 9 pixels)"),
        (
            "large png",
            png_header(16_000, 16_000),
            "its header says 16000 x 16000 pixels, the limit is 178,956,970 in all",
        ),
        (
            "two components",
            two_components,
            "uses a feature that is not supported (2 colour components), convert it to JPEG or PNG",
        ),
    ] {
        let limits = Limits::default();
        let reason = read_header(&bytes, &limits).unwrap_err();
        let message = match message {
            "" => format!("ends too early (truncated after {} bytes)", bytes.len()),
            message => message.to_string(),
        };
        assert_eq!(reason.to_string(), message, "{name}");
        assert_eq!(decode(&bytes, &limits, [0; 3]), Err(reason), "{name}");
    }
}

#[test]
fn memory_is_bounded_before_it_is_taken() {
    let limits = Limits { alloc: 4_000, ..Limits::default() };
    for (name, needed) in
        [("jpeg_rgb.jpg", "4,608"), ("jpeg_progressive.jpg", "13,824"), ("png_rgb16.png", "9,216")]
    {
        let reason = decode(&seed(name), &limits, [0; 3]).unwrap_err();
        let message = format!("decoding it takes {needed} bytes of memory, the limit is 4,000");
        assert_eq!(reason.to_string(), message, "{name}");
    }
}

/// A file cut anywhere is named as such or, when only what follows the first picture is missing, decoded in full.
#[test]
fn a_truncated_picture_is_never_half_decoded() {
    let limits = Limits::default();
    for (name, bytes) in seeds() {
        let whole = decode(&bytes, &limits, [255; 3]).unwrap();
        for length in 0..bytes.len() {
            match decode(&bytes[..length], &limits, [255; 3]) {
                Ok(picture) => assert_eq!(picture, whole, "{name} cut to {length} of {} bytes", bytes.len()),
                Err(PictureError::Empty) => assert_eq!(length, 0, "{name}"),
                Err(PictureError::NotAPicture { .. }) => assert!(length < 12, "{name} cut to {length}"),
                Err(reason) => assert_eq!(reason, PictureError::Truncated { bytes: length as u64 }, "{name}"),
            }
        }
    }
}

#[test]
fn a_truncated_jpeg_png_or_webp_is_named_by_the_scan() {
    for (name, bytes) in seeds() {
        if [".jpg", ".png", ".webp"].iter().any(|ending| name.ends_with(ending)) {
            for length in (12..bytes.len() - 1).step_by(37) {
                let reason = read_header(&bytes[..length], &Limits::default()).unwrap_err();
                assert_eq!(reason, PictureError::Truncated { bytes: length as u64 }, "{name}");
            }
        }
    }
}

/// The rest of a damaged JPEG is gray in most viewers. Here it is an error.
#[test]
fn a_jpeg_overwritten_in_the_middle_is_corrupt() {
    for name in ["jpeg_rgb.jpg", "jpeg_progressive.jpg"] {
        let mut bytes = seed(name);
        let middle = bytes.len() * 3 / 4;
        // A code of ones only, which no Huffman table has: T.81, annex C.
        bytes[middle..middle + 40].copy_from_slice(&[0xff, 0].repeat(20));
        let reason = decode(&bytes, &Limits::default(), [0; 3]).unwrap_err();
        assert!(reason.to_string().starts_with("corrupt ("), "{name}: {reason}");
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut random = 1_u64;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    // Small, so that a damaged size does not cost minutes.
    let limits = Limits { alloc: 1 << 20, ..Limits::default() };
    let rounds = std::env::var("TL_DAMAGE_ROUNDS").map_or(100, |text| text.parse().unwrap());
    for (name, bytes) in seeds() {
        for _ in 0..rounds {
            let mut damaged = bytes.clone();
            for _ in 0..=next(4) {
                let at = next(damaged.len());
                damaged[at] = next(256) as u8;
            }
            if let Err(reason) = decode(&damaged, &limits, [0; 3]) {
                assert!(!reason.to_string().is_empty(), "{name}");
            }
        }
    }
}
