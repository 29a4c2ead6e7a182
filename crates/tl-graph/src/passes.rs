//! Passes: each takes a graph and returns one that computes the same values but for rounding.
//!
//! Nodes are taken in order. A node that can take in the one it reads becomes that one with more to it, and keeps its own name and
//! place; so whatever it reads is there.

mod cut;
mod fold;
mod fuse;

pub use cut::{cut_at, without_dead_nodes};
pub use fold::fold_batch_norm;
pub use fuse::fuse;

use crate::graph::{Draft, Output};
use crate::operation::Operation;
use crate::{Graph, GraphError, NodeId, Shape};

/// The nodes of a graph while they change.
struct Drafts {
    /// `None` where a node is read by nobody.
    nodes: Vec<Option<Draft>>,
    /// The shapes of all nodes' values, which no pass changes.
    shapes: Vec<Shape>,
    /// How often each is read.
    uses: Vec<usize>,
    outputs: Vec<Output>,
}

impl Drafts {
    fn new(graph: Graph) -> Self {
        let (uses, shapes) = (graph.uses(), graph.nodes().iter().map(|node| node.shape().clone()).collect());
        let (drafts, outputs) = graph.into_drafts();
        let needed = |(draft, &uses): (Draft, &usize)| {
            let input = matches!(draft.operation, Operation::Input { .. });
            (uses > 0 || input).then_some(draft)
        };
        Self { nodes: drafts.into_iter().zip(&uses).map(needed).collect(), shapes, uses, outputs }
    }

    /// A node that one other node reads and that is no output.
    fn of_one_reader(&self, id: NodeId) -> Option<&Draft> {
        self.nodes[id.index()].as_ref().filter(|_| self.uses[id.index()] == 1)
    }

    /// Puts a node in the place of another, into which the node `taken` went.
    fn replace(&mut self, at: usize, taken: NodeId, by: Draft) {
        self.nodes[taken.index()] = None;
        self.uses[taken.index()] = 0;
        self.nodes[at] = Some(by);
    }

    fn finish(self) -> Result<Graph, GraphError> {
        let mut builder = Graph::builder();
        let mut places = vec![NodeId(usize::MAX); self.nodes.len()];
        for (id, mut draft) in self.nodes.into_iter().enumerate().filter_map(|(id, node)| Some((id, node?))) {
            draft.inputs.iter_mut().for_each(|input| *input = places[input.index()]);
            draft.epilogue.join.iter_mut().for_each(|(_, other)| *other = places[other.index()]);
            places[id] = builder.push(draft)?;
        }
        for output in self.outputs {
            builder.output(&output.name, places[output.node.index()])?;
        }
        builder.finish()
    }
}
