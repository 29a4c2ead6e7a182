use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;
use tl_backbones::{ARCHITECTURES, Architecture, Backbone, checkpoint_shapes};
use tl_graph::{Graph, Provenance, Shape, capture, fold_batch_norm, fuse};

use crate::formula::{filled, images, values};
use crate::{assert_near, keys};

/// Of a tensor's largest value.
const TOLERANCE: f32 = 1e-5;

/// Variants that repeat the blocks of smaller ones, or widen them, and take long for it.
const LARGE: [&str; 11] = [
    "resnet101",
    "resnet152",
    "resnext101_32x8d",
    "wide_resnet50_2",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "efficientnet_lite2",
];

/// Every other network of the catalogue, with an odd size of pictures, as small as it allows.
fn rows() -> impl Iterator<Item = (&'static Architecture, usize)> {
    let rows = ARCHITECTURES.iter().filter(|row| !LARGE.contains(&row.name));
    rows.map(|row| (row, row.smallest_input.max(33)))
}

/// Maps behind the second stage, pooled features and logits of a network.
fn captured(backbone: &Backbone, size: usize) -> Graph {
    let graph = capture(backbone, &keys(backbone), |backbone, capture| {
        let images_bchw = capture.input("image", Shape::new([3, size, size]))?;
        let maps_bchw = backbone.forward_stages(0..2, images_bchw);
        capture.output("maps", maps_bchw.clone())?;
        let maps_bchw = backbone.forward_stages(2..backbone.end().0, maps_bchw);
        capture.output("features", backbone.pool(maps_bchw.clone()))?;
        capture.output("logits", backbone.classify(maps_bchw))
    });
    graph.unwrap()
}

#[test]
fn a_graph_gives_what_its_network_gives_and_has_the_tensors_of_its_checkpoint() {
    let device = Device::flex();
    for (row, size) in rows() {
        let backbone = filled(row, &device);
        let graph = captured(&backbone, size);
        let passed = fuse(fold_batch_norm(graph.clone()).unwrap()).unwrap();
        assert_constants(row, &checkpoint_shapes(&backbone), &graph, &passed);
        let images_bchw = images([1, 3, size, size], &device);
        let pixels: Vec<f32> = images_bchw.to_data().iter().collect();
        let maps_bchw = backbone.forward_stages(0..2, images_bchw);
        let last_bchw = backbone.forward_stages(2..backbone.end().0, maps_bchw.clone());
        let expected: [Vec<f32>; 3] = [
            maps_bchw.into_data().iter().collect(),
            backbone.pool(last_bchw.clone()).into_data().iter().collect(),
            backbone.classify(last_bchw).into_data().iter().collect(),
        ];
        let (plain, passed) = (graph.interpret(&[&pixels]).unwrap(), passed.interpret(&[&pixels]).unwrap());
        for (i, output) in graph.outputs().iter().enumerate() {
            let what = format!("{} {}", row.name, output.name);
            assert_near(&plain[i], &expected[i], TOLERANCE, &what);
            assert_near(&passed[i], &expected[i], TOLERANCE, &format!("{what}, fused"));
        }
    }
}

/// Asserts that every constant is the checkpoint's tensor of its key, and that each of these is there; `passed` has been through passes.
fn assert_constants(
    row: &Architecture,
    shapes: &BTreeMap<String, Vec<usize>>,
    graph: &Graph,
    passed: &Graph,
) {
    let mut found = 0;
    for constant in graph.constants() {
        match constant.provenance() {
            Provenance::Checkpoint(key) => {
                let shape = &shapes[key];
                assert_eq!(constant.shape().axes(), shape.as_slice(), "{} {key}", row.name);
                // Values are drawn by the name under which a tensor was published.
                let (published, published_shape) = row.published(key, shape);
                let expected = values(&published, &published_shape);
                assert!(constant.values()[..] == expected[..], "{} {key}", row.name);
                found += 1;
            }
            // The scale beside a bias, and how Inception-v3 changes the pictures it is given.
            Provenance::Code => {
                let ones = constant.values().iter().all(|&value| value == 1.0);
                assert!(ones || row.name == "inception_v3_aux", "{}: {}", row.name, constant.shape());
            }
            derived => panic!("{}: {derived:?}", row.name),
        }
    }
    let unused = |key: &&String| key.starts_with("AuxLogits.");
    assert_eq!(found, shapes.len() - shapes.keys().filter(unused).count(), "{}", row.name);
    let mut derived = passed.constants().flat_map(|constant| constant.provenance().keys());
    assert!(derived.all(|key| shapes.contains_key(key)), "{}", row.name);
}

#[test]
fn a_graph_does_not_depend_on_the_batch() {
    // The capture sees two pictures, the graph one.
    let device = Device::flex();
    let backbone = filled(&tl_backbones::mobilenetv2_050(), &device);
    let graph = captured(&backbone, 32);
    let input = graph.inputs().next().unwrap();
    assert_eq!((input.name(), input.shape().axes()), ("image", &[3, 32, 32][..]));
    let mixed = capture(&backbone, &keys(&backbone), |_, capture| {
        let images_bchw: Tensor<4> = capture.input("image", Shape::new([3, 4, 4]))?;
        capture.output("mean", images_bchw.mean_dim(0))
    });
    assert_eq!(mixed.unwrap_err().to_string(), "graphs have no MeanDim [1, 3, 4, 4] over pictures");
}
