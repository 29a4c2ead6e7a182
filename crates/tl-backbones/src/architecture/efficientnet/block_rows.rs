//! The rows that the tables of mobile networks are made of: timm's block strings as values
//! (`timm/models/_efficientnet_builder.py`).

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Conv,
    Separable,
    Inverted,
}

/// What stands behind a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Relu,
    Relu6,
    Silu,
    HardSwish,
}

/// A row of a network's table: one or several blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BlockConfig {
    pub(crate) kind: Kind,
    pub(crate) squeezed: bool,
    pub(crate) repeats: usize,
    pub(crate) channels: usize,
    /// Stride of the first block; the others have 1.
    pub(crate) stride: usize,
    pub(crate) kernel: usize,
    /// Channels inside a block over channels into it.
    pub(crate) expansion: f64,
    /// The activation instead of the network's.
    pub(crate) activation: Option<Activation>,
    /// An activation at the end, and no residual connection.
    pub(crate) plain: bool,
}

/// `ds` in timm's block strings: a depthwise and a pointwise convolution.
pub(crate) const fn separable(kernel: usize, stride: usize, channels: usize) -> BlockConfig {
    let (kind, expansion) = (Kind::Separable, 1.0);
    let (squeezed, repeats, activation, plain) = (false, 1, None, false);
    BlockConfig { kind, squeezed, repeats, channels, stride, kernel, expansion, activation, plain }
}

/// `ir` in timm's block strings: a pointwise, a depthwise and a linear pointwise convolution.
pub(crate) const fn inverted(expansion: f64, kernel: usize, stride: usize, channels: usize) -> BlockConfig {
    BlockConfig { kind: Kind::Inverted, expansion, ..separable(kernel, stride, channels) }
}

/// `cn` in timm's block strings: a pointwise convolution with norm and activation.
pub(crate) const fn pointwise(channels: usize) -> BlockConfig {
    BlockConfig { kind: Kind::Conv, ..separable(1, 1, channels) }
}

impl BlockConfig {
    /// A row of so many blocks instead of one.
    pub(crate) const fn times(self, repeats: usize) -> Self {
        Self { repeats, ..self }
    }

    /// A row with squeeze-and-excitation.
    pub(crate) const fn squeezed(self) -> Self {
        Self { squeezed: true, ..self }
    }

    /// A row with ReLU instead of the network's activation: `nre` in timm's block strings.
    pub(crate) const fn with_relu(self) -> Self {
        Self { activation: Some(Activation::Relu), ..self }
    }

    /// A row with an activation at the end and no residual connection: `dsa` in timm's block strings.
    pub(crate) const fn plain(self) -> Self {
        Self { plain: true, ..self }
    }
}

/// The multiple of 8 nearest to `channels`, or the next one where that takes away more than a tenth.
///
/// Source: `make_divisible`, <https://github.com/huggingface/pytorch-image-models/blob/main/timm/layers/helpers.py>.
pub(crate) fn in_eights(channels: f64) -> usize {
    let nearest = (((channels + 4.0) / 8.0).floor() * 8.0).max(8.0);
    (if nearest < 0.9 * channels { nearest + 8.0 } else { nearest }) as usize
}
