//! Random graphs of one or a few nodes against loops over pixels, on every instruction set of the machine.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use proptest::prelude::*;
use std::num::NonZeroUsize;
use tl_backbones::ARCHITECTURES;
use tl_simd::bf16;

use super::Plan;
use super::execution_graph::{Conv, Epilogue, ExecutionGraph, Kind, Node, ScaleShift, Shape, Windows};
use super::quantize::Target;
use crate::kernels::{Activation, Format, Isa, Join, Reduce, Tiling};
use crate::{Arithmetic, Output, Precision, Ranges};

/// Measured: at most 4e-6 of the largest value.
const TOLERANCE: f32 = 2e-5;

/// Numbers in -1..1, the same for the same seed.
fn values(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn activate(activation: Activation, x: f32) -> f32 {
    let hard = |alpha: f32, beta: f32| (alpha * x + beta).clamp(0.0, 1.0);
    match activation {
        Activation::Clamp { low, high } => x.clamp(low, high),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::HardSigmoid { alpha, beta } => hard(alpha, beta),
        Activation::HardSwish { alpha, beta } => x * hard(alpha, beta),
    }
}

fn activation_node(input: usize, shape: Shape, first: Activation) -> Node {
    let epilogue = Epilogue { first, ..Epilogue::NONE };
    Node { epilogue, ..Node::new(Kind::Each(None), vec![input], shape) }
}

/// One convolution, channel by channel, zeros outside.
fn naive(conv: &Conv, image_chw: &[f32], from: Shape, to: Shape) -> Vec<f32> {
    let (of_group, outputs) = (from.channels / conv.groups, to.channels / conv.groups);
    let mut out = Vec::new();
    for o in 0..to.channels {
        for y in 0..to.height {
            for x in 0..to.width {
                let mut sum = f64::from(conv.bias[o]);
                for c in 0..of_group {
                    for ky in 0..conv.kernel[0] {
                        for kx in 0..conv.kernel[1] {
                            let iy =
                                (y * conv.stride[0] + ky * conv.dilation[0]).wrapping_sub(conv.padding[0]);
                            let ix =
                                (x * conv.stride[1] + kx * conv.dilation[1]).wrapping_sub(conv.padding[1]);
                            if iy < from.height && ix < from.width {
                                let channel = o / outputs * of_group + c;
                                let value = image_chw[(channel * from.height + iy) * from.width + ix];
                                let at = ((o * of_group + c) * conv.kernel[0] + ky) * conv.kernel[1] + kx;
                                sum += f64::from(value) * f64::from(conv.weights[at]);
                            }
                        }
                    }
                }
                out.push(sum as f32);
            }
        }
    }
    out
}

fn check(graph: impl Fn() -> ExecutionGraph, image: Shape, image_chw: &[f32], expected: &[f32]) {
    let largest = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
    for isa in Isa::all() {
        let plan = Plan::build(isa, graph(), image.len(), Target::F32).unwrap();
        for threads in [1, 3] {
            let actual = plan.run(image_chw, NonZeroUsize::new(threads).unwrap());
            assert_eq!(actual.columns(), expected.len());
            for (i, (a, b)) in actual.values().iter().zip(expected).enumerate() {
                assert!((a - b).abs() <= TOLERANCE * largest, "{isa:?}, {threads} threads, {i}: {a} {b}");
            }
        }
    }
}

fn activations() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::NONE),
        Just(Activation::RELU),
        Just(Activation::Clamp { low: 0.0, high: 6.0 }),
        Just(Activation::Silu),
        Just(Activation::Sigmoid),
        Just(Activation::HardSwish { alpha: 1.0 / 6.0, beta: 0.5 }),
    ]
}

