//! What happens to the values of a node before they are stored.

use serde::{Deserialize, Serialize};

use crate::node_id::NodeId;
use crate::operation::{Activation, Binary, Operation};

/// How another tensor is joined with a node's values in its epilogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// The other tensor's values are added.
    Add,
    /// The node's values are multiplied by the other tensor's.
    Multiply,
}

/// What happens to each value of a node before it is stored: an activation, another tensor joined in, an activation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epilogue {
    /// The activation right behind the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Activation>,
    /// A tensor that is joined in, of the node's own shape or spread over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<(Join, NodeId)>,
    /// The activation at the very end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Activation>,
}

impl Epilogue {
    /// The epilogue in which nothing happens.
    pub const NONE: Self = Self { first: None, join: None, last: None };

    /// Whether the epilogue changes nothing.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Both epilogues as one, if one has room for them.
    pub(crate) fn followed_by(self, then: Self) -> Option<Self> {
        match (self.join, then.join) {
            (None, _) if self.first.is_none() && self.last.is_none() => Some(then),
            (None, _) if then.first.is_none() && self.last.is_none() => {
                Some(Self { first: self.first, ..then })
            }
            (Some(_), None) if self.last.is_none() && then.last.is_none() => {
                Some(Self { last: then.first, ..self })
            }
            _ => None,
        }
    }
}

/// A node that does no more than an epilogue does: the input that it changes, and that epilogue. `whole` says which inputs
/// are as large as the output.
pub(crate) fn as_epilogue(
    operation: &Operation,
    inputs: &[NodeId],
    epilogue: Epilogue,
    whole: impl Fn(NodeId) -> bool,
) -> Option<(NodeId, Epilogue)> {
    match (operation, inputs, epilogue) {
        (Operation::Activation(first), &[input], Epilogue { first: None, .. }) => {
            Some((input, Epilogue { first: Some(*first), ..epilogue }))
        }
        (Operation::Binary(binary), &[a, b], Epilogue { first: last, join: None, last: None }) => {
            // What is spread over the whole shape is what joins in.
            let (input, other) = if whole(a) { (a, b) } else { (b, a) };
            let join = match binary {
                Binary::Add => Join::Add,
                Binary::Multiply => Join::Multiply,
                Binary::Divide => return None,
            };
            whole(input).then_some((input, Epilogue { first: None, join: Some((join, other)), last }))
        }
        _ => None,
    }
}
