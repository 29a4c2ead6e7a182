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
        /// The input's shape for one picture.
        shape: Shape,
    },
    /// A convolution of maps, PyTorch's `conv2d`.
    Conv2d(Conv2d<C>),
    /// `x * weight^T + bias` of a vector.
    Linear {
        /// The weights, `[outputs, inputs]`.
        weight: C,
        /// The bias, `[outputs]`.
        bias: Option<C>,
    },
    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, per channel.
    BatchNorm {
        /// The scale, `[channels]`; PyTorch's `weight`.
        gamma: C,
        /// The shift, `[channels]`; PyTorch's `bias`.
        beta: C,
        /// The mean over the training pictures, `[channels]`; PyTorch's `running_mean`.
        mean: C,
        /// The variance over the training pictures, `[channels]`; PyTorch's `running_var`.
        variance: C,
        /// The number that keeps the root from zero.
        epsilon: f32,
    },
    /// `x * scale + shift`, the two varying along one axis.
    ScaleShift {
        /// The axis along which scale and shift vary.
        axis: usize,
        /// The factors, as many as the axis is long.
        scale: C,
        /// The summands, as many as the axis is long.
        shift: C,
    },
    /// The greatest value of each window, PyTorch's `max_pool2d`: what is outside the maps does not count.
    MaxPool(Pool),
    /// The mean of each window, PyTorch's `avg_pool2d`.
    AvgPool {
        /// The windows over the maps.
        pool: Pool,
        /// Whether zeros of the padding count as values of the mean.
        count_include_pad: bool,
    },
    /// PyTorch's `adaptive_avg_pool2d`: means of as many windows as asked for, which may overlap.
    AdaptiveAvgPool {
        /// Height and width of the output.
        output: [usize; 2],
    },
    /// A number for all values along some axes, which keep a length of 1.
    Reduce {
        /// The number that is made of the values.
        reduction: Reduction,
        /// The axes that are reduced, in ascending order.
        axes: Vec<usize>,
    },
    /// A function that is applied to each value.
    Activation(Activation),
    /// A sum, a product or a quotient of two tensors, value by value; an axis of length 1 is repeated.
    Binary(Binary),
    /// The inputs behind one another along one axis.
    Concat {
        /// The axis that becomes longer.
        axis: usize,
    },
    /// The part `start..end` along one axis.
    Slice {
        /// The axis that is cut.
        axis: usize,
        /// The index of the first value that is kept.
        start: usize,
        /// The index behind the last value that is kept.
        end: usize,
    },
    /// The same values in the same order, with another shape.
    Reshape {
        /// The shape of the output.
        shape: Shape,
    },
}

/// A convolution of maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conv2d<C = Constant> {
    /// The weights, `[outputs, inputs / groups, height, width]`.
    pub weight: C,
    /// The bias, `[outputs]`.
    pub bias: Option<C>,
    /// The distance from one window to the next, down and across.
    pub stride: [usize; 2],
    /// The rows and columns of zeros around the maps.
    pub padding: Padding,
    /// The distance from one value of the filter to the next, down and across.
    pub dilation: [usize; 2],
    /// The number of parts of the channels that do not see each other.
    pub groups: usize,
}

/// Zeros around maps, side by side: TensorFlow's padding differs between opposite sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Padding {
    /// Rows of zeros above the maps.
    pub top: usize,
    /// Rows of zeros below the maps.
    pub bottom: usize,
    /// Columns of zeros to the left of the maps.
    pub left: usize,
    /// Columns of zeros to the right of the maps.
    pub right: usize,
}

/// The windows of a pooling; each field is a value for down and one for across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The size of a window.
    pub kernel: [usize; 2],
    /// The distance from one window to the next.
    pub stride: [usize; 2],
    /// The padding around the maps, the same on opposite sides.
    pub padding: [usize; 2],
    /// Whether a last window may reach beyond the padded maps, if it starts inside the maps or their padding before.
    pub ceil_mode: bool,
}

/// The number that is made of the values along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// The mean of the values.
    Mean,
    /// The sum of the values.
    Sum,
    /// The greatest of the values.
    Max,
}

/// A function that is applied to one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// The rectifier, `max(x, 0)`.
    Relu,
    /// The nearest value in a range; ReLU6 is 0 to 6. An end that is `None` is open.
    Clamp {
        /// The least value.
        low: Option<f32>,
        /// The greatest value.
        high: Option<f32>,
    },
    /// The logistic function, `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `alpha * x + beta`, clamped into 0..1.
    HardSigmoid {
        /// The slope between 0 and 1.
        alpha: f32,
        /// The function's value at 0.
        beta: f32,
    },
    /// `x * sigmoid(x)`, also called swish.
    Silu,
    /// `x * hard_sigmoid(x)`.
    HardSwish {
        /// The hard sigmoid's slope.
        alpha: f32,
        /// The hard sigmoid's value at 0.
        beta: f32,
    },
    /// The square root.
    Sqrt,
}

/// An operation that makes one value of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binary {
    /// The sum of the two.
    Add,
    /// The product of the two.
    Multiply,
    /// The first divided by the second.
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

    /// The operation's constants, in the order of the fields.
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
    /// The function's name, in the words of PyTorch.
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
