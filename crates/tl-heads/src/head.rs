//! Heads that are trained in steps.

use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use crate::draws::Draws;
use crate::matrix::LEAST_LENGTH;
use crate::{HeadConfig, HeadError, Init, LinearHead, Standardiser};

/// What the cosines are multiplied by at first, as in the code of Gidaris and Komodakis 2018
/// (<https://arxiv.org/abs/1804.09458>):
/// <https://github.com/gidariss/FewShotWithoutForgetting/blob/master/architectures/ClassifierWithFewShotGenerationModule.py>
pub(crate) const SCALE: f32 = 10.0;
/// Numbers of the layers in the draws of weights and of dropout.
const HIDDEN: u64 = 0;
const LAST: u64 = 1;

/// A head that trains: [`HeadConfig`] says what is in it.
#[derive(Module, Debug)]
pub struct Head {
    pub(crate) norm: Option<BatchNorm>,
    dropout: f64,
    pub(crate) hidden: Option<Hidden>,
    pub(crate) last: Last,
}

/// Linear layer, ReLU, batch normalisation, dropout.
#[derive(Module, Debug)]
pub(crate) struct Hidden {
    pub(crate) linear: Linear,
    pub(crate) norm: Option<BatchNorm>,
    dropout: f64,
}

#[derive(Module, Debug)]
pub(crate) enum Last {
    Linear(Linear),
    Cosine(Cosine),
}

/// Cosines to one vector per class, times a scale.
#[derive(Module, Debug)]
pub(crate) struct Cosine {
    /// `[classes, features]`, of any length.
    pub(crate) weight_kd: Param<Tensor<2>>,
    /// `[1]`.
    pub(crate) scale: Param<Tensor<1>>,
}

impl HeadConfig {
    /// A head of `features` inputs (the width after pooling) and `classes` outputs. Its weights depend on the seed
    /// and on nothing else that is random.
    ///
    /// # Panics
    /// If [`validate`](HeadConfig::validate) refuses the configuration, or there is batch normalisation of no
    /// features.
    pub fn init(&self, features: usize, classes: usize, seed: u64, device: &Device) -> Head {
        let norm = |width| self.norm.then(|| BatchNormConfig::new(width).init(device));
        let hidden = self.hidden.map(|width| Hidden {
            linear: scaled(features, width, Draws::new(seed, HIDDEN), device),
            norm: norm(width),
            dropout: self.hidden_dropout,
        });
        let last = self.last(self.hidden.unwrap_or(features), classes, Draws::new(seed, LAST), device);
        Head { norm: norm(features), dropout: self.dropout, hidden, last }
    }

    fn last(&self, inputs: usize, classes: usize, draws: Draws, device: &Device) -> Last {
        match self.init {
            _ if self.cosine => Last::Cosine(Cosine {
                weight_kd: Param::from_data(kaiming([classes, inputs], inputs, draws), device),
                scale: Param::from_data([SCALE], device),
            }),
            Init::Zero => Last::Linear(linear(&LinearHead::zeros(classes, inputs), device)),
            Init::Scaled => Last::Linear(scaled(inputs, classes, draws, device)),
        }
    }
}

impl Head {
    /// A head that starts at a solved logistic regression. Of the configuration, which must be
    /// [linear](HeadConfig::is_linear), only the dropout is taken.
    pub fn from_linear(config: &HeadConfig, head: &LinearHead, device: &Device) -> Self {
        let last = Last::Linear(linear(head, device));
        Self { norm: None, dropout: config.dropout, hidden: None, last }
    }

    /// A head that starts at a logistic regression solved on features standardised in this way: batch normalisation that
    /// begins with their means and variances, then the linear layer. While it trains, the scale of every feature follows
    /// the network; [`fitted`](Self::fitted) folds both into one layer.
    ///
    /// `head` is for the features as they come. Where a feature hardly varies, what batch normalisation adds to the
    /// variance (1e-5) makes its weight smaller than it was solved.
    ///
    /// # Errors
    /// [`HeadError::Width`] if the head takes more or fewer features than were measured.
    pub fn from_standardised(
        config: &HeadConfig,
        head: &LinearHead,
        standardiser: &Standardiser,
        device: &Device,
    ) -> Result<Self, HeadError> {
        let mut norm = BatchNormConfig::new(head.weight_kd.columns()).init(device);
        norm.running_mean = RunningState::new(Tensor::from_data(standardiser.mean().as_slice(), device));
        norm.running_var = RunningState::new(Tensor::from_data(standardiser.variance().as_slice(), device));
        norm.gamma = Param::from_data(scales(standardiser).as_slice(), device);
        Ok(Self { norm: Some(norm), ..Self::from_linear(config, &standardiser.unfold(head)?, device) })
    }

