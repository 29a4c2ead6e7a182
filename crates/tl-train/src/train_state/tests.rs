//! Single steps, on noise.

mod segments;

use std::f64::consts::TAU;
use tl_backbones::{ARCHITECTURES, Architecture, Backbone, architecture, summary_at};
use tl_heads::{HeadConfig, LossConfig};
use tl_kernels::Products;

use super::*;
use crate::optimizer::{OptimizerConfig, OptimizerKind};
use crate::random_init::from_scratch;
use crate::recipe::{Norms, Phase, Unfreeze};

const RATE: f64 = 0.05;

/// A network of which some stages learn, what it is given, and how.
struct Desk {
    train_state: TrainState,
    batch: Batch,
    rates: Rates,
    loss: Loss,
}

impl Desk {
    /// SGD on the last stages of a network at its smallest pictures, or at 32 pixels.
    fn new(name: &str, last: Option<usize>, norms: Norms, kind: OptimizerKind) -> Self {
        let config = HeadConfig { init: tl_heads::Init::Scaled, ..HeadConfig::default() };
        Self::with_head(&config, name, last, norms, kind)
    }

    fn with_head(
        config: &HeadConfig,
        name: &str,
        last: Option<usize>,
        norms: Norms,
        kind: OptimizerKind,
    ) -> Self {
        let device = Device::flex();
        let row = architecture(name).unwrap();
        let backbone: Backbone = from_scratch(row.with_classes(2).init(&device), 0);
        let boundary = Boundary(last.map_or(0, |last| backbone.end().0 - last));
        let side = row.smallest_input.max(32);
        let summary = summary_at(&row, [side, side]).unwrap();
        let shape = boundary.0.checked_sub(1).map_or([3, side, side], |stage| summary.stages[stage].output);
        let optimizer = OptimizerConfig { kind, momentum: 0.0, decay: 0.0, ..OptimizerConfig::default() };
        let network = Network::begin(&backbone, &config.init(row.features, 2, 0, &device), boundary, norms);
        let phase = Phase { unfreeze: Unfreeze::All, rate: RATE, ..Phase::default() };
        Self {
            train_state: TrainState {
                average: None,
                network,
                optimizer: optimizer.init(),
                boundary,
                segments: Segments::whole(boundary),
                pooling: Pooling::Published,
                devices: vec![device.clone().autodiff()],
            },
            batch: noise(8, shape),
            rates: Rates::new(&phase, backbone.stages()),
            loss: LossConfig::default().init(None, &device.autodiff()),
        }
    }

    fn step(&mut self, batches: &[Batch], share: f64, clip: Option<f64>) -> f64 {
        let rule = StepRule { loss: &self.loss, rates: &self.rates, share, clip, key: 1 };
        self.train_state.step(batches, &rule)
    }

    fn parameters(&self) -> Vec<f32> {
        self.train_state
            .network
            .parameters()
            .into_values()
            .flat_map(|value| value.into_data().iter::<f32>().collect::<Vec<_>>())
            .collect()
    }
}

/// Two kinds of pictures in turn, one brighter than the other.
fn noise(pictures: usize, shape: [usize; 3]) -> Batch {
    let width: usize = shape.iter().product();
    let value = |i: usize| ((i as f64 * 0.618).fract() * TAU).sin() as f32 + ((i / width) % 2) as f32;
    let target = |picture: usize| if picture.is_multiple_of(2) { [1.0, 0.0] } else { [0.0, 1.0] };
    Batch {
        rows: (0..pictures * width).map(value).collect(),
        shape,
        targets_bk: (0..pictures).flat_map(target).collect(),
        pictures,
    }
}

