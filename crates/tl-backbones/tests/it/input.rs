//! Images of other sizes and other numbers of channels.

use burn::tensor::{Device, Tensor};

use crate::formula::{filled, images};
use crate::small;

#[test]
fn a_grey_image_and_a_doubled_one_give_what_the_image_gives_as_rgb() {
    let device = Device::flex();
    for row in small() {
        let rgb = filled(&row, &device);
        let side = row.smallest_input.max(32);
        let images_bchw = images([1, 3, side, side], &device);
        let grey_bchw = images([1, 1, side, side], &device);
        let cases = [
            (1, grey_bchw.clone().repeat_dim(1, 3), grey_bchw),
            (6, images_bchw.clone(), images_bchw.repeat_dim(1, 2)),
        ];
        for (channels, as_rgb, as_given) in cases {
            let expected_bd = rgb.features(as_rgb);
            let actual_bd = rgb.clone().with_input_channels(channels).features(as_given);
            let error = largest(actual_bd - expected_bd.clone()) / largest(expected_bd);
            assert!(error < 1e-5, "{} with {channels} channels is off by {error:e}", row.name);
        }
    }
}

#[test]
fn every_family_takes_its_smallest_image_with_any_number_of_channels() {
    let device = Device::flex();
    for row in small() {
        for channels in [1, 4] {
            let images_bchw = Tensor::ones([1, channels, row.smallest_input, row.smallest_input], &device);
            let features_bd = row.with_channels(channels).init(&device).features(images_bchw);
            assert_eq!(features_bd.dims(), [1, row.features], "{}", row.name);
        }
    }
}

fn largest<const D: usize>(tensor: Tensor<D>) -> f32 {
    tensor.abs().max().into_scalar::<f32>()
}
