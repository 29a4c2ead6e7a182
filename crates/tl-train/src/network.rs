//! A backbone and its head in training: what learns, at which rate, and how its values are kept.
//!
//! Keys of parameters are those of the checkpoint after `backbone.`, and burn's paths after `head.`.

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor, TensorData};
use std::collections::BTreeMap;
use tl_backbones::{Backbone, Boundary, KeyPath, Stage};
use tl_heads::{Head, Pooling};

use crate::optimizer::Optimizer;
use crate::recipe::Norms;
use crate::segments::{SegmentInputs, Segments};
use crate::state_dict::StateDict;

/// What the prefix before the boundary gave for a batch.
#[derive(Debug, Clone)]
pub(crate) enum Inputs {
    /// The boundary is before the last stage's end: maps, or images.
    Maps(Tensor<4>),
    /// Everything is frozen: pooled features.
    Features(Tensor<2>),
}

/// A network in training, on a device with autodiff, or its snapshot without.
#[derive(Module, Debug)]
pub(crate) struct Network {
    backbone: Backbone,
    head: Head,
}

impl Network {
    /// A network of which the stages behind `boundary` and the head learn.
    ///
    /// Neither argument is changed by training: clones of a burn module share their running statistics, what `valid`
    /// and `train` return does not.
    pub(crate) fn begin(backbone: &Backbone, head: &Head, boundary: Boundary, norms: Norms) -> Self {
        // All of it first: the head it was published with learns nothing either.
        let backbone = Module::freeze(backbone.valid().train());
        let behind = backbone.stage_group(boundary.0..backbone.end().0);
        let backbone = backbone.unfreeze_group(behind);
        let network = Self { backbone, head: head.valid().train().unfreeze() };
        if norms == Norms::Train { network } else { network.with_frozen_norms() }
    }

    /// Batch norms of the backbone use and keep their running statistics; their scales and shifts learn all the same.
    fn with_frozen_norms(self) -> Self {
        Self { backbone: self.backbone.map(&mut FlagsOff), head: self.head }
    }

    /// The backbone as it is now, for inference.
    pub(crate) fn backbone(&self) -> Backbone {
        self.backbone.valid()
    }

    /// The head as it is now, for inference.
    pub(crate) fn head(&self) -> Head {
        self.head.valid()
    }

    /// Inputs at the boundary to `logits_bk`. With a key, dropout is on.
    pub(crate) fn logits(
        &self,
        boundary: Boundary,
        inputs: Inputs,
        pooling: Pooling,
        dropout: Option<u64>,
    ) -> Tensor<2> {
        let features_bd = match inputs {
            Inputs::Features(features_bd) => features_bd,
            Inputs::Maps(input_bchw) => {
                let maps_bchw = self.backbone.forward_stages(boundary.0..self.backbone.end().0, input_bchw);
                match pooling {
                    Pooling::Published => self.backbone.pool(maps_bchw),
                    pooling => pooling.apply(maps_bchw),
                }
            }
        };
        self.head.forward(features_bd, dropout)
    }

    /// Runs all segments but the last. What is before that one, and what [`gradients`](Self::gradients) needs.
    pub(crate) fn up_to_last(&self, segments: &Segments, inputs: Inputs) -> (Inputs, Option<SegmentInputs>) {
        let Inputs::Maps(input_bchw) = inputs else { return (inputs, None) };
        let kept = segments.forward(&self.backbone, input_bchw);
        (Inputs::Maps(kept.last_bchw.clone()), Some(kept))
    }

    /// Gradients of all parameters that learn, continued from those behind the last segment.
    pub(crate) fn gradients(&self, kept: Option<SegmentInputs>, behind: Gradients) -> GradientsParams {
        match kept {
            Some(kept) => kept.backward(self, &self.backbone, behind),
            None => GradientsParams::from_grads(behind, self),
        }
    }

    /// Key and number of dimensions of every parameter that learns, in the order of the network.
    pub(crate) fn learning(&self) -> Vec<(String, usize)> {
        let mut found = LearnableKeys::default();
        self.visit(&mut found);
        found.keys
    }

    /// Number of the head's parameters.
    pub(crate) fn head_parameters(&self) -> usize {
        self.head.num_params()
    }

    /// Values of everything behind the boundary, running statistics included.
    pub(crate) fn state(&self, boundary: Boundary) -> StateDict {
        // `valid` also takes up the last update of running statistics, which burn keeps apart until then.
        let behind = self.backbone.stages().into_iter().skip(boundary.0).collect();
        let mut collect = CollectState { path: KeyPath::default(), behind, state: StateDict::default() };
        self.valid().visit(&mut collect);
        collect.state
    }

    /// The network with the values that [`state`](Self::state) gave.
    pub(crate) fn with_state(&self, state: &StateDict) -> Self {
        self.valid().train().map(&mut LoadState { path: KeyPath::default(), state })
    }

    /// The parameters that learn, flat and without autodiff; running statistics are not among them.
    pub(crate) fn parameters(&self) -> BTreeMap<String, Tensor<1>> {
        let mut parameters = Parameters::default();
        self.visit(&mut parameters);
        parameters.found
    }

