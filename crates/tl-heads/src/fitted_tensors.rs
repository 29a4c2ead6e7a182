//! A fitted head as named tensors for a file, and back.

use serde::{Deserialize, Serialize};

use crate::{FittedHead, FittedLayer, HeadError, LinearHead, Matrix, Neighbours};

/// What a layer is, without its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum LayerKind {
    /// The tensors of [`FittedLayer::Linear`]: `weight`, `[outputs, inputs]`, and `bias`, `[outputs]`.
    Linear,
    /// The tensors of [`FittedLayer::Affine`]: `scale` and `shift`, `[inputs]`.
    Affine,
    /// A layer [`FittedLayer::Relu`], which has no tensors.
    Relu,
    /// A layer [`FittedLayer::Normalise`], which has no tensors.
    Normalise,
    /// The tensors of [`FittedLayer::Neighbours`]: `features`, `[stored, inputs]`, and `labels`, `[stored]`.
    Neighbours {
        /// Number of neighbours that vote.
        k: usize,
        /// Number of classes.
        classes: usize,
    },
}

/// Numbers that f32 holds exactly, as labels must be: the most classes that a vote is read with.
const MOST_CLASSES: usize = 1 << 24;

/// A tensor's name, shape and values.
type Named = (String, Vec<usize>, Vec<f32>);
/// Gives the shape and values of the tensor of a name.
type Get<'a> = dyn FnMut(&str) -> Result<(Vec<usize>, Vec<f32>), String> + 'a;

impl FittedHead {
    /// What the layers are, in order.
    pub fn kinds(&self) -> Vec<LayerKind> {
        self.layers.iter().map(FittedLayer::kind).collect()
    }

    /// Name, shape and values of every tensor. Names are `head.<layer>.<tensor>`, counted from 0; those of a single
    /// linear layer are `head.weight` and `head.bias`. Labels are numbers of classes.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let kinds = self.kinds();
        let layers = self.layers.iter().enumerate();
        layers.flat_map(|(number, layer)| layer.tensors(&prefix(&kinds, number))).collect()
    }

    /// A head of layers of these kinds, from the tensors that [`tensors`](Self::tensors) names.
    ///
    /// # Errors
    /// [`HeadError::Tensor`] if `get` has not got a tensor, or a shape does not fit its number of values or the layers
    /// around it, or a value is not finite or no class; [`HeadError::Layers`] if no layer has tensors or a vote is not
    /// the last layer.
    pub fn from_tensors(kinds: &[LayerKind], get: &mut Get<'_>) -> Result<Self, HeadError> {
        let last = kinds.len().saturating_sub(1);
        if kinds.iter().take(last).any(|kind| matches!(kind, LayerKind::Neighbours { .. })) {
            return Err(HeadError::Layers { reason: "only the last can be a vote of neighbours" });
        }
        let mut layers = Vec::new();
        let mut width = None;
        for (number, &kind) in kinds.iter().enumerate() {
            let layer = Reader { prefix: prefix(kinds, number), width, get: &mut *get }.layer(kind)?;
            width = layer.outputs().or(width);
            layers.push(layer);
        }
        match width {
            Some(_) => Ok(Self { layers }),
            None => Err(HeadError::Layers { reason: "none of them has weights" }),
        }
    }
}

fn prefix(kinds: &[LayerKind], number: usize) -> String {
    match kinds {
        [LayerKind::Linear] => "head.".to_owned(),
        _ => format!("head.{number}."),
    }
}

impl FittedLayer {
    fn kind(&self) -> LayerKind {
        match self {
            Self::Linear(_) => LayerKind::Linear,
            Self::Affine { .. } => LayerKind::Affine,
            Self::Relu => LayerKind::Relu,
            Self::Normalise => LayerKind::Normalise,
            Self::Neighbours(Neighbours { k, classes, .. }) => {
                LayerKind::Neighbours { k: *k, classes: *classes }
            }
        }
    }

