//! Parts of graphs.

use super::Drafts;
use crate::graph::Output;
use crate::{Graph, GraphError};

/// The graph without nodes that lead to no output; inputs stay.
///
/// # Errors
/// None that a graph which was checked could have.
pub fn without_dead_nodes(graph: Graph) -> Result<Graph, GraphError> {
    Drafts::new(graph).finish()
}

/// The part of a graph that leads to what is called `name`, an output or else a node, which becomes its one output.
///
/// # Errors
/// [`GraphError::NoSuchNode`] if nothing is called so.
pub fn cut_at(graph: Graph, name: &str) -> Result<Graph, GraphError> {
    let output = graph.outputs().iter().find(|output| output.name == name);
    let node = output.map_or_else(|| graph.find(name), |output| Ok(output.node))?;
    without_dead_nodes(graph.with_outputs(vec![Output { name: name.to_owned(), node }]))
}
