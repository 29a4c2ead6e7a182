//! EfficientNet-Lite0 with its published weights against timm, stage by stage: `xtask/reference/efficientnet_lite.py`.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use std::path::Path;
use tl_backbones::Backbone;

/// Measured: at most 3.2e-6 of a stage's largest value; the reference's own f32 differs from its f64 by up to 5e-6.
const TOLERANCE: f32 = 1e-5;
const PICTURES: [&str; 3] = ["chelsea", "coffee", "rocket"];
const STAGES: [&str; 9] =
    ["stem", "stage0", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "conv_head"];

fn backbone() -> Backbone {
    let mut backbone = tl_backbones::efficientnet_lite0().init(&Device::flex());
    let loaded = tl_weights::find("efficientnet_lite0").unwrap().load(&mut backbone).unwrap();
    assert_eq!(loaded.report.unexpected, Vec::<String>::new());
    backbone
}

fn image_bchw(name: &str) -> Tensor<4> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}_224.png"));
    let pixels = image::open(path).unwrap().to_rgb8();
    let value =
        |i: usize| (f32::from(pixels.as_raw()[(i % (224 * 224)) * 3 + i / (224 * 224)]) / 255.0 - 0.5) / 0.5;
    let values: Vec<f32> = (0..3 * 224 * 224).map(value).collect();
    Tensor::from_data(TensorData::new(values, [1, 3, 224, 224]), &Device::flex())
}

fn golden(tensors: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let bytes = tensors.tensor(name).unwrap();
    bytes.data().as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

/// The reference script's rule: about 1,024 values, in steps that share no factor with a width.
fn sampled(values: &[f32]) -> Vec<f32> {
    let step =
        (1..).map(|i| i + (values.len() / 1024).max(1) - 1).find(|k| k % 2 != 0 && k % 7 != 0).unwrap();
    values.iter().copied().step_by(step).collect()
}

/// Largest difference over the largest reference value.
fn error(actual: &[f32], expected: &[f32], largest: f32) -> f32 {
    assert_eq!(actual.len(), expected.len());
    actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

fn statistics(values: &[f32]) -> [f32; 3] {
    let n = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
    [mean as f32, variance.sqrt() as f32, values.iter().fold(0.0, |most, v| v.abs().max(most))]
}

#[test]
fn every_stage_the_features_and_the_logits_are_those_of_timm() {
    let backbone = backbone();
    let file = include_bytes!("golden/efficientnet_lite0.safetensors");
    let tensors = SafeTensors::deserialize(file).unwrap();
    for picture in PICTURES {
        let mut maps_bchw = image_bchw(picture);
        for (index, stage) in STAGES.iter().enumerate() {
            maps_bchw = backbone.forward_stages(index..index + 1, maps_bchw);
            let values: Vec<f32> = maps_bchw.to_data().iter().collect();
            let statistics_expected = golden(&tensors, &format!("{picture}.{stage}.stats"));
            let largest = statistics_expected[2];
            let samples = golden(&tensors, &format!("{picture}.{stage}"));
            let off = error(&sampled(&values), &samples, largest);
            let off_statistics = error(&statistics(&values), &statistics_expected, largest);
            println!("{picture} {stage}: {off:.1e}, statistics {off_statistics:.1e}");
            assert!(
                off < TOLERANCE && off_statistics < TOLERANCE,
                "{picture} {stage}: {off} {off_statistics}"
            );
        }
        let features_bd = backbone.pool(maps_bchw.clone());
        let logits_bk = backbone.classify(maps_bchw);
        for (stage, tensor) in [("pooled", features_bd), ("logits", logits_bk)] {
            let values: Vec<f32> = tensor.into_data().iter().collect();
            let expected = golden(&tensors, &format!("{picture}.{stage}"));
            let off = error(&values, &expected, statistics(&expected)[2]);
            println!("{picture} {stage}: {off:.1e}");
            assert!(off < TOLERANCE, "{picture} {stage}: {off}");
        }
    }
}

#[test]
fn a_boundary_anywhere_leaves_the_features_as_they_are() {
    let backbone = backbone();
    let image_bchw = image_bchw("coffee").slice([0..1, 0..3, 0..97, 0..131]);
    let whole: Vec<f32> = backbone.features(image_bchw.clone()).into_data().iter().collect();
    for boundary in 0..=backbone.end().0 {
        let prefix = backbone.forward_stages(0..boundary, image_bchw.clone());
        let rest = backbone.pool(backbone.forward_stages(boundary..backbone.end().0, prefix));
        assert_eq!(rest.into_data().iter::<f32>().collect::<Vec<_>>(), whole, "boundary {boundary}");
    }
}
