//! What a node of a graph computes, in the words of PyTorch and ONNX.
//!
//! [`interpret`](crate::Graph::interpret) is the definition of each operation. Axes are counted from the outermost, without the
//! batch: of maps, channels are axis 0, height is axis 1 and width axis 2.

use serde::{Deserialize, Serialize};

use crate::{Constant, Shape};

/// What a node computes. `C` is what it has for its constants: [`Constant`] in a graph,
/// [`ConstantRecord`](crate::ConstantRecord) in a file's [`Structure`](crate::Structure).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation<C = Constant> {
    /// What the graph is given, for instance a picture. The node's name is the input's.
    Input {
        /// Its shape.
        shape: Shape,
    },
    /// PyTorch's `conv2d` of maps.
    Conv2d(Conv2d<C>),
    /// `x * weight^T + bias` of a vector.
    Linear {
        /// `[outputs, inputs]`.
        weight: C,
        /// `[outputs]`.
        bias: Option<C>,
    },
    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, per channel.
    BatchNorm {
        /// `[channels]`; PyTorch's `weight`.
        gamma: C,
        /// `[channels]`; PyTorch's `bias`.
        beta: C,
        /// `[channels]`; PyTorch's `running_mean`.
        mean: C,
        /// `[channels]`; PyTorch's `running_var`.
        variance: C,
        /// What keeps the root from zero.
        epsilon: f32,
    },
    /// `x * scale + shift`, the two varying along one axis.
    ScaleShift {
        /// The axis.
        axis: usize,
        /// As long as the axis.
        scale: C,
        /// As long as the axis.
        shift: C,
    },
    /// PyTorch's `max_pool2d`: what is outside the maps does not count.
    MaxPool(Pool),
    /// PyTorch's `avg_pool2d`.
    AvgPool {
        /// Its windows.
        pool: Pool,
        /// Whether zeros of the padding count as values of the mean.
        count_include_pad: bool,
    },
    /// PyTorch's `adaptive_avg_pool2d`: means of as many windows as asked for, which may overlap.
    AdaptiveAvgPool {
        /// Height and width of its output.
        output: [usize; 2],
    },
    /// A number for all values along some axes, which keep a length of 1.
    Reduce {
        /// What becomes of the values.
        reduction: Reduction,
        /// The axes, ascending.
        axes: Vec<usize>,
    },
    /// A function of each value.
    Activation(Activation),
    /// A sum, a product or a quotient of two tensors, value by value; an axis of length 1 is repeated.
    Binary(Binary),
    /// Tensors behind one another.
    Concat {
        /// Along this axis.
        axis: usize,
    },
    /// The part `start..end` along one axis.
    Slice {
        /// The axis.
        axis: usize,
        /// The first value.
        start: usize,
        /// Behind the last value.
        end: usize,
    },
    /// The same values in the same order, with another shape.
    Reshape {
        /// The new shape.
        shape: Shape,
    },
}

/// A convolution of maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conv2d<C = Constant> {
    /// `[outputs, inputs / groups, height, width]`.
    pub weight: C,
    /// `[outputs]`.
    pub bias: Option<C>,
    /// Down and across.
    pub stride: [usize; 2],
    /// Zeros around the maps.
    pub padding: Padding,
    /// From one value of the filter to the next, down and across.
    pub dilation: [usize; 2],
    /// Parts of the channels that do not see each other.
    pub groups: usize,
}

/// Zeros around maps, side by side: TensorFlow's padding differs between opposite sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

/// The windows of a pooling; values are those down and across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Size of a window.
    pub kernel: [usize; 2],
    /// From one window to the next.
    pub stride: [usize; 2],
    /// Around the maps, the same on opposite sides.
    pub padding: [usize; 2],
    /// Whether a last window may reach beyond the padded maps, if it starts inside the maps or their padding before.
    pub ceil_mode: bool,
}

/// What becomes of the values along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The greatest.
    Max,
}

/// A function of one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// Into a range; ReLU6 is 0 to 6. An end that is `None` is open.
    Clamp {
        /// The least value.
        low: Option<f32>,
        /// The greatest value.
        high: Option<f32>,
    },
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `alpha * x + beta`, into 0..1.
    HardSigmoid {
        /// The slope.
        alpha: f32,
        /// The value at 0.
        beta: f32,
    },
    /// `x * sigmoid(x)`, also called swish.
    Silu,
    /// `x` times its hard sigmoid.
    HardSwish {
        /// The hard sigmoid's slope.
        alpha: f32,
        /// The hard sigmoid's value at 0.
        beta: f32,
    },
    /// The square root.
    Sqrt,
}

