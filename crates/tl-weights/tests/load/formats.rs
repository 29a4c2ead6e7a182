//! Files that PyTorch wrote.

use burn::tensor::bf16;
use std::collections::BTreeMap;
use tl_weights::WeightsError;

use crate::tiny::{SHAPES, expected, golden, load, tiny, values};

const FILES: [&str; 8] = [
    "zip.pth",
    "legacy.pth",
    "tar.pth",
    "wrapped.pth",
    "bf16.pth",
    "f64.safetensors",
    "f32.safetensors",
    "f16.safetensors",
];

#[test]
fn every_format_gives_the_same_values() {
    for name in FILES {
        let mut network = tiny();
        let report = load(&mut network, &golden(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(values(&network), rounded(name), "{name}");
        assert_eq!(report.matched, SHAPES.map(|(key, _)| key), "{name}");
        assert_eq!(report.unexpected, Vec::<String>::new(), "{name}");
        assert_eq!(report.dropped_head, None);
    }
}

/// bf16 has 8 bits of precision: from 4 on, 1/64 is lost.
fn rounded(name: &str) -> BTreeMap<String, Vec<f32>> {
    let mut expected = expected();
    if name.starts_with("bf16") {
        for value in expected.values_mut().flatten() {
            *value = bf16::from_f32(*value).to_f32();
        }
    }
    expected
}

#[test]
fn counters_of_batches_are_ignored() {
    let report = load(&mut tiny(), &golden("zip.pth")).unwrap();
    assert_eq!(report.ignored, ["bn.num_batches_tracked"]);
}

#[test]
fn files_of_no_format_are_said_to_be_none() {
    let files: [&[u8]; 5] = [b"", b"x", b"<!DOCTYPE html><html>", b"GIF89a          ", &[0; 600]];
    for file in files {
        assert!(matches!(load(&mut tiny(), file), Err(WeightsError::Format { .. })), "{file:?}");
    }
}
