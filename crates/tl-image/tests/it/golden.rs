//! Pixels compared with Pillow's, stored in `tests/golden` (made by `xtask/reference`).

use std::path::{Path, PathBuf};

use image::RgbImage;
use serde_json::Value;
use tl_image::{Interpolation, Limits, decode, read_header, resize};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn cases(folder: &Path) -> Vec<Value> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let cases = index["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap()
}

fn expected(path: &Path) -> RgbImage {
    image::open(path).unwrap().into_rgb8()
}

fn largest_difference(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// Equal in every value, but for the one size at which Pillow 13, which made the pictures, begins with rows.
#[test]
fn resizing_is_pillows_to_the_bit_where_it_begins_with_columns() {
    let folder = folder("resize");
    for case in cases(&folder) {
        let source = expected(&folder.join(text(&case, "source")));
        let side = |name: &str| u32::try_from(case[name].as_u64().unwrap()).unwrap();
        let how: Interpolation = text(&case, "filter").parse().unwrap();
        let got = resize(&source, side("width"), side("height"), how);
        let difference = largest_difference(&got, &expected(&folder.join(text(&case, "file"))));
        let rows_first = text(&case, "file").starts_with("src_97x131__64x64__");
        assert!(difference <= u8::from(rows_first), "{}: {difference}", text(&case, "file"));
    }
}

/// Lossless formats, transparency and 16 bits included, are exact; so are our own decoders of JPEG, and image-webp does not
/// differ from libwebp.
#[test]
fn decoding_agrees_with_pillow() {
    let folder = folder("decode");
    for case in cases(&folder) {
        let name = text(&case, "name");
        let bytes = std::fs::read(folder.join(text(&case, "file"))).unwrap();
        let limits = Limits::default();
        let got = decode(&bytes, &limits, [255; 3]).unwrap();
        assert_eq!(read_header(&bytes, &limits).unwrap().upright_size(), got.dimensions(), "{name}");
        let difference = largest_difference(&got, &expected(&folder.join(text(&case, "expected"))));
        assert_eq!(difference, 0, "{name}");
    }
}
