//! One linear layer trained by AdamW through burn's autodiff: the general path, for data too large to solve at once.

use burn::tensor::{Device, Tensor, TensorData};
use tl_data::SampleOrder;
use tl_heads::{HeadError, LinearHead, Loss, LossConfig, Matrix};
use tl_train::{Optimizer, OptimizerConfig, OptimizerKind, Targets};

/// How the layer is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamWSettings {
    /// Passes over the pictures.
    pub(crate) epochs: usize,
    /// Pictures per step.
    pub(crate) batch: usize,
    /// Learning rate of the first step; it falls to zero along a cosine.
    pub(crate) rate: f64,
    /// Decoupled weight decay, of the weights; the bias has none.
    pub(crate) decay: f32,
    /// What the order of pictures comes from.
    pub(crate) seed: u64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { epochs: 60, batch: 64, rate: 3e-3, decay: 0.1, seed: 0 }
    }
}

/// Mean training loss of an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EpochLoss {
    /// Epochs completed, from 1.
    pub(crate) epoch: usize,
    /// Learning rate of its last step.
    pub(crate) rate: f64,
    /// Mean cross-entropy in nats; of several labels, the mean over the classes of the binary one.
    pub(crate) loss: f64,
}

/// Trains a head on standardised features. It begins at `start`, which must have as many classes and features, or at zero,
/// so the order of pictures is all that is random.
///
/// # Errors
/// [`HeadError::Diverged`] if a loss or a weight is not finite.
pub(crate) fn train_linear(
    features_nd: &Matrix,
    targets: &Targets,
    classes: usize,
    settings: &AdamWSettings,
    device: &Device,
    start: Option<&LinearHead>,
    progress: &dyn Fn(EpochLoss),
) -> Result<LinearHead, HeadError> {
    let device = device.clone().autodiff();
    let config = LossConfig { kind: targets.loss(), ..LossConfig::default() };
    let loss = config.init(None, &device);
    let zeros = LinearHead::zeros(classes, features_nd.columns());
    let mut layer = Layer::new(start.unwrap_or(&zeros), settings.decay, &device);
    let pictures = targets.pictures();
    let steps = pictures.div_ceil(settings.batch) * settings.epochs;
    let (mut step, mut rate) = (0, settings.rate);
    for epoch in 0..settings.epochs {
        let mut sum = 0.0;
        for rows in batches(pictures, settings, epoch) {
            rate = cosine(settings.rate, step, steps);
            let value = layer.step(&features_nd.select_rows(&rows), targets, &rows, &loss, rate);
            step += 1;
            if !value.is_finite() {
                return Err(HeadError::Diverged { step, rate, loss: value });
            }
            sum += value * rows.len() as f64;
        }
        progress(EpochLoss { epoch: epoch + 1, rate, loss: sum / pictures.max(1) as f64 });
    }
    let head = layer.head();
    let finite = head.weight_kd.values().iter().chain(&head.bias_k).all(|value| value.is_finite());
    if finite { Ok(head) } else { Err(HeadError::Diverged { step, rate, loss: f64::NAN }) }
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

/// A linear layer that learns.
struct Layer {
    /// `[features, classes]`, so that products need no transposition.
    weight_dk: Tensor<2>,
    bias_k: Tensor<1>,
    optimizer: Optimizer,
    device: Device,
}

impl Layer {
    fn new(head: &LinearHead, decay: f32, device: &Device) -> Self {
        let (weight_kd, classes) = (&head.weight_kd, head.classes());
        let values = TensorData::new(weight_kd.values().to_vec(), [classes, weight_kd.columns()]);
        let weight_dk = Tensor::<2>::from_data(values, &device.clone().inner()).transpose();
        let bias_k = Tensor::<1>::from_data(TensorData::new(head.bias_k.clone(), [classes]), device);
        let optimizer =
            OptimizerConfig { kind: OptimizerKind::AdamW, decay: decay.into(), ..OptimizerConfig::default() };
        Self {
            weight_dk: Tensor::from_inner(weight_dk).require_grad(),
            bias_k: bias_k.require_grad(),
            optimizer: optimizer.init(),
            device: device.clone(),
        }
    }

    /// The loss before the step.
    fn step(&mut self, batch_bd: &Matrix, targets: &Targets, rows: &[usize], loss: &Loss, rate: f64) -> f64 {
        let shape = [batch_bd.rows(), batch_bd.columns()];
        let features_bd =
            Tensor::<2>::from_data(TensorData::new(batch_bd.values().to_vec(), shape), &self.device);
        let logits_bk = features_bd.matmul(self.weight_dk.clone()) + self.bias_k.clone().unsqueeze();
        let [_, classes] = logits_bk.dims();
        let targets = TensorData::new(targets.targets(rows, classes), [rows.len(), classes]);
        let loss = loss.forward(logits_bk, Tensor::from_data(targets, &self.device));
        let value = f64::from(loss.clone().into_scalar::<f32>());
        let mut gradients = loss.backward();
        if let Some(gradient) = self.weight_dk.grad_remove(&mut gradients) {
            self.weight_dk = stepped(&mut self.optimizer, "weight", rate, &self.weight_dk, gradient);
        }
        if let Some(gradient) = self.bias_k.grad_remove(&mut gradients) {
            self.bias_k = stepped(&mut self.optimizer, "bias", rate, &self.bias_k, gradient);
        }
        value
    }

    fn head(&self) -> LinearHead {
        let weight_kd = self.weight_dk.clone().inner().transpose();
        let [_, features] = weight_kd.dims();
        let weight_kd = Matrix::with_columns(features, weight_kd.into_data().iter::<f32>().collect());
        LinearHead { weight_kd, bias_k: self.bias_k.clone().inner().into_data().iter().collect() }
    }
}

/// A parameter after a step.
fn stepped<const D: usize>(
    optimizer: &mut Optimizer,
    key: &str,
    rate: f64,
    value: &Tensor<D>,
    gradient: Tensor<D>,
) -> Tensor<D> {
    let value = value.clone().inner();
    let (shape, len) = (value.shape(), value.shape().num_elements());
    let stepped = optimizer.step(key, D, rate, value.reshape([len]), gradient.reshape([len]));
    Tensor::from_inner(stepped.reshape(shape)).require_grad()
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
        let targets = Targets::One(labels_n);
        let settings = AdamWSettings { batch: 16, rate: 0.05, decay: 0.0, ..AdamWSettings::default() };
        let run = |seed| {
            let losses = std::cell::RefCell::new(Vec::new());
            let settings = AdamWSettings { seed, ..settings };
            let keep = |epoch: EpochLoss| losses.borrow_mut().push(epoch.loss);
            let head = train_linear(&features_nd, &targets, 2, &settings, &Device::flex(), None, &keep);
            (head.unwrap(), losses.into_inner())
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

    #[test]
    fn a_loss_that_is_not_a_number_ends_training_and_names_the_step() {
        let (features_nd, labels_n) = problem();
        let settings = AdamWSettings { batch: 16, rate: 1e38, ..AdamWSettings::default() };
        let device = Device::flex();
        let error = train_linear(&features_nd, &Targets::One(labels_n), 2, &settings, &device, None, &|_| {});
        let error = error.unwrap_err();
        assert!(matches!(error, HeadError::Diverged { step: 1.., .. }), "{error}");
    }

    #[test]
    fn steps_are_those_of_the_step_trainers_adamw() {
        // One picture, one feature: the first step of Adam is the learning rate, whatever the gradient; decay is of weights alone.
        let features_nd = Matrix::with_columns(1, vec![1e-3]);
        let start =
            LinearHead { weight_kd: Matrix::with_columns(1, vec![2.0, -2.0]), bias_k: vec![1.0, -1.0] };
        let settings = AdamWSettings { epochs: 1, batch: 1, rate: 0.1, decay: 0.5, seed: 0 };
        let targets = Targets::One(vec![1]);
        let head = train_linear(&features_nd, &targets, 2, &settings, &Device::flex(), Some(&start), &|_| {})
            .unwrap();
        let expected = [2.0 * 0.95 - 0.1, -2.0 * 0.95 + 0.1, 1.0 - 0.1, -1.0 + 0.1];
        for (found, expected) in head.weight_kd.values().iter().chain(&head.bias_k).zip(expected) {
            // An epsilon of 1e-8 beside a gradient of 1e-3; one of 1e-5 would be off by 1e-3.
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
