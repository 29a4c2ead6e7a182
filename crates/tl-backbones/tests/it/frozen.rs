//! Frozen means frozen: training behind a boundary, whichever of whichever family, leaves every bit before it alone.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;
use tl_backbones::{Architecture, Backbone, Boundary, KeyPath, resnext50_32x4d};

use crate::formula::{filled, images};
use crate::small;

const STEPS: usize = 20;
const LEARNING_RATE: f64 = 0.001;
/// Side of the images, where the network takes it.
const SIDE: usize = 16;
/// With two images, batch normalisation of 1x1 maps gives one and minus one, whatever comes in.
const BATCH: usize = 3;

type Bits = BTreeMap<(usize, String), Vec<u32>>;

#[test]
fn training_steps_leave_a_frozen_prefix_bit_identical_and_move_what_is_behind_it() {
    let rows = small().chain([resnext50_32x4d()]);
    std::thread::scope(|scope| rows.for_each(|row| drop(scope.spawn(move || check(&row)))));
}

/// From the last boundary to the first, each with the network that the one before left.
fn check(row: &Architecture) {
    let device = Device::flex().autodiff();
    let mut backbone = filled(row, &device);
    let mut before = bits(&backbone);
    for boundary in (0..=backbone.end().0).rev() {
        backbone =
            trained(backbone.unfreeze().freeze(Boundary(boundary)), row.smallest_input, boundary, &device);
        let after = bits(&backbone);
        for ((stage, key), bits) in &before {
            let moved = *bits != after[&(*stage, key.clone())];
            // The gradient of a bias before a batch norm is zero.
            let moves = *stage == boundary && !key.ends_with(".bias");
            assert!(!moved || *stage == boundary, "{}, boundary {boundary}, {key} moved", row.name);
            assert!(moved || !moves, "{}, boundary {boundary}, {key} did not move", row.name);
        }
        before = after;
    }
}

/// Steps with a loss of the maps behind the stage that follows the boundary. What comes later can do nothing to the
/// prefix, and learns when its turn comes.
fn trained(mut backbone: Backbone, smallest: usize, boundary: usize, device: &Device) -> Backbone {
    let side = smallest.max(SIDE);
    let images_bchw = images([BATCH, 3, side, side], device);
    let labels_b = Tensor::from_ints([0, 1, 2], device);
    let loss = CrossEntropyLossConfig::new().init(device);
    let mut optimizer = SgdConfig::new().init();
    for _ in 0..STEPS {
        let prefix_bchw = backbone.forward_stages(0..boundary, images_bchw.clone());
        // Behind the last stage there is nothing to learn.
        if boundary < backbone.end().0 {
            let maps_bchw = backbone.forward_stages(boundary..boundary + 1, prefix_bchw);
            let means_bc = maps_bchw.mean_dim(3).mean_dim(2).flatten(1, 3);
            let gradients = loss.forward(means_bc, labels_b.clone()).backward();
            let gradients = GradientsParams::from_grads(gradients, &backbone);
            backbone = optimizer.step(LEARNING_RATE, backbone, gradients);
        }
    }
    backbone
}

/// The bits of every tensor of every stage, by stage and key.
fn bits(backbone: &Backbone) -> Bits {
    let modules = backbone.stages().into_iter().map(|stage| stage.modules).collect();
    let mut collect = Collect { path: KeyPath::default(), modules, found: Bits::new() };
    backbone.visit(&mut collect);
    collect.found
}

struct Collect {
    path: KeyPath,
    modules: Vec<Vec<String>>,
    found: Bits,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let holds = |modules: &Vec<String>| modules.iter().any(|module| self.path.is_within(module));
        let Some(stage) = self.modules.iter().position(holds) else { return };
        let values: Vec<f32> = param.val().into_data().iter::<f32>().collect();
        assert!(values.iter().all(|value| value.is_finite()), "{} is not finite", self.path.key());
        self.found.insert((stage, self.path.key()), values.into_iter().map(f32::to_bits).collect());
    }
}
