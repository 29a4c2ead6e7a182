//! Nodes in an order in which they can run, and the outputs that are wanted of them.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

use crate::constant::Constant;
use crate::epilogue::{Epilogue, as_epilogue};
use crate::error::{GraphError, Problem};
use crate::infer;
use crate::node_id::NodeId;
use crate::operation::{Conv2d, Operation};
use crate::shape::Shape;

/// A network as a graph: what it computes of one picture. Every shape, axis and constant fits; [`Builder`] sees to it.
///
/// ```
/// use tl_graph::{Activation, Graph, Operation, Shape};
///
/// let mut builder = Graph::builder();
/// let image = builder.input("image", Shape::new([3, 4, 4]))?;
/// let relu = builder.add(Operation::Activation(Activation::Relu), &[image])?;
/// builder.output("features", relu)?;
/// let graph = builder.finish()?;
/// assert_eq!(graph.node(relu).shape(), &Shape::new([3, 4, 4]));
/// assert_eq!(graph.interpret(&[&[-1.0; 48]])?, [vec![0.0; 48]]);
/// # Ok::<(), tl_graph::GraphError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<Output>,
}

/// One operation of a graph, and what happens to its values before they are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    name: String,
    operation: Operation,
    inputs: Vec<NodeId>,
    epilogue: Epilogue,
    shape: Shape,
}

/// A node whose values are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The output's name.
    pub name: String,
    /// The node that computes them.
    pub node: NodeId,
}

/// A graph while it is made, node by node.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<Node>,
    outputs: Vec<Output>,
    names: HashSet<String>,
}

/// A node before its shape is known.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<NodeId>,
    pub(crate) epilogue: Epilogue,
}

impl Graph {
    /// A graph without nodes, to be added to.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The nodes, in an order in which they can run.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes with their places, in an order in which they can run.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index), node))
    }

    /// The node at a place.
    ///
    /// # Panics
    /// If the id is of a longer graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The place of the node of a name.
    ///
    /// # Errors
    /// [`GraphError::NoSuchNode`] if no node is called so.
    pub fn find(&self, name: &str) -> Result<NodeId, GraphError> {
        let found = self.nodes.iter().position(|node| node.name == name).map(NodeId);
        found.ok_or_else(|| GraphError::NoSuchNode { name: name.to_owned() })
    }

    /// The outputs in order; nodes may follow that lead to none.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The inputs in order: the nodes that are [`Operation::Input`].
    pub fn inputs(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| matches!(node.operation, Operation::Input { .. }))
    }

    /// Every constant of every node, in the nodes' order.
    pub fn constants(&self) -> impl Iterator<Item = &Constant> {
        self.nodes.iter().flat_map(|node| node.operation.constants())
    }

    /// For each node, how often others read it and it is an output. Nodes that lead to no output read nothing.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.nodes.len()];
        self.outputs.iter().for_each(|output| uses[output.node.0] += 1);
        for (id, node) in self.nodes.iter().enumerate().rev() {
            if uses[id] > 0 {
                node.reads().for_each(|read| uses[read.0] += 1);
            }
        }
        uses
    }

    /// Multiply-adds of a node for one picture: those of convolutions and linear layers.
    pub fn multiply_adds(&self, id: NodeId) -> u64 {
        let node = self.node(id);
        match &node.operation {
            Operation::Conv2d(Conv2d { weight, .. }) => {
                let places = node.shape.axes()[1..].iter().product::<usize>();
                weight.values().len() as u64 * places as u64
            }
            Operation::Linear { weight, .. } => weight.values().len() as u64,
            _ => 0,
        }
    }

    pub(crate) fn into_drafts(self) -> (Vec<Draft>, Vec<Output>) {
        let draft = |node: Node| Draft {
            name: node.name,
            operation: node.operation,
            inputs: node.inputs,
            epilogue: node.epilogue,
        };
        (self.nodes.into_iter().map(draft).collect(), self.outputs)
    }
}

impl Node {
    /// The node's name: unique in its graph, and kept by passes as long as the values stay the same but for
    /// rounding.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operation that the node computes, before its epilogue.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The nodes that the operation reads; [`Epilogue::join`] is read too.
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// The epilogue that the operation's values go through.
    pub fn epilogue(&self) -> &Epilogue {
        &self.epilogue
    }

