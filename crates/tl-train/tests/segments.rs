//! What checkpoints of activations do to memory, and that they need nothing of the processor's own kernels. Alone in a
//! process: one test counts its memory, the other one turns the kernels off.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, Tensor};
use peak_alloc::PeakAlloc;
use std::sync::{Mutex, PoisonError};
use tl_backbones::{Architecture, Backbone, Boundary, architecture, summary_at};
use tl_train::Segments;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

static ALONE: Mutex<()> = Mutex::new(());

/// Gradients of every parameter that has one, in the network's order, or the values of all.
struct Values<'a> {
    gradients: Option<&'a GradientsParams>,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Values<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = match self.gradients {
            Some(gradients) => gradients.get::<D>(param.id),
            None => Some(param.val()),
        };
        self.found.extend(value.map(|value| value.into_data().iter::<f32>().collect()));
    }
}

fn values(network: &Backbone, gradients: Option<&GradientsParams>) -> Vec<Vec<f32>> {
    let mut values = Values { gradients, found: Vec::new() };
    network.visit(&mut values);
    values.found
}

/// A network and pictures of noise.
fn begin(name: &str, pictures: usize, side: usize) -> (Architecture, Backbone, Tensor<4>) {
    let row = architecture(name).unwrap();
    let device = Device::flex();
    let images = Tensor::random([pictures, 3, side, side], Distribution::Normal(0.0, 1.0), &device);
    (row, row.init(&device), Tensor::from_inner(images))
}

/// Gradients of a step on the whole network.
fn step(network: &Backbone, segments: &Segments, images_bchw: Tensor<4>) -> GradientsParams {
    let kept = segments.forward(network, images_bchw);
    let last = segments.last().0..network.end().0;
    let features_bd = network.pool(network.forward_stages(last, kept.last_bchw.clone()));
    let loss = (features_bd.clone() * features_bd).mean();
    kept.backward(network, network, loss.backward())
}

#[test]
fn a_step_takes_less_memory_where_activations_are_computed_again() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // Measured: 0.70, 0.48 and 0.57, gradients included, which are 94 of ResNet-50's 377 MB; more pictures come nearer to what the
    // largest stage keeps.
    for (name, most) in [("resnet50", 0.75), ("mobilenetv2_100", 0.6), ("densenet121", 0.65)] {
        let (row, network, images_bchw) = begin(name, 4, 224);
        let summary = summary_at(&row, [224, 224]).unwrap();
        let peak = |segments: &Segments| {
            let network = network.valid().train();
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let gradients = step(&network, segments, images_bchw.clone());
            let parameters = gradients.len();
            ((MEMORY.peak_usage() - before) as f64 / 1e6, parameters)
        };
        let [whole, cut] =
            [Segments::whole(Boundary(0)), Segments::of_stages(&summary, Boundary(0))].map(|how| peak(&how));
        assert_eq!(whole.1, cut.1, "{name}: parameters with gradients");
        assert!(cut.0 < most * whole.0, "{name}: {:.0} of {:.0} MB", cut.0, whole.0);
    }
}

#[test]
fn burns_own_operations_give_the_same_bits_too() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    tl_kernels::choose(false);
    for name in ["resnet18", "mobilenetv2_050"] {
        let (row, network, images_bchw) = begin(name, 4, 32);
        let cut = Segments::of_stages(&summary_at(&row, [32, 32]).unwrap(), Boundary(0));
        let [kept, again] = [Segments::whole(Boundary(0)), cut].map(|segments| {
            let network = network.valid().train();
            let gradients = step(&network, &segments, images_bchw.clone());
            [values(&network, Some(&gradients)), values(&network.valid(), None)]
        });
        assert!(!kept[0].is_empty() && kept[1] != values(&network, None), "{name}: nothing has moved");
        assert!(kept[0] == again[0], "{name}: gradients");
        assert!(kept[1] == again[1], "{name}: running statistics");
    }
    tl_kernels::choose(true);
}
