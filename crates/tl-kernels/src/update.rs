//! What optimisers do to every value: one pass over memory for each of their tensors, in place, on all threads.
//!
//! Tensors have one dimension and do not learn.

use burn::backend::Dispatch;
use burn::tensor::{DType, Device, Tensor};
use std::sync::atomic::Ordering;

use crate::layers::CHOSEN;
use crate::ops::Kernels;

/// How Adam changes a value `x` with the running means `mean` of its gradients and `square` of their squares: `x * keep - rate *
/// mean * first / (sqrt(square * second) + epsilon)`. Kingma and Ba 2015, <https://arxiv.org/abs/1412.6980>, algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adapt {
    /// Share of the value that decoupled weight decay leaves; 1 without.
    pub keep: f32,
    /// Learning rate.
    pub rate: f32,
    /// What keeps the divisor from zero.
    pub epsilon: f32,
    /// What corrects the mean's beginning at zero, `1 / (1 - beta_1^t)`.
    pub first: f32,
    /// What corrects that of the squares, `1 / (1 - beta_2^t)`.
    pub second: f32,
}

/// Are the kernels for these tensors?
fn serves(tensor: &Tensor<1>) -> bool {
    CHOSEN.load(Ordering::Relaxed) && tensor.dtype() == DType::F32 && tensor.device() == Device::flex()
}

/// `to * keep + from * add`.
pub fn blend(to: Tensor<1>, from: Tensor<1>, [keep, add]: [f32; 2]) -> Tensor<1> {
    if !serves(&to) {
        return to.mul_scalar(keep) + from.mul_scalar(add);
    }
    Tensor::from_dispatch(Dispatch::tl_blend(to.into_dispatch(), from.into_dispatch(), [keep, add]))
}

/// `to * keep + from * from * add`.
pub fn blend_square(to: Tensor<1>, from: Tensor<1>, [keep, add]: [f32; 2]) -> Tensor<1> {
    if !serves(&to) {
        return to.mul_scalar(keep) + from.square().mul_scalar(add);
    }
    Tensor::from_dispatch(Dispatch::tl_blend_square(to.into_dispatch(), from.into_dispatch(), [keep, add]))
}

/// Values after a step of Adam.
pub fn adapt(x: Tensor<1>, mean: Tensor<1>, square: Tensor<1>, how: Adapt) -> Tensor<1> {
    if !serves(&x) {
        let divisor = square.mul_scalar(how.second).sqrt().add_scalar(how.epsilon);
        return x.mul_scalar(how.keep) - mean.mul_scalar(how.rate * how.first) / divisor;
    }
    let [x, mean, square] = [x, mean, square].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::tl_adapt(x, mean, square, how))
}
