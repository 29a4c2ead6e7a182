//! Optimisers, one parameter at a time: their state is kept by the parameter's key, so that it can be saved and taken up
//! again, which burn's own table cannot (its keys are random numbers of the process).

use burn::optim::{Lamb, LambConfig, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::bounds::OutOfBounds;
use crate::rules::{Adam, Sgd};
use crate::state_dict::StateDict;

/// The rule by which a gradient changes a parameter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Kingma and Ba 2015, <https://arxiv.org/abs/1412.6980>.
    Adam,
    /// Loshchilov and Hutter 2019, <https://arxiv.org/abs/1711.05101>.
    #[default]
    AdamW,
    /// You et al. 2020, <https://arxiv.org/abs/1904.00962>.
    Lamb,
}

/// An optimiser and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// The update rule.
    pub kind: OptimizerKind,
    /// Share of the past in the mean of gradients, 0 to below 1.
    pub momentum: f64,
    /// Nesterov's way of momentum; of SGD only.
    pub nesterov: bool,
    /// Weight decay, of weights alone: biases and the parameters of normalisations have none. An L2 penalty for SGD and
    /// Adam, decoupled for AdamW and LAMB.
    pub decay: f64,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        // fastai's weight decay: <https://github.com/fastai/fastai/blob/2.7.18/fastai/learner.py>.
        Self { kind: OptimizerKind::AdamW, momentum: 0.9, nesterov: false, decay: 0.01 }
    }
}

/// An optimiser at work: its settings and what it remembers of every parameter.
pub struct Optimizer {
    /// The update rules of parameters with weight decay, and of those without.
    rules: [Box<dyn Rule>; 2],
}

impl OptimizerConfig {
    /// A setting that cannot be.
    pub(super) fn wrong(&self) -> Option<OutOfBounds> {
        match *self {
            Self { momentum, .. } if !(0.0..1.0).contains(&momentum) => {
                Some(("momentum", momentum, "from 0 to below 1"))
            }
            Self { decay, .. } if !(0.0..f64::INFINITY).contains(&decay) => {
                Some(("weight decay", decay, "at least 0"))
            }
            _ => None,
        }
    }

    /// An optimiser that remembers nothing yet.
    pub fn init(&self) -> Optimizer {
        Optimizer { rules: [self.rule(self.decay), self.rule(0.0)] }
    }

    fn rule(&self, decay: f64) -> Box<dyn Rule> {
        let (momentum, decay) = (self.momentum as f32, decay as f32);
        let adam = |decoupled| PerParameter::boxed(Adam { beta_1: momentum, decay, decoupled });
        match self.kind {
            OptimizerKind::Sgd => PerParameter::boxed(Sgd { momentum, nesterov: self.nesterov, decay }),
            OptimizerKind::Adam => adam(false),
            OptimizerKind::AdamW => adam(true),
            OptimizerKind::Lamb => {
                let config = LambConfig::new().with_beta_1(momentum).with_weight_decay(decay);
                PerParameter::<Lamb>::boxed(config.build())
            }
        }
    }
}

impl Optimizer {
    /// The parameter of this key after a step, from its gradient. Tensors are flat and without autodiff; `rank` is the
    /// parameter's own: those of one dimension have no weight decay.
    pub fn step(
        &mut self,
        key: &str,
        rank: usize,
        rate: f64,
        value: Tensor<1>,
        gradient: Tensor<1>,
    ) -> Tensor<1> {
        let [decayed, plain] = &mut self.rules;
        // Biases, and the scales and shifts of normalisations, are the parameters of one dimension.
        let rule = if rank > 1 { decayed } else { plain };
        rule.step(key, rate, value, gradient)
    }

    /// All it remembers.
    pub(crate) fn state(&self) -> StateDict {
        let mut sink = StateSink::default();
        self.rules.iter().for_each(|rule| rule.save(&mut sink));
        let tensors = sink.tensors.into_iter();
        let values = |data: burn::tensor::TensorData| data.iter::<f32>().collect::<Vec<f32>>();
        // Counters of steps are the only numbers that burn's states have.
        let counters =
            sink.scalars.into_iter().filter_map(|(name, scalar)| Some((name, usize::try_from(scalar).ok()?)));
        StateDict {
            tensors: tensors.map(|(name, data)| (name, values(data))).collect(),
            counters: counters.collect(),
        }
    }

    /// Remembers what [`state`](Self::state) gave, of the parameters with these keys and ranks.
    pub(crate) fn restore(&mut self, keys: &[(String, usize)], state: StateDict, device: &Device) {
        let counters = state.counters.into_iter().map(|(name, counter)| (name, counter.into()));
        let mut source = StateSource::new(counters.collect());
        for (name, values) in state.tensors {
            let shape = [values.len()];
            source.insert_tensor(name, burn::tensor::TensorData::new(values, shape));
        }
        let [decayed, plain] = &mut self.rules;
        for (key, rank) in keys {
            let rule = if *rank > 1 { &mut *decayed } else { &mut *plain };
            rule.restore(key, &mut source, device);
        }
    }
}