/// The first and the second half.
fn halves(batch: &Batch) -> [Batch; 2] {
    let half = |values: &[f32], number: usize| values.chunks(values.len() / 2).nth(number).unwrap().to_vec();
    [0, 1].map(|number| Batch {
        rows: half(&batch.rows, number),
        shape: batch.shape,
        targets_bk: half(&batch.targets_bk, number),
        pictures: batch.pictures / 2,
    })
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

fn small() -> Desk {
    Desk::new("mobilenetv2_050", Some(2), Norms::Frozen, OptimizerKind::Sgd)
}

#[test]
fn two_batches_added_up_are_one_of_twice_the_size() {
    let [mut whole, mut parts] = [small(), small()];
    let before = whole.parameters();
    let batch = whole.batch.clone();
    let losses =
        [whole.step(std::slice::from_ref(&batch), 1.0, None), parts.step(&halves(&batch), 1.0, None)];
    assert!((losses[0] - losses[1]).abs() < 1e-5, "{losses:?}");
    let moved = distance(&before, &whole.parameters());
    let apart = distance(&parts.parameters(), &whole.parameters());
    assert!(moved > 1e-3 && apart < 1e-4 * moved, "{moved} {apart}");
}

#[test]
fn rounded_products_are_the_same_to_the_bit_on_every_device() {
    let stepped = |products, devices| {
        let _multiplying = multiply_in(products);
        let mut desk = small();
        desk.train_state.devices = vec![Device::flex().autodiff(); devices];
        let batches = halves(&desk.batch);
        let loss = desk.step(&batches, 1.0, None);
        (loss, desk.parameters())
    };
    let rounded = stepped(Products::Bf16, 1);
    assert_eq!(stepped(Products::Bf16, 2), rounded);
    let exact = stepped(Products::F32, 1);
    assert_eq!(stepped(Products::F32, 2), exact);
    assert_ne!(rounded, exact);
}

#[test]
fn clipping_bounds_the_step_and_leaves_short_gradients_alone() {
    let moved = |clip| {
        let mut desk = small();
        let (before, batch) = (desk.parameters(), desk.batch.clone());
        desk.step(&[batch], 1.0, clip);
        distance(&before, &desk.parameters()) / RATE
    };
    let length = moved(None);
    for (clip, expected) in [(length / 2.0, length / 2.0), (2.0 * length, length)] {
        let clipped = moved(Some(clip));
        assert!((clipped / expected - 1.0).abs() < 1e-3, "{clip}: {clipped}, not {expected}");
    }
}

#[test]
fn the_average_follows_the_weights_and_is_what_is_judged() {
    let mut desk = small();
    let mut expected = desk.parameters();
    desk.train_state.average = Some(ModelEma::new(0.2, &desk.train_state.network));
    // timm's start: 2/11 for the first step; then the decay itself, which is less than 3/12.
    for decay in [2.0 / 11.0, 0.2] {
        let batch = desk.batch.clone();
        desk.step(&[batch], 1.0, None);
        for (average, value) in expected.iter_mut().zip(desk.parameters()) {
            *average = (f64::from(*average) * decay + f64::from(value) * (1.0 - decay)) as f32;
        }
    }
    let state = desk.train_state.judged().state(desk.train_state.boundary);
    let keys = desk.train_state.network.parameters().into_keys();
    let judged: Vec<f32> = keys.flat_map(|key| state.tensors[&key].clone()).collect();
    let moved = distance(&judged, &desk.parameters());
    assert!(moved > 1e-4 && distance(&judged, &expected) < 1e-3 * moved, "{moved}");
}

/// These networks, and of every family that is none of theirs the first one.
fn with_every_family(names: &[&'static str]) -> Vec<&'static str> {
    let family = |row: &Architecture| std::mem::discriminant(&row.init(&Device::flex()));
    let mut rows: Vec<Architecture> = names.iter().map(|name| architecture(name).unwrap()).collect();
    for row in ARCHITECTURES {
        if !rows.iter().any(|known| family(known) == family(row)) {
            rows.push(*row);
        }
    }
    rows.iter().map(|row| row.name).collect()
}

#[test]
fn every_family_takes_steps() {
    let learn = ["resnet18", "mobilenetv2_050"];
    let others = ["mobilenetv3_small_100", "efficientnet_b0", "vgg11_bn"];
    for name in with_every_family(&[&learn[..], &others].concat()) {
        let steps = if learn.contains(&name) { 8 } else { 1 };
        let mut desk = Desk::new(name, None, Norms::Train, OptimizerKind::AdamW);
        let (batch, before) = (desk.batch.clone(), desk.parameters());
        // 0.02 of 0.05: the usual 1e-3.
        let losses: Vec<f64> =
            (0..steps).map(|_| desk.step(std::slice::from_ref(&batch), 0.02, None)).collect();
        let after = desk.parameters();
        assert!(losses.iter().all(|loss| loss.is_finite()), "{name}: {losses:?}");
        assert!(after.iter().all(|value| value.is_finite()) && after != before, "{name}");
        // Batch norms of few pictures make it jump; it has to have been low.
        let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(steps == 1 || least < losses[0] / 2.0, "{name}: {losses:?}");
    }
}
