//! Which products are done in numbers of 16 or 8 bits, and the steps that round what they read.

use std::collections::HashMap;

use super::execution_graph::{ExecutionGraph, Kind, Node, NodeId, Shape};
use crate::kernels::{Format, Isa};

/// The numbers that factors of products are rounded to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    F32,
    Bf16,
    /// Bytes, scaled by the least and greatest value of every node.
    Int8(&'a [[f32; 2]]),
}

impl Target<'_> {
    /// The format of the factors of a node, if it is a convolution.
    fn format(self, isa: Isa, graph: &ExecutionGraph, node: &Node) -> Format {
        let (Kind::Conv(conv), Some(&input)) = (&node.kind, node.inputs.first()) else { return Format::F32 };
        if conv.tiling.is_some() || conv.is_depthwise(conv.bias.len()) {
            return Format::F32;
        }
        // Pictures lose too much in bytes, and a product with one pixel waits for its weights whatever they are.
        let coarse =
            matches!(graph.nodes[input].kind, Kind::Image) || node.shape.height * node.shape.width == 1;
        let wanted = match self {
            Self::F32 => Format::F32,
            Self::Int8(ranges) if !coarse => Format::int8(ranges[input]),
            Self::Bf16 | Self::Int8(_) => Format::Bf16,
        };
        if isa.multiplies(wanted) { wanted } else { Format::F32 }
    }
}

/// The graph with its products in the numbers that are wanted. Maps that several products read are rounded once.
pub(crate) fn quantize(graph: ExecutionGraph, isa: Isa, target: Target<'_>) -> ExecutionGraph {
    let uses = graph.uses();
    let format = |(id, node): (NodeId, &Node)| {
        if uses[id] > 0 { target.format(isa, &graph, node) } else { Format::F32 }
    };
    let formats: Vec<Format> = graph.nodes.iter().enumerate().map(format).collect();
    let mut nodes: Vec<Node> = Vec::new();
    let mut places: Vec<NodeId> = Vec::new();
    let mut rounded: HashMap<(NodeId, usize), NodeId> = HashMap::new();
    for (mut node, format) in graph.nodes.into_iter().zip(formats) {
        node.inputs.iter_mut().for_each(|input| *input = places[*input]);
        if let Some((_, other)) = &mut node.epilogue.join {
            *other = places[*other];
        }
        if let (Kind::Conv(conv), true) = (&mut node.kind, format != Format::F32) {
            conv.format = format;
            let input = node.inputs[0];
            node.inputs[0] = *rounded.entry((input, format.numbers())).or_insert_with(|| {
                let shape = nodes[input].shape;
                let shape = Shape { channels: shape.channels.div_ceil(format.numbers()), ..shape };
                nodes.push(Node { holds: format, ..Node::new(Kind::Quantize(format), vec![input], shape) });
                nodes.len() - 1
            });
        }
        places.push(nodes.len());
        nodes.push(node);
    }
    ExecutionGraph { nodes, output: places[graph.output] }
}

/// Lets steps round what they store, where nobody else reads it.
pub(crate) fn merge(graph: &mut ExecutionGraph) {
    let uses = graph.uses();
    for id in 0..graph.nodes.len() {
        let Kind::Quantize(format) = graph.nodes[id].kind else { continue };
        let (shape, input) = (graph.nodes[id].shape, graph.nodes[id].inputs[0]);
        let node = &mut graph.nodes[input];
        let rounds = match &node.kind {
            Kind::Conv(conv) => conv.tiling.is_none(),
            Kind::Image | Kind::Each(_) | Kind::Pool(_) => true,
            _ => false,
        };
        // What fills up a lane must be zero, and only pictures are written with what fills them up.
        let whole = matches!(node.kind, Kind::Image) || node.shape.channels.is_multiple_of(format.numbers());
        if uses[id] == 0 || uses[input] != 1 || !rounds || !whole {
            continue;
        }
        (node.holds, node.shape) = (format, shape);
        for reader in &mut graph.nodes[id + 1..] {
            reader.inputs.iter_mut().filter(|read| **read == id).for_each(|read| *read = input);
        }
    }
}