    fn tensors(&self, prefix: &str) -> Vec<Named> {
        let matrix = |name: &str, matrix: &Matrix| {
            (format!("{prefix}{name}"), vec![matrix.rows(), matrix.columns()], matrix.values().to_vec())
        };
        let vector = |name: &str, values: Vec<f32>| (format!("{prefix}{name}"), vec![values.len()], values);
        match self {
            Self::Linear(LinearHead { weight_kd, bias_k }) => {
                vec![matrix("weight", weight_kd), vector("bias", bias_k.clone())]
            }
            Self::Affine { scale_d, shift_d } => {
                vec![vector("scale", scale_d.clone()), vector("shift", shift_d.clone())]
            }
            Self::Relu | Self::Normalise => Vec::new(),
            Self::Neighbours(Neighbours { features_md, labels_m, .. }) => {
                let labels = labels_m.iter().map(|&label| label as f32).collect();
                vec![matrix("features", features_md), vector("labels", labels)]
            }
        }
    }
}

/// Reads one layer.
struct Reader<'a, 'b> {
    prefix: String,
    /// Width of what the layers before give; `None` while none has said.
    width: Option<usize>,
    get: &'a mut Get<'b>,
}

impl Reader<'_, '_> {
    fn layer(&mut self, kind: LayerKind) -> Result<FittedLayer, HeadError> {
        Ok(match kind {
            LayerKind::Linear => {
                let weight_kd = self.matrix("weight")?;
                let bias_k = self.vector("bias", weight_kd.rows())?;
                FittedLayer::Linear(LinearHead { weight_kd, bias_k })
            }
            LayerKind::Affine => {
                let (_, scale_d) = self.finite("scale", |shape, width| fits(shape, &[width]))?;
                let shift_d = self.vector("shift", scale_d.len())?;
                FittedLayer::Affine { scale_d, shift_d }
            }
            LayerKind::Relu => FittedLayer::Relu,
            LayerKind::Normalise => FittedLayer::Normalise,
            LayerKind::Neighbours { k, classes } => FittedLayer::Neighbours(self.neighbours(k, classes)?),
        })
    }

    fn neighbours(&mut self, k: usize, classes: usize) -> Result<Neighbours, HeadError> {
        let features_md = self.matrix("features")?;
        let rows = features_md.rows();
        if k == 0 || k > rows {
            return Err(HeadError::Neighbours { k, rows });
        }
        if !(1..=MOST_CLASSES).contains(&classes) {
            return Err(HeadError::Layers { reason: "a vote has too many classes or none" });
        }
        let labels = self.vector("labels", rows)?;
        let class = |label: &f32| {
            let class = *label as usize;
            (class as f32 == *label && class < classes).then_some(class)
        };
        let labels_m: Option<Vec<usize>> = labels.iter().map(class).collect();
        let no_class = || self.wrong("labels", format!("holds a value that is none of {classes} classes"));
        Ok(Neighbours { features_md, labels_m: labels_m.ok_or_else(no_class)?, classes, k })
    }

    /// Reads a matrix as wide as what the layers before give.
    fn matrix(&mut self, name: &str) -> Result<Matrix, HeadError> {
        let (shape, values) = self.finite(name, |shape, width| match shape {
            [rows, _] if *rows > 0 => fits(&shape[1..], &[width]),
            _ => false,
        })?;
        Ok(Matrix::with_columns(shape.last().copied().unwrap_or(0), values))
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<Vec<f32>, HeadError> {
        self.finite(name, |shape, _| shape == [len]).map(|(_, values)| values)
    }

    /// Shape and values of a tensor whose shape is right, given the width so far, and whose values are finite.
    fn finite(
        &mut self,
        name: &str,
        right: impl Fn(&[usize], Option<usize>) -> bool,
    ) -> Result<(Vec<usize>, Vec<f32>), HeadError> {
        let (shape, values) =
            (self.get)(&format!("{}{name}", self.prefix)).map_err(|reason| self.wrong(name, reason))?;
        let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
        if count != Some(values.len()) || !right(&shape, self.width) {
            return Err(self.wrong(name, format!("does not fit the head: its shape is {shape:?}")));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.wrong(name, "holds a value that is not finite".to_owned()));
        }
        Ok((shape, values))
    }

    fn wrong(&self, name: &str, reason: String) -> HeadError {
        HeadError::Tensor { name: format!("{}{name}", self.prefix), reason }
    }
}

/// Whether sizes are positive and those that are known.
fn fits(shape: &[usize], expected: &[Option<usize>]) -> bool {
    let size =
        |(&actual, expected): (&usize, &Option<usize>)| actual > 0 && expected.is_none_or(|e| e == actual);
    shape.len() == expected.len() && shape.iter().zip(expected).all(size)
}

#[cfg(test)]
mod tests;
