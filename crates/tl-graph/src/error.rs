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
        /// The problem with the operation.
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
        /// The kind of things that share the name: nodes or outputs.
        what: &'static str,
        /// The name that they share.
        name: String,
    },
    /// A graph without outputs computes nothing.
    #[error("the graph has no output")]
    NoOutput,
    /// A constant, or an input to run the graph with, has another number of values than its shape.
    #[error("{what} has {actual} values, its shape {shape} has {expected}")]
    Values {
        /// The constant or the input that has the values.
        what: String,
        /// The shape of the constant or input.
        shape: Shape,
        /// The number of values of the shape.
        expected: usize,
        /// The number of values that were given.
        actual: usize,
    },
    /// A graph has more or fewer inputs than it was run with.
    #[error("the graph has {expected} inputs, not {actual}")]
    Inputs {
        /// The number of inputs of the graph.
        expected: usize,
        /// The number of inputs that were given.
        actual: usize,
    },
}

/// What does not fit in an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The operation reads more or fewer tensors than it takes.
    #[error("it reads {expected} tensors, not {actual}")]
    InputCount {
        /// The number of tensors that the operation takes.
        expected: usize,
        /// The number of tensors that it was given.
        actual: usize,
    },
    /// The operation reads a node that does not come before it.
    #[error("it reads node {node}, which does not come before it")]
    Order {
        /// The node's place in the graph.
        node: usize,
    },
    /// The operation's input has another number of axes than the operation takes.
    #[error("its input has the shape {shape}, not {expected} axes")]
    Rank {
        /// The number of axes that the operation takes.
        expected: usize,
        /// The input's shape.
        shape: Shape,
    },
    /// The operation names an axis that the input does not have, or names one twice.
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
        /// The shape that would fit.
        expected: Shape,
        /// The shape that the constant has.
        actual: Shape,
    },
    /// The inputs' shapes do not go together, or differ from what the operation makes of them.
    #[error("the shapes {first} and {second} do not go together")]
    Shapes {
        /// The first of the two shapes.
        first: Shape,
        /// The second of the two shapes.
        second: Shape,
    },
    /// A kernel, a stride, a dilation or a number of groups is zero, or there would be no value.
    #[error("its {what} is zero")]
    Zero {
        /// The length that is zero.
        what: &'static str,
    },
    /// The groups do not divide the channels.
    #[error("{groups} groups do not divide {channels} channels")]
    Groups {
        /// The number of groups.
        groups: usize,
        /// The number of channels.
        channels: usize,
    },
    /// A window is larger than what it looks at.
    #[error("a window of {window} does not fit into {size} values")]
    Window {
        /// Values from the window's first to its last.
        window: usize,
        /// The number of values along the axis, padding included.
        size: usize,
    },
    /// Windows of a pooling would see nothing but padding.
    #[error("padding of {padding} is more than half of a window of {window}")]
    Padding {
        /// The padding on one side.
        padding: usize,
        /// The window's length.
        window: usize,
    },
    /// A slice is empty or reaches beyond its axis.
    #[error("{start}..{end} is not inside an axis of length {length}")]
    Slice {
        /// The index of the first value.
        start: usize,
        /// The index behind the last value.
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
