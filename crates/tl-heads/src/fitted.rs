//! A head in evaluation, as plain arithmetic.

use crate::matrix::normalise_rows;
use crate::{HeadError, LinearHead, Matrix, Neighbours, softmax_rows};

/// A head in evaluation: its layers in order.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedHead {
    /// The layers, in order.
    pub layers: Vec<FittedLayer>,
}

/// A layer of a [`FittedHead`].
#[derive(Debug, Clone, PartialEq)]
pub enum FittedLayer {
    /// Inputs times weights, plus bias.
    Linear(LinearHead),
    /// Batch normalisation in evaluation: each input times its scale plus its shift.
    Affine {
        /// The factor of each input.
        scale_d: Vec<f32>,
        /// What is added after.
        shift_d: Vec<f32>,
    },
    /// What is negative becomes zero.
    Relu,
    /// Rows to length 1, divided by no less than 1e-12 as by PyTorch's `F.normalize`:
    /// <https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html>
    Normalise,
    /// The nearest of stored features vote; the last layer only.
    Neighbours(Neighbours),
}

impl FittedHead {
    /// The logits of some features: `features_nd` to `logits_nk`.
    ///
    /// # Errors
    /// [`HeadError::Width`] if a layer is given more or fewer features than it takes.
    pub fn logits(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        self.layers.iter().try_fold(features_nd.clone(), |inputs_nd, layer| layer.apply(inputs_nd))
    }

    /// `features_nd` to class probabilities, `[samples, classes]`.
    ///
    /// # Errors
    /// [`HeadError::Width`] if a layer is given more or fewer features than it takes.
    pub fn probabilities(&self, features_nd: &Matrix) -> Result<Matrix, HeadError> {
        Ok(softmax_rows(self.logits(features_nd)?))
    }

    /// The head as one linear layer, if it is one, perhaps behind a scaling of its inputs.
    pub fn as_linear(&self) -> Option<LinearHead> {
        match self.layers.as_slice() {
            [FittedLayer::Linear(head)] => Some(head.clone()),
            [FittedLayer::Affine { scale_d, shift_d }, FittedLayer::Linear(head)] => {
                Some(behind(scale_d, shift_d, head))
            }
            _ => None,
        }
    }

    /// Refuses weights that are not finite.
    ///
    /// # Errors
    /// [`HeadError::Tensor`] with the name that the first of them has in a file.
    pub fn check_finite(&self) -> Result<(), HeadError> {
        let tensors = self.tensors().into_iter();
        let bad = |values: &[f32]| values.iter().any(|value| !value.is_finite());
        let bad = tensors.filter(|(_, _, values)| bad(values)).map(|(name, ..)| name).next();
        bad.map_or(Ok(()), |name| {
            Err(HeadError::Tensor { name, reason: "holds a value that is not finite".to_owned() })
        })
    }

    /// The number of classes; 0 if no layer says.
    pub fn classes(&self) -> usize {
        self.layers.iter().rev().find_map(FittedLayer::outputs).unwrap_or(0)
    }

    /// Number of features it takes; 0 if no layer says.
    pub fn features(&self) -> usize {
        self.layers.iter().find_map(FittedLayer::inputs).unwrap_or(0)
    }
}

/// A linear layer with the scaling that comes before it folded in.
fn behind(scale_d: &[f32], shift_d: &[f32], head: &LinearHead) -> LinearHead {
    let mut linear = head.clone();
    let rows = linear.weight_kd.values_mut().chunks_exact_mut(scale_d.len().max(1));
    for (row, bias) in rows.zip(&mut linear.bias_k) {
        let shift: f64 = row.iter().zip(shift_d).map(|(&w, &shift)| f64::from(w) * f64::from(shift)).sum();
        row.iter_mut().zip(scale_d).for_each(|(weight, scale)| *weight *= scale);
        *bias = (f64::from(*bias) + shift) as f32;
    }
    linear
}

impl From<LinearHead> for FittedHead {
    fn from(head: LinearHead) -> Self {
        Self { layers: vec![FittedLayer::Linear(head)] }
    }
}

impl FittedLayer {
    /// Width that it takes; `None` if it takes any.
    pub(crate) fn inputs(&self) -> Option<usize> {
        match self {
            Self::Linear(linear) => Some(linear.weight_kd.columns()),
            Self::Affine { scale_d, .. } => Some(scale_d.len()),
            Self::Neighbours(neighbours) => Some(neighbours.features_md.columns()),
            Self::Relu | Self::Normalise => None,
        }
    }

    /// Width that it gives; `None` if it is the one it is given.
    pub(crate) fn outputs(&self) -> Option<usize> {
        match self {
            Self::Linear(linear) => Some(linear.classes()),
            Self::Neighbours(neighbours) => Some(neighbours.classes),
            Self::Affine { .. } | Self::Relu | Self::Normalise => self.inputs(),
        }
    }

    fn apply(&self, mut inputs_nd: Matrix) -> Result<Matrix, HeadError> {
        let actual = inputs_nd.columns();
        if let Some(expected) = self.inputs().filter(|&expected| expected != actual) {
            return Err(HeadError::Width { expected, actual });
        }
        match self {
            Self::Linear(linear) => return linear.logits(&inputs_nd),
            Self::Neighbours(neighbours) => return Ok(neighbours.logits(&inputs_nd)),
            Self::Affine { scale_d, shift_d } => affine(&mut inputs_nd, scale_d, shift_d),
            Self::Relu => inputs_nd.values_mut().iter_mut().for_each(|value| *value = value.max(0.0)),
            Self::Normalise => normalise_rows(&mut inputs_nd),
        }
        Ok(inputs_nd)
    }
}

fn affine(inputs_nd: &mut Matrix, scale_d: &[f32], shift_d: &[f32]) {
    for row in inputs_nd.values_mut().chunks_exact_mut(scale_d.len().max(1)) {
        for ((value, scale), shift) in row.iter_mut().zip(scale_d).zip(shift_d) {
            *value = *value * scale + shift;
        }
    }
}
