//! EfficientNet-Lite, as timm spells it (`timm/models/efficientnet.py`, `tf_efficientnet_lite*`).
//!
//! Tan and Le 2019, <https://arxiv.org/abs/1905.11946>; the Lite variants drop squeeze-and-excitation and use ReLU6.
//! Padding is TensorFlow's "same": as much as needed, the odd pixel at the bottom and right.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::Stages;

/// TensorFlow's epsilon for this family: <https://github.com/huggingface/pytorch-image-models/blob/main/timm/layers/norm_act.py>.
const EPSILON: f64 = 1e-3;
const STEM_CHANNELS: usize = 32;
const HEAD_CHANNELS: usize = 1280;

/// One variant of the family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EfficientNetConfig {
    stages: [StageConfig; 7],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct StageConfig {
    /// Channels inside a block over channels into it.
    expansion: usize,
    kernel: usize,
    /// Stride of the first block; the others have 1.
    stride: usize,
    channels: usize,
    blocks: usize,
}

const fn stage(
    expansion: usize,
    kernel: usize,
    stride: usize,
    channels: usize,
    blocks: usize,
) -> StageConfig {
    StageConfig { expansion, kernel, stride, channels, blocks }
}

/// The block string of <https://github.com/tensorflow/tpu/blob/master/models/official/efficientnet/lite/efficientnet_lite_builder.py>.
pub(crate) const LITE0: EfficientNetConfig = EfficientNetConfig {
    stages: [
        stage(1, 3, 1, 16, 1),
        stage(6, 3, 2, 24, 2),
        stage(6, 5, 2, 40, 2),
        stage(6, 3, 2, 80, 3),
        stage(6, 5, 1, 112, 3),
        stage(6, 5, 2, 192, 4),
        stage(6, 3, 1, 320, 1),
    ],
};

/// An EfficientNet; fields are named as timm's checkpoint keys.
#[derive(Module, Debug)]
pub struct EfficientNet {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Vec<Block>>,
    conv_head: Conv2d,
    bn2: BatchNorm,
    classifier: Linear,
}

/// A depthwise-separable block (`conv_dw`, `conv_pw`) or, with `conv_pwl`, an inverted residual
/// (`conv_pw`, `conv_dw`, `conv_pwl`): the names are timm's.
#[derive(Module, Debug)]
struct Block {
    conv_pw: Conv2d,
    bn1: BatchNorm,
    conv_dw: Conv2d,
    bn2: BatchNorm,
    conv_pwl: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    residual: bool,
}

impl EfficientNetConfig {
    pub(crate) fn init(&self, classes: usize, device: &Device) -> EfficientNet {
        let mut channels = STEM_CHANNELS;
        let blocks = self.stages.iter().map(|stage| stage.init(&mut channels, device)).collect();
        EfficientNet {
            conv_stem: conv([3, STEM_CHANNELS], 3, 2, 1, device),
            bn1: norm(STEM_CHANNELS, device),
            blocks,
            conv_head: conv([channels, HEAD_CHANNELS], 1, 1, 1, device),
            bn2: norm(HEAD_CHANNELS, device),
            classifier: LinearConfig::new(HEAD_CHANNELS, classes).init(device),
        }
    }
}

impl StageConfig {
    fn init(&self, channels: &mut usize, device: &Device) -> Vec<Block> {
        let stride_of = |block| if block == 0 { self.stride } else { 1 };
        let mut make = |block| {
            let made = self.block(*channels, stride_of(block), device);
            *channels = self.channels;
            made
        };
        (0..self.blocks).map(&mut make).collect()
    }

    fn block(&self, from: usize, stride: usize, device: &Device) -> Block {
        let inner = from * self.expansion;
        let to = self.channels;
        let residual = stride == 1 && from == to;
        let depthwise = conv([inner, inner], self.kernel, stride, inner, device);
        if self.expansion == 1 {
            return Block {
                conv_dw: depthwise,
                bn1: norm(inner, device),
                conv_pw: conv([inner, to], 1, 1, 1, device),
                bn2: norm(to, device),
                conv_pwl: None,
                bn3: None,
                residual,
            };
        }
        Block {
            conv_pw: conv([from, inner], 1, 1, 1, device),
            bn1: norm(inner, device),
            conv_dw: depthwise,
            bn2: norm(inner, device),
            conv_pwl: Some(conv([inner, to], 1, 1, 1, device)),
            bn3: Some(norm(to, device)),
            residual,
        }
    }
}

impl Block {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let maps_bchw = match (&self.conv_pwl, &self.bn3) {
            (Some(conv_pwl), Some(bn3)) => {
                let expanded = relu6(self.bn1.forward(self.conv_pw.forward(input_bchw.clone())));
                let filtered = relu6(self.bn2.forward(self.conv_dw.forward(expanded)));
                bn3.forward(conv_pwl.forward(filtered))
            }
            _ => {
                let filtered = relu6(self.bn1.forward(self.conv_dw.forward(input_bchw.clone())));
                self.bn2.forward(self.conv_pw.forward(filtered))
            }
        };
        if self.residual { maps_bchw + input_bchw } else { maps_bchw }
    }
}

impl Stages for EfficientNet {
    fn stage_names(&self) -> Vec<String> {
        let blocks = (0..self.blocks.len()).map(|index| format!("blocks.{index}"));
        std::iter::once("conv_stem".to_owned()).chain(blocks).chain(["conv_head".to_owned()]).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        match stage {
            0 => relu6(self.bn1.forward(self.conv_stem.forward(input_bchw))),
            n if n == self.blocks.len() + 1 => relu6(self.bn2.forward(self.conv_head.forward(input_bchw))),
            n => self.blocks[n - 1].iter().fold(input_bchw, |maps_bchw, block| block.forward(maps_bchw)),
        }
    }

    fn pool(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        let [batch, channels, _, _] = maps_bchw.dims();
        maps_bchw.mean_dim(3).mean_dim(2).reshape([batch, channels])
    }

    fn feature_width(&self) -> usize {
        HEAD_CHANNELS
    }

    fn classify(&self, features_bd: Tensor<2>) -> Tensor<2> {
        self.classifier.forward(features_bd)
    }
}

fn relu6(maps_bchw: Tensor<4>) -> Tensor<4> {
    maps_bchw.clamp(0.0, 6.0)
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, groups: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel, kernel])
        .with_stride([stride, stride])
        .with_groups(groups)
        .with_padding(PaddingConfig2d::Same)
        .with_bias(false)
        .init(device)
}

fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).with_epsilon(EPSILON).init(device)
}
