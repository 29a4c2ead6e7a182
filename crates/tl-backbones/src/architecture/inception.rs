//! Inception-v3, as torchvision spells it (`torchvision/models/inception.py`); the blocks are in `inception/blocks.rs`.
//!
//! Szegedy et al. 2015, <https://arxiv.org/abs/1512.00567>.

#![allow(non_snake_case, reason = "fields are named as the checkpoint's keys")]

mod blocks;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Device, Tensor};

use self::blocks::{BasicConv2d, Conv, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE, maximum};
use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::global_average;
use crate::{Stage, Stages};

/// The modules of the stages; a stage is named after its first.
const STAGES: [&[&str]; 5] = [
    &["Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"],
    &["Conv2d_3b_1x1", "Conv2d_4a_3x3"],
    &["Mixed_5b", "Mixed_5c", "Mixed_5d"],
    &["Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"],
    &["Mixed_7a", "Mixed_7b", "Mixed_7c"],
];

/// Mean and standard deviation of ImageNet's channels, with which torchvision normalises pictures, in 0..1.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const STD: [f64; 3] = [0.229, 0.224, 0.225];

/// How torchvision's function arguments vary the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InceptionConfig {
    /// Whether there is the auxiliary head behind Mixed_6e, which helps training from scratch.
    pub(crate) aux_logits: bool,
    /// Images come normalised with ImageNet's mean and standard deviation, the weights want `(x - 0.5) / 0.5`: the
    /// network converts. Without, the preprocessing has to give the latter.
    pub(crate) transform_input: bool,
}

/// Inception-v3 as timm has it: no auxiliary head, and images normalised with 0.5 and 0.5.
pub(crate) const PLAIN: InceptionConfig = InceptionConfig { aux_logits: false, transform_input: false };
/// Inception-v3 as torchvision builds it for its weights.
pub(crate) const WITH_AUX: InceptionConfig = InceptionConfig { aux_logits: true, transform_input: true };

/// Inception-v3; fields are named as torchvision's checkpoint keys. Pictures have at least 75x75 pixels.
#[derive(Module, Debug)]
pub struct InceptionV3 {
    Conv2d_1a_3x3: BasicConv2d,
    Conv2d_2a_3x3: BasicConv2d,
    Conv2d_2b_3x3: BasicConv2d,
    Conv2d_3b_1x1: BasicConv2d,
    Conv2d_4a_3x3: BasicConv2d,
    Mixed_5b: InceptionA,
    Mixed_5c: InceptionA,
    Mixed_5d: InceptionA,
    Mixed_6a: InceptionB,
    Mixed_6b: InceptionC,
    Mixed_6c: InceptionC,
    Mixed_6d: InceptionC,
    Mixed_6e: InceptionC,
    AuxLogits: Option<InceptionAux>,
    Mixed_7a: InceptionD,
    Mixed_7b: InceptionE,
    Mixed_7c: InceptionE,
    fc: Linear,
    transform_input: bool,
}

/// The auxiliary head: it is trained along with the network, and not part of its features.
#[derive(Module, Debug)]
struct InceptionAux {
    conv0: BasicConv2d,
    conv1: BasicConv2d,
    fc: Linear,
}

impl InceptionConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> InceptionV3 {
        let conv = |from, to, kernel| Conv::square(from, to, kernel);
        InceptionV3 {
            Conv2d_1a_3x3: conv(ends.channels, 32, 3).stride(2).init(device),
            Conv2d_2a_3x3: conv(32, 32, 3).init(device),
            Conv2d_2b_3x3: conv(32, 64, 3).padded().init(device),
            Conv2d_3b_1x1: conv(64, 80, 1).init(device),
            Conv2d_4a_3x3: conv(80, 192, 3).init(device),
            Mixed_5b: InceptionA::init(192, 32, device),
            Mixed_5c: InceptionA::init(256, 64, device),
            Mixed_5d: InceptionA::init(288, 64, device),
            Mixed_6a: InceptionB::init(288, device),
            Mixed_6b: InceptionC::init(768, 128, device),
            Mixed_6c: InceptionC::init(768, 160, device),
            Mixed_6d: InceptionC::init(768, 160, device),
            Mixed_6e: InceptionC::init(768, 192, device),
            AuxLogits: self.aux_logits.then(|| InceptionAux::init(768, ends.classes, device)),
            Mixed_7a: InceptionD::init(768, device),
            Mixed_7b: InceptionE::init(1280, device),
            Mixed_7c: InceptionE::init(2048, device),
            fc: LinearConfig::new(2048, ends.classes).init(device),
            transform_input: self.transform_input,
        }
    }
}

