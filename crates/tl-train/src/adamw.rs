//! One linear layer trained by AdamW through burn's autodiff: the general path, for data too large to solve at once.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use tl_data::SampleOrder;
use tl_heads::{LinearHead, LossConfig, Matrix};

use crate::Truth;

/// How the layer is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWSettings {
    /// Passes over the pictures.
    pub epochs: usize,
    /// Pictures per step.
    pub batch: usize,
    /// Learning rate of the first step; it falls to zero along a cosine.
    pub rate: f64,
    /// Decoupled weight decay.
    pub decay: f32,
    /// What the order of pictures comes from.
    pub seed: u64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { epochs: 60, batch: 64, rate: 3e-3, decay: 0.1, seed: 0 }
    }
}

/// Mean training loss of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochLoss {
    /// Epochs completed, from 1.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub rate: f64,
    /// Mean cross-entropy in nats; of several labels, the mean over the classes of the binary one.
    pub loss: f64,
}

/// Trains a head on standardised features. It begins at `start`, which must have as many classes and features, or at zero,
/// so the order of pictures is all that is random.
pub fn train_linear(
    features_nd: &Matrix,
    truth: &Truth,
    classes: usize,
    settings: &AdamWSettings,
    device: &Device,
    start: Option<&LinearHead>,
    progress: &dyn Fn(EpochLoss),
) -> LinearHead {
    let device = device.clone().autodiff();
    let zeros = LinearHead::zeros(classes, features_nd.columns());
    let mut layer = layer(start.unwrap_or(&zeros), &device);
    let mut optimizer = AdamWConfig::new().with_weight_decay(settings.decay).init();
    let pictures = truth.pictures();
    let steps = pictures.div_ceil(settings.batch) * settings.epochs;
    let mut step = 0;
    for epoch in 0..settings.epochs {
        let (mut sum, mut rate) = (0.0, settings.rate);
        for rows in batches(pictures, settings, epoch) {
            rate = cosine(settings.rate, step, steps);
            let loss = loss(&layer, features_nd, truth, &rows, &device);
            sum += f64::from(loss.clone().into_scalar::<f32>()) * rows.len() as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &layer);
            layer = optimizer.step(rate, layer, gradients);
            step += 1;
        }
        progress(EpochLoss { epoch: epoch + 1, rate, loss: sum / pictures.max(1) as f64 });
    }
    head(&layer)
}

fn batches(len: usize, settings: &AdamWSettings, epoch: usize) -> impl Iterator<Item = Vec<usize>> {
    let order = SampleOrder::new(settings.seed, epoch as u64, len);
    let batch = settings.batch;
    (0..len).step_by(batch).map(move |start| (start..len.min(start + batch)).map(|i| order.at(i)).collect())
}

/// Loshchilov and Hutter 2017, equation 5 without restarts: <https://arxiv.org/abs/1608.03983>.
fn cosine(rate: f64, step: usize, steps: usize) -> f64 {
    0.5 * rate * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos())
}

fn loss(layer: &Linear, features_nd: &Matrix, truth: &Truth, rows: &[usize], device: &Device) -> Tensor<1> {
    let batch_bd = features_nd.select_rows(rows);
    let shape = [batch_bd.rows(), batch_bd.columns()];
    let features_bd = Tensor::<2>::from_data(TensorData::new(batch_bd.values().to_vec(), shape), device);
    let logits_bk = layer.forward(features_bd);
    let [_, classes] = logits_bk.dims();
    let targets = TensorData::new(truth.targets(rows, classes), [rows.len(), classes]);
    let config = LossConfig { kind: truth.loss(), ..LossConfig::default() };
    config.init(None, device).forward(logits_bk, Tensor::from_data(targets, device))
}

/// burn keeps a linear layer's weight as `[features, classes]`.
fn layer(head: &LinearHead, device: &Device) -> Linear {
    let (weight_kd, classes) = (&head.weight_kd, head.classes());
    let values = TensorData::new(weight_kd.values().to_vec(), [classes, weight_kd.columns()]);
    let weight = Tensor::<2>::from_data(values, device).transpose();
    let bias = Tensor::<1>::from_data(TensorData::new(head.bias_k.clone(), [classes]), device);
    Linear { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)) }
}

fn head(layer: &Linear) -> LinearHead {
    let layer = layer.valid();
    let weight_kd = layer.weight.val().transpose();
    let [_, features] = weight_kd.dims();
    let weight_kd = Matrix::with_columns(features, weight_kd.into_data().iter::<f32>().collect());
    let bias_k = layer
        .bias
        .map_or_else(|| vec![0.0; weight_kd.rows()], |bias| bias.val().into_data().iter().collect());
    LinearHead { weight_kd, bias_k }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> (Matrix, Vec<usize>) {
        let value = |i: usize| ((i * 7919 + i / 3 * 104_729) % 1000) as f32 / 500.0 - 1.0;
        let features_nd = Matrix::with_columns(3, (0..3 * 90).map(value).collect());
        let labels_n = features_nd.iter_rows().map(|row| usize::from(row[0] + 0.5 * row[1] > 0.1)).collect();
        (features_nd, labels_n)
    }

    #[test]
    fn the_loss_falls_and_the_same_seed_gives_the_same_bits() {
        let (features_nd, labels_n) = problem();
        let truth = Truth::One(labels_n);
        let settings = AdamWSettings { batch: 16, rate: 0.05, decay: 0.0, ..AdamWSettings::default() };
        let run = |seed| {
            let losses = std::cell::RefCell::new(Vec::new());
            let settings = AdamWSettings { seed, ..settings };
            let keep = |epoch: EpochLoss| losses.borrow_mut().push(epoch.loss);
            let head = train_linear(&features_nd, &truth, 2, &settings, &Device::flex(), None, &keep);
            (head, losses.into_inner())
        };
        let (head, losses) = run(1);
        assert!(losses[0] > 0.4 && losses[59] < 0.5 * losses[0], "{losses:?}");
        assert_eq!(run(1), (head.clone(), losses));
        assert_ne!(run(2).0, head);
    }

    #[test]
    fn every_picture_is_in_one_batch_of_an_epoch() {
        let settings = AdamWSettings { batch: 4, ..AdamWSettings::default() };
        let mut rows: Vec<usize> = batches(10, &settings, 3).flatten().collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..10).collect::<Vec<_>>());
    }
}
