//! What a plan runs, one node per step, for one picture: a network's graph after its passes, in the terms of kernels, with what
//! execution needs: tilings and formats.

use std::ops::Range;

use crate::kernels::{Activation, Format, Join, Reduce, Tiling};

/// The index of a node; a node's inputs come before it.
pub(crate) type NodeId = usize;

/// Nodes in an order in which they can run.
#[derive(Debug)]
pub(crate) struct ExecutionGraph {
    pub(crate) nodes: Vec<Node>,
    /// The node whose values are wanted.
    pub(crate) output: NodeId,
}

/// The shape of a node's values for one picture; of a vector, height and width are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// The inputs of the step itself; [`Epilogue::join`] is another.
    pub(crate) inputs: Vec<NodeId>,
    pub(crate) shape: Shape,
    /// The format of the lanes of the values; the shape's channels count lanes.
    pub(crate) holds: Format,
    pub(crate) epilogue: Epilogue,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The picture that the graph is given.
    Image,
    Conv(Conv),
    /// The input rounded, several channels to a lane: what convolutions of this format read.
    Quantize(Format),
    /// The input, scaled and shifted per channel where that is given.
    Each(Option<ScaleShift>),
    Pool(Windows),
    /// The inputs' channels, one input behind the other.
    Concat,
    /// Some of the input's channels, from this one on.
    Slice(usize),
    /// The maps as a vector, channel by channel.
    Flatten,
}

/// The operations that follow a convolution or [`Kind::Each`] before its result is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Epilogue {
    pub(crate) first: Activation,
    pub(crate) join: Option<(Join, NodeId)>,
    pub(crate) last: Activation,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScaleShift {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Conv {
    /// The weights, `[output channel][input channel of its group][row][column]`.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    /// Zeros above and to the left; those below and to the right follow from the shapes.
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
    /// The tiles of Winograd's method, if it is used: chosen after everything else.
    pub(crate) tiling: Option<Tiling>,
    /// The format that its input and weights are rounded to: chosen after the tiling.
    pub(crate) format: Format,
}

/// The rows and columns of the input that each output pixel of a pooling sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Windows {
    pub(crate) rows: Vec<Range<usize>>,
    pub(crate) columns: Vec<Range<usize>>,
    pub(crate) reduce: Reduce,
}

impl Conv {
    pub(crate) fn inputs(&self) -> usize {
        let places = self.kernel[0] * self.kernel[1];
        self.weights.len() / (self.bias.len() * places).max(1) * self.groups
    }

    /// Whether every channel is a group of its own, to so many outputs.
    pub(crate) fn is_depthwise(&self, outputs: usize) -> bool {
        self.groups > 1 && self.groups == self.inputs() && self.groups == outputs
    }

    /// A convolution of single pixels, with weights `[output][input]`.
    pub(crate) fn pointwise(weights: Vec<f32>, bias: Vec<f32>) -> Self {
        let one = [1, 1];
        Self {
            weights,
            bias,
            kernel: one,
            stride: one,
            padding: [0, 0],
            dilation: one,
            groups: 1,
            tiling: None,
            format: Format::F32,
        }
    }
}

impl Epilogue {
    pub(crate) const NONE: Self = Self { first: Activation::NONE, join: None, last: Activation::NONE };
}

impl Node {
    pub(crate) fn new(kind: Kind, inputs: Vec<NodeId>, shape: Shape) -> Self {
        Self { kind, inputs, shape, holds: Format::F32, epilogue: Epilogue::NONE }
    }

    /// All nodes that the node reads.
    pub(crate) fn reads(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.inputs.iter().copied().chain(self.epilogue.join.map(|(_, other)| other))
    }
}

impl Shape {
    pub(crate) fn len(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl ExecutionGraph {
    /// For each node, how often others read it; nodes that lead nowhere read nothing.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.nodes.len()];
        uses[self.output] = 1;
        for (id, node) in self.nodes.iter().enumerate().rev() {
            if uses[id] > 0 {
                node.reads().for_each(|read| uses[read] += 1);
            }
        }
        uses
    }
}
