//! What only Inception-v3 has: the auxiliary head, and a conversion of the input.

use burn::tensor::{Device, Tensor};
use tl_backbones::{Backbone, inception_v3, inception_v3_aux};

use crate::formula::{filled, images};
use crate::golden::Golden;

const MIXED_6: usize = 4;

#[test]
fn the_auxiliary_head_computes_what_torchvisions_does() {
    let golden = Golden::read("inception_v3_aux").unwrap();
    let device = Device::flex();
    let backbone = filled(&inception_v3_aux(), &device);
    let maps_bchw = backbone.forward_stages(0..MIXED_6, images(golden.shape(), &device));
    let Backbone::Inception(network) = &backbone else { panic!("not Inception") };
    let error = golden.error("auxiliary", network.auxiliary(maps_bchw).unwrap()).unwrap();
    println!("auxiliary {error:.1e}");
    assert!(error <= 1e-4, "{error:e}");
}

#[test]
fn without_the_auxiliary_head_there_are_no_auxiliary_logits() {
    let device = Device::flex();
    let Backbone::Inception(network) = inception_v3().init(&device) else { panic!("not Inception") };
    assert!(network.auxiliary(Tensor::zeros([1, 768, 17, 17], &device)).is_none());
}

#[test]
fn transform_input_turns_imagenets_normalisation_into_that_of_0_5() {
    let device = Device::flex();
    let pixels_bchw = (images([1, 3, 75, 75], &device) + 2.0) / 4.0;
    let normalised = |mean: [f32; 3], std: [f32; 3]| {
        let channel = |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
        (pixels_bchw.clone() - channel(mean)) / channel(std)
    };
    let converting = filled(&inception_v3_aux(), &device);
    let plain = filled(&inception_v3(), &device);
    let actual_bd = converting.features(normalised([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));
    let expected_bd = plain.features(normalised([0.5; 3], [0.5; 3]));
    let error = (actual_bd - expected_bd.clone()).abs().max() / expected_bd.abs().max();
    assert!(error.into_scalar::<f32>() < 1e-5);
}
