//! The place of a node.

use serde::{Deserialize, Serialize};

/// The place of a node in its graph; what a node reads comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The node's index in [`Graph::nodes`](crate::Graph::nodes).
    pub fn index(self) -> usize {
        self.0
    }
}
