//! Fewer nodes for the same values: activations and sums become epilogues.

use std::cmp::Reverse;

use super::Drafts;
use crate::epilogue::as_epilogue;
use crate::graph::Draft;
use crate::operation::{Activation, Binary, Operation, Reduction};
use crate::{Epilogue, Graph, GraphError, Join, NodeId};

/// Activations, sums and products go into the [`Epilogue`] of the node that they read, where nobody else reads it;
/// `x * sigmoid(x)` becomes SiLU, with the hard sigmoid hard swish, and means over one axis after the other one mean.
///
/// # Errors
/// None that a graph which was checked could have.
pub fn fuse(graph: Graph) -> Result<Graph, GraphError> {
    let mut drafts = Drafts::new(graph);
    (0..drafts.nodes.len()).for_each(|id| gate(&mut drafts, id));
    for id in 0..drafts.nodes.len() {
        while let Some((taken, by)) = one_mean(&drafts, id).or_else(|| fused(&drafts, id)) {
            drafts.replace(id, taken, by);
        }
    }
    drafts.finish()
}

/// `x * sigmoid(x)` as one activation.
fn gate(drafts: &mut Drafts, id: usize) {
    let Some((x, Epilogue { first: None, join: Some((Join::Multiply, other)), last: None })) =
        drafts.as_epilogue(id)
    else {
        return;
    };
    let gate = [(x, other), (other, x)].into_iter().find_map(|(x, gate)| {
        let node = drafts.of_one_reader(gate).filter(|node| node.inputs == [x] && node.epilogue.is_none())?;
        let function = match node.operation {
            Operation::Activation(Activation::Sigmoid) => Activation::Silu,
            Operation::Activation(Activation::HardSigmoid { alpha, beta }) => {
                Activation::HardSwish { alpha, beta }
            }
            _ => return None,
        };
        Some((x, gate, function))
    });
    let (Some((x, gate, function)), Some(node)) = (gate, &drafts.nodes[id]) else { return };
    let operation = Operation::Activation(function);
    let by = Draft { name: node.name.clone(), operation, inputs: vec![x], epilogue: Epilogue::NONE };
    // The gate read it too.
    drafts.uses[x.index()] -= 1;
    drafts.replace(id, gate, by);
}

/// The mean over the axes of two means.
fn one_mean(drafts: &Drafts, id: usize) -> Option<(NodeId, Draft)> {
    let node = drafts.nodes[id].as_ref()?;
    let (axes, &input) = (mean_axes(node)?, node.inputs.first()?);
    let before = drafts.of_one_reader(input).filter(|before| before.epilogue.is_none())?;
    let mut both = [axes, mean_axes(before)?].concat();
    both.sort_unstable();
    // A mean over an axis of length 1 that was taken already changes nothing.
    both.dedup();
    let operation = Operation::Reduce { reduction: Reduction::Mean, axes: both };
    let (name, inputs, epilogue) = (node.name.clone(), before.inputs.clone(), node.epilogue);
    Some((input, Draft { name, operation, inputs, epilogue }))
}

fn mean_axes(node: &Draft) -> Option<&[usize]> {
    match &node.operation {
        Operation::Reduce { reduction: Reduction::Mean, axes } => Some(axes),
        _ => None,
    }
}

/// A node that does no more than an epilogue and one that it reads as one, and which that was.
fn fused(drafts: &Drafts, id: usize) -> Option<(NodeId, Draft)> {
    let name = &drafts.nodes[id].as_ref()?.name;
    let (input, epilogue) = drafts.as_epilogue(id)?;
    let mut candidates = vec![(input, epilogue)];
    // A sum is the same with its sides exchanged.
    if let Epilogue { first: None, join: Some((join, other)), .. } = epilogue
        && drafts.shapes[other.index()] == drafts.shapes[id]
    {
        candidates.push((other, Epilogue { join: Some((join, input)), ..epilogue }));
    }
    candidates.retain(|&(from, _)| drafts.of_one_reader(from).is_some());
    // Into what was computed last.
    candidates.sort_by_key(|&(from, _)| Reverse(from));
    candidates.into_iter().find_map(|(from, epilogue)| {
        let by = drafts.followed_by(from, epilogue)?;
        Some((from, Draft { name: name.clone(), ..by }))
    })
}

impl Drafts {
    fn as_epilogue(&self, id: usize) -> Option<(NodeId, Epilogue)> {
        let node = self.nodes[id].as_ref()?;
        let whole = |input: NodeId| self.shapes[input.index()] == self.shapes[id];
        as_epilogue(&node.operation, &node.inputs, node.epilogue, whole)
    }

    /// A node with more at its end.
    fn followed_by(&self, id: NodeId, then: Epilogue) -> Option<Draft> {
        let node = self.nodes[id.index()].as_ref()?;
        if let Some((input, first)) = self.as_epilogue(id.index()) {
            return as_node(&node.name, input, first.followed_by(then)?);
        }
        let takes = matches!(
            node.operation,
            Operation::Conv2d(_)
                | Operation::Linear { .. }
                | Operation::ScaleShift { .. }
                | Operation::BatchNorm { .. }
        );
        let epilogue = node.epilogue.followed_by(then).filter(|_| takes)?;
        Some(Draft { epilogue, ..node.clone() })
    }
}

/// The node that changes an input by an epilogue alone: what [`as_epilogue`] takes apart.
fn as_node(name: &str, input: NodeId, epilogue: Epilogue) -> Option<Draft> {
    let (operation, inputs, epilogue) = match epilogue {
        Epilogue { first: Some(first), .. } => {
            (Operation::Activation(first), vec![input], Epilogue { first: None, ..epilogue })
        }
        Epilogue { first: None, join: Some((join, other)), last } => {
            let binary = if join == Join::Add { Binary::Add } else { Binary::Multiply };
            (Operation::Binary(binary), vec![input, other], Epilogue { first: last, ..Epilogue::NONE })
        }
        Epilogue { first: None, join: None, last } => {
            (Operation::Activation(last?), vec![input], Epilogue::NONE)
        }
    };
    Some(Draft { name: name.to_owned(), operation, inputs, epilogue })
}
