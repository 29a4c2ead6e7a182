//! DenseNet, as torchvision spells it.
//!
//! Huang et al. 2016, <https://arxiv.org/abs/1608.06993>. Reference:
//! <https://github.com/pytorch/vision/blob/main/torchvision/models/densenet.py>.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d};
use burn::nn::{BatchNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use tl_kernels::{Act, batch_norm};

use crate::architecture::Ends;
use crate::count::Counted;
use crate::input::adapt_input_conv;
use crate::layers::{conv, norm, stem_pool};
use crate::{Stage, Stages};

/// Channels of a layer's inner convolution over those it adds: `bn_size` of the reference.
const BOTTLENECK: usize = 4;

/// A variant of DenseNet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DenseNetConfig {
    stem_channels: usize,
    /// Channels that a layer adds.
    growth: usize,
    /// Layers per block.
    layers: [usize; 4],
}

pub(crate) const DENSENET121: DenseNetConfig =
    DenseNetConfig { stem_channels: 64, growth: 32, layers: [6, 12, 24, 16] };

/// A DenseNet; fields are named as torchvision's checkpoint keys.
#[derive(Module, Debug)]
pub struct DenseNet {
    features: Features,
    classifier: Linear,
}

#[derive(Module, Debug)]
struct Features {
    conv0: Conv2d,
    norm0: BatchNorm,
    pool0: MaxPool2d,
    denseblock1: DenseBlock,
    transition1: Transition,
    denseblock2: DenseBlock,
    transition2: Transition,
    denseblock3: DenseBlock,
    transition3: Transition,
    denseblock4: DenseBlock,
    norm5: BatchNorm,
}

#[derive(Module, Debug)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Conv2d,
    norm2: BatchNorm,
    conv2: Conv2d,
}

#[derive(Module, Debug)]
struct Transition {
    norm: BatchNorm,
    conv: Conv2d,
    pool: AvgPool2d,
}

impl DenseNetConfig {
    pub(crate) fn init(&self, ends: Ends, device: &Device) -> DenseNet {
        let mut channels = self.stem_channels;
        let dense = |layers| self.block(layers, &mut channels, device);
        let [(denseblock1, after1), (denseblock2, after2), (denseblock3, after3), (denseblock4, width)] =
            self.layers.map(dense);
        let features = Features {
            conv0: conv([ends.channels, self.stem_channels], 7, 2, 1, device),
            norm0: norm(self.stem_channels, device),
            pool0: stem_pool(),
            denseblock1,
            transition1: Transition::init(after1, device),
            denseblock2,
            transition2: Transition::init(after2, device),
            denseblock3,
            transition3: Transition::init(after3, device),
            denseblock4,
            norm5: norm(width, device),
        };
        DenseNet { features, classifier: LinearConfig::new(width, ends.classes).init(device) }
    }

    /// A block and the channels behind it, which the transition that follows halves.
    fn block(&self, layers: usize, channels: &mut usize, device: &Device) -> (DenseBlock, usize) {
        let from = |layer| *channels + layer * self.growth;
        let block = DenseBlock((0..layers).map(|layer| self.layer(from(layer), device)).collect());
        let width = from(layers);
        *channels = width / 2;
        (block, width)
    }

    fn layer(&self, from: usize, device: &Device) -> DenseLayer {
        let inner = BOTTLENECK * self.growth;
        DenseLayer {
            norm1: norm(from, device),
            conv1: conv([from, inner], 1, 1, 1, device),
            norm2: norm(inner, device),
            conv2: conv([inner, self.growth], 3, 1, 1, device),
        }
    }
}

impl DenseLayer {
    /// All maps so far to the maps that this layer adds.
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let inner_bchw = self.conv1.apply(batch_norm(&self.norm1, Act::Relu, input_bchw));
        self.conv2.apply(batch_norm(&self.norm2, Act::Relu, inner_bchw))
    }
}

impl Transition {
    fn init(channels: usize, device: &Device) -> Self {
        Self {
            norm: norm(channels, device),
            conv: conv([channels, channels / 2], 1, 1, 1, device),
            pool: AvgPool2dConfig::new([2, 2]).init(),
        }
    }

    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        self.pool.forward(self.conv.apply(batch_norm(&self.norm, Act::Relu, input_bchw)))
    }
}

impl Stages for DenseNet {
    fn stages(&self) -> Vec<Stage> {
        let stage = |modules: &[&str]| {
            let keys: Vec<String> = modules.iter().map(|module| format!("features.{module}")).collect();
            Stage::new(keys[0].clone(), keys)
        };
        vec![
            stage(&["conv0", "norm0"]),
            stage(&["denseblock1", "transition1"]),
            stage(&["denseblock2", "transition2"]),
            stage(&["denseblock3", "transition3"]),
            stage(&["denseblock4", "norm5"]),
        ]
    }

    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4> {
        let net = &self.features;
        match stage {
            0 => net.pool0.forward(batch_norm(&net.norm0, Act::Relu, net.conv0.apply(input_bchw))),
            4 => batch_norm(&net.norm5, Act::Relu, net.denseblock4.forward(input_bchw)),
            n => {
                let blocks = [&net.denseblock1, &net.denseblock2, &net.denseblock3];
                let transitions = [&net.transition1, &net.transition2, &net.transition3];
                transitions[n - 1].forward(blocks[n - 1].forward(input_bchw))
            }
        }
    }

    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.classifier.apply(self.pool(maps_bchw))
    }

    fn adapt_input(&mut self, channels: usize) {
        adapt_input_conv(&mut self.features.conv0, channels);
    }
}

/// Layers of which each sees the output of all before it. Their names in the checkpoint are `denselayer1`,
/// `denselayer2` and so on, not indices: that is why [`Module`] is implemented by hand, as for a `Vec` but for the names.
#[derive(Debug, Clone)]
struct DenseBlock(Vec<DenseLayer>);

fn layer_name(index: usize) -> String {
    format!("denselayer{}", index + 1)
}

impl DenseBlock {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        self.0.iter().fold(input_bchw, |maps_bchw, layer| {
            let added_bchw = layer.forward(maps_bchw.clone());
            Tensor::cat(vec![maps_bchw, added_bchw], 1)
        })
    }
}

impl Module for DenseBlock {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (index, layer) in self.0.iter().enumerate() {
            visitor.enter_module(&layer_name(index), "Vec");
            layer.visit(visitor);
            visitor.exit_module(&layer_name(index), "Vec");
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let mapped = self.0.into_iter().enumerate().map(|(index, layer)| {
            mapper.enter_module(&layer_name(index), "Vec");
            let layer = layer.map(mapper);
            mapper.exit_module(&layer_name(index), "Vec");
            layer
        });
        Self(mapped.collect())
    }

    fn to_device(self, device: &Device) -> Self {
        Self(self.0.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        Self(self.0.fork(device))
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.0.collect_devices(devices)
    }

    fn valid(&self) -> Self {
        Self(self.0.valid())
    }

    fn train(self) -> Self {
        Self(self.0.train())
    }

    fn materialize(self) -> Self {
        Self(self.0.materialize())
    }
}

impl ModuleDisplayDefault for DenseBlock {
    fn content(&self, content: Content) -> Option<Content> {
        let layers = self.0.iter().enumerate();
        layers.fold(content, |content, (index, layer)| content.add(&layer_name(index), layer)).optional()
    }
}

impl ModuleDisplay for DenseBlock {}
