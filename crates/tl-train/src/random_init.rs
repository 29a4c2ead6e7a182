//! Random weights, from a seed: burn's own generator is one for the whole process and cannot be repeated.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use std::f64::consts::TAU;
use tl_backbones::{Backbone, KeyPath, Stage};

/// The network with random weights: He et al. 2015, <https://arxiv.org/abs/1502.01852>, equation 14 for the outputs, as
/// torchvision initialises its ResNets; scales are 1, shifts and biases 0.
pub fn from_scratch(backbone: Backbone, seed: u64) -> Backbone {
    let stages = backbone.stages();
    backbone.map(&mut RandomInit { path: KeyPath::default(), seed, stages })
}

struct RandomInit {
    path: KeyPath,
    seed: u64,
    stages: Vec<Stage>,
}

impl ModuleMapper for RandomInit {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        param.map(|old| {
            let shape = old.shape();
            let len = shape.num_elements();
            let values = match shape.as_slice() {
                // The head it was published with, which nobody asks: nine tenths of a VGG.
                _ if !self.stages.iter().any(|stage| stage.holds(&key)) => vec![0.0; len],
                [outputs, _, height, width] => {
                    normal(&key, self.seed, len, (2.0 / (outputs * height * width) as f64).sqrt())
                }
                [inputs, _] => normal(&key, self.seed, len, (1.0 / *inputs as f64).sqrt()),
                _ if key.ends_with(".weight") || key.ends_with("running_var") => vec![1.0; len],
                _ => vec![0.0; len],
            };
            Tensor::from_data(TensorData::new(values, shape), &old.device())
                .set_require_grad(old.is_require_grad())
        })
    }
}

/// Box and Muller's transform of a stream of BLAKE3.
fn normal(key: &str, seed: u64, len: usize, deviation: f64) -> Vec<f32> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tl-train scratch").update(&seed.to_le_bytes()).update(key.as_bytes());
    let mut stream = hasher.finalize_xof();
    let mut uniform = || {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        // In (0, 1].
        ((u64::from_le_bytes(bytes) >> 11) + 1) as f64 / (1_u64 << 53) as f64
    };
    let mut draw = || deviation * (-2.0 * uniform().ln()).sqrt() * (TAU * uniform()).cos();
    (0..len).map(|_| draw() as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_deviation_and_repeat() {
        let values = normal("conv.weight", 3, 10_000, 0.5);
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e4;
        let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / 1e4;
        // Five standard errors: 0.5 / 100 of the mean, 0.25 * sqrt(2 / 1e4) of the variance.
        assert!(mean.abs() < 0.025 && (variance - 0.25).abs() < 0.0177, "{mean} {variance}");
        assert_eq!(values, normal("conv.weight", 3, 10_000, 0.5));
        assert_ne!(values, normal("conv.weight", 4, 10_000, 0.5));
        assert_ne!(values, normal("other.weight", 3, 10_000, 0.5));
    }
}
