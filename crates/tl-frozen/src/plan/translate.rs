//! From a network's graph to the nodes that a plan runs: what plans have kernels for, in the kernels' terms.

use std::collections::HashMap;
use tl_graph::{
    Activation as Function, Binary, Conv2d, NodeId as SourceId, Operation, Reduction, adaptive_windows,
};

use super::PlanError;
use super::execution_graph::{
    Conv, Epilogue, ExecutionGraph, Kind, Node, NodeId, ScaleShift, Shape, Windows,
};
use crate::kernels::{Activation, Format, Join, Reduce};

/// The numbers of a network's nodes as they were before any pass, without those that only give values another shape. Model files
/// hold the ranges of values by these numbers.
#[derive(Debug)]
pub(crate) struct Numbers {
    by_name: HashMap<String, usize>,
}

impl Numbers {
    /// The numbers of a graph's nodes before any pass.
    pub(crate) fn of(graph: &tl_graph::Graph) -> Self {
        let named = graph.nodes().iter().filter(|node| !is_renaming(graph, node));
        Self { by_name: named.enumerate().map(|(number, node)| (node.name().to_owned(), number)).collect() }
    }

    pub(crate) fn count(&self) -> usize {
        self.by_name.len()
    }
}

/// The nodes of a plan for a graph's one output, and the number of each.
pub(crate) fn translate(
    graph: &tl_graph::Graph,
    numbers: &Numbers,
) -> Result<(ExecutionGraph, Vec<usize>), PlanError> {
    let (inputs, outputs) = (graph.inputs().count(), graph.outputs());
    let (1, [output]) = (inputs, outputs) else {
        return Err(PlanError::Ends { inputs, outputs: outputs.len() });
    };
    let mut translation = Translation { graph, places: Vec::new(), nodes: Vec::new(), numbers: Vec::new() };
    let mut missing = Vec::new();
    for (id, node) in graph.iter() {
        translation.places.push(translation.nodes.len());
        if is_renaming(graph, node) {
            translation.places[id.index()] = translation.place(node.inputs()[0]);
            continue;
        }
        match translation.node(id, node) {
            Ok(made) => translation.nodes.push(made),
            Err(what) => {
                let operation = format!("{} `{}` {what}", node.operation().name(), node.name());
                missing.push(operation.trim_end().to_owned());
            }
        }
        let unnumbered = || PlanError::Internal { detail: format!("no node was called `{}`", node.name()) };
        translation.numbers.push(numbers.by_name.get(node.name()).copied().ok_or_else(unnumbered)?);
    }
    if !missing.is_empty() {
        let multiply_adds = graph.iter().map(|(id, _)| graph.multiply_adds(id)).sum();
        return Err(PlanError::Unsupported { operations: missing, multiply_adds });
    }
    let output = translation.place(output.node);
    Ok((ExecutionGraph { nodes: translation.nodes, output }, translation.numbers))
}

/// Whether a node only gives the same values another shape, which plans do not tell apart.
fn is_renaming(graph: &tl_graph::Graph, node: &tl_graph::Node) -> bool {
    let from = node.inputs().first().map(|&input| graph.node(input).shape());
    matches!(node.operation(), Operation::Reshape { .. })
        && node.epilogue().is_none()
        && from.is_some_and(|from| shape(from).is_ok_and(|from| Ok(from) == shape(node.shape())))
}

struct Translation<'a> {
    graph: &'a tl_graph::Graph,
    /// The place of each of the graph's nodes in `nodes`.
    places: Vec<NodeId>,
    nodes: Vec<Node>,
    numbers: Vec<usize>,
}

