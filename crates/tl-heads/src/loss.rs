//! Losses. Targets are always `targets_bk`: one-hot, shares of a mixture, or several labels.

use burn::tensor::activation::{log_softmax, softplus};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::HeadError;

/// Least distance of a probability from 1 that the focal factor is taken of: powers below 1 are infinitely steep at 0.
const LEAST_DISTANCE: f32 = 1e-7;

/// Which loss is minimised.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossConfig {
    /// The kind of loss.
    pub kind: LossKind,
    /// Share of every target, in 0..=1, that is spread evenly over the classes: Szegedy et al. 2016, section 7,
    /// <https://arxiv.org/abs/1512.00567>. Where every class is a question of its own, targets move to 0.5 by it.
    pub smoothing: f64,
}

/// The loss functions.
///
/// Below, `t` are the smoothed targets, `w` the class weights (1 where there are none), and `p` the softmax of the
/// logits. Sums are over pictures and classes. `norm` is the number of pictures; with class weights, the sum of `w`
/// times the targets before smoothing.
///
/// So cross-entropy is that of PyTorch's `CrossEntropyLoss` for one label per picture, with or without weights and
/// smoothing, and for soft targets without weights; for soft targets with weights PyTorch divides by the number of
/// pictures.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossKind {
    /// `-sum(w t ln p) / norm`.
    #[default]
    CrossEntropy,
    /// `-sum(w t (1 - p)^gamma ln p) / norm`: Lin et al. 2017, equation 4, <https://arxiv.org/abs/1708.02002>, with the
    /// softmax for the paper's sigmoid.
    Focal {
        /// How little well-classified pictures count: not at all less for 0, the paper takes 2.
        gamma: f64,
    },
    /// Every class a question of its own: the mean over pictures and classes of
    /// `-w (t ln s + (1 - t) ln(1 - s))`, where `s` is the sigmoid of the logit: PyTorch's `BCEWithLogitsLoss` with
    /// `weight`.
    Binary,
}

impl LossConfig {
    /// Whether there is such a loss.
    ///
    /// # Errors
    /// [`HeadError::Loss`] if the smoothing is not in 0..=1, or gamma is negative or not finite.
    pub fn validate(&self) -> Result<(), HeadError> {
        if !(0.0..=1.0).contains(&self.smoothing) {
            return Err(HeadError::Loss { name: "smoothing", range: "0 to 1", value: self.smoothing });
        }
        match self.kind {
            LossKind::Focal { gamma } if !(0.0..f64::INFINITY).contains(&gamma) => {
                Err(HeadError::Loss { name: "gamma", range: "0 to infinity", value: gamma })
            }
            _ => Ok(()),
        }
    }

    /// The loss, with one weight for each class if classes do not count alike.
    pub fn init(&self, class_weights: Option<&[f32]>, device: &Device) -> Loss {
        let weights_1k = class_weights
            .map(|weights| Tensor::from_data(TensorData::new(weights.to_vec(), [1, weights.len()]), device));
        Loss { config: self.clone(), weights_1k }
    }
}

/// A loss with its class weights.
#[derive(Debug, Clone)]
pub struct Loss {
    config: LossConfig,
    weights_1k: Option<Tensor<2>>,
}

impl Loss {
    /// `logits_bk` and `targets_bk` to the mean loss in nats, `[1]`.
    ///
    /// # Panics
    /// If logits, targets and weights are of different shapes.
    pub fn forward(&self, logits_bk: Tensor<2>, targets_bk: Tensor<2>) -> Tensor<1> {
        let weights_1k = self.weights_1k.clone().map(|weights_1k| weights_1k.to_device(&logits_bk.device()));
        let smooth_bk = self.smoothed(targets_bk.clone());
        let losses_bk = match self.config.kind {
            LossKind::CrossEntropy => -(smooth_bk * log_softmax(logits_bk, 1)),
            LossKind::Focal { gamma } => focal(logits_bk, smooth_bk, gamma),
            LossKind::Binary => return mean(binary(logits_bk, smooth_bk), weights_1k),
        };
        per_target(losses_bk, targets_bk, weights_1k)
    }

    fn smoothed(&self, targets_bk: Tensor<2>) -> Tensor<2> {
        let smoothing = self.config.smoothing;
        if smoothing == 0.0 {
            return targets_bk;
        }
        let even = match self.config.kind {
            LossKind::Binary => 0.5,
            LossKind::CrossEntropy | LossKind::Focal { .. } => 1.0 / targets_bk.dims()[1] as f64,
        };
        targets_bk * (1.0 - smoothing) + smoothing * even
    }
}

fn focal(logits_bk: Tensor<2>, targets_bk: Tensor<2>, gamma: f64) -> Tensor<2> {
    let logs_bk = log_softmax(logits_bk, 1);
    let distance_bk = (-logs_bk.clone().exp() + 1.0).clamp_min(LEAST_DISTANCE);
    -(targets_bk * distance_bk.powf_scalar(gamma) * logs_bk)
}

/// `ln s = -softplus(-x)` and `ln(1 - s) = -softplus(x)`: nothing overflows, or is lost where `s` is near 0 or 1.
fn binary(logits_bk: Tensor<2>, targets_bk: Tensor<2>) -> Tensor<2> {
    let absent_bk = (-targets_bk.clone() + 1.0) * softplus(logits_bk.clone(), 1.0);
    targets_bk * softplus(-logits_bk, 1.0) + absent_bk
}

fn mean(losses_bk: Tensor<2>, weights_1k: Option<Tensor<2>>) -> Tensor<1> {
    match weights_1k {
        Some(weights_1k) => (losses_bk * weights_1k).mean(),
        None => losses_bk.mean(),
    }
}

/// The sum over `norm` of [`LossKind`].
fn per_target(losses_bk: Tensor<2>, targets_bk: Tensor<2>, weights_1k: Option<Tensor<2>>) -> Tensor<1> {
    let [pictures, _] = losses_bk.dims();
    match weights_1k {
        Some(weights_1k) => {
            let norm = (targets_bk * weights_1k.clone()).sum().clamp_min(f32::MIN_POSITIVE);
            (losses_bk * weights_1k).sum() / norm
        }
        None => losses_bk.sum() / pictures.max(1) as f64,
    }
}

#[cfg(test)]
mod tests;