    /// The shape of the node's values.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// All nodes that the node reads, in its operation and its epilogue.
    pub fn reads(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.inputs.iter().copied().chain(self.epilogue.join.map(|(_, other)| other))
    }
}

impl Graph {
    /// A node that does no more than an epilogue does: the one that it changes, and that epilogue. An activation, a sum
    /// or a product of two tensors is such a node.
    pub fn as_epilogue(&self, id: NodeId) -> Option<(NodeId, Epilogue)> {
        let node = self.node(id);
        let whole = |input: NodeId| self.node(input).shape == node.shape;
        as_epilogue(&node.operation, &node.inputs, node.epilogue, whole)
    }

    pub(crate) fn with_outputs(self, outputs: Vec<Output>) -> Self {
        Self { outputs, ..self }
    }
}

impl Builder {
    /// Adds an input.
    ///
    /// # Errors
    /// [`GraphError::DuplicateName`] if something is called so.
    pub fn input(&mut self, name: &str, shape: Shape) -> Result<NodeId, GraphError> {
        let operation = Operation::Input { shape };
        let name = name.to_owned();
        self.push(Draft { name, operation, inputs: Vec::new(), epilogue: Epilogue::NONE })
    }

    /// Adds a node, whose name is its operation's and its place: `conv2d_7`.
    ///
    /// # Errors
    /// [`GraphError::Operation`] if the operation does not fit what it reads or its constants.
    pub fn add(&mut self, operation: Operation, inputs: &[NodeId]) -> Result<NodeId, GraphError> {
        let plain = format!("{}_{}", operation.name(), self.nodes.len());
        let again = (1_usize..).map(|number| format!("{plain}_{number}"));
        let name = std::iter::once(plain.clone()).chain(again).find(|name| !self.names.contains(name));
        let name = name.unwrap_or(plain);
        self.push(Draft { name, operation, inputs: inputs.to_vec(), epilogue: Epilogue::NONE })
    }

    /// Adds a node that has a name and may have an epilogue.
    pub(crate) fn push(&mut self, draft: Draft) -> Result<NodeId, GraphError> {
        let Draft { name, operation, inputs, epilogue } = draft;
        let kind = operation.name();
        let shape = self.shape(&operation, &inputs, &epilogue).map_err(|problem| problem.of(kind))?;
        if !self.names.insert(name.clone()) {
            return Err(GraphError::DuplicateName { what: "nodes", name });
        }
        self.nodes.push(Node { name, operation, inputs, epilogue, shape });
        Ok(NodeId(self.nodes.len() - 1))
    }

    fn shape(&self, operation: &Operation, inputs: &[NodeId], epilogue: &Epilogue) -> Result<Shape, Problem> {
        let shapes: Result<Vec<&Shape>, Problem> = inputs.iter().map(|&input| self.shape_of(input)).collect();
        let shape = infer::shape(operation, &shapes?)?;
        if let Some((_, other)) = epilogue.join {
            infer::joined(&shape, self.shape_of(other)?)?;
        }
        Ok(shape)
    }

    fn shape_of(&self, id: NodeId) -> Result<&Shape, Problem> {
        self.nodes.get(id.0).map(Node::shape).ok_or(Problem::Order { node: id.0 })
    }

    /// The nodes that were added so far.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Says that a node's values are wanted.
    ///
    /// # Errors
    /// [`GraphError::DuplicateName`] if another output is called so, [`GraphError::NoSuchNode`] if there is no such node.
    pub fn output(&mut self, name: &str, node: NodeId) -> Result<(), GraphError> {
        if self.outputs.iter().any(|output| output.name == name) {
            return Err(GraphError::DuplicateName { what: "outputs", name: name.to_owned() });
        }
        if node.0 >= self.nodes.len() {
            return Err(GraphError::NoSuchNode { name: node.0.to_string() });
        }
        self.outputs.push(Output { name: name.to_owned(), node });
        Ok(())
    }

    /// Ends the making of the graph.
    ///
    /// # Errors
    /// [`GraphError::NoOutput`] if no output was named.
    pub fn finish(self) -> Result<Graph, GraphError> {
        let Self { nodes, outputs, .. } = self;
        if outputs.is_empty() { Err(GraphError::NoOutput) } else { Ok(Graph { nodes, outputs }) }
    }
}
