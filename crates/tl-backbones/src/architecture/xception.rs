//! Xception, as timm spells it (`timm/models/xception.py`, `legacy_xception`).
//!
//! Chollet 2016, <https://arxiv.org/abs/1610.02357>.

use burn::module::Module;
use burn::nn::activation::Relu;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use tl_kernels::{Act, activate, batch_norm, batch_norm_onto, max_pool};

use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::{conv, global_average, norm, symmetric};
use crate::{Stage, Stages};

/// Widths along a block's convolutions, and the stride of the pooling at its end; Figure 5 of the paper.
const BLOCKS: [(&[usize], usize); 12] = [
    (&[64, 128, 128], 2),
    (&[128, 256, 256], 2),
    (&[256, 728, 728], 2),
    MIDDLE,
    MIDDLE,
    MIDDLE,
    MIDDLE,
    MIDDLE,
    MIDDLE,
    MIDDLE,
    MIDDLE,
    (&[728, 728, 1024], 2),
];
const MIDDLE: (&[usize], usize) = (&[728, 728, 728, 728], 1);

/// The one variant of this family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct XceptionConfig;

/// Xception; fields are named as timm's checkpoint keys.
#[derive(Module, Debug)]
pub struct Xception {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    block1: Block,
    block2: Block,
    block3: Block,
    block4: Block,
    block5: Block,
    block6: Block,
    block7: Block,
    block8: Block,
    block9: Block,
    block10: Block,
    block11: Block,
    block12: Block,
    conv3: SeparableConv2d,
    bn3: BatchNorm,
    conv4: SeparableConv2d,
    bn4: BatchNorm,
    fc: Linear,
}

#[derive(Module, Debug)]
struct Block {
    skip: Option<Conv2d>,
    skipbn: Option<BatchNorm>,
    rep: Vec<Layer>,
}

/// What a block's sequence is made of: the layers without parameters count, since keys hold a layer's index.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a box would hide the module from burn")]
enum Layer {
    Relu(Relu),
    Separable(SeparableConv2d),
    Norm(BatchNorm),
    Pool(MaxPool2d),
}

#[derive(Module, Debug)]
struct SeparableConv2d {
    conv1: Conv2d,
    pointwise: Conv2d,
}

impl XceptionConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> Xception {
        let block = |number: usize| Block::init(number, device);
        Xception {
            conv1: Conv2dConfig::new([ends.channels, 32], [3, 3])
                .with_stride([2, 2])
                .with_bias(false)
                .init(device),
            bn1: norm(32, device),
            conv2: Conv2dConfig::new([32, 64], [3, 3]).with_bias(false).init(device),
            bn2: norm(64, device),
            block1: block(1),
            block2: block(2),
            block3: block(3),
            block4: block(4),
            block5: block(5),
            block6: block(6),
            block7: block(7),
            block8: block(8),
            block9: block(9),
            block10: block(10),
            block11: block(11),
            block12: block(12),
            conv3: SeparableConv2d::init(1024, 1536, device),
            bn3: norm(1536, device),
            conv4: SeparableConv2d::init(1536, 2048, device),
            bn4: norm(2048, device),
            fc: LinearConfig::new(2048, ends.classes).init(device),
        }
    }
}

impl Block {
    /// The first block starts without ReLU.
    fn init(number: usize, device: &Device) -> Self {
        let (widths, stride) = BLOCKS[number - 1];
        let (from, to) = (widths[0], widths[widths.len() - 1]);
        let layers = widths.windows(2).flat_map(|pair| Layer::unit(pair[0], pair[1], device));
        let pooling = (stride != 1).then(|| Layer::Pool(pool(stride)));
        let rep = layers.chain(pooling).skip(usize::from(number == 1)).collect();
        let changes = from != to || stride != 1;
        Self {
            skip: changes.then(|| conv([from, to], 1, stride, 1, device)),
            skipbn: changes.then(|| norm(to, device)),
            rep,
        }
    }

    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let run = |layers: &[Layer]| {
            layers.iter().fold(input_bchw.clone(), |maps_bchw, layer| layer.forward(maps_bchw))
        };
        match (&self.skip, &self.skipbn, self.rep.as_slice()) {
            (Some(skip), Some(skipbn), layers) => {
                let maps_bchw = run(layers);
                batch_norm_onto(skipbn, Act::None, skip.apply(input_bchw), maps_bchw)
            }
            (_, _, [layers @ .., Layer::Norm(last)]) => {
                batch_norm_onto(last, Act::None, run(layers), input_bchw)
            }
            (_, _, layers) => run(layers) + input_bchw,
        }
    }
}

impl Layer {
    fn unit(from: usize, to: usize, device: &Device) -> [Self; 3] {
        let conv = SeparableConv2d::init(from, to, device);
        [Self::Relu(Relu), Self::Separable(conv), Self::Norm(norm(to, device))]
    }

    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Relu(_) => activate(Act::Relu, input_bchw),
            Self::Separable(layer) => layer.forward(input_bchw),
            Self::Norm(layer) => batch_norm(layer, Act::None, input_bchw),
            Self::Pool(layer) => max_pool(layer, input_bchw),
        }
    }
}

impl SeparableConv2d {
    fn init(from: usize, to: usize, device: &Device) -> Self {
        Self { conv1: conv([from, from], 3, 1, from, device), pointwise: conv([from, to], 1, 1, 1, device) }
    }

    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        self.pointwise.apply(self.conv1.apply(input_bchw))
    }
}

impl Xception {
    fn blocks(&self) -> [&Block; BLOCKS.len()] {
        [
            &self.block1,
            &self.block2,
            &self.block3,
            &self.block4,
            &self.block5,
            &self.block6,
            &self.block7,
            &self.block8,
            &self.block9,
            &self.block10,
            &self.block11,
            &self.block12,
        ]
    }

    fn forward_entry(&self, images_bchw: Tensor<4>) -> Tensor<4> {
        let maps_bchw = batch_norm(&self.bn1, Act::Relu, self.conv1.apply(images_bchw));
        batch_norm(&self.bn2, Act::Relu, self.conv2.apply(maps_bchw))
    }

    fn forward_exit(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let maps_bchw = batch_norm(&self.bn3, Act::Relu, self.conv3.forward(input_bchw));
        batch_norm(&self.bn4, Act::Relu, self.conv4.forward(maps_bchw))
    }
}

impl Stages for Xception {
    fn stages(&self) -> Vec<Stage> {
        let entry = Stage::new("conv1", ["conv1", "bn1", "conv2", "bn2"]);
        let blocks = (1..=BLOCKS.len()).map(|number| Stage::of(format!("block{number}")));
        let exit = Stage::new("conv3", ["conv3", "bn3", "conv4", "bn4"]);
        std::iter::once(entry).chain(blocks).chain([exit]).collect()
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        match stage {
            0 => self.forward_entry(input_bchw),
            n if n == BLOCKS.len() + 1 => self.forward_exit(input_bchw),
            n => self.blocks()[n - 1].forward(input_bchw),
        }
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.fc.apply(global_average(maps_bchw))
    }

    fn adapt_input(&mut self, channels: usize) {
        adapt_input_conv(&mut self.conv1, channels);
    }
}

fn pool(stride: usize) -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([stride, stride]).with_padding(symmetric(1)).init()
}
