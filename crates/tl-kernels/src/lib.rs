//! Convolutions and batch normalisation that train at the speed of the processor.
//!
//! burn's CPU backend computes backward passes of convolutions at a tenth of what the processor can do, and batch
//! normalisation as a chain of single operations. [`conv2d`] and [`batch_norm`] take their place on that backend, with
//! automatic differentiation; on every other device they are burn's own.
//!
//! ```
//! use burn::nn::conv::Conv2dConfig;
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::flex().autodiff();
//! let conv = Conv2dConfig::new([3, 8], [3, 3]).init(&device);
//! let images_bchw = Tensor::ones([2, 3, 16, 16], &device).require_grad();
//! let maps_bchw = tl_kernels::conv2d(&conv, images_bchw.clone());
//! let gradients = maps_bchw.sum().backward();
//! assert_eq!(images_bchw.grad(&gradients).unwrap().dims(), [2, 3, 16, 16]);
//! ```

mod columns;
mod dense;
mod depthwise;
mod lanes;
mod layers;
mod norm;
mod ops;
mod product;
mod rounded;
mod shape;
#[cfg(test)]
mod tests;

pub use layers::{Multiplying, batch_norm, choose, conv2d, multiply_in};
pub use norm::Act;
pub use ops::{Kernels, Norm};
pub use shape::{Products, Window};
