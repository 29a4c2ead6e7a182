//! What optimisers do to every value: one pass over memory for each of their tensors, in place, on all threads.
//!
//! Tensors have one dimension and do not learn.

use burn::backend::Dispatch;
use burn::tensor::{DType, Device, Tensor};
use std::sync::atomic::Ordering;

use crate::elementwise::Adapt;
use crate::layers::CHOSEN;
use crate::ops::Kernels;

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
