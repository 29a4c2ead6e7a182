//! The blocks of mobile networks, fields named as in timm (`timm/models/_efficientnet_blocks.py`).
//!
//! A block takes `input_bchw` to `maps_bchw`; channels and size are its row's.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::{hard_sigmoid, hard_swish, sigmoid, silu};
use burn::tensor::{Device, Tensor};

use super::block_rows::{Activation, BlockConfig, Kind, in_eights};
use crate::count::Counted;
use crate::layers::conv;
use tl_kernels::{Act, activate, batch_norm, batch_norm_onto};

/// The number of channels that squeeze-and-excitation squeezes to, and its activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Squeeze {
    /// EfficientNet: a quarter of the channels into the block; the block's activation, then a sigmoid.
    OfInput,
    /// MobileNetV3: a quarter of the channels inside the block, in eights; ReLU, then a hard sigmoid.
    OfInner,
}

/// What all blocks of a network have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) activation: Activation,
    pub(crate) squeeze: Squeeze,
    /// TensorFlow's padding: as much as needed, the odd pixel at the bottom and right. Else half a kernel around.
    pub(crate) same_padding: bool,
    /// Epsilon of the batch norms.
    pub(crate) epsilon: f64,
}

/// A block of any kind.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a box would hide the module from burn")]
pub(crate) enum Block {
    Conv(ConvBnAct),
    Separable(DepthwiseSeparable),
    Inverted(InvertedResidual),
}

#[derive(Module, Debug)]
pub(crate) struct ConvBnAct {
    conv: Conv2d,
    bn1: BatchNorm,
    #[module(skip)]
    activation: Activation,
}

#[derive(Module, Debug)]
pub(crate) struct DepthwiseSeparable {
    conv_dw: Conv2d,
    bn1: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pw: Conv2d,
    bn2: BatchNorm,
    residual: bool,
    plain: bool,
    #[module(skip)]
    activation: Activation,
}

#[derive(Module, Debug)]
pub(crate) struct InvertedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm,
    conv_dw: Conv2d,
    bn2: BatchNorm,
    se: Option<SqueezeExcite>,
    conv_pwl: Conv2d,
    bn3: BatchNorm,
    residual: bool,
    #[module(skip)]
    activation: Activation,
}

/// Hu et al. 2018, <https://arxiv.org/abs/1709.01507>, with 1x1 convolutions.
#[derive(Module, Debug)]
pub(crate) struct SqueezeExcite {
    conv_reduce: Conv2d,
    conv_expand: Conv2d,
    #[module(skip)]
    activation: Activation,
    hard: bool,
}

impl BlockConfig {
    /// One block of the row, from `from` to `to` channels.
    pub(crate) fn init(
        &self,
        style: &Style,
        [from, to]: [usize; 2],
        stride: usize,
        device: &Device,
    ) -> Block {
        let inner = if self.expansion == 1.0 { from } else { in_eights(from as f64 * self.expansion) };
        let activation = self.activation.unwrap_or(style.activation);
        let residual = stride == 1 && from == to && !self.plain;
        let dw = || style.conv([inner, inner], self.kernel, stride, inner, device);
        let pw = |from, to| style.conv([from, to], 1, 1, 1, device);
        let bn = |channels| style.norm(channels, device);
        let se = self.squeezed.then(|| style.squeeze_excite([from, inner], activation, device));
        match self.kind {
            Kind::Conv => Block::Conv(ConvBnAct { conv: pw(from, to), bn1: bn(to), activation }),
            Kind::Separable => Block::Separable(DepthwiseSeparable {
                conv_dw: dw(),
                bn1: bn(inner),
                se,
                conv_pw: pw(inner, to),
                bn2: bn(to),
                residual,
                plain: self.plain,
                activation,
            }),
            Kind::Inverted => Block::Inverted(InvertedResidual {
                conv_pw: pw(from, inner),
                bn1: bn(inner),
                conv_dw: dw(),
                bn2: bn(inner),
                se,
                conv_pwl: pw(inner, to),
                bn3: bn(to),
                residual,
                activation,
            }),
        }
    }
}

