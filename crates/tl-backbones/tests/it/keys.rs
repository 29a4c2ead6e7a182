//! Names and shapes of parameters against the reference's state dict.

use burn::tensor::Device;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tl_backbones::{ARCHITECTURES, checkpoint_shapes};

use crate::golden::path;

#[test]
fn every_variant_has_the_keys_and_shapes_of_the_published_checkpoint() {
    let known: Value = serde_json::from_slice(&std::fs::read(path("keys.json")).unwrap()).unwrap();
    for row in ARCHITECTURES {
        let shapes = checkpoint_shapes(&row.init(&Device::flex()));
        let mut lines: Vec<String> =
            shapes.iter().map(|(key, shape)| line(row.published(key, shape))).collect();
        lines.sort();
        let expected = &known[row.name];
        let ends = |lines: &[String]| lines.iter().map(|line| Value::from(line.as_str())).collect::<Vec<_>>();
        assert_eq!(Value::from(ends(&lines[..3])), expected["first"], "{}", row.name);
        assert_eq!(Value::from(ends(&lines[lines.len() - 3..])), expected["last"], "{}", row.name);
        assert_eq!(Value::from(lines.len()), expected["tensors"], "{}", row.name);
        assert_eq!(Value::from(sha256(&lines.join("\n"))), expected["sha256"], "{}: {lines:#?}", row.name);
    }
}

fn line((key, shape): (String, Vec<usize>)) -> String {
    let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("{key} {}", shape.join("x"))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
