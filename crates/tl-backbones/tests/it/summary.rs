//! Shapes, parameters and multiply-adds against the references', which `xtask/reference/complexity.py` counted.

use burn::tensor::{Device, Tensor};
use serde_json::Value;
use std::path::Path;
use tl_backbones::{
    ARCHITECTURES, Architecture, densenet121, inception_v3_aux, resnet50, summary, summary_at,
};

use crate::small;

fn references() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/complexity.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_variant_has_the_parameters_and_multiply_adds_of_its_reference() {
    let references = references();
    for row in ARCHITECTURES {
        let (expected, actual) = (&references[row.name], summary(row));
        assert_eq!(expected["input_size"], row.input_size, "{}", row.name);
        assert_eq!(expected["parameters"], actual.parameters, "{}", row.name);
        assert_eq!(expected["multiply_adds"], actual.multiply_adds, "{}", row.name);
    }
}

#[test]
fn what_torchvision_publishes_is_what_is_counted() {
    let (references, mut published) = (references(), 0);
    for row in ARCHITECTURES {
        let (expected, actual) = (&references[row.name]["published"], summary(row));
        if expected.is_object() {
            let gigaops = format!("{:.3}", actual.multiply_adds as f64 / 1e9);
            assert_eq!(expected["num_params"], actual.parameters, "{}", row.name);
            assert_eq!(format!("{:.3}", expected["gigaops"].as_f64().unwrap()), gigaops, "{}", row.name);
            published += 1;
        }
    }
    let all = references.as_object().unwrap().values().filter(|row| row["published"].is_object()).count();
    assert!(published == all && published > 20, "{published} of {all}");
}

#[test]
fn stages_and_head_add_up_but_for_the_auxiliary_head_of_inception() {
    for row in ARCHITECTURES {
        let summary = summary(row);
        let operations: u64 = summary.stages.iter().map(|stage| stage.multiply_adds).sum();
        assert_eq!(operations + summary.head.multiply_adds, summary.multiply_adds, "{}", row.name);
        let auxiliary = if *row == inception_v3_aux() { 3_326_696 } else { 0 };
        assert_eq!(summary.auxiliary_parameters(), auxiliary, "{}", row.name);
    }
}

#[test]
fn the_shapes_are_those_of_the_maps_of_images() {
    for row in small() {
        let side = row.smallest_input.max(40);
        check_shapes(&row, [side, side]);
        check_shapes(&row, [side + 23, side + 12]);
    }
}

fn check_shapes(row: &Architecture, [height, width]: [usize; 2]) {
    let device = Device::flex();
    let maps = row.init(&device).maps(Tensor::zeros([1, 3, height, width], &device));
    let summary = summary_at(row, [height, width]).unwrap();
    let expected: Vec<[usize; 4]> = maps.iter().map(Tensor::dims).collect();
    let actual: Vec<[usize; 4]> =
        summary.stages.iter().map(|s| [1, s.output[0], s.output[1], s.output[2]]).collect();
    assert_eq!(actual, expected, "{} at {height}x{width}", row.name);
}

#[test]
fn stages_of_resnet50_have_the_shapes_of_its_papers_table_1_and_torchvisions_parameters() {
    let summary = summary(&resnet50());
    let stages: Vec<_> = summary.stages.iter().map(|s| (s.name.as_str(), s.output, s.parameters)).collect();
    let expected = [
        ("conv1", [64, 56, 56], 9_536),
        ("layer1", [256, 56, 56], 215_808),
        ("layer2", [512, 28, 28], 1_219_584),
        ("layer3", [1024, 14, 14], 7_098_368),
        ("layer4", [2048, 7, 7], 14_964_736),
    ];
    assert_eq!(stages, expected);
    assert_eq!(
        (summary.head.classes, summary.head.parameters, summary.head.multiply_adds),
        (1000, 2_049_000, 2_048_000)
    );
}

#[test]
fn other_channels_and_classes_change_the_ends_only() {
    let (plain, changed) = (summary(&resnet50()), summary(&resnet50().with_channels(1).with_classes(10)));
    assert_eq!(changed.input, [1, 224, 224]);
    assert_eq!(plain.stages[0].parameters - changed.stages[0].parameters, 2 * 64 * 49);
    assert_eq!(plain.stages[1..], changed.stages[1..]);
    assert_eq!((changed.head.classes, changed.head.parameters), (10, 20_490));
}

#[test]
fn images_below_the_smallest_are_refused_by_size() {
    let error = summary_at(&densenet121(), [64, 28]).unwrap_err();
    assert_eq!(error.to_string(), "densenet121 needs images of at least 29x29 pixels, not 64x28");
    for row in ARCHITECTURES {
        assert!(summary_at(row, [row.smallest_input; 2]).is_ok(), "{}", row.name);
    }
}