/// What [`Optimizer`] needs of burn's optimisers, whatever their state.
trait Rule: Send + Sync {
    fn step(&mut self, key: &str, rate: f64, value: Tensor<1>, gradient: Tensor<1>) -> Tensor<1>;
    fn save(&self, sink: &mut StateSink);
    fn restore(&mut self, key: &str, source: &mut StateSource, device: &Device);
}

struct PerParameter<O: burn::optim::Optimizer> {
    rule: O,
    states: BTreeMap<String, O::State<1>>,
}

impl<O: burn::optim::Optimizer> PerParameter<O> {
    fn boxed(rule: O) -> Box<dyn Rule> {
        Box::new(Self { rule, states: BTreeMap::new() })
    }
}

impl<O: burn::optim::Optimizer> Rule for PerParameter<O> {
    fn step(&mut self, key: &str, rate: f64, value: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let (value, state) = self.rule.step(rate, value, gradient, self.states.remove(key));
        if let Some(state) = state {
            self.states.insert(key.to_owned(), state);
        }
        value
    }

    fn save(&self, sink: &mut StateSink) {
        self.states.iter().for_each(|(key, state)| state.state_flatten(key, sink));
    }

    fn restore(&mut self, key: &str, source: &mut StateSource, device: &Device) {
        if let Some(state) = O::State::<1>::state_unflatten(key, source, device) {
            self.states.insert(key.to_owned(), state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(values: &[f32]) -> Tensor<1> {
        Tensor::from_floats(values, &Device::flex())
    }

    fn values(tensor: Tensor<1>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn a_restored_optimizer_takes_the_same_steps_to_the_bit() {
        for kind in [OptimizerKind::Sgd, OptimizerKind::Adam, OptimizerKind::AdamW, OptimizerKind::Lamb] {
            let config = OptimizerConfig { kind, nesterov: true, ..OptimizerConfig::default() };
            let step = |optimizer: &mut Optimizer, value: Tensor<1>, number: usize| {
                let gradient = tensor(&[0.3, -0.7, number as f32]);
                optimizer.step("layer.weight", 2, 0.01, value, gradient)
            };
            let mut through = config.init();
            let mut value = tensor(&[1.0, -2.0, 0.5]);
            for number in 0..3 {
                value = step(&mut through, value, number);
            }
            let mut restored = config.init();
            restored.restore(&[("layer.weight".to_owned(), 2)], through.state(), &Device::flex());
            assert_eq!(restored.state(), through.state(), "{kind:?}");
            let other = value.clone();
            assert_eq!(
                values(step(&mut restored, other, 3)),
                values(step(&mut through, value, 3)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn steps_are_those_of_burns_optimizers() {
        use burn::optim::decay::WeightDecayConfig;
        use burn::optim::momentum::MomentumConfig;
        use burn::optim::{AdamConfig, AdamWConfig, SgdConfig};

        let momentum = MomentumConfig::new().with_dampening(0.0).with_nesterov(true);
        let penalty = Some(WeightDecayConfig::new(0.1));
        let theirs: [(OptimizerKind, Box<dyn Rule>); 3] = [
            (
                OptimizerKind::Sgd,
                PerParameter::boxed(
                    SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(penalty.clone()).build(),
                ),
            ),
            (
                OptimizerKind::Adam,
                PerParameter::boxed(AdamConfig::new().with_epsilon(1e-8).with_weight_decay(penalty).build()),
            ),
            (
                OptimizerKind::AdamW,
                PerParameter::boxed(AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(0.1).build()),
            ),
        ];
        // More than a thread takes at a time.
        let start: Vec<f32> = (0..70_001).map(|i| (i as f32 * 0.37).sin()).collect();
        for (kind, mut theirs) in theirs {
            let config = OptimizerConfig { kind, nesterov: true, decay: 0.1, ..OptimizerConfig::default() };
            let mut ours = config.init();
            let (mut our, mut their) = (tensor(&start), tensor(&start));
            for step in 0..5 {
                let gradient: Vec<f32> = (0..start.len()).map(|i| ((i + 7 * step) as f32).cos()).collect();
                our = ours.step("weight", 2, 0.05, our, tensor(&gradient));
                their = theirs.step("weight", 0.05, their, tensor(&gradient));
            }
            let (our, their) = (values(our), values(their));
            let error = our.iter().zip(&their).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error < 2e-6, "{kind:?}: {error}");
            assert_ne!(our, start);
        }
    }

    #[test]
    fn weight_decay_spares_parameters_of_one_dimension() {
        let config = OptimizerConfig { decay: 0.5, ..OptimizerConfig::default() };
        let mut optimizer = config.init();
        let still = |optimizer: &mut Optimizer, key: &str, rank| {
            values(optimizer.step(key, rank, 0.1, tensor(&[2.0]), tensor(&[0.0])))
        };
        assert_eq!(still(&mut optimizer, "bias", 1), [2.0]);
        // 2 - 0.1 * 0.5 * 2
        assert_eq!(still(&mut optimizer, "weight", 4), [1.9]);
    }
}
