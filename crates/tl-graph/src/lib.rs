//! A network as a graph: operations, shapes, constants and where they come from.
//!
//! A [`Graph`] says what a network computes of one picture, in PyTorch's and ONNX's words ([`Operation`]); it holds no
//! kernels. Whatever is added is checked. [`Graph::interpret`] runs a graph slowly and is the definition of every operation. Passes
//! take a graph and return one: [`fold_batch_norm`], [`fuse`], [`cut_at`], [`without_dead_nodes`]. [`Structure`] is a graph
//! as a document, for files.
//!
//! With the feature `capture` a graph is read from a burn module ([`capture()`]); without it nothing here knows burn.

#[cfg(feature = "capture")]
mod capture;
mod constant;
mod epilogue;
mod error;
mod graph;
mod infer;
mod interpret;
mod node_id;
mod operation;
mod passes;
mod shape;
mod structure;
mod windows;

#[cfg(feature = "capture")]
pub use capture::{Capture, CaptureError, CheckpointKey, capture};
pub use constant::{Constant, ConstantRecord, Provenance};
pub use epilogue::{Epilogue, Join};
pub use error::{GraphError, Problem};
pub use graph::{Builder, Graph, Node, Output};
pub use node_id::NodeId;
pub use operation::{Activation, Binary, Conv2d, Operation, Padding, Pool, Reduction};
pub use passes::{cut_at, fold_batch_norm, fuse, without_dead_nodes};
pub use shape::Shape;
pub use structure::Structure;
pub use windows::{Window, adaptive_windows};

#[cfg(test)]
mod tests;
