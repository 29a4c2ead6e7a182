//! The kernels against burn's own operations, with their gradients, over random sizes.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, relu6};
use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;
use tl_simd::Vectors;

use crate::layers::serves;
use crate::{Act, Products, activate, batch_norm, batch_norm_onto, conv2d, max_pool, means, multiply_in};

mod bands;
mod convolutions;
mod elementwise;
mod matrix_registers;
mod naive;
mod pooling;
mod rounding;

/// Largest difference from burn's convolutions, as `differs` tells it; under 3e-6 over 4,000 cases.
const TOLERANCE: f32 = 1e-5;
/// The same for batch normalisation, whose backward pass is another formula; under 5e-6 over 4,000 cases.
const NORM_TOLERANCE: f32 = 2e-5;

fn device() -> Device {
    Device::flex().autodiff()
}

/// Numbers that look random, from -1 to 1.
fn noise<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::from_data(TensorData::new(values, shape), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Largest difference, as a share of the largest value or, where that is more, of half the root of how many terms were summed:
/// random terms usually sum to that, and where they cancel by chance, what is left is the rounding of either order. 0 where unknown.
fn differs(ours: &[f32], theirs: &[f32], terms: usize) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let usual = 0.5 * (terms as f32).sqrt();
    let largest = theirs.iter().fold(usual.max(1e-3), |largest, value| largest.max(value.abs()));
    ours.iter().zip(theirs).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest
}

/// The output, and the gradients of the sum of the output times noise: towards the input, and those that are asked for.
fn run(
    x: &Tensor<4>,
    forward: impl Fn(Tensor<4>) -> Tensor<4>,
    gradients_of: impl Fn(&burn::tensor::Gradients) -> Vec<Vec<f32>>,
) -> Vec<Vec<f32>> {
    assert!(serves(x), "the kernels are not used");
    let x = x.clone().detach().require_grad();
    let y = forward(x.clone());
    // Exact in any format.
    let weights = coarse(noise(y.dims(), 99));
    let gradients = (y.clone() * weights).sum().backward();
    let mut found = vec![values(y), values(x.grad(&gradients).unwrap())];
    found.extend(gradients_of(&gradients));
    found
}

fn of_conv(conv: &Conv2d, x: &Tensor<4>, forward: impl Fn(Tensor<4>) -> Tensor<4>) -> Vec<Vec<f32>> {
    run(x, forward, |gradients| vec![values(conv.weight.val().grad(gradients).unwrap())])
}

#[derive(Debug, Clone)]
struct Case {
    x: [usize; 4],
    outputs: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: PaddingConfig2d,
    groups: usize,
}

fn case() -> impl Strategy<Value = Case> {
    let sizes = (1_usize..6, 1_usize..4, 1_usize..4, 5_usize..24, 5_usize..24);
    let window = (1_usize..6, 1_usize..6, 1_usize..4, 1_usize..4, 0_usize..4, 0_usize..4, any::<bool>());
    (sizes, window).prop_map(|((batch, c, o, height, width), (down, right, sy, sx, pad, groups, same))| {
        // Dense, grouped with several channels each, depthwise, dense with many outputs and channels.
        let (channels, outputs, groups) =
            [(c * 3, o * 5, 1), (c * 2, o * 2, 2), (c * 6, c * 6, c * 6), (c * 17, o * 24, 1)][groups];
        let padding = if same {
            PaddingConfig2d::Same
        } else {
            PaddingConfig2d::Explicit(
                pad.min(down - 1),
                pad.min(right - 1),
                pad.min(down - 1),
                pad.min(right - 1),
            )
        };
        Case {
            x: [batch, channels, height, width],
            outputs,
            kernel: [down, right],
            stride: [sy, sx],
            padding,
            groups,
        }
    })
}

/// The same numbers as multiples of an eighth, which bfloat16 holds exactly.
fn coarse<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    (tensor * 8.0).round() / 8.0
}

impl Case {
    fn conv(&self, weight: impl Fn(Tensor<4>) -> Tensor<4>, seed: u64) -> Conv2d {
        let config = Conv2dConfig::new([self.x[1], self.outputs], self.kernel)
            .with_stride(self.stride)
            .with_padding(self.padding.clone())
            .with_groups(self.groups);
        let mut conv = config.init(&device());
        let shape = [self.outputs, self.x[1] / self.groups, self.kernel[0], self.kernel[1]];
        conv.weight = Param::from_tensor(weight(noise(shape, seed)).require_grad());
        conv
    }