impl Translation<'_> {
    fn place(&self, node: SourceId) -> NodeId {
        self.places[node.index()]
    }

    fn input(&self, node: &tl_graph::Node) -> Result<Shape, &'static str> {
        let input = node.inputs().first().ok_or("without input")?;
        shape(self.graph.node(*input).shape())
    }

    fn node(&self, id: SourceId, node: &tl_graph::Node) -> Result<Node, &'static str> {
        let shape = shape(node.shape())?;
        if let Some((input, epilogue)) = self.graph.as_epilogue(id) {
            let epilogue = self.epilogue(&epilogue, shape)?;
            return Ok(Node { epilogue, ..Node::new(Kind::Each(None), vec![self.place(input)], shape) });
        }
        let inputs = node.inputs().iter().map(|&input| self.place(input)).collect();
        let kind = self.kind(node, shape)?;
        let epilogue = self.epilogue(node.epilogue(), shape)?;
        if epilogue != Epilogue::NONE && !matches!(kind, Kind::Conv(_) | Kind::Each(_)) {
            return Err("with an epilogue");
        }
        Ok(Node { epilogue, ..Node::new(kind, inputs, shape) })
    }

    fn kind(&self, node: &tl_graph::Node, shape: Shape) -> Result<Kind, &'static str> {
        Ok(match node.operation() {
            Operation::Input { .. } => Kind::Image,
            Operation::Conv2d(conv) => Kind::Conv(convolution(conv)),
            Operation::Linear { weight, bias } => {
                let bias =
                    bias.as_ref().map_or_else(|| vec![0.0; shape.channels], |bias| bias.values().to_vec());
                Kind::Conv(Conv::pointwise(weight.values().to_vec(), bias))
            }
            Operation::ScaleShift { axis: 0, scale, shift } => Kind::Each(Some(ScaleShift {
                scale: scale.values().to_vec(),
                shift: shift.values().to_vec(),
            })),
            Operation::ScaleShift { .. } => return Err("along another axis than the channels"),
            Operation::MaxPool(pool) => Kind::Pool(windows(pool, self.input(node)?, Divisor::Max)?),
            Operation::AvgPool { pool, count_include_pad } => {
                let divisor = if *count_include_pad { Divisor::Padded } else { Divisor::Inside };
                Kind::Pool(windows(pool, self.input(node)?, divisor)?)
            }
            Operation::AdaptiveAvgPool { output: [down, across] } => {
                let from = self.input(node)?;
                let rows = adaptive_windows(from.height, *down);
                let columns = adaptive_windows(from.width, *across);
                Kind::Pool(Windows { rows, columns, reduce: Reduce::Mean(None) })
            }
            Operation::Reduce { reduction, axes } => Kind::Pool(whole(*reduction, axes, self.input(node)?)?),
            Operation::Concat { axis: 0 } => Kind::Concat,
            Operation::Slice { axis: 0, start, .. } => Kind::Slice(*start),
            Operation::Concat { .. } | Operation::Slice { .. } => {
                return Err("along another axis than the channels");
            }
            Operation::Reshape { .. } if shape.len() == shape.channels => Kind::Flatten,
            Operation::Reshape { .. } => return Err("to maps"),
            Operation::Binary(Binary::Divide) | Operation::Activation(_) | Operation::BatchNorm { .. } => {
                return Err("");
            }
            Operation::Binary(_) => return Err("of maps that are both spread"),
        })
    }

    fn epilogue(&self, epilogue: &tl_graph::Epilogue, shape: Shape) -> Result<Epilogue, &'static str> {
        let function = |function: Option<Function>| function.map_or(Ok(Activation::NONE), activation);
        let join = match epilogue.join {
            None => None,
            Some((join, other)) => {
                let vector = Shape { height: 1, width: 1, ..shape };
                if ![shape, vector].contains(&self::shape(self.graph.node(other).shape())?) {
                    return Err("of maps that are spread over channels");
                }
                let join = if join == tl_graph::Join::Add { Join::Add } else { Join::Multiply };
                Some((join, self.place(other)))
            }
        };
        Ok(Epilogue { first: function(epilogue.first)?, join, last: function(epilogue.last)? })
    }
}

/// The shape of maps, `[channels, height, width]`, or of a vector, `[channels]`.
fn shape(shape: &tl_graph::Shape) -> Result<Shape, &'static str> {
    match *shape.axes() {
        [channels, height, width] => Ok(Shape { channels, height, width }),
        [channels] => Ok(Shape { channels, height: 1, width: 1 }),
        _ => Err("of neither maps nor a vector"),
    }
}

fn activation(function: Function) -> Result<Activation, &'static str> {
    Ok(match function {
        Function::Relu => Activation::RELU,
        Function::Clamp { low, high } => {
            Activation::Clamp { low: low.unwrap_or(f32::NEG_INFINITY), high: high.unwrap_or(f32::INFINITY) }
        }
        Function::Sigmoid => Activation::Sigmoid,
        Function::HardSigmoid { alpha, beta } => Activation::HardSigmoid { alpha, beta },
        Function::Silu => Activation::Silu,
        Function::HardSwish { alpha, beta } => Activation::HardSwish { alpha, beta },
        Function::Sqrt => return Err("followed by a root"),
    })
}

fn convolution(conv: &Conv2d) -> Conv {
    let [outputs, _, height, width] = std::array::from_fn(|axis| conv.weight.shape().axes()[axis]);
    Conv {
        weights: conv.weight.values().to_vec(),
        bias: conv.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| bias.values().to_vec()),
        kernel: [height, width],
        stride: conv.stride,
        padding: [conv.padding.top, conv.padding.left],
        dilation: conv.dilation,
        groups: conv.groups,
        tiling: None,
        format: Format::F32,
    }
}

/// What a pooling divides the sum of a window by.
#[derive(Clone, Copy, PartialEq)]
enum Divisor {
    Max,
    Inside,
    Padded,
}

fn windows(pool: &tl_graph::Pool, from: Shape, divisor: Divisor) -> Result<Windows, &'static str> {
    let [down, across] = pool.windows([from.height, from.width]).map_err(|_| "whose windows do not fit")?;
    // Where the last windows reach beyond the padding, the number of values differs from window to window.
    let full =
        |windows: &[tl_graph::Window], kernel: usize| windows.iter().all(|window| window.padded == kernel);
    let reduce = match divisor {
        Divisor::Max => Reduce::Max,
        Divisor::Inside => Reduce::Mean(None),
        Divisor::Padded if full(&down, pool.kernel[0]) && full(&across, pool.kernel[1]) => {
            Reduce::Mean(Some((pool.kernel[0] * pool.kernel[1]) as f32))
        }
        Divisor::Padded => return Err("that counts the padding of windows that are cut off"),
    };
    let inside = |windows: Vec<tl_graph::Window>| windows.into_iter().map(|window| window.inside).collect();
    Ok(Windows { rows: inside(down), columns: inside(across), reduce })
}

/// Means or maxima over the whole height, the whole width or both.
fn whole(reduction: Reduction, axes: &[usize], from: Shape) -> Result<Windows, &'static str> {
    let reduce = match reduction {
        Reduction::Mean => Reduce::Mean(None),
        Reduction::Max => Reduce::Max,
        Reduction::Sum => return Err(""),
    };
    if axes.contains(&0) {
        return Err("over channels");
    }
    #[allow(clippy::single_range_in_vec_init, reason = "one window")]
    let along = |axis: usize, length: usize| {
        if axes.contains(&axis) { vec![0..length] } else { (0..length).map(|i| i..i + 1).collect() }
    };
    Ok(Windows { rows: along(1, from.height), columns: along(2, from.width), reduce })
}