    /// The boundary behind the last stage.
    pub(crate) fn end(&self) -> Boundary {
        self.backbone.end()
    }

    /// Euclidean length of all gradients together.
    pub(crate) fn gradient_norm(&self, gradients: &GradientsParams) -> f64 {
        let mut squares = GradientNorm { gradients, sum: 0.0 };
        self.visit(&mut squares);
        squares.sum.sqrt()
    }

    /// Takes an optimizer step: every parameter with a gradient, which is multiplied by `scale`, is changed at the rate of
    /// its key.
    pub(crate) fn step(
        self,
        gradients: GradientsParams,
        scale: f64,
        rates: &dyn Fn(&str) -> f64,
        optimizer: &mut Optimizer,
    ) -> Self {
        self.map(&mut Update { path: KeyPath::default(), gradients, scale, rates, optimizer })
    }
}

/// The key of a backbone's parameter in its checkpoint.
pub(crate) fn backbone_key(key: &str) -> Option<&str> {
    key.strip_prefix("backbone.")
}

struct FlagsOff;

impl ModuleMapper for FlagsOff {
    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        flag.with_value(false)
    }
}

/// Visitors that follow the path of a parameter.
macro_rules! follow_path {
    () => {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }

        fn exit_module(&mut self, _name: &str, container: &str) {
            self.path.exit(container);
        }
    };
}

#[derive(Default)]
struct LearnableKeys {
    path: KeyPath,
    keys: Vec<(String, usize)>,
}

impl ModuleVisitor for LearnableKeys {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.keys.push((self.path.key(), D));
        }
    }
}

#[derive(Default)]
struct Parameters {
    path: KeyPath,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Parameters {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let value = param.val().inner();
            let len = value.shape().num_elements();
            self.found.insert(self.path.key(), value.reshape([len]));
        }
    }
}

struct CollectState {
    path: KeyPath,
    behind: Vec<Stage>,
    state: StateDict,
}

impl ModuleVisitor for CollectState {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let key = self.path.key();
        if backbone_key(&key).is_none_or(|key| self.behind.iter().any(|stage| stage.holds(key))) {
            self.state.tensors.insert(key, values(param.val()));
        }
    }
}

struct LoadState<'a> {
    path: KeyPath,
    state: &'a StateDict,
}

impl ModuleMapper for LoadState<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(values) = self.state.tensors.get(&self.path.key()) else { return param };
        param.map(|old| {
            let data = TensorData::new(values.clone(), old.shape());
            let learns = old.is_require_grad();
            Tensor::from_data(data, &old.device()).set_require_grad(learns)
        })
    }
}

struct GradientNorm<'a> {
    gradients: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for GradientNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.sum += sum_of_squares(gradient);
        }
    }
}

struct Update<'a> {
    path: KeyPath,
    gradients: GradientsParams,
    scale: f64,
    rates: &'a dyn Fn(&str) -> f64,
    optimizer: &'a mut Optimizer,
}

impl ModuleMapper for Update<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let key = self.path.key();
        let rate = (self.rates)(&key);
        param.map(|old| {
            let shape = old.shape();
            let flat = [shape.num_elements()];
            let gradient = gradient.reshape(flat);
            let gradient = if self.scale == 1.0 { gradient } else { gradient.mul_scalar(self.scale) };
            let new = self.optimizer.step(&key, D, rate, old.inner().reshape(flat), gradient);
            Tensor::from_inner(new.reshape(shape)).require_grad()
        })
    }
}

/// burn adds long tensors up in pieces, of which the next free thread takes one: which sums are added to which, and so the
/// last bits, differ from run to run. Shorter ones are added up in order:
/// <https://github.com/tracel-ai/burn/blob/v0.22.1/crates/burn-flex/src/ops/reduce.rs>
const ADDED_IN_ORDER: usize = 1 << 20;

fn sum_of_squares<const D: usize>(tensor: Tensor<D>) -> f64 {
    let len = tensor.shape().num_elements();
    let squares = tensor.powi_scalar(2).reshape([len]);
    let piece = |start: usize| squares.clone().narrow(0, start, ADDED_IN_ORDER.min(len - start));
    (0..len).step_by(ADDED_IN_ORDER).map(|start| f64::from(piece(start).sum().into_scalar::<f32>())).sum()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_length_of_a_long_gradient_does_not_depend_on_the_threads() {
        // burn's own sum differs from 4 Mi values on.
        let len = 9 << 20;
        let values: Vec<f32> = (0..len).map(|i| (i as f32 * 0.618).fract() - 0.3).collect();
        let exact: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
        let tensor = Tensor::<1>::from_data(TensorData::new(values, [len]), &Device::flex());
        let sums = [1, 2, 3, 5, 5, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sum_of_squares(tensor.clone()))
        });
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
        // Measured: 2.5e-5, of adding up a million numbers in single precision.
        assert!((sums[0] / exact - 1.0).abs() < 1e-4, "{} {exact}", sums[0]);
    }
}
