//! Layers as torchvision builds them, for the families that come from there.

use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

/// A convolution without bias whose output is as large as its input over the stride, rounded up.
pub(crate) fn conv(
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    groups: usize,
    device: &Device,
) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_groups(groups)
        .with_padding(symmetric(kernel / 2))
        .with_bias(false)
        .init(device)
}

/// Padding of so many pixels on all four sides.
pub(crate) fn symmetric(pixels: usize) -> PaddingConfig2d {
    PaddingConfig2d::Explicit(pixels, pixels, pixels, pixels)
}

/// Batch normalisation with PyTorch's epsilon, 1e-5.
pub(crate) fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).init(device)
}

/// The pooling that ends the stem of ResNet and DenseNet: 3x3, stride 2.
pub(crate) fn stem_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(symmetric(1)).init()
}

/// `maps_bchw` to their means over height and width, `features_bd`.
pub(crate) fn global_average(maps_bchw: Tensor<4>) -> Tensor<2> {
    let [batch, channels, _, _] = maps_bchw.dims();
    tl_kernels::means(maps_bchw).reshape([batch, channels])
}