    /// What `of_conv` gives, and how many terms each of its values sums.
    fn terms(&self, values: usize) -> [(&'static str, usize); 3] {
        let window = self.kernel[0] * self.kernel[1];
        let [inputs, outputs] = [self.x[1], self.outputs].map(|channels| channels / self.groups);
        [("y", inputs * window), ("gx", outputs * window), ("gw", values / self.outputs)]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rounded_products_are_those_of_rounded_factors(case in case(), seed: u64) {
        let conv = case.conv(coarse, seed);
        let x = coarse(noise(case.x, seed ^ 7));
        let theirs = of_conv(&conv, &x, |x| conv.forward(x));
        let _rounded = multiply_in(Products::Bf16);
        let ours = of_conv(&conv, &x, |x| conv2d(&conv, x));
        for ((name, terms), (ours, theirs)) in case.terms(theirs[0].len()).iter().zip(ours.iter().zip(&theirs)) {
            let error = differs(ours, theirs, *terms);
            prop_assert!(error < TOLERANCE, "{name} of {case:?} differs by {error}");
        }
    }

    #[test]
    fn convolutions_and_their_gradients_are_burns(case in case(), seed: u64) {
        let conv = case.conv(|weight| weight, seed);
        let x = noise(case.x, seed ^ 7);
        let theirs = of_conv(&conv, &x, |x| conv.forward(x));
        let ours = of_conv(&conv, &x, |x| conv2d(&conv, x));
        for ((name, terms), (ours, theirs)) in case.terms(theirs[0].len()).iter().zip(ours.iter().zip(&theirs)) {
            let error = differs(ours, theirs, *terms);
            prop_assert!(error < TOLERANCE, "{name} of {case:?} differs by {error}");
        }
    }

    #[test]
    fn poolings_that_round_their_sizes_down_or_up_and_their_gradients_are_burns(
        size in (3_usize..12, 3_usize..12), kernel in (1_usize..4, 1_usize..4), stride in (1_usize..4, 1_usize..4),
        padded: bool, ceil_mode: bool, seed: u64,
    ) {
        let padding = |kernel: usize| if padded { kernel / 2 } else { 0 };
        let [down, across] = [padding(kernel.0), padding(kernel.1)];
        let pool = MaxPool2dConfig::new(kernel.into())
            .with_strides(stride.into())
            .with_padding(PaddingConfig2d::Explicit(down, across, down, across))
            .with_ceil_mode(ceil_mode)
            .init();
        let x = noise([2, 3, size.0, size.1], seed);
        let theirs = run(&x, |x| pool.forward(x), |_| Vec::new());
        let ours = run(&x, |x| max_pool(&pool, x), |_| Vec::new());
        prop_assert_eq!(&ours[0], &theirs[0]);
        let error = differs(&ours[1], &theirs[1], 0);
        prop_assert!(error < TOLERANCE, "gx of {size:?} {kernel:?} {stride:?} {ceil_mode} differs by {error}");
    }

    #[test]
    fn normalisation_and_its_gradients_are_burns(
        batch in 2_usize..5, channels in 1_usize..7, side in 1_usize..20, train: bool, act in 0_usize..3, seed: u64,
    ) {
        let act = [Act::None, Act::Relu, Act::Relu6][act];
        let layer = || filled(channels, train, seed);
        let x = noise([batch, channels, side, side + 1], seed ^ 3) * 4.0;
        let of = |layer: &BatchNorm, forward: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            let mut found = run(&x, forward, |gradients| {
                [&layer.gamma, &layer.beta].map(|param| values(param.val().grad(gradients).unwrap())).into()
            });
            found.push(values(layer.running_mean.value_sync()));
            found.push(values(layer.running_var.value_sync()));
            found
        };
        let (mine, burns) = (layer(), layer());
        let theirs = of(&burns, &|x| match act {
            Act::None => burns.forward(x),
            Act::Relu => relu(burns.forward(x)),
            Act::Relu6 => relu6(burns.forward(x)),
        });
        let ours = of(&mine, &|x| batch_norm(&mine, act, x));
        let places = batch * side * (side + 1);
        let named = [("y", 0), ("gx", 0), ("ggamma", places), ("gbeta", places), ("running mean", 0), ("running variance", 0)];
        for ((name, terms), (ours, theirs)) in named.iter().zip(ours.iter().zip(&theirs)) {
            let error = differs(ours, theirs, *terms);
            prop_assert!(error < NORM_TOLERANCE, "{name} of [{batch}, {channels}, {side}] {act:?} {train} differs by {error}");
        }
    }
}

/// Output and gradients of a residual block, whose input is read three times and whose shortcut is pooled.
fn of_block(layers: &(Conv2d, Conv2d, BatchNorm), x: &Tensor<4>, ours: bool, act: Act) -> Vec<Vec<f32>> {
    let (first, second, norm) = layers;
    let pool = MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init();
    let burns = |x: Tensor<4>| {
        let x = pool.forward(relu(first.forward(x)));
        let y = norm.forward(second.forward(x.clone())) + x.clone();
        let y = if act == Act::Relu { relu(y) } else { y };
        y * x.mean_dim(3).mean_dim(2)
    };
    let mine = |x: Tensor<4>| {
        let x = max_pool(&pool, activate(Act::Relu, conv2d(first, x)));
        let y = batch_norm_onto(norm, act, conv2d(second, x.clone()), x.clone());
        y * means(x)
    };
    let forward: &dyn Fn(Tensor<4>) -> Tensor<4> = if ours { &mine } else { &burns };
    run(x, forward, |gradients| {
        let bias = first.bias.as_ref().unwrap().val();
        vec![
            values(first.weight.val().grad(gradients).unwrap()),
            values(bias.grad(gradients).unwrap()),
            values(second.weight.val().grad(gradients).unwrap()),
            values(norm.gamma.val().grad(gradients).unwrap()),
            values(norm.beta.val().grad(gradients).unwrap()),
        ]
    })
}

#[test]
fn a_residual_block_and_its_gradients_are_burns() {
    for (seed, (channels, act)) in [(1, Act::Relu), (20, Act::None), (48, Act::Relu)].into_iter().enumerate()
    {
        let conv = |from: usize| {
            let config = Conv2dConfig::new([from, channels], [3, 3])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
            config.init(&device())
        };
        let x = noise([3, 5, 13, 17], seed as u64 + 40);
        // Statistics follow what the layer sees, so each way has its own.
        let layers = || (conv(5), conv(channels), filled(channels, true, seed as u64));
        let (mine, mut burns) = (layers(), layers());
        (burns.0, burns.1) = (mine.0.clone(), mine.1.clone());
        let (ours, theirs) = (of_block(&mine, &x, true, act), of_block(&burns, &x, false, act));
        let names = ["y", "gx", "first weights", "bias", "second weights", "ggamma", "gbeta"];
        for (name, (ours, theirs)) in names.iter().zip(ours.iter().zip(&theirs)) {
            // Means scale what is summed here, so that no sum is as large as its number of terms tells.
            let error = differs(ours, theirs, 0);
            assert!(error < NORM_TOLERANCE, "{name} of {channels} channels differs by {error}");
        }
    }
}

/// A layer whose numbers are not those it begins with.
fn filled(channels: usize, train: bool, seed: u64) -> BatchNorm {
    let mut layer = BatchNormConfig::new(channels).init(&device());
    layer.gamma = Param::from_tensor((noise([channels], seed ^ 1) + 1.5).detach().require_grad());
    layer.beta = Param::from_tensor(noise([channels], seed ^ 2).require_grad());
    layer.running_mean.update(noise([channels], seed ^ 4));
    layer.running_var.update(noise([channels], seed ^ 5) + 1.5);
    layer.running_mean.value_sync();
    layer.running_var.value_sync();
    if train {
        layer
    } else {
        let training = layer.training.clone().with_value(false);
        BatchNorm { training, ..layer }
    }
}

/// The losses of ten steps of gradient descent on two convolutions with a norm and a shortcut.
fn losses(mut convs: [Conv2d; 2], norm: &BatchNorm, ours: bool) -> Vec<f32> {
    let x = noise([4, 5, 12, 12], 3);
    let mut step = || {
        let [first, second] = &convs;
        let y = if ours {
            let y = conv2d(first, x.clone());
            batch_norm_onto(norm, Act::Relu, conv2d(second, y.clone()), y)
        } else {
            let y = first.forward(x.clone());
            relu(norm.forward(second.forward(y.clone())) + y)
        };
        let loss = (y - 1.0).powi_scalar(2).mean();
        let gradients = loss.clone().backward();
        for conv in &mut convs {
            let weight = conv.weight.val();
            let moved = weight.clone().inner() - weight.grad(&gradients).unwrap() * 0.05;
            conv.weight = Param::from_tensor(Tensor::from_inner(moved).require_grad());
        }
        loss.into_scalar::<f32>()
    };
    (0..10).map(|_| step()).collect()
}

#[test]
fn ten_steps_lose_what_burns_lose() {
    let config =
        |from| Conv2dConfig::new([from, 20], [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    let convs = [5, 20].map(|from| config(from).init(&device()));
    let ours = losses(convs.clone(), &filled(20, true, 6), true);
    let burns = losses(convs, &filled(20, true, 6), false);
    assert!(ours[9] < ours[0], "{ours:?}");
    // What training with the kernels has to keep to; sums in another order differ by less.
    let apart = ours.iter().zip(&burns).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(apart < 1e-4, "{apart}");
}

/// Central differences, in the one case that is small enough for f32 to be exact about.
#[test]
fn gradients_are_slopes() {
    let conv = Conv2dConfig::new([1, 1], [3, 3]).with_padding(PaddingConfig2d::Same).init(&device());
    let layer = filled(1, true, 5);
    let loss = |x: Tensor<4>| batch_norm(&layer, Act::Relu6, conv2d(&conv, x)).powi_scalar(2).sum();
    let x = noise([2, 1, 4, 4], 11).require_grad();
    let gradient = values(x.grad(&loss(x.clone()).backward()).unwrap());
    let step = 1e-2;
    for index in [0, 5, 17, 31] {
        let moved = |by: f32| {
            let mut at = values(x.clone());
            at[index] += by;
            loss(Tensor::from_data(TensorData::new(at, [2, 1, 4, 4]), &device())).into_scalar::<f32>()
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * step);
        let scale = gradient.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
        assert!((slope - gradient[index]).abs() < 0.02 * scale, "{index}: {slope}, {}", gradient[index]);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let kinds = [(6, 10, 1), (32, 40, 1), (24, 24, 24)];
    let cases =
        kinds.into_iter().flat_map(|kind| [Products::F32, Products::Bf16].map(|products| (kind, products)));
    for ((channels, outputs, groups), products) in cases {
        let _multiplying = multiply_in(products);
        let config = Conv2dConfig::new([channels, outputs], [3, 3]).with_groups(groups);
        let conv = config.with_padding(PaddingConfig2d::Same).init(&device());
        let layer = filled(outputs, true, 8);
        let x = noise([9, channels, 13, 17], 21);
        let bits = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| of_conv(&conv, &x, |x| batch_norm(&layer, Act::Relu, conv2d(&conv, x))))
        };
        assert_eq!(bits(1), bits(3), "{channels} to {outputs} in {products:?}");
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden_by_an_activation() {
    for act in [Act::None, Act::Relu, Act::Relu6] {
        let layer = filled(1, false, 3);
        let x = noise([1, 1, 2, 2], 4) * f32::NAN;
        assert!(values(batch_norm(&layer, act, x)).iter().all(|value| value.is_nan()), "{act:?}");
    }
}

#[test]
fn doubles_are_left_to_burn() {
    let x = noise([1, 2, 6, 6], 2).cast(burn::tensor::FloatDType::F64);
    assert!(!serves(&x));
}

#[test]
fn without_learning_burns_own_layers_run() {
    let conv = Conv2dConfig::new([2, 3], [3, 3]).init(&device()).valid();
    let x = noise([1, 2, 6, 6], 2).inner();
    assert_eq!(values(conv2d(&conv, x.clone())), values(conv.forward(x)));
}

#[test]
fn products_are_rounded_only_as_long_as_the_guard_lives() {
    let conv = Conv2dConfig::new([16, 8], [3, 3]).init(&device());
    let x = noise([2, 16, 9, 9], 5);
    let exact = values(conv2d(&conv, x.clone()));
    let rounded = {
        let _rounded = multiply_in(Products::Bf16);
        values(conv2d(&conv, x.clone()))
    };
    let error = differs(&rounded, &exact, 0);
    assert!(error > 1e-5 && error < 1e-2, "{error}");
    assert_eq!(values(conv2d(&conv, x)), exact);
}

#[test]
fn slower_registers_pass_these_tests_too() {
    let this = std::env::current_exe().unwrap();
    for vectors in Vectors::all().filter(|&vectors| vectors != Vectors::detect()) {
        let mut tests = std::process::Command::new(&this);
        tests.args(["tests::", "--skip", "slower_registers"]).env("TL_VECTORS", vectors.name());
        let output = tests.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(" passed"), "{}: {text}", vectors.name());
    }
}
