//! SqueezeNet, as torchvision spells it.
//!
//! Iandola et al. 2016, <https://arxiv.org/abs/1602.07360>; version 1.1 is its authors', with 2.4 times less computation:
//! <https://github.com/forresti/SqueezeNet/tree/master/SqueezeNet_v1.1>. Reference:
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/squeezenet.py>.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Relu};
use burn::tensor::{Device, Tensor};
use std::ops::Range;

use tl_kernels::{Act, activate, max_pool};

use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::{global_average, symmetric};
use crate::{Stage, Stages};

/// Channels of the first convolution.
const STEM_CHANNELS: usize = 64;
/// Channels of each of a fire module's two expansions over those it squeezes to.
const EXPANSION: usize = 4;

/// A variant of SqueezeNet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SqueezeNetConfig {
    /// The fire modules behind each pooling: the channels that each squeezes to.
    squeezed: [&'static [usize]; 3],
}

pub(crate) const V1_1: SqueezeNetConfig =
    SqueezeNetConfig { squeezed: [&[16, 16], &[32, 32], &[48, 48, 64, 64]] };

/// A SqueezeNet; its layers have the indices of torchvision's two `Sequential`s.
#[derive(Module, Debug)]
pub struct SqueezeNet {
    features: Vec<Layer>,
    classifier: Vec<HeadLayer>,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a box would hide the module from burn")]
enum Layer {
    Conv(Conv2d),
    Relu(Relu),
    Pool(MaxPool2d),
    Fire(Fire),
}

/// A pointwise convolution to few channels, and two convolutions of what it gives, side by side.
#[derive(Module, Debug)]
struct Fire {
    squeeze: Conv2d,
    expand1x1: Conv2d,
    expand3x3: Conv2d,
}

#[derive(Module, Debug)]
enum HeadLayer {
    Dropout(Dropout),
    Conv(Conv2d),
    Relu(Relu),
}

impl SqueezeNetConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> SqueezeNet {
        let stem = Conv2dConfig::new([ends.channels, STEM_CHANNELS], [3, 3]).with_stride([2, 2]);
        let mut features = vec![Layer::Conv(stem.init(device)), Layer::Relu(Relu::new())];
        let mut channels = STEM_CHANNELS;
        for modules in self.squeezed {
            features.push(Layer::Pool(pool()));
            for &squeezed in modules {
                features.push(Layer::Fire(Fire::init(channels, squeezed, device)));
                channels = 2 * EXPANSION * squeezed;
            }
        }
        SqueezeNet { features, classifier: head(channels, ends.classes, device) }
    }
}

/// 3x3, stride 2; sizes are rounded up.
fn pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(true).init()
}

fn head(channels: usize, classes: usize, device: &Device) -> Vec<HeadLayer> {
    vec![
        HeadLayer::Dropout(DropoutConfig::new(0.5).init()),
        HeadLayer::Conv(Conv2dConfig::new([channels, classes], [1, 1]).init(device)),
        HeadLayer::Relu(Relu::new()),
    ]
}

impl Fire {
    fn init(from: usize, squeezed: usize, device: &Device) -> Self {
        let to = EXPANSION * squeezed;
        Self {
            squeeze: Conv2dConfig::new([from, squeezed], [1, 1]).init(device),
            expand1x1: Conv2dConfig::new([squeezed, to], [1, 1]).init(device),
            expand3x3: Conv2dConfig::new([squeezed, to], [3, 3]).with_padding(symmetric(1)).init(device),
        }
    }

    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let squeezed = activate(Act::Relu, self.squeeze.apply(input_bchw));
        let expand = |conv: &Conv2d| activate(Act::Relu, conv.apply(squeezed.clone()));
        Tensor::cat(vec![expand(&self.expand1x1), expand(&self.expand3x3)], 1)
    }
}

impl Layer {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(conv) => conv.apply(input_bchw),
            Self::Relu(_) => activate(Act::Relu, input_bchw),
            Self::Pool(pool) => max_pool(pool, input_bchw),
            Self::Fire(fire) => fire.forward(input_bchw),
        }
    }
}

impl HeadLayer {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Dropout(dropout) => dropout.forward(input_bchw),
            Self::Conv(conv) => conv.apply(input_bchw),
            Self::Relu(_) => activate(Act::Relu, input_bchw),
        }
    }
}

impl SqueezeNet {
    /// The layers of each stage: the first convolution or a fire module, with the pooling behind it.
    fn ranges(&self) -> Vec<Range<usize>> {
        let begins = |index: &usize| *index == 0 || matches!(self.features[*index], Layer::Fire(_));
        let starts: Vec<usize> = (0..self.features.len()).filter(begins).collect();
        let ends = starts.iter().skip(1).copied().chain([self.features.len()]);
        starts.iter().zip(ends).map(|(&start, end)| start..end).collect()
    }
}

impl Stages for SqueezeNet {
    fn stages(&self) -> Vec<Stage> {
        let layer = |index| format!("features.{index}");
        self.ranges().into_iter().map(|range| Stage::new(layer(range.start), range.map(layer))).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        let layers = &self.features[self.ranges()[stage].clone()];
        layers.iter().fold(input_bchw, |maps_bchw, layer| layer.forward(maps_bchw))
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        global_average(self.classifier.iter().fold(maps_bchw, |maps_bchw, layer| layer.forward(maps_bchw)))
    }

    fn adapt_input(&mut self, channels: usize) {
        if let Some(Layer::Conv(conv)) = self.features.first_mut() {
            adapt_input_conv(conv, channels);
        }
    }
}
