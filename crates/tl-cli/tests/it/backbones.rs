//! `tl backbones`: the table and one network stage by stage.

use serde_json::Value;

use crate::program::{tl, tl_ok};

#[test]
fn every_network_is_a_row_with_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let table = tl_ok(folder.path(), &["backbones"]).stdout;
    // A heading and a footnote.
    assert_eq!(table.lines().count(), tl_backbones::ARCHITECTURES.len() + 2);
    let row = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        row("resnet50 "),
        "resnet50 25.6 M 4.089 224 2048 5 tv_in1k 76.1, tv2_in1k 80.9, a1_in1k 80.4 Apache-2.0, BSD-3-Clause"
    );
    assert_eq!(
        row("efficientnet_lite0 "),
        "efficientnet_lite0 4.7 M 0.385 224 1280 9 in1k*, pip_in1k Apache-2.0"
    );
}

#[test]
fn one_network_is_described_stage_by_stage_at_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let lines = tl_ok(folder.path(), &["backbones", "resnet18"]).stdout;
    assert!(lines.contains("\nlayer4  512 x 7 x 7    8,393,728"), "{lines}");
    let json = tl_ok(folder.path(), &["backbones", "resnet18", "--size", "320", "--json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["stages"][4]["output"], serde_json::json!([512, 10, 10]));
    assert_eq!(json["parameters"], 11_689_512);
}

#[test]
fn a_network_that_is_not_there_or_a_picture_too_small_for_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let ended = tl(folder.path(), &["backbones", "resnet5"]);
    assert_eq!(ended.stderr, "error: there is no backbone named `resnet5`\nhint: did you mean `resnet50`?\n");
    let ended = tl(folder.path(), &["backbones", "vgg16", "--size", "31"]);
    assert_eq!(ended.stderr, "error: vgg16 needs images of at least 32x32 pixels, not 31x31\n");
}
