//! Compiled networks against the burn modules they come from.

use burn::tensor::{Device, Tensor};
use std::num::NonZeroUsize;
use tl_backbones::{ARCHITECTURES, Architecture, Backbone, Boundary};
use tl_frozen::{Arithmetic, NotCompiled, Output, Plan, Ranges};
use tl_graph::{
    Activation, Builder, Constant, Conv2d, Graph, NodeId, Operation, Padding, Pool, Provenance, Reduction,
    Shape,
};

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

#[test]
fn operations_without_a_kernel_are_named_with_their_cost() {
    let mut builder = Graph::builder();
    let mut node = builder.input("image", Shape::new([3, 4, 4])).unwrap();
    let weight = Constant::new(Shape::new([3, 3, 1, 1]), vec![1.0; 9], Provenance::Code).unwrap();
    let conv = Conv2d {
        weight,
        bias: None,
        stride: [1, 1],
        padding: Padding::default(),
        dilation: [1, 1],
        groups: 1,
    };
    node = builder.add(Operation::Conv2d(conv), &[node]).unwrap();
    for axis in [1, 2, 0, 0] {
        let sum = Operation::Reduce { reduction: Reduction::Sum, axes: vec![axis] };
        node = builder.add(sum, &[node]).unwrap();
    }
    builder.output("output", node).unwrap();
    let reason = Plan::of_graph(builder.finish().unwrap(), &Arithmetic::F32).unwrap_err();
    assert_eq!(
        NotCompiled { reason }.to_string(),
        "there is no kernel for 4 operations: reduce_sum `reduce_sum_2`, reduce_sum `reduce_sum_3`, reduce_sum \
         `reduce_sum_4` and others; so all 1 million multiply-adds a picture are computed by burn's own \
         operations, which take about 6 times as long"
    );
}

#[test]
fn what_has_no_kernel_is_named() {
    let graph = |operation: Operation| {
        let mut builder = Graph::builder();
        let image = builder.input("image", Shape::new([3, 4, 4])).unwrap();
        let node = builder.add(operation, &[image]).unwrap();
        builder.output("output", node).unwrap();
        builder.finish().unwrap()
    };
    let constant = || Constant::vector(vec![1.0; 4], Provenance::Code);
    let sum = Operation::Reduce { reduction: Reduction::Sum, axes: vec![1] };
    let rows = Operation::ScaleShift { axis: 1, scale: constant(), shift: constant() };
    let columns = Operation::Slice { axis: 2, start: 0, end: 2 };
    for (operation, expected) in [
        (sum, "there is no kernel for reduce_sum `reduce_sum_1`"),
        (rows, "there is no kernel for scale_shift `scale_shift_1` along another axis than the channels"),
        (columns, "there is no kernel for slice `slice_1` along another axis than the channels"),
    ] {
        let reason = Plan::of_graph(graph(operation), &Arithmetic::F32).unwrap_err();
        assert_eq!(reason.to_string(), expected);
    }
}

#[test]
fn ranges_are_numbered_as_in_model_files_of_before() {
    // Nodes of a network as they were first recorded, those that steps store, and the sum of their numbers.
    for (row, expected) in [
        (tl_backbones::efficientnet_lite0(), [143, 51, 3617]),
        (tl_backbones::mobilenetv3_small_100(), [186, 71, 6428]),
        (tl_backbones::resnet18(), [69, 23, 773]),
        (tl_backbones::densenet121(), [427, 246, 52442]),
    ] {
        let device = Device::flex();
        let pixels: Vec<f32> = images([1, 3, 32, 32], &device).into_data().iter().collect();
        let ranges = Ranges::measure(&filled(&row, &device), Output::Features, &pixels, 32).unwrap();
        let stored = ranges.values.iter().enumerate().filter(|(_, range)| **range != [0.0; 2]);
        let stored: Vec<usize> = stored.map(|(number, _)| number).collect();
        let actual = [ranges.values.len(), stored.len(), stored.iter().sum()];
        assert_eq!(actual, expected, "{}", row.name);
    }
}

#[test]
fn several_inputs_or_outputs_are_refused() {
    let refused = |more: fn(&mut Builder, NodeId)| {
        let mut builder = Graph::builder();
        let image = builder.input("image", Shape::new([3, 4, 4])).unwrap();
        builder.output("output", image).unwrap();
        more(&mut builder, image);
        Plan::of_graph(builder.finish().unwrap(), &Arithmetic::F32).unwrap_err().to_string()
    };
    let inputs = refused(|builder, _| {
        builder.input("another", Shape::new([3, 4, 4])).unwrap();
    });
    assert_eq!(inputs, "the graph has 2 inputs and 1 outputs, a plan has one of each");
    let outputs = refused(|builder, image| builder.output("again", image).unwrap());
    assert_eq!(outputs, "the graph has 1 inputs and 2 outputs, a plan has one of each");
}

#[test]
fn an_output_that_is_not_last_and_windows_beyond_the_maps_are_compiled() {
    let mut builder = Graph::builder();
    let image = builder.input("image", Shape::new([3, 8, 6])).unwrap();
    let pool = Pool { kernel: [3, 3], stride: [2, 2], padding: [0, 0], ceil_mode: true };
    let pooled = builder.add(Operation::MaxPool(pool), &[image]).unwrap();
    builder.output("pooled", pooled).unwrap();
    builder.add(Operation::Activation(Activation::Relu), &[pooled]).unwrap();
    let graph = builder.finish().unwrap();
    let pixels: Vec<f32> = (0..3 * 8 * 6).map(|i| (i * 37 % 101) as f32).collect();
    let expected = graph.interpret(&[&pixels]).unwrap();
    let plan = Plan::of_graph(graph, &Arithmetic::F32).unwrap();
    assert_eq!(plan.run(&pixels, TWO).values(), expected[0]);
}
