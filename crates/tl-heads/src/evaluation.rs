//! What a head that was trained computes in evaluation, as plain arithmetic.

use burn::module::Module;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use std::ops::Range;

use crate::draws::Draws;
use crate::folding::Scaling;
use crate::head::{Cosine, Last};
use crate::matrix::normalise_rows;
use crate::{FittedHead, FittedLayer, Head, LinearHead, Matrix};

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
