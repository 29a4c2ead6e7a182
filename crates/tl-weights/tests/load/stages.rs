//! What a model file keeps of a network.

use burn::tensor::Device;
use tl_backbones::{efficientnet_lite0, mobilenet_v3_small};
use tl_weights::{load_backbone_bytes, load_stages, stage_tensors};

use crate::tiny::values;

#[test]
fn stages_come_back_to_the_bit_and_the_head_is_left_alone() {
    let device = Device::flex();
    let (from, mut to) = (mobilenet_v3_small().init(&device), mobilenet_v3_small().init(&device));
    let own_head = values(&to)["classifier.weight"].clone();
    let tensors = stage_tensors(&from).into_iter().map(|(key, tensor)| (format!("backbone.{key}"), tensor));
    let bytes = safetensors::serialize(tensors, None).unwrap();
    let report = load_stages(&mut to, &bytes).unwrap();
    assert_eq!(report.unexpected, Vec::<String>::new());
    let (from, to) = (values(&from), values(&to));
    for (key, expected) in &from {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&to[key]) == bits(expected), !key.starts_with("classifier."), "{key}");
    }
    assert_eq!(to["classifier.weight"], own_head);
}

#[test]
fn weights_published_in_half_precision_stay_that_small() {
    let mut backbone = efficientnet_lite0().init(&Device::flex());
    let embedded = tl_weights::find("efficientnet_lite0").unwrap();
    embedded.load(&mut backbone).unwrap();
    let bytes = safetensors::serialize(stage_tensors(&backbone), None).unwrap();
    // The head of 1,000 classes on 1,280 features is 2.6 MB of the published file.
    assert!((bytes.len() as u64) < embedded.bytes - 2_500_000, "{}", bytes.len());
}

#[test]
fn a_file_that_ends_at_the_last_stage_loads_and_is_said_to_have_no_head() {
    let architecture = efficientnet_lite0();
    let bytes = safetensors::serialize(stage_tensors(&architecture.init(&Device::flex())), None).unwrap();
    let mut backbone = architecture.init(&Device::flex());
    let report = load_backbone_bytes(&architecture, &mut backbone, &bytes).unwrap();
    assert!(report.headless);
    assert!(report.to_string().ends_with("tensors matched; the file has no head"), "{report}");
}
