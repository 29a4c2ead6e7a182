//! Heads and losses against PyTorch's: `xtask/reference/heads.py` and `losses.py`.

use burn::module::{Param, RunningState};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;

use crate::head::{Cosine, Last};
use crate::{Head, HeadConfig, LossConfig, Matrix, Pooling};

type NestedRows = Vec<Vec<f32>>;

#[derive(Deserialize)]
struct Losses {
    cases: Vec<LossCase>,
}

#[derive(Deserialize)]
struct LossCase {
    name: String,
    config: LossConfig,
    weights: Option<Vec<f32>>,
    logits: NestedRows,
    targets: NestedRows,
    loss: f32,
    gradient: NestedRows,
}

#[derive(Deserialize)]
struct Heads {
    average: NestedRows,
    max: NestedRows,
    concat: NestedRows,
    flatten: NestedRows,
    fastai: NestedRows,
    cosine: NestedRows,
}

fn heads() -> Heads {
    serde_json::from_str(include_str!("../tests/golden/heads.json")).unwrap()
}

fn tensor(rows: &NestedRows, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(rows.concat(), [rows.len(), rows[0].len()]), device)
}

/// Largest difference, for values that are not near 0 as a share of the value.
fn worst<const D: usize>(ours: Tensor<D>, reference: &[f32]) -> f32 {
    let ours: Vec<f32> = ours.into_data().try_to_vec().unwrap();
    assert_eq!(ours.len(), reference.len());
    let errors = ours.iter().zip(reference).map(|(a, b)| (a - b).abs() / b.abs().max(1.0));
    errors.fold(0.0, f32::max)
}

#[test]
fn losses_and_their_gradients_are_those_of_pytorch() {
    let device = Device::flex().autodiff();
    let golden: Losses = serde_json::from_str(include_str!("../tests/golden/losses.json")).unwrap();
    for case in &golden.cases {
        let loss = case.config.init(case.weights.as_deref(), &device);
        let logits_bk = tensor(&case.logits, &device).require_grad();
        let value = loss.forward(logits_bk.clone(), tensor(&case.targets, &device));
        let gradient_bk = logits_bk.grad(&value.backward()).unwrap();
        let (value, slope) = (worst(value, &[case.loss]), worst(gradient_bk, &case.gradient.concat()));
        println!("{}: loss off by {value:.1e}, gradient by {slope:.1e}", case.name);
        // Measured 1.1e-7 and 6e-8: roundings to f32.
        assert!(value < 1e-6 && slope < 1e-6, "{}: {value} {slope}", case.name);
    }
}

/// The formula of the reference.
fn formula<const D: usize>(shape: [usize; D], phase: f64) -> Tensor<D> {
    let values = (0..shape.iter().product()).map(|i: usize| (0.7 * i as f64 + phase).sin() as f32);
    Tensor::from_data(TensorData::new(values.collect::<Vec<_>>(), shape), &Device::flex())
}

fn maps_bchw() -> Tensor<4> {
    formula([4, 3, 2, 5], 0.0)
}

#[test]
fn pooling_is_that_of_pytorch_and_fastai() {
    let golden = heads();
    for (pooling, reference) in [
        (Pooling::Published, &golden.average),
        (Pooling::Average, &golden.average),
        (Pooling::Max, &golden.max),
        (Pooling::Concat, &golden.concat),
        (Pooling::Flatten, &golden.flatten),
    ] {
        let features_bd = pooling.apply(maps_bchw());
        assert_eq!(features_bd.dims(), [4, pooling.width(3, 2, 5)]);
        let worst = worst(features_bd, &reference.concat());
        println!("{pooling:?}: off by {worst:.1e}");
        // Measured 6e-8.
        assert!(worst < 1e-6, "{pooling:?}: {worst}");
    }
}

fn fill_norm(norm: &mut Option<BatchNorm>, phase: f64) {
    let norm = norm.as_mut().unwrap();
    let shape = [norm.gamma.dims()[0]];
    norm.gamma = Param::from_tensor(formula(shape, phase));
    norm.beta = Param::from_tensor(formula(shape, phase + 1.0));
    norm.running_mean = RunningState::new(formula(shape, phase + 2.0));
    norm.running_var = RunningState::new(formula(shape, phase + 3.0) + 1.5);
}

fn fill_linear(linear: &mut Linear, phase: f64) {
    let [inputs, outputs] = linear.weight.dims();
    linear.weight = Param::from_tensor(formula([outputs, inputs], phase).transpose());
    linear.bias = Some(Param::from_tensor(formula([outputs], phase + 1.0)));
}

fn fastai() -> Head {
    let mut head = HeadConfig::named("fastai").unwrap().init(6, 3, 0, &Device::flex());
    fill_norm(&mut head.norm, 1.0);
    let hidden = head.hidden.as_mut().unwrap();
    fill_linear(&mut hidden.linear, 5.0);
    fill_norm(&mut hidden.norm, 7.0);
    let Last::Linear(last) = &mut head.last else { panic!("fastai's last layer is linear") };
    fill_linear(last, 11.0);
    head
}

fn cosine() -> Head {
    let mut head = HeadConfig::named("cosine").unwrap().init(3, 3, 0, &Device::flex());
    let weight_kd = Param::from_tensor(formula([3, 3], 1.0));
    head.last = Last::Cosine(Cosine { weight_kd, scale: Param::from_data([7.5f32], &Device::flex()) });
    head
}

#[test]
fn heads_and_their_fitted_arithmetic_give_what_pytorch_gives() {
    let golden = heads();
    for (name, head, pooling, reference) in [
        ("fastai", fastai(), Pooling::Concat, golden.fastai),
        ("cosine", cosine(), Pooling::Average, golden.cosine),
    ] {
        let features_bd = pooling.apply(maps_bchw());
        let features = features_bd.to_data().try_to_vec().unwrap();
        let fitted = head.fitted().logits(&Matrix::with_columns(features_bd.dims()[1], features)).unwrap();
        let burn = worst(head.forward(features_bd, None), &reference.concat());
        let plain = fitted.values().iter().zip(reference.concat());
        let plain = plain.map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f32::max);
        println!("{name}: burn off by {burn:.1e}, plain arithmetic by {plain:.1e}");
        // Measured 1.1e-6: the cosines are of averages that nearly cancel out.
        assert!(burn < 1e-5 && plain < 1e-5, "{name}: {burn} {plain}");
    }
}
