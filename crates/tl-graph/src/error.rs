//! What is refused when a graph is made, read or run.

use crate::Shape;

/// Why a graph cannot be made, read or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An operation does not fit its inputs or constants.
    #[error("{operation}: {problem}")]
    Operation {
        /// The operation's kind, as [`Operation::name`](crate::Operation::name) says it.
        operation: &'static str,
        /// What does not fit.
        problem: Problem,
    },
    /// There is no node of this name.
    #[error("the graph has no node `{name}`")]
    NoSuchNode {
        /// The name that was asked for.
        name: String,
    },
    /// Two nodes, or two outputs, have one name.
    #[error("two {what} are called `{name}`")]
    DuplicateName {
        /// Nodes or outputs.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A graph without outputs computes nothing.
    #[error("the graph has no output")]
    NoOutput,
    /// A constant, or an input to run the graph with, has another number of values than its shape.
    #[error("{what} has {actual} values, its shape {shape} has {expected}")]
    Values {
        /// What the values are of.
        what: String,
        /// Its shape.
        shape: Shape,
        /// Values of the shape.
        expected: usize,
        /// Values that were given.
        actual: usize,
    },
    /// A graph has more or fewer inputs than it was run with.
    #[error("the graph has {expected} inputs, not {actual}")]
    Inputs {
        /// Inputs of the graph.
        expected: usize,
        /// Inputs that were given.
        actual: usize,
    },
}

/// What does not fit in an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It reads more or fewer tensors than such an operation does.
    #[error("it reads {expected} tensors, not {actual}")]
    InputCount {
        /// Tensors that such an operation reads.
        expected: usize,
        /// Tensors that it was given.
        actual: usize,
    },
    /// It reads a node that does not come before it.
    #[error("it reads node {node}, which does not come before it")]
    Order {
        /// The node's place in the graph.
        node: usize,
    },
    /// Its input has another number of axes.
    #[error("its input has the shape {shape}, not {expected} axes")]
    Rank {
        /// The number of axes that it takes.
        expected: usize,
        /// The input's shape.
        shape: Shape,
    },
    /// It names an axis that the input does not have, or names one twice.
    #[error("axis {axis} is not an axis of {shape}, or is named twice")]
    Axis {
        /// The axis, counted from the outermost.
        axis: usize,
        /// The input's shape.
        shape: Shape,
    },
    /// One of its constants has the wrong shape.
    #[error("its {constant} has the shape {actual}, not {expected}")]
    Constant {
        /// The constant's role.
        constant: &'static str,
        /// The shape that fits.
        expected: Shape,
        /// The shape that it has.
        actual: Shape,
    },
    /// Its inputs have shapes that do not go together, or that differ from what it makes of them.
    #[error("the shapes {first} and {second} do not go together")]
    Shapes {
        /// One shape.
        first: Shape,
        /// The other.
        second: Shape,
    },
    /// A kernel, a stride, a dilation or a number of groups is zero, or there would be no value.
    #[error("its {what} is zero")]
    Zero {
        /// What is zero.
        what: &'static str,
    },
    /// The groups do not divide the channels.
    #[error("{groups} groups do not divide {channels} channels")]
    Groups {
        /// Groups.
        groups: usize,
        /// Channels.
        channels: usize,
    },
    /// A window is larger than what it looks at.
    #[error("a window of {window} does not fit into {size} values")]
    Window {
        /// Values from the window's first to its last.
        window: usize,
        /// Values along the axis, padding included.
        size: usize,
    },
    /// Windows of a pooling would see nothing but padding.
    #[error("padding of {padding} is more than half of a window of {window}")]
    Padding {
        /// Padding on one side.
        padding: usize,
        /// The window's length.
        window: usize,
    },
    /// A slice is empty or reaches beyond its axis.
    #[error("{start}..{end} is not inside an axis of length {length}")]
    Slice {
        /// The first value.
        start: usize,
        /// Behind the last value.
        end: usize,
        /// The axis' length.
        length: usize,
    },
    /// Sizes are too large to be counted.
    #[error("the sizes are too large")]
    TooLarge,
}

impl Problem {
    pub(crate) fn of(self, operation: &'static str) -> GraphError {
        GraphError::Operation { operation, problem: self }
    }
}
