//! Fewer steps for the same result: batch norms go into the weights, what follows a convolution into its ending.
//!
//! Nodes are taken in order. A node that can take in the one it reads becomes that one, with more to it, and what it took
//! in is left without readers. So a fused step runs where the last of its parts ran, and all it reads is there.

use super::graph::{Conv, Ending, Graph, Kind, Node, NodeId, ScaleShift};
use crate::kernels::{Activation, Join, Reduce};

/// Fuses what can be fused.
pub(crate) fn fuse(graph: &mut Graph) {
    gates(graph);
    let mut uses = graph.uses();
    for id in 0..graph.nodes.len() {
        while uses[id] > 0 && fuse_one(graph, &mut uses, id) {}
    }
}

/// `x * sigmoid(x)` is one activation: SiLU; with the hard sigmoid hard swish.
fn gates(graph: &mut Graph) {
    let uses = graph.uses();
    for id in 0..graph.nodes.len() {
        let node = &graph.nodes[id];
        let (Kind::Each(None), Some((Join::Multiply, other))) = (&node.kind, node.ending.join) else {
            continue;
        };
        let x = node.inputs[0];
        let gate = [(x, other), (other, x)].into_iter().find_map(|(x, gate)| {
            let node = &graph.nodes[gate];
            let plain = matches!(node.kind, Kind::Each(None)) && node.inputs == [x] && uses[gate] == 1;
            let function = match node.ending.first {
                Activation::Sigmoid => Activation::Silu,
                Activation::HardSigmoid { alpha, beta } => Activation::HardSwish { alpha, beta },
                _ => return None,
            };
            (plain && node.ending.join.is_none()).then_some((x, function))
        });
        if let Some((x, function)) = gate {
            graph.nodes[id] = Node::activation(x, node.shape, function);
        }
    }
}

/// Lets a node take in one that only it reads.
fn fuse_one(graph: &mut Graph, uses: &mut [usize], id: NodeId) -> bool {
    let candidates: Vec<(NodeId, Option<NodeId>)> = {
        let node = &graph.nodes[id];
        let mut candidates: Vec<_> = node.inputs.first().map(|&input| (input, None)).into_iter().collect();
        // A sum is the same with its sides exchanged.
        if let (Kind::Each(None), Some((_, other)), true) =
            (&node.kind, node.ending.join, node.ending.first.is_none())
            && graph.nodes[other].shape == node.shape
        {
            candidates.push((other, node.inputs.first().copied()));
        }
        candidates
    };
    // What was computed last: the other one is sure to be there.
    let mut candidates: Vec<_> = candidates.into_iter().filter(|&(from, _)| uses[from] == 1).collect();
    candidates.sort_by_key(|&(from, _)| std::cmp::Reverse(from));
    candidates.into_iter().any(|(from, exchanged)| {
        let mut node = Node::new(Kind::Image, Vec::new(), graph.nodes[id].shape);
        std::mem::swap(&mut node, &mut graph.nodes[id]);
        let original = (node.inputs.clone(), node.ending);
        if let (Some(input), Some((join, _))) = (exchanged, node.ending.join) {
            node.ending.join = Some((join, input));
            node.inputs = vec![from];
        }
        let fused = merge(&mut graph.nodes[from], &node);
        match fused {
            Some(fused) => {
                uses[from] = 0;
                graph.nodes[from] = Node::new(Kind::Each(None), Vec::new(), graph.nodes[from].shape);
                graph.nodes[id] = fused;
                true
            }
            None => {
                (node.inputs, node.ending) = original;
                graph.nodes[id] = node;
                false
            }
        }
    })
}

/// `before` and the node behind it as one.
fn merge(before: &mut Node, node: &Node) -> Option<Node> {
    match (&mut before.kind, &node.kind) {
        (Kind::Conv(conv), Kind::Each(Some(each))) if before.ending == Ending::NONE => {
            let kind = Kind::Conv(conv.scaled(each));
            Some(Node { ending: node.ending, ..Node::new(kind, before.inputs.clone(), node.shape) })
        }
        (Kind::Each(Some(first)), Kind::Each(Some(then))) if before.ending == Ending::NONE => {
            let kind = Kind::Each(Some(first.followed_by(then)));
            Some(Node { ending: node.ending, ..Node::new(kind, before.inputs.clone(), node.shape) })
        }
        (Kind::Conv(_) | Kind::Each(_), Kind::Each(None)) => {
            let ending = before.ending.followed_by(&node.ending)?;
            let kind = std::mem::replace(&mut before.kind, Kind::Each(None));
            Some(Node { ending, ..Node::new(kind, before.inputs.clone(), node.shape) })
        }
        (Kind::Pool(first), Kind::Pool(then)) => {
            let means = first.reduce == Reduce::Mean(None) && then.reduce == Reduce::Mean(None);
            let apart = first.rows.iter().all(|row| row.len() == 1)
                && then.columns.len() == first.columns.len()
                && then.columns.iter().all(|column| column.len() == 1);
            let columns = first.columns.clone();
            let windows = super::graph::Windows { columns, ..then.clone() };
            (means && apart).then(|| Node::new(Kind::Pool(windows), before.inputs.clone(), node.shape))
        }
        _ => None,
    }
}

impl Conv {
    fn scaled(&self, each: &ScaleShift) -> Self {
        let per_output = (self.weights.len() / each.scale.len().max(1)).max(1);
        let weights = self.weights.chunks(per_output).zip(&each.scale);
        let weights = weights.flat_map(|(weights, scale)| weights.iter().map(move |weight| weight * scale));
        let bias = self.bias.iter().zip(&each.scale).zip(&each.shift);
        Self {
            weights: weights.collect(),
            bias: bias.map(|((bias, scale), shift)| bias * scale + shift).collect(),
            ..self.clone()
        }
    }
}

impl ScaleShift {
    fn followed_by(&self, then: &Self) -> Self {
        let shift = self.shift.iter().zip(&then.scale).zip(&then.shift);
        Self {
            scale: self.scale.iter().zip(&then.scale).map(|(a, b)| a * b).collect(),
            shift: shift.map(|((shift, scale), then)| shift * scale + then).collect(),
        }
    }
}

impl Ending {
    /// Both, if one has room for them.
    fn followed_by(&self, then: &Self) -> Option<Self> {
        let is_free = |activation: Activation| activation.is_none();
        match (self.join, then.join) {
            (None, _) if is_free(self.first) && is_free(self.last) => Some(*then),
            (None, _) if is_free(then.first) && is_free(self.last) => {
                Some(Self { first: self.first, ..*then })
            }
            (Some(_), None) if is_free(self.last) && is_free(then.last) => {
                Some(Self { last: then.first, ..*self })
            }
            _ => None,
        }
    }
}
