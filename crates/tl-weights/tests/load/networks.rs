//! Published keys into a network of the table.

use burn::tensor::Device;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use tl_backbones::{Architecture, checkpoint_shapes, mobilenet_v3_small};
use tl_weights::{WeightsError, load_backbone, load_backbone_bytes};

use crate::tiny::values;

/// The published checkpoint of a network, every value a half, in f16.
fn halves(architecture: &Architecture, prefix: &str) -> Vec<u8> {
    let shapes = checkpoint_shapes(&architecture.init(&Device::flex()));
    let published: BTreeMap<String, Vec<usize>> =
        shapes.iter().map(|(key, shape)| architecture.published(key, shape)).collect();
    let longest = published.values().map(|shape| shape.iter().product::<usize>()).max().unwrap();
    let half = burn::tensor::f16::from_f32(0.5).to_le_bytes().repeat(longest);
    let tensors = published.into_iter().map(|(key, shape)| {
        let bytes = 2 * shape.iter().product::<usize>();
        (format!("{prefix}{key}"), TensorView::new(Dtype::F16, shape, &half[..bytes]).unwrap())
    });
    safetensors::serialize(tensors, None).unwrap()
}

#[test]
fn torchvisions_keys_and_its_linear_layer_for_a_convolution_are_taken() {
    let architecture = mobilenet_v3_small();
    let mut backbone = architecture.init(&Device::flex());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    std::fs::write(&file, halves(&architecture, "")).unwrap();
    let report = load_backbone(&architecture, &mut backbone, &file).unwrap();
    assert_eq!(report.to_string(), "210 tensors matched");
    assert!(report.matched.contains(&"classifier.0.weight".to_owned()));
    assert!(values(&backbone).values().flatten().all(|value| *value == 0.5));
}

#[test]
fn the_backbone_of_a_model_file_is_taken() {
    let architecture = mobilenet_v3_small();
    let mut backbone = architecture.init(&Device::flex());
    let file = halves(&architecture, "backbone.");
    let report = load_backbone_bytes(&architecture, &mut backbone, &file).unwrap();
    assert_eq!(report.matched.len(), 210);
}

#[test]
fn a_head_of_another_class_count_is_left_out_and_said_so() {
    let architecture = mobilenet_v3_small();
    let ten = architecture.with_classes(10);
    let mut backbone = ten.init(&Device::flex());
    let before = values(&backbone);
    let report = load_backbone_bytes(&ten, &mut backbone, &halves(&architecture, "")).unwrap();
    assert_eq!(
        report.to_string(),
        "208 tensors matched; the head is left out (`classifier.3.bias`, `classifier.3.weight`): it is for 1000 \
         classes, not 10"
    );
    let after = values(&backbone);
    for key in ["classifier.weight", "classifier.bias"] {
        assert_eq!(after[key], before[key]);
    }
    assert!(after["conv_stem.weight"].iter().all(|value| *value == 0.5));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let architecture = mobilenet_v3_small();
    let file = std::path::Path::new("/no/such/weights.pth");
    let error = load_backbone(&architecture, &mut architecture.init(&Device::flex()), file).unwrap_err();
    assert!(matches!(error, WeightsError::Read { .. }));
    assert!(error.to_string().starts_with("/no/such/weights.pth: "));
}

#[cfg(unix)]
#[test]
fn a_device_that_never_ends_is_refused() {
    let architecture = mobilenet_v3_small();
    let file = std::path::Path::new("/dev/zero");
    let error = load_backbone(&architecture, &mut architecture.init(&Device::flex()), file).unwrap_err();
    assert!(matches!(error, WeightsError::Format { .. }), "{error:?}");
}
