//! EfficientNet and EfficientNet-Lite, and the module that they share with the MobileNets: as timm spells it
//! (`timm/models/efficientnet.py` and `mobilenetv3.py`).
//!
//! Tan and Le 2019, <https://arxiv.org/abs/1905.11946>; the Lite variants drop squeeze-and-excitation and use ReLU6.

mod block_rows;
mod blocks;
mod lukemelas;
pub(super) mod mobilenet;
mod torchvision;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use self::block_rows::{Activation, BlockConfig, in_eights, inverted, separable};
use self::blocks::{Block, Squeeze, Style, mean_hw};
use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::global_average;
use crate::{Stage, Stages};

/// A variant of EfficientNet or MobileNet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EfficientNetConfig {
    /// Channels of the stem; the width multiplier is in the number.
    pub(crate) stem: usize,
    pub(crate) stages: &'static [&'static [BlockConfig]],
    /// Multiplies the channels of the stages.
    pub(crate) width: f64,
    /// Multiplies the repeats of all stages but the first and the last.
    pub(crate) depth: f64,
    pub(crate) head: Head,
    pub(crate) style: Style,
    /// The weights are published under torchvision's keys instead of timm's.
    pub(crate) torchvision_keys: bool,
}

/// The pointwise convolution behind the last stage, with its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// MobileNetV1 has none.
    None,
    /// The last convolution has a batch norm and comes before pooling.
    BeforePooling(usize),
    /// The last convolution has a bias and takes the pooled maps: the "efficient last stage" of MobileNetV3.
    AfterPooling(usize),
}

/// The block string of <https://github.com/tensorflow/tpu/blob/master/models/official/efficientnet/lite/efficientnet_lite_builder.py>.
const LITE: EfficientNetConfig = EfficientNetConfig {
    stem: 32,
    stages: &[
        &[separable(3, 1, 16)],
        &[inverted(6.0, 3, 2, 24).times(2)],
        &[inverted(6.0, 5, 2, 40).times(2)],
        &[inverted(6.0, 3, 2, 80).times(3)],
        &[inverted(6.0, 5, 1, 112).times(3)],
        &[inverted(6.0, 5, 2, 192).times(4)],
        &[inverted(6.0, 3, 1, 320)],
    ],
    width: 1.0,
    depth: 1.0,
    head: Head::BeforePooling(1280),
    // TensorFlow's epsilon: <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/_efficientnet_builder.py>.
    style: Style {
        activation: Activation::Relu6,
        squeeze: Squeeze::OfInput,
        same_padding: true,
        epsilon: 1e-3,
    },
    torchvision_keys: false,
};

/// Width and depth of the variants, as in the builder above; stem and head are not scaled.
pub(crate) const LITE0: EfficientNetConfig = LITE;
pub(crate) const LITE1: EfficientNetConfig = EfficientNetConfig { depth: 1.1, ..LITE };
pub(crate) const LITE2: EfficientNetConfig = EfficientNetConfig { width: 1.1, depth: 1.2, ..LITE };

/// Table 1 of the paper, with PyTorch's padding and epsilon, as timm's `efficientnet_b0` was trained.
pub(crate) const B0: EfficientNetConfig = EfficientNetConfig {
    stages: &[
        &[separable(3, 1, 16).squeezed()],
        &[inverted(6.0, 3, 2, 24).times(2).squeezed()],
        &[inverted(6.0, 5, 2, 40).times(2).squeezed()],
        &[inverted(6.0, 3, 2, 80).times(3).squeezed()],
        &[inverted(6.0, 5, 1, 112).times(3).squeezed()],
        &[inverted(6.0, 5, 2, 192).times(4).squeezed()],
        &[inverted(6.0, 3, 1, 320).squeezed()],
    ],
    style: Style {
        activation: Activation::Silu,
        squeeze: Squeeze::OfInput,
        same_padding: false,
        epsilon: 1e-5,
    },
    ..LITE
};

/// An EfficientNet or a MobileNet; fields are named as timm's checkpoint keys.
#[derive(Module, Debug)]
pub struct EfficientNet {
    conv_stem: Conv2d,
    bn1: BatchNorm,
    blocks: Vec<Vec<Block>>,
    conv_head: Option<Conv2d>,
    bn2: Option<BatchNorm>,
    classifier: Linear,
    #[module(skip)]
    activation: Activation,
}

impl EfficientNetConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> EfficientNet {
        let mut last = self.stem;
        let blocks = (0..self.stages.len()).map(|stage| self.init_stage(stage, &mut last, device)).collect();
        let conv = |to| Conv2dConfig::new([last, to], [1, 1]);
        let (features, conv_head, bn2) = match self.head {
            Head::None => (last, None, None),
            Head::BeforePooling(to) => {
                (to, Some(conv(to).with_bias(false)), Some(self.style.norm(to, device)))
            }
            Head::AfterPooling(to) => (to, Some(conv(to)), None),
        };
        EfficientNet {
            conv_stem: self.style.conv([ends.channels, self.stem], 3, 2, 1, device),
            bn1: self.style.norm(self.stem, device),
            blocks,
            conv_head: conv_head.map(|conv| conv.init(device)),
            bn2,
            classifier: LinearConfig::new(features, ends.classes).init(device),
            activation: self.style.activation,
        }
    }

    fn init_stage(&self, stage: usize, last: &mut usize, device: &Device) -> Vec<Block> {
        let mut blocks = Vec::new();
        for row in self.stages[stage] {
            let to = in_eights(row.channels as f64 * self.width);
            for repeat in 0..self.repeats(stage, row) {
                let stride = if repeat == 0 { row.stride } else { 1 };
                blocks.push(row.init(&self.style, [*last, to], stride, device));
                *last = to;
            }
        }
        blocks
    }

    pub(crate) fn repeats(&self, stage: usize, row: &BlockConfig) -> usize {
        let scaled = 0 < stage && stage + 1 < self.stages.len();
        if scaled { (row.repeats as f64 * self.depth).ceil() as usize } else { row.repeats }
    }
}

impl Stages for EfficientNet {
    fn stages(&self) -> Vec<Stage> {
        let stem = Stage::new("conv_stem", ["conv_stem", "bn1"]);
        let blocks = (0..self.blocks.len()).map(|index| Stage::of(format!("blocks.{index}")));
        let head = self.conv_head.iter().map(|_| Stage::new("conv_head", ["conv_head", "bn2"]));
        std::iter::once(stem).chain(blocks).chain(head).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        match stage {
            0 => self.activation.behind(&self.bn1, self.conv_stem.apply(input_bchw)),
            n if n == self.blocks.len() + 1 => self.forward_head(input_bchw),
            n => self.blocks[n - 1].iter().fold(input_bchw, |maps_bchw, block| block.forward(maps_bchw)),
        }
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.classifier.apply(global_average(maps_bchw))
    }

    fn adapt_input(&mut self, channels: usize) {
        adapt_input_conv(&mut self.conv_stem, channels);
    }
}

impl EfficientNet {
    fn forward_head(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match (&self.conv_head, &self.bn2) {
            (Some(conv), Some(norm)) => self.activation.behind(norm, conv.apply(input_bchw)),
            (Some(conv), None) => self.activation.forward(conv.apply(mean_hw(input_bchw))),
            (None, _) => input_bchw,
        }
    }
}