/// A convolution whose filter fits: channels per group in and out, groups, sizes.
fn convolutions() -> impl Strategy<Value = (Conv, Shape, Shape)> {
    let channels = prop_oneof![
        (1..40_usize, 1..70_usize, Just(1_usize)),
        (1..6_usize, 1..6_usize, 2..9_usize),
        (Just(1_usize), Just(1_usize), 2..70_usize),
        Just((512, 40, 1)),
    ];
    let kernel = (1..6_usize, 1..4_usize, 1..3_usize, 1..3_usize, 1..3_usize, 1..3_usize);
    let place = (0..3_usize, 0..3_usize, 1..18_usize, 1..33_usize, 0..3_usize, any::<u32>());
    (channels, kernel, place).prop_map(|(channels, kernel, place)| {
        let (inputs, outputs, groups) = channels;
        let (ky, kx, sy, sx, dy, dx) = kernel;
        let (top, left, height, width, behind, seed) = place;
        let (seen_y, seen_x) = ((ky - 1) * dy + 1, (kx - 1) * dx + 1);
        let (height, width) = (height.max(seen_y), width.max(seen_x));
        let count = |size: usize, before: usize, seen: usize, stride: usize| {
            (size + before + behind - seen) / stride + 1
        };
        // Sums of about one, so that errors of sums are errors of what becomes of them.
        let scale = ((inputs * ky * kx) as f32).sqrt().recip();
        let weights = values(seed, groups * outputs * inputs * ky * kx);
        let conv = Conv {
            weights: weights.into_iter().map(|weight| weight * scale).collect(),
            bias: values(seed ^ 1, groups * outputs),
            kernel: [ky, kx],
            stride: [sy, sx],
            padding: [top, left],
            dilation: [dy, dx],
            groups,
            tiling: None,
            format: Format::F32,
        };
        let from = Shape { channels: groups * inputs, height, width };
        let (height, width) = (count(height, top, seen_y, sy), count(width, left, seen_x, sx));
        (conv, from, Shape { channels: groups * outputs, height, width })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_is_the_naive_one((conv, from, to) in convolutions(), first in activations(), last in activations(), joined in 0..3_usize) {
        let image_chw = values(7, from.len());
        let mut expected = naive(&conv, &image_chw, from, to);
        for value in &mut expected {
            let plain = *value;
            *value = match joined {
                0 => activate(first, plain),
                1 => activate(last, activate(first, plain) + plain),
                _ => activate(last, activate(first, plain) * plain),
            };
        }
        // The maps that are joined in are the same convolution, without an epilogue.
        let graph = || {
            let join = [None, Some((Join::Add, 1)), Some((Join::Multiply, 1))][joined];
            let last = if joined == 0 { Activation::NONE } else { last };
            let node = |epilogue| Node { epilogue, ..Node::new(Kind::Conv(conv.clone()), vec![0], to) };
            let nodes = vec![
                Node::new(Kind::Image, Vec::new(), from),
                node(Epilogue::NONE),
                node(Epilogue { first, join, last }),
            ];
            ExecutionGraph { nodes, output: 2 }
        };
        check(graph, from, &image_chw, &expected);
    }

    #[test]
    fn a_product_of_narrow_numbers_is_that_of_rounded_factors((conv, from, to) in convolutions(), signed in any::<bool>(), bytes in any::<bool>(), first in activations()) {
        let image_chw: Vec<f32> =
            values(7, from.len()).into_iter().map(|value| if signed { value } else { value.abs() }).collect();
        let range = if signed { [-1.0, 1.0] } else { [0.0, 1.0] };
        let ranges = [range; 3];
        let (format, target) = if bytes && to.height * to.width > 1 {
            (Format::int8(range), Target::Int8(&ranges))
        } else {
            (Format::Bf16, Target::Bf16)
        };
        let rounded: Vec<f32> = image_chw.iter().map(|&value| rounded(value, format)).collect();
        let expected: Vec<f32> =
            naive(&rounded_weights(&conv, format), &rounded, from, to).into_iter().map(|x| activate(first, x)).collect();
        let largest = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        let depthwise = conv.is_depthwise(to.channels);
        for isa in Isa::all().into_iter().filter(|isa| isa.multiplies(format) && !depthwise) {
            // A picture itself is not rounded to bytes.
            let epilogue = Epilogue { first, ..Epilogue::NONE };
            let nodes = vec![
                Node::new(Kind::Image, Vec::new(), from),
                activation_node(0, from, Activation::NONE),
                Node { epilogue, ..Node::new(Kind::Conv(conv.clone()), vec![1], to) },
            ];
            let plan = Plan::build(isa, ExecutionGraph { nodes, output: 2 }, from.len(), target).unwrap();
            let last = plan.steps.last().unwrap().kernel.name();
            prop_assert!(last.ends_with("bf16") || last.ends_with("int8") || last == "vector", "{last}");
            for threads in [1, 3] {
                let actual = plan.run(&image_chw, NonZeroUsize::new(threads).unwrap());
                for (i, (a, b)) in actual.values().iter().zip(&expected).enumerate() {
                    prop_assert!((a - b).abs() <= TOLERANCE * largest, "{isa:?}, {format:?}, {threads} threads, {i}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn what_convolutions_round_themselves_is_what_would_be_rounded((conv, from, to) in convolutions(), bytes in any::<bool>(), low in -2..1_i8, seed in any::<u32>()) {
        // What is no product takes floats as they are, or rounded, and so differs.
        prop_assume!(!conv.is_depthwise(to.channels));
        let next = Conv { weights: values(seed, to.channels * 20), bias: values(seed ^ 1, 20), ..Conv::pointwise(Vec::new(), Vec::new()) };
        let ranges = [[f32::from(low), 1.5]; 4];
        let target = if bytes { Target::Int8(&ranges) } else { Target::Bf16 };
        let graph = |isa| {
            let epilogue = Epilogue { first: Activation::Clamp { low: f32::from(low), high: 1.0 }, ..Epilogue::NONE };
            let shape = Shape { channels: 20, ..to };
            let nodes = vec![
                Node::new(Kind::Image, Vec::new(), from),
                activation_node(0, from, Activation::NONE),
                Node { epilogue, ..Node::new(Kind::Conv(conv.clone()), vec![1], to) },
                Node::new(Kind::Conv(next.clone()), vec![2], shape),
            ];
            super::quantize::quantize(ExecutionGraph { nodes, output: 3 }, isa, target)
        };
        let image_chw = values(7, from.len());
        for isa in Isa::all() {
            let apart = Plan::placed(isa, &graph(isa), from.len()).unwrap();
            let mut merged = graph(isa);
            super::quantize::merge(&mut merged);
            let merged = Plan::placed(isa, &merged, from.len()).unwrap();
            let run = |plan: &Plan| plan.run(&image_chw, NonZeroUsize::MIN).values().to_vec();
            let roundings = |plan: &Plan| plan.steps.iter().filter(|step| step.kernel.name() == "rounding").count();
            // Both readers' outputs are as large; a lane that is not filled is left to a step of its own.
            let numbers = if bytes && to.height * to.width > 1 { 4 } else { 2 };
            let narrow = isa.multiplies(if numbers == 4 { Format::int8(ranges[0]) } else { Format::Bf16 });
            let whole = [from, to].into_iter().filter(|shape| shape.channels.is_multiple_of(numbers)).count();
            prop_assert_eq!(roundings(&apart) - roundings(&merged), if narrow { whole } else { 0 });
            prop_assert_eq!(run(&apart), run(&merged));
        }
    }

    #[test]
    fn winograds_convolution_is_the_naive_one(inputs in 1..40_usize, outputs in 1..70_usize, height in 3..20_usize, width in 3..33_usize, padding in 0..3_usize, four in any::<bool>(), first in activations(), joined in any::<bool>(), seed in any::<u32>()) {
        let scale = ((inputs * 9) as f32).sqrt().recip();
        let weights = values(seed, outputs * inputs * 9).into_iter().map(|weight| weight * scale).collect();
        let one = [1, 1];
        let direct = Conv {
            weights,
            bias: values(seed ^ 1, outputs),
            kernel: [3, 3],
            stride: one,
            padding: [padding; 2],
            dilation: one,
            groups: 1,
            tiling: None,
            format: Format::F32,
        };
        let from = Shape { channels: inputs, height, width };
        let to = Shape { channels: outputs, height: height + 2 * padding - 2, width: width + 2 * padding - 2 };
        let image_chw = values(7, from.len());
        let plain = naive(&direct, &image_chw, from, to);
        let last = Activation::RELU;
        let expected: Vec<f32> = if joined {
            plain.iter().map(|&plain| activate(last, activate(first, plain) + plain)).collect()
        } else {
            plain.iter().map(|&plain| activate(first, plain)).collect()
        };
        let tiling = if four { Tiling::Four } else { Tiling::Two };
        let graph = || {
            let node = |tiling, epilogue| {
                let conv = Conv { tiling, ..direct.clone() };
                Node { epilogue, ..Node::new(Kind::Conv(conv), vec![0], to) }
            };
            let join = joined.then_some((Join::Add, 1));
            let epilogue = Epilogue { first, join, last: if joined { last } else { Activation::NONE } };
            let nodes = vec![
                Node::new(Kind::Image, Vec::new(), from),
                node(None, Epilogue::NONE),
                node(Some(tiling), epilogue),
            ];
            ExecutionGraph { nodes, output: 2 }
        };
        check(graph, from, &image_chw, &expected);
    }

    #[test]
    fn scales_joins_and_concatenations_are_what_they_say(channels in 1..40_usize, height in 1..9_usize, width in 1..20_usize, activation in activations(), seed in any::<u32>()) {
        let shape = Shape { channels, height, width };
        let both = Shape { channels: 2 * channels, ..shape };
        let image_chw = values(seed, shape.len());
        let (scale, shift) = (values(seed ^ 1, channels), values(seed ^ 2, channels));
        let plane = height * width;
        let scaled = |i: usize| activate(activation, image_chw[i] * scale[i / plane] + shift[i / plane]);
        let mean = |c: usize| image_chw[c * plane..(c + 1) * plane].iter().sum::<f32>() / plane as f32;
        let first = (0..shape.len()).map(scaled);
        let second = (0..shape.len()).map(|i| image_chw[i] * mean(i / plane));
        let expected: Vec<f32> = first.chain(second).collect();
        let graph = || {
            let vector = Shape { height: 1, width: 1, ..shape };
            let each = ScaleShift { scale: scale.clone(), shift: shift.clone() };
            let epilogue = Epilogue { first: activation, ..Epilogue::NONE };
            let windows = Windows {
                rows: tl_graph::adaptive_windows(height, 1),
                columns: tl_graph::adaptive_windows(width, 1),
                reduce: Reduce::Mean(None),
            };
            let nodes = vec![
                Node::new(Kind::Image, Vec::new(), shape),
                Node { epilogue, ..Node::new(Kind::Each(Some(each)), vec![0], shape) },
                Node::new(Kind::Pool(windows), vec![0], vector),
                Node { epilogue: Epilogue { join: Some((Join::Multiply, 2)), ..Epilogue::NONE }, ..Node::new(Kind::Each(None), vec![0], shape) },
                Node::new(Kind::Concat, vec![1, 3], both),
            ];
            ExecutionGraph { nodes, output: 4 }
        };
        check(graph, shape, &image_chw, &expected);
    }
}

/// What a product of this format sees of a value.
fn rounded(value: f32, format: Format) -> f32 {
    match format {
        Format::F32 => value,
        Format::Bf16 => f32::from_bits(u32::from(bf16(value)) << 16),
        Format::Int8 { scale, zero } => {
            let zero = f32::from(zero);
            ((value / scale + zero).round_ties_even().clamp(0.0, 255.0) - zero) * scale
        }
    }
}

fn rounded_weights(conv: &Conv, format: Format) -> Conv {
    let of_output = conv.weights.len() / conv.bias.len();
    let weights = conv.weights.chunks(of_output).flat_map(|weights| {
        let largest = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
        let step = largest / 127.0;
        let round = move |&weight: &f32| match format {
            Format::Int8 { .. } => (weight / step).round_ties_even() * step,
            _ => rounded(weight, format),
        };
        weights.iter().map(round)
    });
    Conv { weights: weights.collect(), ..conv.clone() }
}

fn compiled(isa: Isa, arithmetic: &Arithmetic, backbone: &tl_backbones::Backbone) -> Plan {
    Plan::compile_for(isa, arithmetic, backbone, Output::Features, [3, 75, 64]).unwrap()
}

#[test]
fn whole_networks_in_narrow_numbers_are_near_those_in_floats() {
    let device = burn::tensor::Device::flex();
    let image_chw = values(3, 3 * 75 * 64);
    let seen = values(4, 2 * 3 * 96 * 96);
    let rows = [tl_backbones::mobilenetv2_050(), tl_backbones::resnet50(), tl_backbones::resnext50_32x4d()];
    for row in rows.into_iter().chain([tl_backbones::densenet121()]) {
        let backbone = row.init(&device);
        // The size of the pictures does not matter.
        let ranges = Ranges::measure(&backbone, Output::Features, &seen, 96).unwrap();
        let int8 = Arithmetic::Int8(std::sync::Arc::new(ranges));
        for isa in Isa::all() {
            let run = |arithmetic: &Arithmetic| {
                let plan = compiled(isa, arithmetic, &backbone);
                plan.run(&image_chw, NonZeroUsize::MIN).values().to_vec()
            };
            let floats = run(&Arithmetic::F32);
            let length = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>().sqrt();
            for (arithmetic, most) in [(&Arithmetic::Bf16, 0.02), (&int8, 0.1)] {
                let narrow = run(arithmetic);
                let error = length(&mut narrow.iter().zip(&floats).map(|(a, b)| a - b))
                    / length(&mut floats.iter().copied());
                let same = !isa.multiplies(arithmetic.precision().format());
                assert!(
                    error < most && (error == 0.0) == same,
                    "{} {isa:?} {}: {error}",
                    row.name,
                    arithmetic.precision()
                );
            }
        }
    }
}

#[test]
fn pictures_that_share_a_thread_have_the_bits_of_lone_ones() {
    let device = burn::tensor::Device::flex();
    let backbone = tl_backbones::resnet50().init(&device);
    let images_bchw = values(5, 5 * 3 * 75 * 64);
    for isa in Isa::all() {
        for arithmetic in [Arithmetic::F32, Arithmetic::Bf16] {
            let plan = compiled(isa, &arithmetic, &backbone);
            assert!(plan.heavy < plan.steps.len());
            let together = plan.run(&images_bchw, NonZeroUsize::MIN);
            for (i, image_chw) in images_bchw.chunks(3 * 75 * 64).enumerate() {
                for threads in [1, 2] {
                    let alone = plan.run(image_chw, NonZeroUsize::new(threads).unwrap());
                    assert!(alone.row(0) == together.row(i), "{isa:?} {arithmetic:?}, picture {i}");
                }
            }
        }
    }
}

#[test]
fn whole_networks_agree_on_every_instruction_set() {
    let device = burn::tensor::Device::flex();
    let image_chw = values(3, 3 * 75 * 64);
    for row in [tl_backbones::efficientnet_b0(), tl_backbones::resnet18(), tl_backbones::densenet121()] {
        let backbone = row.init(&device);
        let features = |isa| {
            let plan = compiled(isa, &Arithmetic::F32, &backbone);
            plan.run(&image_chw, NonZeroUsize::MIN)
        };
        let portable = features(Isa::PORTABLE);
        let largest = portable.values().iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        for isa in Isa::all() {
            let features = features(isa);
            let different = features.values().iter().zip(portable.values()).map(|(a, b)| (a - b).abs());
            let error = different.fold(0.0, f32::max) / largest;
            assert!(error < TOLERANCE, "{} {isa:?}: {error}", row.name);
        }
    }
}

/// The same zero for every value, so that large networks are made and recorded at once.
struct Hollow;

impl ModuleMapper for Hollow {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let zero = Tensor::<D>::zeros([1; D], &param.lazy_device());
        Param::initialized(param.id, zero.expand(param.lazy_shape()))
    }
}

#[test]
fn no_backbone_of_the_catalogue_falls_back_to_burns_own_operations() {
    for row in ARCHITECTURES {
        let backbone = row.init(&Device::flex()).map(&mut Hollow);
        let image_chw = [row.channels, row.input_size, row.input_size];
        // Pooling and what follows it are compiled by the test against the modules, and depend on no size.
        let output = Output::Maps(backbone.end());
        let graph = crate::network::capture(&backbone, output, image_chw).unwrap();
        let network = super::Network::new(Isa::PORTABLE, Precision::F32, graph);
        assert!(network.is_ok(), "{}: {}", row.name, network.err().unwrap());
    }
}