    /// The logits of some features: `features_bd` to `logits_bk`.
    ///
    /// With a key, dropout is on: the key decides what is zeroed, and what is kept is divided by the share that is
    /// kept. Without, it is off. Batch normalisation takes and keeps the batch's statistics if the features are on a
    /// device with automatic differentiation and the head is not frozen, else it uses those it kept.
    ///
    /// # Panics
    /// If the features are not as wide as the head takes.
    pub fn forward(&self, features_bd: Tensor<2>, dropout: Option<u64>) -> Tensor<2> {
        let draws = |layer| dropout.map(|key| Draws::new(key, layer));
        let mut inputs_bd = normed(&self.norm, features_bd);
        inputs_bd = dropped(inputs_bd, self.dropout, draws(HIDDEN));
        if let Some(hidden) = &self.hidden {
            inputs_bd = normed(&hidden.norm, relu(hidden.linear.forward(inputs_bd)));
            inputs_bd = dropped(inputs_bd, hidden.dropout, draws(LAST));
        }
        match &self.last {
            Last::Linear(linear) => linear.forward(inputs_bd),
            Last::Cosine(cosine) => cosine.forward(inputs_bd),
        }
    }
}

impl Cosine {
    fn forward(&self, inputs_bd: Tensor<2>) -> Tensor<2> {
        let cosines_bk = unit_rows(inputs_bd).matmul(unit_rows(self.weight_kd.val()).transpose());
        cosines_bk * self.scale.val().unsqueeze::<2>()
    }
}

/// Rows to length 1. The squared length is what is kept from zero, for at zero the root's gradient is infinite.
fn unit_rows(rows_nd: Tensor<2>) -> Tensor<2> {
    let squares_n1 = (rows_nd.clone() * rows_nd.clone()).sum_dim(1);
    rows_nd / squares_n1.clamp_min(LEAST_LENGTH * LEAST_LENGTH).sqrt()
}

fn normed(norm: &Option<BatchNorm>, inputs_bd: Tensor<2>) -> Tensor<2> {
    match norm {
        Some(norm) => norm.forward(inputs_bd),
        None => inputs_bd,
    }
}

/// 1 for each feature, and 0 for one that does not vary around 0: neither that scale nor the weight behind it, 0 as well, ever
/// gets a gradient, so that rounding errors of a batch's mean teach nothing.
fn scales(standardiser: &Standardiser) -> Vec<f32> {
    standardiser.offsets().map(|offset| if offset { 0.0 } else { 1.0 }).collect()
}

/// Inverted dropout: Srivastava et al. 2014, section 10, <https://jmlr.org/papers/v15/srivastava14a.html>.
fn dropped(inputs_bd: Tensor<2>, share: f64, draws: Option<Draws>) -> Tensor<2> {
    let Some(draws) = draws.filter(|_| share > 0.0) else { return inputs_bd };
    let [batch, width] = inputs_bd.dims();
    let kept = (1.0 / (1.0 - share)) as f32;
    let factor = |index: usize| if draws.uniform(index as u64) < share { 0.0 } else { kept };
    let mask = TensorData::new((0..batch * width).map(factor).collect(), [batch, width]);
    let mask_bd = Tensor::<2>::from_data(mask, &inputs_bd.device());
    inputs_bd * mask_bd
}

fn linear(head: &LinearHead, device: &Device) -> Linear {
    let (classes, features) = (head.weight_kd.rows(), head.weight_kd.columns());
    let weight = TensorData::new(head.weight_kd.values().to_vec(), [classes, features]);
    // burn keeps a linear layer's weight as [features, classes].
    let weight_dk = Tensor::<2>::from_data(weight, device).transpose();
    Linear {
        weight: Param::from_tensor(weight_dk),
        bias: Some(Param::from_data(TensorData::new(head.bias_k.clone(), [classes]), device)),
    }
}

fn scaled(inputs: usize, outputs: usize, draws: Draws, device: &Device) -> Linear {
    let bias = TensorData::new(vec![0.0f32; outputs], [outputs]);
    Linear {
        weight: Param::from_data(kaiming([inputs, outputs], inputs, draws), device),
        bias: Some(Param::from_data(bias, device)),
    }
}

/// Kaiming initialisation, [`Init::Scaled`].
fn kaiming(shape: [usize; 2], inputs: usize, draws: Draws) -> TensorData {
    let deviation = (2.0 / inputs.max(1) as f64).sqrt();
    let values = (0..shape[0] * shape[1]).map(|index| (deviation * draws.normal(index as u64)) as f32);
    TensorData::new(values.collect::<Vec<_>>(), shape)
}

#[cfg(test)]
mod tests;
