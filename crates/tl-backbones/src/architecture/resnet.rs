//! ResNet, ResNeXt and Wide ResNet, as torchvision spells them.
//!
//! He et al. 2015, <https://arxiv.org/abs/1512.03385>; Xie et al. 2016, <https://arxiv.org/abs/1611.05431>; Zagoruyko
//! and Komodakis 2016, <https://arxiv.org/abs/1605.07146>. Reference:
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py>. The stride of a bottleneck is in its 3x3
//! convolution ("v1.5", <https://catalog.ngc.nvidia.com/orgs/nvidia/resources/resnet_50_v1_5_for_pytorch>).

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use tl_kernels::{Act, batch_norm, batch_norm_onto, max_pool};

use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::{conv, norm, stem_pool};
use crate::{Stage, Stages};

const STEM_CHANNELS: usize = 64;

/// A variant of ResNet, ResNeXt or Wide ResNet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ResNetConfig {
    /// Blocks per stage.
    blocks: [usize; 4],
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1, 3x3, 1x1.
    Bottleneck {
        /// Groups of the 3x3 convolution ("cardinality").
        groups: usize,
        /// Channels per group in the first stage, where a plain ResNet has 64.
        width: usize,
    },
}

const fn bottleneck(blocks: [usize; 4], groups: usize, width: usize) -> ResNetConfig {
    ResNetConfig { blocks, kind: Kind::Bottleneck { groups, width } }
}

pub(crate) const RESNET18: ResNetConfig = ResNetConfig { blocks: [2, 2, 2, 2], kind: Kind::Basic };
pub(crate) const RESNET34: ResNetConfig = ResNetConfig { blocks: [3, 4, 6, 3], kind: Kind::Basic };
pub(crate) const RESNET50: ResNetConfig = bottleneck([3, 4, 6, 3], 1, 64);
pub(crate) const RESNET101: ResNetConfig = bottleneck([3, 4, 23, 3], 1, 64);
pub(crate) const RESNET152: ResNetConfig = bottleneck([3, 8, 36, 3], 1, 64);
pub(crate) const RESNEXT50_32X4D: ResNetConfig = bottleneck([3, 4, 6, 3], 32, 4);
pub(crate) const RESNEXT101_32X8D: ResNetConfig = bottleneck([3, 4, 23, 3], 32, 8);
pub(crate) const WIDE_RESNET50_2: ResNetConfig = bottleneck([3, 4, 6, 3], 1, 128);

/// A ResNet; fields are named as torchvision's checkpoint keys.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    maxpool: MaxPool2d,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
}

/// A residual block: basic, or with `conv3` a bottleneck.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl ResNetConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> ResNet {
        let mut channels = STEM_CHANNELS;
        let [layer1, layer2, layer3, layer4] =
            [0, 1, 2, 3].map(|stage| self.stage(stage, &mut channels, device));
        ResNet {
            conv1: conv([ends.channels, STEM_CHANNELS], 7, 2, 1, device),
            bn1: norm(STEM_CHANNELS, device),
            maxpool: stem_pool(),
            layer1,
            layer2,
            layer3,
            layer4,
            fc: LinearConfig::new(channels, ends.classes).init(device),
        }
    }

    fn stage(&self, stage: usize, channels: &mut usize, device: &Device) -> Vec<Block> {
        let make = |block| {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let made = self.kind.block(*channels, STEM_CHANNELS << stage, stride, device);
            *channels = self.kind.expansion() * (STEM_CHANNELS << stage);
            made
        };
        (0..self.blocks[stage]).map(make).collect()
    }
}

impl Kind {
    /// Channels out of a block over the width of a plain block of its stage.
    fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck { .. } => 4,
        }
    }

    fn block(self, from: usize, planes: usize, stride: usize, device: &Device) -> Block {
        let to = self.expansion() * planes;
        let shortcut = || (conv([from, to], 1, stride, 1, device), norm(to, device));
        let downsample = (stride != 1 || from != to).then(shortcut);
        match self {
            Self::Basic => Block {
                conv1: conv([from, to], 3, stride, 1, device),
                bn1: norm(to, device),
                conv2: conv([to, to], 3, 1, 1, device),
                bn2: norm(to, device),
                conv3: None,
                bn3: None,
                downsample,
            },
            Self::Bottleneck { groups, width } => {
                let inner = planes * width / STEM_CHANNELS * groups;
                Block {
                    conv1: conv([from, inner], 1, 1, 1, device),
                    bn1: norm(inner, device),
                    conv2: conv([inner, inner], 3, stride, groups, device),
                    bn2: norm(inner, device),
                    conv3: Some(conv([inner, to], 1, 1, 1, device)),
                    bn3: Some(norm(to, device)),
                    downsample,
                }
            }
        }
    }
}

impl Block {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let mut maps_bchw = batch_norm(&self.bn1, Act::Relu, self.conv1.apply(input_bchw.clone()));
        maps_bchw = self.conv2.apply(maps_bchw);
        let mut last = &self.bn2;
        if let (Some(conv3), Some(bn3)) = (&self.conv3, &self.bn3) {
            maps_bchw = conv3.apply(batch_norm(&self.bn2, Act::Relu, maps_bchw));
            last = bn3;
        }
        let shortcut_bchw = match &self.downsample {
            Some((conv, bn)) => batch_norm(bn, Act::None, conv.apply(input_bchw)),
            None => input_bchw,
        };
        batch_norm_onto(last, Act::Relu, maps_bchw, shortcut_bchw)
    }
}

impl Stages for ResNet {
    fn stages(&self) -> Vec<Stage> {
        let layers = ["layer1", "layer2", "layer3", "layer4"].map(Stage::of);
        [Stage::new("conv1", ["conv1", "bn1"])].into_iter().chain(layers).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        let layers = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        match stage {
            0 => max_pool(&self.maxpool, batch_norm(&self.bn1, Act::Relu, self.conv1.apply(input_bchw))),
            n => layers[n - 1].iter().fold(input_bchw, |maps_bchw, block| block.forward(maps_bchw)),
        }
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.fc.apply(self.pool(maps_bchw))
    }

    fn adapt_input(&mut self, channels: usize) {
        adapt_input_conv(&mut self.conv1, channels);
    }
}
