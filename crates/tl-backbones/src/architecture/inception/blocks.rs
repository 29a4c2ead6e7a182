//! The blocks of Inception-v3: branches side by side, concatenated along the channels.
//!
//! Fields are named as torchvision's checkpoint keys. A block takes `input_bchw` to `maps_bchw`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor};
use tl_kernels::{Act, batch_norm};

use crate::count::Counted;

/// torchvision's `BasicConv2d`, <https://github.com/pytorch/vision/blob/main/torchvision/models/inception.py>.
const EPSILON: f64 = 1e-3;

/// A convolution without bias, batch norm, ReLU.
#[derive(Module, Debug)]
pub(crate) struct BasicConv2d {
    pub(crate) conv: Conv2d,
    bn: BatchNorm,
}

/// The shape of a [`BasicConv2d`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conv {
    channels: [usize; 2],
    kernel: [usize; 2],
    stride: usize,
    padded: bool,
}

impl Conv {
    pub(crate) fn new(from: usize, to: usize, kernel: [usize; 2]) -> Self {
        Self { channels: [from, to], kernel, stride: 1, padded: false }
    }

    pub(crate) fn square(from: usize, to: usize, kernel: usize) -> Self {
        Self::new(from, to, [kernel, kernel])
    }

    pub(crate) fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// Half a kernel of zeros on every side.
    pub(crate) fn padded(self) -> Self {
        Self { padded: true, ..self }
    }

    pub(crate) fn init(self, device: &Device) -> BasicConv2d {
        let [y, x] = self.kernel.map(|side| if self.padded { side / 2 } else { 0 });
        let conv = Conv2dConfig::new(self.channels, self.kernel)
            .with_stride([self.stride, self.stride])
            .with_padding(PaddingConfig2d::Explicit(y, x, y, x))
            .with_bias(false)
            .init(device);
        BasicConv2d { conv, bn: BatchNormConfig::new(self.channels[1]).with_epsilon(EPSILON).init(device) }
    }
}

impl BasicConv2d {
    pub(crate) fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        batch_norm(&self.bn, Act::Relu, self.conv.apply(input_bchw))
    }
}

