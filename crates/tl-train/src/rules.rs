//! SGD and Adam in one pass over memory for each tensor they keep, where burn's take up to fifteen. Their states are burn's, by
//! name and shape.

use burn::optim::{
    AdamWState, AdaptiveMomentumState, LearningRate, Optimizer, RecordState, StateSink, StateSource,
};
use burn::tensor::{Device, Tensor};
use tl_kernels::{Adapt, adapt, blend, blend_square};

/// PyTorch's, for Adam and AdamW; burn's default is a thousand times larger.
const EPSILON: f32 = 1e-8;
/// PyTorch's and burn's.
const BETA_2: f32 = 0.999;

/// Stochastic gradient descent with momentum, and weight decay as a penalty on half the squared weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sgd {
    /// Share of the velocity that a step leaves.
    pub(super) momentum: f32,
    pub(super) nesterov: bool,
    pub(super) decay: f32,
}

/// What SGD remembers, if it has momentum.
#[derive(Debug, Clone)]
pub(super) struct SgdState<const D: usize> {
    velocity: Option<Tensor<D>>,
}

/// The key of SGD's velocity, as burn's own optimizer names it.
const VELOCITY: &str = "momentum.velocity";

impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        if let Some(velocity) = &self.velocity {
            out.push_tensor(prefix, VELOCITY, velocity.to_data());
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let velocity = source.take_tensor(prefix, VELOCITY)?;
        Some(Self { velocity: Some(Tensor::from_data(velocity, device)) })
    }
}

/// Adam, and AdamW: with decoupled weight decay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Adam {
    /// Share of the mean of gradients that a step leaves.
    pub(super) beta_1: f32,
    pub(super) decay: f32,
    /// Does weight decay shrink the weights themselves, or is it a part of the gradients?
    pub(super) decoupled: bool,
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let len = tensor.shape().num_elements();
    tensor.reshape([len])
}

impl Optimizer for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        value: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let shape = value.shape();
        let (value, mut gradient) = (flat(value), flat(gradient));
        if self.decay > 0.0 {
            gradient = blend(gradient, value.clone(), [1.0, self.decay]);
        }
        if self.momentum == 0.0 {
            let value = blend(value, gradient, [1.0, -rate as f32]);
            return (value.reshape(shape), Some(SgdState { velocity: None }));
        }
        let velocity = match state.and_then(|state| state.velocity) {
            Some(before) => blend(flat(before), gradient.clone(), [self.momentum, 1.0]),
            None => gradient.clone(),
        };
        let change = if self.nesterov {
            blend(gradient, velocity.clone(), [1.0, self.momentum])
        } else {
            drop(gradient);
            velocity.clone()
        };
        let value = blend(value, change, [1.0, -rate as f32]);
        let velocity = velocity.reshape(shape.clone());
        (value.reshape(shape), Some(SgdState { velocity: Some(velocity) }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState { velocity: state.velocity.map(|velocity| velocity.to_device(device)) }
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        value: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let shape = value.shape();
        let (value, mut gradient) = (flat(value), flat(gradient));
        if self.decay > 0.0 && !self.decoupled {
            gradient = blend(gradient, value.clone(), [1.0, self.decay]);
        }
        let (time, mean, square) = match state.map(|state| state.momentum) {
            Some(before) => (before.time + 1, flat(before.moment_1), flat(before.moment_2)),
            None => (1, gradient.zeros_like(), gradient.zeros_like()),
        };
        let mean = blend(mean, gradient.clone(), [self.beta_1, 1.0 - self.beta_1]);
        let square = blend_square(square, gradient, [BETA_2, 1.0 - BETA_2]);
        let correction = |beta: f32| (1.0 / (1.0 - f64::from(beta).powf(time as f64))) as f32;
        let how = Adapt {
            keep: if self.decoupled { (1.0 - rate * f64::from(self.decay)) as f32 } else { 1.0 },
            rate: rate as f32,
            epsilon: EPSILON,
            first: correction(self.beta_1),
            second: correction(BETA_2),
        };
        let value = adapt(value, mean.clone(), square.clone(), how).reshape(shape.clone());
        let moments = AdaptiveMomentumState::new(time, mean.reshape(shape.clone()), square.reshape(shape));
        (value, Some(AdamWState::new(moments)))
    }

    fn to_device<const D: usize>(mut state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
