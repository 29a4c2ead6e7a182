//! The shape of a tensor for one picture.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The length of each axis of a tensor for one picture, the outermost first.
///
/// The batch is no axis of a graph: every operation treats each picture by itself. Maps are `[channels, height, width]`,
/// features `[features]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// A shape of these lengths.
    pub fn new(lengths: impl Into<Vec<usize>>) -> Self {
        Self(lengths.into())
    }

    /// The length of each axis.
    pub fn axes(&self) -> &[usize] {
        &self.0
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of values in a tensor of this shape; `None` where no `usize` can hold it.
    pub fn checked_values(&self) -> Option<usize> {
        self.0.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))
    }

    /// The number of values in a tensor of this shape.
    pub fn values(&self) -> usize {
        self.0.iter().product()
    }

    /// The shape with one axis changed.
    pub(crate) fn with(&self, axis: usize, length: usize) -> Self {
        let lengths = self.0.iter().enumerate();
        Self(lengths.map(|(at, &old)| if at == axis { length } else { old }).collect())
    }

    /// How many values lie outside an axis, along it, and inside it: a tensor is that many blocks of rows of runs.
    pub(crate) fn around(&self, axis: usize) -> [usize; 3] {
        let outer = self.0[..axis].iter().product();
        [outer, self.0[axis], self.0[axis + 1..].iter().product()]
    }

    /// What two shapes become together when axes of length 1 are repeated; `None` where they do not fit.
    pub(crate) fn broadcast(&self, other: &Self) -> Option<Self> {
        let both = self.0.iter().zip(&other.0);
        let together = both.map(|(&a, &b)| match (a, b) {
            _ if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        });
        let lengths: Option<Vec<usize>> = together.collect();
        lengths.filter(|_| self.rank() == other.rank()).map(Self)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
