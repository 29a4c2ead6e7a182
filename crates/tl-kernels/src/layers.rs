//! burn's layers, run by the kernels where these are for the device.

use burn::backend::Dispatch;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::activation::{relu, relu6};
use burn::tensor::{DType, Device, Tensor};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::act::Act;
use crate::ops::{Kernels, Norm};
use crate::shape::{Products, Window};

pub(crate) static CHOSEN: AtomicBool = AtomicBool::new(true);

/// Whether the kernels are used where they can be, in the whole process; they are unless somebody chooses otherwise, for a
/// comparison.
pub fn choose(kernels: bool) {
    CHOSEN.store(kernels, Ordering::Relaxed);
}

thread_local! {
    static PRODUCTS: Cell<Products> = const { Cell::new(Products::F32) };
}

/// As long as this lives, convolutions that its thread begins multiply as [`multiply_in`] was told.
#[derive(Debug)]
#[must_use = "the products are as before when this goes"]
pub struct Multiplying {
    before: Products,
    /// Not to be dropped by another thread.
    here: PhantomData<*const ()>,
}

/// Says how convolutions multiply that this thread begins from now on; their backward passes do as they did.
pub fn multiply_in(products: Products) -> Multiplying {
    Multiplying { before: PRODUCTS.replace(products), here: PhantomData }
}

/// How convolutions multiply that this thread begins: for a thread that goes on with its work.
pub fn multiplying() -> Products {
    PRODUCTS.get()
}

impl Drop for Multiplying {
    fn drop(&mut self) {
        PRODUCTS.set(self.before);
    }
}

/// Are the kernels for this tensor? They are for f32 on the processor, where something learns.
pub(crate) fn serves(tensor: &Tensor<4>) -> bool {
    let device = tensor.device();
    let chosen = CHOSEN.load(Ordering::Relaxed) && tensor.dtype() == DType::F32;
    chosen && device.is_autodiff() && device.clone().inner() == Device::flex()
}

/// [`Conv2d::forward`].
pub fn conv2d(conv: &Conv2d, images_bchw: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = images_bchw.dims();
    if !serves(&images_bchw) || conv.dilation != [1, 1] {
        return conv.forward(images_bchw);
    }
    let window = Window {
        stride: conv.stride,
        padding: padding(conv, [height, width]),
        groups: conv.groups,
        products: PRODUCTS.get(),
    };
    let weight = conv.weight.val();
    let maps_bchw =
        Tensor::from_dispatch(Dispatch::tl_conv(images_bchw.into_dispatch(), weight.into_dispatch(), window));
    match &conv.bias {
        Some(bias) => {
            let bias = bias.val().into_dispatch();
            Tensor::from_dispatch(Dispatch::tl_bias(maps_bchw.into_dispatch(), bias))
        }
        None => maps_bchw,
    }
}

/// Zeros at the top, bottom, left and right.
fn padding(conv: &Conv2d, size: [usize; 2]) -> [usize; 4] {
    match conv.padding {
        PaddingConfig2d::Valid => [0; 4],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, bottom, left, right],
        PaddingConfig2d::Same => {
            let [down, across] =
                [0, 1].map(|axis| same(size[axis], conv.kernel_size[axis], conv.stride[axis]));
            [down[0], down[1], across[0], across[1]]
        }
    }
}

/// TensorFlow's: as many as the output needs, the odd one behind.
fn same(size: usize, kernel: usize, stride: usize) -> [usize; 2] {
    let total = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
    [total / 2, total - total / 2]
}

/// [`BatchNorm::forward`] and an activation.
pub fn batch_norm(norm: &BatchNorm, act: Act, maps_bchw: Tensor<4>) -> Tensor<4> {
    if !serves(&maps_bchw) {
        return activated(act, norm.forward(maps_bchw));
    }
    normalised(norm, act, maps_bchw, None)
}

/// [`BatchNorm::forward`], added to the maps of a shortcut, and an activation.
pub fn batch_norm_onto(
    norm: &BatchNorm,
    act: Act,
    maps_bchw: Tensor<4>,
    shortcut_bchw: Tensor<4>,
) -> Tensor<4> {
    if !serves(&maps_bchw) || maps_bchw.dims() != shortcut_bchw.dims() {
        return activated(act, norm.forward(maps_bchw) + shortcut_bchw);
    }
    normalised(norm, act, maps_bchw, Some(shortcut_bchw))
}