impl Style {
    pub(crate) fn conv(
        &self,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        groups: usize,
        device: &Device,
    ) -> Conv2d {
        let conv = conv(channels, kernel, stride, groups, device);
        if self.same_padding { Conv2d { padding: PaddingConfig2d::Same, ..conv } } else { conv }
    }

    pub(crate) fn norm(&self, channels: usize, device: &Device) -> BatchNorm {
        BatchNormConfig::new(channels).with_epsilon(self.epsilon).init(device)
    }

    fn squeeze_excite(
        &self,
        [from, inner]: [usize; 2],
        activation: Activation,
        device: &Device,
    ) -> SqueezeExcite {
        let (squeezed, activation, hard) = match self.squeeze {
            Squeeze::OfInput => (from / 4, activation, false),
            Squeeze::OfInner => (in_eights(inner as f64 / 4.0), Activation::Relu, true),
        };
        let conv_reduce = Conv2dConfig::new([inner, squeezed], [1, 1]).init(device);
        let conv_expand = Conv2dConfig::new([squeezed, inner], [1, 1]).init(device);
        SqueezeExcite { conv_reduce, conv_expand, activation, hard }
    }
}

impl Block {
    pub(crate) fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(block) => block.activation.behind(&block.bn1, block.conv.apply(input_bchw)),
            Self::Separable(block) => block.forward(input_bchw),
            Self::Inverted(block) => block.forward(input_bchw),
        }
    }
}

impl DepthwiseSeparable {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let filtered = self.activation.behind(&self.bn1, self.conv_dw.apply(input_bchw.clone()));
        let maps_bchw = self.conv_pw.apply(excite(self.se.as_ref(), filtered));
        match (self.residual, self.plain) {
            (true, _) => batch_norm_onto(&self.bn2, Act::None, maps_bchw, input_bchw),
            (false, true) => self.activation.behind(&self.bn2, maps_bchw),
            (false, false) => batch_norm(&self.bn2, Act::None, maps_bchw),
        }
    }
}

impl InvertedResidual {
    fn forward(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let expanded = self.activation.behind(&self.bn1, self.conv_pw.apply(input_bchw.clone()));
        let filtered = self.activation.behind(&self.bn2, self.conv_dw.apply(expanded));
        let maps_bchw = self.conv_pwl.apply(excite(self.se.as_ref(), filtered));
        if self.residual {
            batch_norm_onto(&self.bn3, Act::None, maps_bchw, input_bchw)
        } else {
            batch_norm(&self.bn3, Act::None, maps_bchw)
        }
    }
}

fn excite(se: Option<&SqueezeExcite>, maps_bchw: Tensor<4>) -> Tensor<4> {
    let Some(se) = se else { return maps_bchw };
    let squeezed = se.activation.forward(se.conv_reduce.apply(mean_hw(maps_bchw.clone())));
    let gate = se.conv_expand.apply(squeezed);
    maps_bchw * if se.hard { hard_sigmoid(gate, 1.0 / 6.0, 0.5) } else { sigmoid(gate) }
}

impl Activation {
    /// Batch normalisation with this activation behind it.
    pub(crate) fn behind(self, layer: &BatchNorm, maps_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Relu => batch_norm(layer, Act::Relu, maps_bchw),
            Self::Relu6 => batch_norm(layer, Act::Relu6, maps_bchw),
            Self::Silu | Self::HardSwish => self.forward(batch_norm(layer, Act::None, maps_bchw)),
        }
    }

    pub(crate) fn forward(self, maps_bchw: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Relu => activate(Act::Relu, maps_bchw),
            Self::Relu6 => activate(Act::Relu6, maps_bchw),
            Self::Silu => silu(maps_bchw),
            Self::HardSwish => hard_swish(maps_bchw),
        }
    }
}

/// `maps_bchw` to `[batch, channels, 1, 1]`.
pub(crate) fn mean_hw(maps_bchw: Tensor<4>) -> Tensor<4> {
    tl_kernels::means(maps_bchw)
}
