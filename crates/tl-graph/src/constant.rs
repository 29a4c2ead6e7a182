//! Tensors that are part of the network, and where their values come from.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::Shape;

/// A tensor whose values are part of the network.
///
/// Clones share the values.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    shape: Shape,
    values: Arc<[f32]>,
    provenance: Provenance,
}

/// Where the values of a constant come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The checkpoint's tensor of this key, value by value and in its order.
    Checkpoint(String),
    /// Computed from the checkpoint's tensors of these keys, for instance by folding a batch normalisation into a
    /// convolution.
    Derived(Vec<String>),
    /// Written in the network's code, not in its checkpoint.
    Code,
}

/// A constant without its values, as [`Structure`](crate::Structure) has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstantRecord {
    /// The length of each axis of the constant.
    pub shape: Shape,
    /// The tensors of the checkpoint that the values come from.
    pub provenance: Provenance,
}

impl Constant {
    /// A tensor of these values, the last axis being the innermost; `None` if there are more or fewer than the shape has.
    pub fn new(shape: Shape, values: impl Into<Arc<[f32]>>, provenance: Provenance) -> Option<Self> {
        let values = values.into();
        (shape.checked_values() == Some(values.len())).then_some(Self { shape, values, provenance })
    }

    /// A tensor with one axis, as long as there are values.
    pub fn vector(values: impl Into<Arc<[f32]>>, provenance: Provenance) -> Self {
        let values = values.into();
        Self { shape: Shape::new([values.len()]), values, provenance }
    }

    /// The length of each axis of the constant.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The constant's values, the last axis being the innermost.
    pub fn values(&self) -> &Arc<[f32]> {
        &self.values
    }

    /// The tensors of the checkpoint that the constant's values come from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The constant without its values.
    pub(crate) fn record(&self) -> ConstantRecord {
        ConstantRecord { shape: self.shape.clone(), provenance: self.provenance.clone() }
    }
}

impl Provenance {
    /// The checkpoint's keys that the values depend on.
    pub fn keys(&self) -> &[String] {
        match self {
            Self::Checkpoint(key) => std::slice::from_ref(key),
            Self::Derived(keys) => keys,
            Self::Code => &[],
        }
    }

    /// The provenance of values that are computed from others.
    pub(crate) fn derived<'a>(from: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut keys: Vec<String> = Vec::new();
        for key in from.into_iter().flat_map(Self::keys) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        if keys.is_empty() { Self::Code } else { Self::Derived(keys) }
    }
}
