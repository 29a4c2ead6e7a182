//! A head in evaluation, as plain arithmetic.

use burn::module::Module;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use std::ops::Range;

use crate::draws::Draws;
use crate::folding::Scaling;
use crate::head::{Cosine, LEAST_LENGTH, Last};
use crate::{Head, HeadError, LinearHead, Matrix, Neighbours, softmax_rows};

/// A head in evaluation: its layers in order.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedHead {
    /// The layers.
    pub layers: Vec<FittedLayer>,
}

/// One layer of a [`FittedHead`].
#[derive(Debug, Clone, PartialEq)]
pub enum FittedLayer {
    /// Inputs times weights, plus bias.
    Linear(LinearHead),
    /// Each input times its scale plus its shift: batch normalisation in evaluation.
    Affine {
        /// One factor per input.
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
    /// `features_nd` to `logits_nk`.
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

    /// Number of classes; 0 if no layer says.
    pub fn classes(&self) -> usize {
        self.layers.iter().rev().find_map(FittedLayer::outputs).unwrap_or(0)
    }

    /// Number of features it takes; 0 if no layer says.
    pub fn features(&self) -> usize {
        self.layers.iter().find_map(FittedLayer::inputs).unwrap_or(0)
    }
}

/// One layer for what comes before the scaling.
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

/// Rows to length 1; a row of zeros stays.
pub(crate) fn normalise_rows(rows_nd: &mut Matrix) {
    let columns = rows_nd.columns().max(1);
    rows_nd.values_mut().chunks_exact_mut(columns).for_each(normalise);
}

/// A vector to length 1; zeros stay.
pub(crate) fn normalise(row_d: &mut [f32]) {
    let length = row_d.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let length = length.max(f64::from(LEAST_LENGTH));
    row_d.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

impl Head {
    /// What the head computes in evaluation, as plain arithmetic without burn. Batch normalisation before a linear last
    /// layer is folded into it.
    pub fn fitted(&self) -> FittedHead {
        let head = self.valid();
        if let (Some(norm), None, Last::Linear(linear)) = (&head.norm, &head.hidden, &head.last) {
            return folded(norm, &fitted_linear(linear));
        }
        let mut layers: Vec<_> = head.norm.iter().map(fitted_norm).collect();
        if let Some(hidden) = &head.hidden {
            layers.extend([FittedLayer::Linear(fitted_linear(&hidden.linear)), FittedLayer::Relu]);
            layers.extend(hidden.norm.iter().map(fitted_norm));
        }
        match &head.last {
            Last::Linear(linear) => layers.push(FittedLayer::Linear(fitted_linear(linear))),
            Last::Cosine(cosine) => {
                layers.extend([FittedLayer::Normalise, FittedLayer::Linear(fitted_cosine(cosine))]);
            }
        }
        FittedHead { layers }
    }
}

fn fitted_linear(linear: &Linear) -> LinearHead {
    let weight_kd = linear.weight.val().transpose();
    let [classes, features] = weight_kd.dims();
    let bias_k = linear.bias.as_ref().map_or_else(|| vec![0.0; classes], |bias| values(bias.val()));
    LinearHead { weight_kd: Matrix::with_columns(features, values(weight_kd)), bias_k }
}

/// Unit vectors times the scale: what is left to do for rows of length 1.
fn fitted_cosine(cosine: &Cosine) -> LinearHead {
    let [classes, features] = cosine.weight_kd.dims();
    let mut weight_kd = Matrix::with_columns(features, values(cosine.weight_kd.val()));
    normalise_rows(&mut weight_kd);
    let scale: f32 = values(cosine.scale.val()).iter().sum();
    weight_kd.values_mut().iter_mut().for_each(|value| *value *= scale);
    LinearHead { weight_kd, bias_k: vec![0.0; classes] }
}

fn fitted_norm(norm: &BatchNorm) -> FittedLayer {
    let (scale_d, shift_d) =
        scales_and_shifts(norm).map(|(scale, shift)| (scale as f32, shift as f32)).unzip();
    FittedLayer::Affine { scale_d, shift_d }
}

/// What both do one after the other: one linear layer, if that gives the same logits to the rounding of single precision, else
/// two. Compared on features around the means that the norm has seen, as far off as it has seen them.
fn folded(norm: &BatchNorm, head: &LinearHead) -> FittedHead {
    let [mean, variance] = statistics(norm);
    let factor: Vec<f64> = scales_and_shifts(norm).map(|(scale, _)| scale).collect();
    let mut behind = head.clone();
    let beta_d = values(norm.beta.val());
    let rows = behind.weight_kd.values().chunks_exact(factor.len().max(1));
    for (row, bias) in rows.zip(&mut behind.bias_k) {
        let shift: f64 = row.iter().zip(&beta_d).map(|(&w, &beta)| f64::from(w) * f64::from(beta)).sum();
        *bias = (f64::from(*bias) + shift) as f32;
    }
    let spread: Vec<f64> =
        variance.iter().map(|&variance| (f64::from(variance) + norm.epsilon).sqrt()).collect();
    let mean: Vec<f64> = mean.into_iter().map(f64::from).collect();
    let features_nd = around(&mean, &spread);
    let scaling = Scaling { mean, factor };
    let expected = |rows: Range<usize>| behind.logits(&scaling.apply(&features_nd.rows_of(rows)));
    // Where even that is not the same, weights are far from finite, and no file takes them.
    scaling.checked(&behind, &features_nd, &expected).unwrap_or_else(|_| scaling.centred(&behind))
}

/// Features drawn around means.
fn around(mean: &[f64], spread: &[f64]) -> Matrix {
    const DRAWN: u64 = 16;
    let row = |number: u64| {
        let draws = Draws::new(number, 0);
        let places = mean.iter().zip(spread).enumerate();
        places.map(move |(at, (mean, spread))| (mean + spread * draws.normal(at as u64)) as f32)
    };
    Matrix::with_columns(mean.len(), (0..DRAWN).flat_map(row).collect())
}

/// Mean and variance of each input.
fn statistics(norm: &BatchNorm) -> [Vec<f32>; 2] {
    [&norm.running_mean, &norm.running_var].map(|state| values(state.value_sync()))
}

/// What batch normalisation does to each input in evaluation: Ioffe and Szegedy 2015, algorithm 2,
/// <https://arxiv.org/abs/1502.03167>.
fn scales_and_shifts(norm: &BatchNorm) -> impl Iterator<Item = (f64, f64)> {
    let [gamma, beta] = [&norm.gamma, &norm.beta].map(|param| values(param.val()));
    let [mean, variance] = statistics(norm);
    let epsilon = norm.epsilon;
    let scales = gamma
        .into_iter()
        .zip(variance)
        .map(move |(gamma, variance)| f64::from(gamma) / (f64::from(variance) + epsilon).sqrt());
    scales.zip(beta).zip(mean).map(|((scale, beta), mean)| (scale, f64::from(beta) - f64::from(mean) * scale))
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
