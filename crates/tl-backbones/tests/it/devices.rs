//! The same networks on other devices than the processor by burn-flex: on an NVIDIA GPU, where there is one (feature `cuda`), and
//! by burn's older backend (feature `ndarray`).

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use tl_backbones::Architecture;

use crate::formula::{filled, images};
use crate::small;

/// What a device may be off by, of the largest value.
struct Other {
    device: Device,
    name: &'static str,
    /// Of features and logits.
    tolerance: f64,
    /// Of losses over steps, each of which adds the error of its gradients to the weights.
    loss_tolerance: f64,
}

/// A GPU may multiply in tf32, whose factors have 10 bits behind the point. Networks whose products are of bf16, of 7 such bits and
/// eight times as coarse, have features off by up to 2e-2 (`tl-frozen`: `whole_networks_in_narrow_numbers_are_near_those_in_floats`),
/// so 2.5e-3 is expected; twice that is allowed, and four times as much of losses, whose errors add up over the steps.
#[cfg(feature = "cuda")]
fn gpu() -> Option<Other> {
    let device = Device::enumerate(burn::tensor::DeviceType::Cuda).iter().next().cloned()?;
    Some(Other { device, name: "cuda", tolerance: 5e-3, loss_tolerance: 2e-2 })
}

/// 2e-6 is measured of features and logits, up to 1e-5 of losses: the same arithmetic in another order.
#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn keeps it until 0.23")]
fn ndarray() -> Option<Other> {
    Some(Other { device: Device::ndarray(), name: "ndarray", tolerance: 1e-4, loss_tolerance: 1e-4 })
}

/// Those there are. A line says so of a GPU that is not there.
fn others(test: &str) -> Vec<Other> {
    let mut others = Vec::new();
    #[cfg(feature = "ndarray")]
    others.extend(ndarray());
    #[cfg(feature = "cuda")]
    match gpu() {
        Some(gpu) => others.push(gpu),
        None => println!("{test}: not run on a GPU, this machine has no CUDA device"),
    }
    if others.is_empty() {
        println!("{test}: skipped");
    }
    others
}

/// Of the pictures, where the network takes it.
const SIDE: usize = 64;
const STEPS: usize = 5;

/// At which losses fall in every step. VGG's, with ten times the loss in the beginning, jump about at the others' rate.
fn learning_rate(row: &Architecture) -> f64 {
    if row.name.starts_with("vgg") { 1e-5 } else { 1e-4 }
}

#[test]
fn features_and_logits_are_the_same_on_every_device() {
    let others = others("features_and_logits_are_the_same_on_every_device");
    for (row, other) in small().flat_map(|row| others.iter().map(move |other| (row, other))) {
        let name = format!("{} on {}", row.name, other.name);
        let (expected, actual) = (outputs(&row, &Device::flex()), outputs(&row, &other.device));
        let errors = [0, 1].map(|output| error(&expected[output], &actual[output]));
        println!("{name}: features {:.1e}, logits {:.1e}", errors[0], errors[1]);
        assert!(errors.iter().all(|error| *error <= other.tolerance), "{name}: {errors:?}");
    }
}

/// Pooled features and logits of two pictures.
fn outputs(row: &Architecture, device: &Device) -> [Vec<f64>; 2] {
    let (backbone, side) = (filled(row, device), row.smallest_input.max(SIDE));
    let maps_bchw = backbone.forward_stages(0..backbone.end().0, images([2, 3, side, side], device));
    [backbone.pool(maps_bchw.clone()), backbone.classify(maps_bchw)]
        .map(|tensor| tensor.into_data().iter::<f64>().collect())
}

#[test]
fn a_few_training_steps_have_the_same_losses_on_every_device() {
    let others = others("a_few_training_steps_have_the_same_losses_on_every_device");
    for (row, other) in small().flat_map(|row| others.iter().map(move |other| (row, other))) {
        let name = format!("{} on {}", row.name, other.name);
        let (expected, actual) = (losses(&row, Device::flex()), losses(&row, other.device.clone()));
        let error = error(&expected, &actual);
        println!("{name}: losses {expected:.4?}, {error:.1e}");
        assert!(expected[STEPS - 1] < expected[0], "{name} does not learn: {expected:?}");
        assert!(error <= other.loss_tolerance, "{name}: {expected:?} {actual:?}");
    }
}

/// Of full steps, batch normalisation by its running statistics, on three pictures of three classes.
fn losses(row: &Architecture, device: Device) -> Vec<f64> {
    let device = device.autodiff();
    let side = row.smallest_input.max(SIDE);
    let mut backbone = filled(row, &device);
    let images_bchw = images([3, 3, side, side], &device);
    let labels_b = Tensor::from_ints([0, 1, 2], &device);
    let momentum = MomentumConfig::new().with_dampening(0.0);
    let mut optimizer = SgdConfig::new().with_momentum(Some(momentum)).init();
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        let logits_bk = backbone.logits(images_bchw.clone());
        let loss = CrossEntropyLossConfig::new().init(&device).forward(logits_bk, labels_b.clone());
        losses.push(f64::from(loss.clone().into_scalar::<f32>()));
        let gradients = GradientsParams::from_grads(loss.backward(), &backbone);
        backbone = optimizer.step(learning_rate(row), backbone, gradients);
    }
    losses
}

/// The largest difference, over the largest expected value.
fn error(expected: &[f64], actual: &[f64]) -> f64 {
    assert_eq!(expected.len(), actual.len());
    let largest = expected.iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let different = expected.iter().zip(actual).map(|(a, b)| (a - b).abs());
    // `max` would pass over what is not a number.
    different.fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most }) / largest
}