impl InceptionV3 {
    /// The auxiliary head's `logits_bk` from the `maps_bchw` behind the fourth stage, Mixed_6; `None` if the network has
    /// no such head.
    ///
    /// # Panics
    /// If the maps are smaller than 17x17, the images than 299x299.
    pub fn auxiliary(&self, maps_bchw: Tensor<4>) -> Option<Tensor<2>> {
        self.AuxLogits.as_ref().map(|head| head.forward(maps_bchw))
    }

    fn forward_stem(&self, images_bchw: Tensor<4>) -> Tensor<4> {
        let images_bchw = if self.transform_input { transform_input(images_bchw) } else { images_bchw };
        let maps_bchw = self.Conv2d_2a_3x3.forward(self.Conv2d_1a_3x3.forward(images_bchw));
        maximum(self.Conv2d_2b_3x3.forward(maps_bchw))
    }

    fn forward_stem_end(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        maximum(self.Conv2d_4a_3x3.forward(self.Conv2d_3b_1x1.forward(input_bchw)))
    }

    fn forward_5(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        self.Mixed_5d.forward(self.Mixed_5c.forward(self.Mixed_5b.forward(input_bchw)))
    }

    fn forward_6(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let maps_bchw = self.Mixed_6b.forward(self.Mixed_6a.forward(input_bchw));
        self.Mixed_6e.forward(self.Mixed_6d.forward(self.Mixed_6c.forward(maps_bchw)))
    }

    fn forward_7(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        self.Mixed_7c.forward(self.Mixed_7b.forward(self.Mixed_7a.forward(input_bchw)))
    }
}

impl InceptionAux {
    fn init(from: usize, classes: usize, device: &Device) -> Self {
        Self {
            conv0: Conv::square(from, 128, 1).init(device),
            conv1: Conv::square(128, 768, 5).init(device),
            fc: LinearConfig::new(768, classes).init(device),
        }
    }

    fn forward(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        let pooled = avg_pool2d(maps_bchw, AvgPoolOptions::new([5, 5]).with_stride([3, 3]));
        let maps_bchw = self.conv1.forward(self.conv0.forward(pooled));
        self.fc.apply(global_average(maps_bchw))
    }
}

impl Stages for InceptionV3 {
    fn stages(&self) -> Vec<Stage> {
        STAGES.map(|modules| Stage::new(modules[0], modules.iter().copied())).to_vec()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        match stage {
            0 => self.forward_stem(input_bchw),
            1 => self.forward_stem_end(input_bchw),
            2 => self.forward_5(input_bchw),
            3 => self.forward_6(input_bchw),
            _ => self.forward_7(input_bchw),
        }
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.fc.apply(global_average(maps_bchw))
    }

    fn adapt_input(&mut self, channels: usize) {
        adapt_input_conv(&mut self.Conv2d_1a_3x3.conv, channels);
    }
}

/// Converts images normalised by ImageNet's mean and standard deviation to 0.5 and 0.5. Channel `c` of other images than
/// RGB is converted as channel `c % 3`.
fn transform_input(images_bchw: Tensor<4>) -> Tensor<4> {
    let channels_b1hw = images_bchw.split(1, 1).into_iter().enumerate();
    let converted = channels_b1hw.map(|(channel, image_b1hw)| {
        let (mean, std) = (MEAN[channel % 3], STD[channel % 3]);
        image_b1hw * (std / 0.5) + (mean - 0.5) / 0.5
    });
    Tensor::cat(converted.collect(), 1)
}