/// How two values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binary {
    /// Their sum.
    Add,
    /// Their product.
    Multiply,
    /// The first over the second.
    Divide,
}

impl<C> Operation<C> {
    /// The operation's kind, in the words of PyTorch and ONNX.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input { .. } => "input",
            Self::Conv2d(_) => "conv2d",
            Self::Linear { .. } => "linear",
            Self::BatchNorm { .. } => "batch_norm",
            Self::ScaleShift { .. } => "scale_shift",
            Self::MaxPool(_) => "max_pool2d",
            Self::AvgPool { .. } => "avg_pool2d",
            Self::AdaptiveAvgPool { .. } => "adaptive_avg_pool2d",
            Self::Reduce { reduction: Reduction::Mean, .. } => "reduce_mean",
            Self::Reduce { reduction: Reduction::Sum, .. } => "reduce_sum",
            Self::Reduce { reduction: Reduction::Max, .. } => "reduce_max",
            Self::Activation(activation) => activation.name(),
            Self::Binary(Binary::Add) => "add",
            Self::Binary(Binary::Multiply) => "multiply",
            Self::Binary(Binary::Divide) => "divide",
            Self::Concat { .. } => "concat",
            Self::Slice { .. } => "slice",
            Self::Reshape { .. } => "reshape",
        }
    }

    /// Its constants, in the order of the fields.
    pub fn constants(&self) -> impl Iterator<Item = &C> {
        let constants: [Option<&C>; 4] = match self {
            Self::Conv2d(conv) => [Some(&conv.weight), conv.bias.as_ref(), None, None],
            Self::Linear { weight, bias } => [Some(weight), bias.as_ref(), None, None],
            Self::BatchNorm { gamma, beta, mean, variance, .. } => {
                [Some(gamma), Some(beta), Some(mean), Some(variance)]
            }
            Self::ScaleShift { scale, shift, .. } => [Some(scale), Some(shift), None, None],
            _ => [None; 4],
        };
        constants.into_iter().flatten()
    }

    /// The same operation with other constants, made in the order of [`constants`](Self::constants).
    pub(crate) fn try_map<D, E>(&self, mut map: impl FnMut(&C) -> Result<D, E>) -> Result<Operation<D>, E> {
        Ok(match self {
            Self::Conv2d(conv) => Operation::Conv2d(Conv2d {
                weight: map(&conv.weight)?,
                bias: conv.bias.as_ref().map(&mut map).transpose()?,
                stride: conv.stride,
                padding: conv.padding,
                dilation: conv.dilation,
                groups: conv.groups,
            }),
            Self::Linear { weight, bias } => {
                let weight = map(weight)?;
                Operation::Linear { weight, bias: bias.as_ref().map(map).transpose()? }
            }
            Self::BatchNorm { gamma, beta, mean, variance, epsilon } => Operation::BatchNorm {
                gamma: map(gamma)?,
                beta: map(beta)?,
                mean: map(mean)?,
                variance: map(variance)?,
                epsilon: *epsilon,
            },
            Self::ScaleShift { axis, scale, shift } => {
                Operation::ScaleShift { axis: *axis, scale: map(scale)?, shift: map(shift)? }
            }
            Self::Input { shape } => Operation::Input { shape: shape.clone() },
            Self::MaxPool(pool) => Operation::MaxPool(*pool),
            Self::AvgPool { pool, count_include_pad } => {
                Operation::AvgPool { pool: *pool, count_include_pad: *count_include_pad }
            }
            Self::AdaptiveAvgPool { output } => Operation::AdaptiveAvgPool { output: *output },
            Self::Reduce { reduction, axes } => {
                Operation::Reduce { reduction: *reduction, axes: axes.clone() }
            }
            Self::Activation(activation) => Operation::Activation(*activation),
            Self::Binary(binary) => Operation::Binary(*binary),
            Self::Concat { axis } => Operation::Concat { axis: *axis },
            &Self::Slice { axis, start, end } => Operation::Slice { axis, start, end },
            Self::Reshape { shape } => Operation::Reshape { shape: shape.clone() },
        })
    }
}

impl Activation {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Clamp { .. } => "clamp",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::Silu => "silu",
            Self::HardSwish { .. } => "hard_swish",
            Self::Sqrt => "sqrt",
        }
    }
}
