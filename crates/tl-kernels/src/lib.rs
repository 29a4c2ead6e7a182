//! Convolutions, norms, pooling and activations that train at the speed of the processor.
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

mod act;
mod amx;
mod arrived;
mod backward;
mod band;
mod blocks;
mod coupled;
mod dense;
mod depthwise;
mod elementwise;
mod filter;
mod lanes;
mod layers;
mod linear;
mod maps;
mod norm;
mod ops;
mod panels;
mod parts;
mod pass;
mod pool;
mod registers;
mod room;
mod rounded_weights;
mod rounding;
mod shape;
mod strip;
#[cfg(test)]
mod tests;
mod tile;
mod update;
mod weights;

pub use act::Act;
pub use elementwise::Adapt;
pub use layers::{
    Multiplying, activate, batch_norm, batch_norm_onto, choose, conv2d, max_pool, means, multiply_in,
    multiplying,
};
pub use linear::{BLOCK, LinearBlock, LinearWeights, softmax};
pub use ops::{Kernels, Norm};
pub use shape::{Products, Window};
pub use update::{adapt, blend, blend_square};
