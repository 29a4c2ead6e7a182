use burn::tensor::{Device, Tensor};
use tl_backbones::{Architecture, Backbone, Boundary, checkpoint_shapes};
use tl_graph::{Graph, Provenance, Shape, capture, fold_batch_norm, fuse};

use crate::formula::{filled, images, values};
use crate::{assert_near, keys};

/// Of a tensor's largest value.
const TOLERANCE: f32 = 1e-5;

/// One or two variants of every family, and a size of pictures that does not take long.
fn rows() -> [(Architecture, usize); 12] {
    [
        (tl_backbones::densenet121(), 32),
        (tl_backbones::efficientnet_b0(), 33),
        (tl_backbones::efficientnet_lite0(), 32),
        (tl_backbones::inception_v3(), 75),
        (tl_backbones::inception_v3_aux(), 75),
        (tl_backbones::mobilenet_v2(), 32),
        (tl_backbones::mobilenetv1_100(), 32),
        (tl_backbones::mobilenetv3_small_100(), 47),
        (tl_backbones::resnet18(), 40),
        (tl_backbones::resnext50_32x4d(), 32),
        (tl_backbones::vgg11_bn(), 32),
        (tl_backbones::xception(), 40),
    ]
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
fn a_graph_gives_what_its_network_gives() {
    let device = Device::flex();
    for (row, size) in rows() {
        let backbone = filled(&row, &device);
        let images_bchw = images([1, 3, size, size], &device);
        let pixels: Vec<f32> = images_bchw.to_data().iter().collect();
        let graph = captured(&backbone, size);
        let passed = fuse(fold_batch_norm(graph.clone()).unwrap()).unwrap();
        let maps_bchw = backbone.forward_stages(0..Boundary(2).0, images_bchw.clone());
        let expected: [Vec<f32>; 3] = [
            maps_bchw.into_data().iter().collect(),
            backbone.features(images_bchw.clone()).into_data().iter().collect(),
            backbone.logits(images_bchw).into_data().iter().collect(),
        ];
        let (plain, passed) = (graph.interpret(&[&pixels]).unwrap(), passed.interpret(&[&pixels]).unwrap());
        for (i, output) in graph.outputs().iter().enumerate() {
            let what = format!("{} {}", row.name, output.name);
            assert_near(&plain[i], &expected[i], TOLERANCE, &what);
            assert_near(&passed[i], &expected[i], TOLERANCE, &format!("{what}, fused"));
        }
    }
}

#[test]
fn every_constant_is_the_checkpoints_tensor_of_its_key() {
    let device = Device::flex();
    for (row, size) in rows() {
        let backbone = filled(&row, &device);
        let shapes = checkpoint_shapes(&backbone);
        let graph = captured(&backbone, size);
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
        let passed = fuse(fold_batch_norm(graph).unwrap()).unwrap();
        let mut derived = passed.constants().flat_map(|constant| constant.provenance().keys());
        assert!(derived.all(|key| shapes.contains_key(key)), "{}", row.name);
    }
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
