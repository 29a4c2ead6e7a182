//! Compiled networks against the burn modules they come from.

use burn::tensor::{Device, Tensor};
use std::num::NonZeroUsize;
use tl_backbones::{ARCHITECTURES, Architecture, Backbone, Boundary};
use tl_frozen::{Output, Plan};

use crate::formula::{filled, images};

/// Of a tensor's largest value. Measured: at most 4.8e-5, torchvision's MobileNet v3 large, and 6.4e-6 for all others.
const TOLERANCE: f32 = 1e-4;
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// An odd rectangle, not smaller than the network allows.
fn size(row: &Architecture) -> [usize; 2] {
    [row.smallest_input.max(83), row.smallest_input.max(107)]
}

fn expected(backbone: &Backbone, output: Output, images_bchw: Tensor<4>) -> Vec<f32> {
    match output {
        Output::Features => backbone.features(images_bchw).into_data().iter().collect(),
        Output::Logits => backbone.logits(images_bchw).into_data().iter().collect(),
        Output::Maps(boundary) => {
            backbone.forward_stages(0..boundary.0, images_bchw).into_data().iter().collect()
        }
    }
}

/// Largest difference over the largest expected value.
fn error(actual: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / largest
}

#[test]
fn every_architecture_gives_what_its_module_gives() {
    let device = Device::flex();
    for row in ARCHITECTURES {
        let [height, width] = size(row);
        let backbone = filled(row, &device);
        let images_bchw = images([2, 3, height, width], &device);
        let pixels: Vec<f32> = images_bchw.to_data().iter().collect();
        let end = backbone.end();
        let boundaries = (0..=end.0).filter(|stage| stage % 3 == 1 || *stage == end.0);
        let outputs = boundaries.map(|stage| Output::Maps(Boundary(stage)));
        for output in outputs.chain([Output::Features, Output::Logits]) {
            let plan = Plan::compile(&backbone, output, [3, height, width]).unwrap();
            let actual = plan.run(&pixels, TWO);
            let error = error(actual.values(), &expected(&backbone, output, images_bchw.clone()));
            println!("{} {output:?}: {error:.1e}", row.name);
            assert!(error < TOLERANCE, "{} {output:?}: {error}", row.name);
        }
    }
}

#[test]
fn neither_threads_nor_other_pictures_change_a_bit() {
    let device = Device::flex();
    for row in [tl_backbones::efficientnet_b0(), tl_backbones::resnext50_32x4d()] {
        let backbone = filled(&row, &device);
        let plan = Plan::compile(&backbone, Output::Features, [3, 75, 64]).unwrap();
        let pixels: Vec<f32> = images([5, 3, 75, 64], &device).into_data().iter().collect();
        let together = plan.run(&pixels, NonZeroUsize::MIN);
        for threads in [2, 3, 4, 7] {
            let threads = NonZeroUsize::new(threads).unwrap();
            assert_eq!(plan.run(&pixels, threads), together, "{} {threads} threads", row.name);
            for (image, row) in pixels.chunks(3 * 75 * 64).zip(together.iter_rows()) {
                assert_eq!(plan.run(image, threads).values(), row, "{threads} threads, alone");
            }
        }
    }
}

#[test]
fn no_pictures_give_no_rows() {
    let backbone = tl_backbones::mobilenetv2_050().init(&Device::flex());
    let plan = Plan::compile(&backbone, Output::Features, [3, 32, 32]).unwrap();
    assert_eq!(plan.run(&[], TWO).rows(), 0);
}

#[test]
fn images_of_other_channels_work() {
    let device = Device::flex();
    let row = tl_backbones::mobilenetv3_small_100().with_channels(1);
    let backbone = filled(&row, &device);
    let images_bchw = images([1, 1, 64, 48], &device);
    let pixels: Vec<f32> = images_bchw.to_data().iter().collect();
    let plan = Plan::compile(&backbone, Output::Logits, [1, 64, 48]).unwrap();
    let error = error(plan.run(&pixels, TWO).values(), &expected(&backbone, Output::Logits, images_bchw));
    assert!(error < TOLERANCE, "{error}");
}