fn normalised(norm: &BatchNorm, act: Act, maps_bchw: Tensor<4>, other_bchw: Option<Tensor<4>>) -> Tensor<4> {
    let train = norm.training.is_enabled();
    let moments = if train { followed(norm, &maps_bchw) } else { kept(norm) };
    let moments = Tensor::<2>::from_inner(moments).into_dispatch();
    let how = Norm { train, epsilon: norm.epsilon, act };
    let [gamma, beta] = [&norm.gamma, &norm.beta].map(|param| param.val().into_dispatch());
    let maps = maps_bchw.into_dispatch();
    Tensor::from_dispatch(match other_bchw {
        Some(other) => Dispatch::tl_join(maps, gamma, beta, moments, other.into_dispatch(), how),
        None => Dispatch::tl_norm(maps, gamma, beta, moments, how),
    })
}

/// An activation on its own.
pub fn activate(act: Act, maps_bchw: Tensor<4>) -> Tensor<4> {
    if act == Act::None || !serves(&maps_bchw) {
        return activated(act, maps_bchw);
    }
    Tensor::from_dispatch(Dispatch::tl_act(maps_bchw.into_dispatch(), act))
}

/// [`MaxPool2d::forward`].
pub fn max_pool(pool: &MaxPool2d, maps_bchw: Tensor<4>) -> Tensor<4> {
    let [top, left, bottom, right] = match pool.padding {
        PaddingConfig2d::Valid => [0; 4],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top, left, bottom, right],
        PaddingConfig2d::Same => return pool.forward(maps_bchw),
    };
    let ([down, across], [_, groups, height, width]) = (pool.kernel_size, maps_bchw.dims());
    let [bottom, right] = if pool.ceil_mode {
        let [stride_down, stride_across] = pool.stride;
        [reach(height, [top, bottom], down, stride_down), reach(width, [left, right], across, stride_across)]
    } else {
        [bottom, right]
    };
    // A window among zeros alone, or with more places than a byte counts, is left to burn.
    let fits = down * across <= 256 && top.max(bottom) < down && left.max(right) < across;
    if !serves(&maps_bchw) || !fits || pool.dilation != [1, 1] {
        return pool.forward(maps_bchw);
    }
    let padding = [top, bottom, left, right];
    let window = Window { stride: pool.stride, padding, groups, products: Products::F32 };
    Tensor::from_dispatch(Dispatch::tl_greatest(maps_bchw.into_dispatch(), window, pool.kernel_size))
}

/// The padding behind an axis with which sizes rounded down are those that `ceil_mode` rounds up. As in PyTorch, no window begins
/// behind the maps.
fn reach(size: usize, [before, behind]: [usize; 2], kernel: usize, stride: usize) -> usize {
    let last = (size + before + behind + stride - 1).saturating_sub(kernel) / stride;
    let last = if last * stride >= size + before { last.saturating_sub(1) } else { last };
    (last * stride + kernel).saturating_sub(size + before)
}

/// Means over height and width, `[batch, channels, 1, 1]`.
pub fn means(maps_bchw: Tensor<4>) -> Tensor<4> {
    if !serves(&maps_bchw) {
        return maps_bchw.mean_dim(3).mean_dim(2);
    }
    Tensor::from_dispatch(Dispatch::tl_means(maps_bchw.into_dispatch()))
}

/// Mean and variance of the batch, which the running ones follow as burn's do.
fn followed(norm: &BatchNorm, maps_bchw: &Tensor<4>) -> Tensor<2> {
    let moments = Dispatch::tl_moments(maps_bchw.clone().inner().into_dispatch());
    let moments = Tensor::<2>::from_dispatch(moments);
    for (row, running) in [&norm.running_mean, &norm.running_var].into_iter().enumerate() {
        let new = moments.clone().narrow(0, row, 1).flatten(0, 1).mul_scalar(norm.momentum);
        let old = running.value_sync().without_autodiff().mul_scalar(1.0 - norm.momentum);
        running.update(Tensor::from_inner(old.add(new)));
    }
    moments
}

fn kept(norm: &BatchNorm) -> Tensor<2> {
    let [mean, variance] = [&norm.running_mean, &norm.running_var]
        .map(|running| running.value().without_autodiff().unsqueeze::<2>());
    Tensor::cat(vec![mean, variance], 0)
}

fn activated(act: Act, maps_bchw: Tensor<4>) -> Tensor<4> {
    match act {
        Act::None => maps_bchw,
        Act::Relu => relu(maps_bchw),
        Act::Relu6 => relu6(maps_bchw),
    }
}
