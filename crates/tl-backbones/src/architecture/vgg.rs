//! VGG with and without batch normalisation, as torchvision spells it.
//!
//! Simonyan and Zisserman 2014, <https://arxiv.org/abs/1409.1556>, configurations A, B, D and E of table 1. Reference:
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/vgg.py>.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Linear, LinearConfig, Relu};
use burn::tensor::module::adaptive_avg_pool2d;
use burn::tensor::{Device, Tensor};
use std::ops::Range;

use tl_kernels::Act;

use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::{norm, symmetric};
use crate::{Stage, Stages};

/// Channels of the convolutions of each stage.
const CHANNELS: [usize; 5] = [64, 128, 256, 512, 512];
/// The head looks at this many places, in height and in width.
const PLACES: usize = 7;
const HIDDEN: usize = 4096;

/// A variant of VGG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VggConfig {
    /// Convolutions per stage.
    convolutions: [usize; 5],
    batch_norm: bool,
}

const fn plain(convolutions: [usize; 5]) -> VggConfig {
    VggConfig { convolutions, batch_norm: false }
}

const fn normalised(convolutions: [usize; 5]) -> VggConfig {
    VggConfig { convolutions, batch_norm: true }
}

pub(crate) const VGG11: VggConfig = plain([1, 1, 2, 2, 2]);
pub(crate) const VGG11_BN: VggConfig = normalised([1, 1, 2, 2, 2]);
pub(crate) const VGG13: VggConfig = plain([2, 2, 2, 2, 2]);
pub(crate) const VGG13_BN: VggConfig = normalised([2, 2, 2, 2, 2]);
pub(crate) const VGG16: VggConfig = plain([2, 2, 3, 3, 3]);
pub(crate) const VGG16_BN: VggConfig = normalised([2, 2, 3, 3, 3]);
pub(crate) const VGG19: VggConfig = plain([2, 2, 4, 4, 4]);
pub(crate) const VGG19_BN: VggConfig = normalised([2, 2, 4, 4, 4]);

/// A VGG; its layers have the indices of torchvision's two `Sequential`s.
#[derive(Module, Debug)]
pub struct Vgg {
    features: Vec<Layer>,
    classifier: Vec<HeadLayer>,
}

#[derive(Module, Debug)]
enum Layer {
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu(Relu),
    Pool(MaxPool2d),
}

#[derive(Module, Debug)]
enum HeadLayer {
    Linear(Linear),
    Relu(Relu),
    Dropout(Dropout),
}

impl VggConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> Vgg {
        let mut channels = ends.channels;
        let mut features = Vec::new();
        for (convolutions, to) in self.convolutions.into_iter().zip(CHANNELS) {
            for _ in 0..convolutions {
                features.extend(self.convolution([channels, to], device));
                channels = to;
            }
            features.push(Layer::Pool(MaxPool2dConfig::new([2, 2]).init()));
        }
        Vgg { features, classifier: head(channels, ends.classes, device) }
    }

    fn convolution(&self, channels: [usize; 2], device: &Device) -> Vec<Layer> {
        let conv = Conv2dConfig::new(channels, [3, 3]).with_padding(symmetric(1)).init(device);
        let norm = self.batch_norm.then(|| Layer::Norm(norm(channels[1], device)));
        [Some(Layer::Conv(conv)), norm, Some(Layer::Relu(Relu::new()))].into_iter().flatten().collect()
    }
}

fn head(channels: usize, classes: usize, device: &Device) -> Vec<HeadLayer> {
    let linear = |from, to| HeadLayer::Linear(LinearConfig::new(from, to).init(device));
    let relu = || HeadLayer::Relu(Relu::new());
    let dropout = || HeadLayer::Dropout(DropoutConfig::new(0.5).init());
    vec![
        linear(channels * PLACES * PLACES, HIDDEN),
        relu(),
        dropout(),
        linear(HIDDEN, HIDDEN),
        relu(),
        dropout(),
        linear(HIDDEN, classes),
    ]
}

impl Layer {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(conv) => conv.apply(input_bchw),
            Self::Norm(norm) => tl_kernels::batch_norm(norm, Act::None, input_bchw),
            Self::Relu(_) => tl_kernels::activate(Act::Relu, input_bchw),
            Self::Pool(pool) => tl_kernels::max_pool(pool, input_bchw),
        }
    }
}

impl HeadLayer {
    fn forward(&self, input_bd: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Linear(linear) => linear.apply(input_bd),
            Self::Relu(relu) => relu.forward(input_bd),
            Self::Dropout(dropout) => dropout.forward(input_bd),
        }
    }
}

impl Vgg {
    /// The layers of each stage: a stage ends with its pooling.
    fn ranges(&self) -> Vec<Range<usize>> {
        let is_pool = |(_, layer): &(usize, &Layer)| matches!(layer, Layer::Pool(_));
        let ends = self.features.iter().enumerate().filter(is_pool).map(|(index, _)| index + 1);
        ends.scan(0, |start, end| Some(std::mem::replace(start, end)..end)).collect()
    }
}

impl Stages for Vgg {
    fn stages(&self) -> Vec<Stage> {
        let layer = |index| format!("features.{index}");
        self.ranges().into_iter().map(|range| Stage::new(layer(range.start), range.map(layer))).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        let layers = &self.features[self.ranges()[stage].clone()];
        layers.iter().fold(input_bchw, |maps_bchw, layer| layer.forward(maps_bchw))
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        let places_bd = adaptive_avg_pool2d(maps_bchw, [PLACES, PLACES]).flatten(1, 3);
        self.classifier.iter().fold(places_bd, |maps_bd, layer| layer.forward(maps_bd))
    }

    fn adapt_input(&mut self, channels: usize) {
        if let Some(Layer::Conv(conv)) = self.features.first_mut() {
            adapt_input_conv(conv, channels);
        }
    }
}
