//! The kernels as operations of burn.
//!
//! burn's `extension` feature adds operations to its backends from outside. Here there is one for flex; `backward.rs` has
//! the one that records them for automatic differentiation.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, backend_extension, tensor::FloatTensor};

use crate::act::Act;
use crate::elementwise::Adapt;
use crate::maps::{changed, dims, flat, in_place, of_pixels, pixels, plain, values};
use crate::norm::{self, Channels};
use crate::shape::{Shape, Window};
use crate::{dense, depthwise, elementwise, pool};

/// How batches are normalised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    /// Do mean and variance come from the batch itself?
    pub train: bool,
    /// What is added to the variance.
    pub epsilon: f64,
    /// What comes behind.
    pub act: Act,
}

/// Operations that training a convolutional network spends its time in. Maps are `[batch, channels, height, width]`, and what
/// comes out lies in memory pixel by pixel.
#[backend_extension(Autodiff, Flex)]
pub trait Kernels: burn::backend::Backend {
    /// The convolution with weights `[outputs, channels / groups, kernel, kernel]`.
    fn tl_conv(x: FloatTensor<Self>, w: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
    /// With a number added to each channel.
    fn tl_bias(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Activated.
    fn tl_act(x: FloatTensor<Self>, act: Act) -> FloatTensor<Self>;
    /// Mean and biased variance of each channel, `[2, channels]`.
    fn tl_moments(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Normalised by `moments`, times gamma, plus beta, and activated.
    fn tl_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self>;
    /// Normalised by `moments`, times gamma, plus beta, plus `other`, and activated.
    fn tl_join(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        other: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self>;
    /// The greatest value of each window.
    fn tl_greatest(x: FloatTensor<Self>, window: Window, kernel: [usize; 2]) -> FloatTensor<Self>;
    /// Means over height and width, `[batch, channels, 1, 1]`.
    fn tl_means(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// `to * keep + from * add`, value by value.
    fn tl_blend(to: FloatTensor<Self>, from: FloatTensor<Self>, numbers: [f32; 2]) -> FloatTensor<Self>;
    /// `to * keep + from * from * add`, value by value.
    fn tl_blend_square(
        to: FloatTensor<Self>,
        from: FloatTensor<Self>,
        numbers: [f32; 2],
    ) -> FloatTensor<Self>;
    /// A step of Adam.
    fn tl_adapt(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        how: Adapt,
    ) -> FloatTensor<Self>;
}

impl Kernels for Flex {
    fn tl_conv(x: FlexTensor, w: FlexTensor, window: Window) -> FlexTensor {
        let (x, w) = (pixels(x), plain(w));
        let shape = Shape::new(dims(&x), dims(&w), window);
        let forward = if shape.is_depthwise() { depthwise::forward } else { dense::forward };
        of_pixels(forward(&shape, values(&x), values(&w)), shape.output())
    }

    fn tl_bias(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let bias = plain(bias);
        in_place(x, |x| elementwise::add_bias(x, values(&bias)))
    }

    fn tl_act(x: FlexTensor, act: Act) -> FlexTensor {
        in_place(x, |x| elementwise::activate(x, act))
    }

    fn tl_moments(x: FlexTensor) -> FlexTensor {
        let x = pixels(x);
        let [_, channels, _, _] = dims(&x);
        flat(norm::moments(channels, values(&x)), &[2, channels])
    }

    fn tl_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        moments: FlexTensor,
        how: Norm,
    ) -> FlexTensor {
        let x = pixels(x);
        let numbers = Numbers::new([gamma, beta, moments], how);
        of_pixels(norm::forward(values(&x), &numbers.channels(), None, how.act), dims(&x))
    }

    fn tl_join(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        moments: FlexTensor,
        other: FlexTensor,
        how: Norm,
    ) -> FlexTensor {
        let (x, other) = (pixels(x), pixels(other));
        let numbers = Numbers::new([gamma, beta, moments], how);
        let y = norm::forward(values(&x), &numbers.channels(), Some(values(&other)), how.act);
        of_pixels(y, dims(&x))
    }

    fn tl_greatest(x: FlexTensor, window: Window, kernel: [usize; 2]) -> FlexTensor {
        greatest(x, window, kernel).0
    }

    fn tl_means(x: FlexTensor) -> FlexTensor {
        let x = pixels(x);
        let [batch, channels, height, width] = dims(&x);
        of_pixels(pool::means(channels, height * width, values(&x)), [batch, channels, 1, 1])
    }

    fn tl_blend(to: FlexTensor, from: FlexTensor, numbers: [f32; 2]) -> FlexTensor {
        let from = plain(from);
        changed(to, |to| elementwise::blend(to, values(&from), numbers))
    }

    fn tl_blend_square(to: FlexTensor, from: FlexTensor, numbers: [f32; 2]) -> FlexTensor {
        let from = plain(from);
        changed(to, |to| elementwise::blend_square(to, values(&from), numbers))
    }

    fn tl_adapt(x: FlexTensor, mean: FlexTensor, square: FlexTensor, how: Adapt) -> FlexTensor {
        let (mean, square) = (plain(mean), plain(square));
        changed(x, |x| elementwise::adapt(x, values(&mean), values(&square), how))
    }
}

/// The greatest values, and where in their windows they were.
pub(crate) fn greatest(x: FlexTensor, window: Window, kernel: [usize; 2]) -> (FlexTensor, Vec<u8>) {
    let x = pixels(x);
    let shape = pooled(dims(&x), window, kernel);
    let (y, places) = pool::greatest(&shape, values(&x));
    (of_pixels(y, shape.output()), places)
}

/// Pooling has the sizes of a convolution with as many outputs as channels.
pub(crate) fn pooled(x: [usize; 4], window: Window, kernel: [usize; 2]) -> Shape {
    Shape::new(x, [x[1], 1, kernel[0], kernel[1]], window)
}

/// Mean, one over the deviation, gamma and beta of each channel.
#[derive(Debug)]
pub(crate) struct Numbers {
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

impl Numbers {
    pub(crate) fn new(tensors: [FlexTensor; 3], how: Norm) -> Self {
        let [gamma, beta, moments] = tensors.map(plain);
        let (mean, variance) = values(&moments).split_at(values(&moments).len() / 2);
        let inverse = |variance: &f32| (1.0 / (f64::from(*variance) + how.epsilon).sqrt()) as f32;
        Self { mean: mean.to_vec(), inverse: variance.iter().map(inverse).collect(), gamma, beta }
    }

    pub(crate) fn channels(&self) -> Channels<'_> {
        let (gamma, beta) = (values(&self.gamma), values(&self.beta));
        Channels { mean: &self.mean, inverse: &self.inverse, gamma, beta }
    }
}