#[derive(Module, Debug)]
pub(crate) struct InceptionA {
    branch1x1: BasicConv2d,
    branch5x5_1: BasicConv2d,
    branch5x5_2: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionA {
    pub(crate) fn init(from: usize, pooled: usize, device: &Device) -> Self {
        Self {
            branch1x1: Conv::square(from, 64, 1).init(device),
            branch5x5_1: Conv::square(from, 48, 1).init(device),
            branch5x5_2: Conv::square(48, 64, 5).padded().init(device),
            branch3x3dbl_1: Conv::square(from, 64, 1).init(device),
            branch3x3dbl_2: Conv::square(64, 96, 3).padded().init(device),
            branch3x3dbl_3: Conv::square(96, 96, 3).padded().init(device),
            branch_pool: Conv::square(from, pooled, 1).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let single = self.branch1x1.forward(x.clone());
        let wide = through(&[&self.branch5x5_1, &self.branch5x5_2], x.clone());
        let double = through(&[&self.branch3x3dbl_1, &self.branch3x3dbl_2, &self.branch3x3dbl_3], x.clone());
        let pool = self.branch_pool.forward(average(x));
        Tensor::cat(vec![single, wide, double, pool], 1)
    }
}

#[derive(Module, Debug)]
pub(crate) struct InceptionB {
    branch3x3: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3: BasicConv2d,
}

impl InceptionB {
    pub(crate) fn init(from: usize, device: &Device) -> Self {
        Self {
            branch3x3: Conv::square(from, 384, 3).stride(2).init(device),
            branch3x3dbl_1: Conv::square(from, 64, 1).init(device),
            branch3x3dbl_2: Conv::square(64, 96, 3).padded().init(device),
            branch3x3dbl_3: Conv::square(96, 96, 3).stride(2).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let single = self.branch3x3.forward(x.clone());
        let double = through(&[&self.branch3x3dbl_1, &self.branch3x3dbl_2, &self.branch3x3dbl_3], x.clone());
        Tensor::cat(vec![single, double, maximum(x)], 1)
    }
}

#[derive(Module, Debug)]
pub(crate) struct InceptionC {
    branch1x1: BasicConv2d,
    branch7x7_1: BasicConv2d,
    branch7x7_2: BasicConv2d,
    branch7x7_3: BasicConv2d,
    branch7x7dbl_1: BasicConv2d,
    branch7x7dbl_2: BasicConv2d,
    branch7x7dbl_3: BasicConv2d,
    branch7x7dbl_4: BasicConv2d,
    branch7x7dbl_5: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionC {
    pub(crate) fn init(from: usize, inner: usize, device: &Device) -> Self {
        let across = |from, to| Conv::new(from, to, [1, 7]).padded().init(device);
        let down = |from, to| Conv::new(from, to, [7, 1]).padded().init(device);
        Self {
            branch1x1: Conv::square(from, 192, 1).init(device),
            branch7x7_1: Conv::square(from, inner, 1).init(device),
            branch7x7_2: across(inner, inner),
            branch7x7_3: down(inner, 192),
            branch7x7dbl_1: Conv::square(from, inner, 1).init(device),
            branch7x7dbl_2: down(inner, inner),
            branch7x7dbl_3: across(inner, inner),
            branch7x7dbl_4: down(inner, inner),
            branch7x7dbl_5: across(inner, 192),
            branch_pool: Conv::square(from, 192, 1).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let single = [&self.branch7x7_1, &self.branch7x7_2, &self.branch7x7_3];
        let [one, two, three] = [&self.branch7x7dbl_1, &self.branch7x7dbl_2, &self.branch7x7dbl_3];
        let double = [one, two, three, &self.branch7x7dbl_4, &self.branch7x7dbl_5];
        let (single, double) = (through(&single, x.clone()), through(&double, x.clone()));
        let point = self.branch1x1.forward(x.clone());
        Tensor::cat(vec![point, single, double, self.branch_pool.forward(average(x))], 1)
    }
}

#[derive(Module, Debug)]
pub(crate) struct InceptionD {
    branch3x3_1: BasicConv2d,
    branch3x3_2: BasicConv2d,
    branch7x7x3_1: BasicConv2d,
    branch7x7x3_2: BasicConv2d,
    branch7x7x3_3: BasicConv2d,
    branch7x7x3_4: BasicConv2d,
}

impl InceptionD {
    pub(crate) fn init(from: usize, device: &Device) -> Self {
        Self {
            branch3x3_1: Conv::square(from, 192, 1).init(device),
            branch3x3_2: Conv::square(192, 320, 3).stride(2).init(device),
            branch7x7x3_1: Conv::square(from, 192, 1).init(device),
            branch7x7x3_2: Conv::new(192, 192, [1, 7]).padded().init(device),
            branch7x7x3_3: Conv::new(192, 192, [7, 1]).padded().init(device),
            branch7x7x3_4: Conv::square(192, 192, 3).stride(2).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let narrow = through(&[&self.branch3x3_1, &self.branch3x3_2], x.clone());
        let wide = [&self.branch7x7x3_1, &self.branch7x7x3_2, &self.branch7x7x3_3, &self.branch7x7x3_4];
        let wide = through(&wide, x.clone());
        Tensor::cat(vec![narrow, wide, maximum(x)], 1)
    }
}

#[derive(Module, Debug)]
pub(crate) struct InceptionE {
    branch1x1: BasicConv2d,
    branch3x3_1: BasicConv2d,
    branch3x3_2a: BasicConv2d,
    branch3x3_2b: BasicConv2d,
    branch3x3dbl_1: BasicConv2d,
    branch3x3dbl_2: BasicConv2d,
    branch3x3dbl_3a: BasicConv2d,
    branch3x3dbl_3b: BasicConv2d,
    branch_pool: BasicConv2d,
}

impl InceptionE {
    pub(crate) fn init(from: usize, device: &Device) -> Self {
        let across = || Conv::new(384, 384, [1, 3]).padded().init(device);
        let down = || Conv::new(384, 384, [3, 1]).padded().init(device);
        Self {
            branch1x1: Conv::square(from, 320, 1).init(device),
            branch3x3_1: Conv::square(from, 384, 1).init(device),
            branch3x3_2a: across(),
            branch3x3_2b: down(),
            branch3x3dbl_1: Conv::square(from, 448, 1).init(device),
            branch3x3dbl_2: Conv::square(448, 384, 3).padded().init(device),
            branch3x3dbl_3a: across(),
            branch3x3dbl_3b: down(),
            branch_pool: Conv::square(from, 192, 1).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let point = self.branch1x1.forward(x.clone());
        let single = self.branch3x3_1.forward(x.clone());
        let (single_a, single_b) =
            (self.branch3x3_2a.forward(single.clone()), self.branch3x3_2b.forward(single));
        let double = through(&[&self.branch3x3dbl_1, &self.branch3x3dbl_2], x.clone());
        let (double_a, double_b) =
            (self.branch3x3dbl_3a.forward(double.clone()), self.branch3x3dbl_3b.forward(double));
        let pool = self.branch_pool.forward(average(x));
        Tensor::cat(vec![point, single_a, single_b, double_a, double_b, pool], 1)
    }
}

fn through(layers: &[&BasicConv2d], input_bchw: Tensor<4>) -> Tensor<4> {
    layers.iter().fold(input_bchw, |maps_bchw, layer| layer.forward(maps_bchw))
}

/// 3x3, the same size again; the zeros around count.
fn average(maps_bchw: Tensor<4>) -> Tensor<4> {
    avg_pool2d(maps_bchw, AvgPoolOptions::new([3, 3]).with_stride([1, 1]).with_padding([1, 1]))
}

/// 3x3, half the size.
pub(crate) fn maximum(maps_bchw: Tensor<4>) -> Tensor<4> {
    max_pool2d(maps_bchw, MaxPoolOptions::new([3, 3]).with_stride([2, 2]))
}
