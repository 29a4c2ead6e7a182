//! AugMix: the picture mixed with several changed versions of it.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::augmentation_space::{AUG_MIX, AUG_MIX_PARTIAL, AugmentationSpace};
use crate::augment::drawing::Layer;

/// Strengths are counted to ten.
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>
const BINS: u32 = 10;

parameters! {
    /// AugMix: the picture and a few chains of operations on it, mixed with random shares.
    ///
    /// Hendrycks et al., 2019, <https://arxiv.org/abs/1912.02781>; list and defaults are torchvision's. Each chain is
    /// resampled from the source, so it costs `width` times as much as others.
    AugMix {
        /// Strengths are drawn from the lowest so many of ten.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        severity: u32 = 3,
        /// Number of chains.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        width: u32 = 3,
        /// Operations in a chain; 0 draws 1 to 3.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        depth: u32 = 0,
        /// Alpha of the Beta and Dirichlet distributions of the shares.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        alpha: f64 = 1.0,
        /// Whether to use brightness, colour, contrast and sharpness too, which the paper leaves out.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        all_ops: bool = true,
    }
}

impl Op for AugMix {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::count("severity", self.severity, [1, BINS]),
            Limit::count("width", self.width, [1, 16]),
            Limit::count("depth", self.depth, [0, 16]),
            Limit::value("alpha", self.alpha, [0.01, 100.0]),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let (own, shares) = (draws.beta(self.alpha), draws.dirichlet(self.alpha, self.width as usize));
        let side = drawing.side();
        let branches =
            shares.into_iter().map(|share| ((1.0 - own) * share, self.chain(draws, side))).collect();
        drawing.mix(own, branches);
    }
}

impl AugMix {
    fn chain(&self, draws: &mut Draws, side: f64) -> Layer {
        let space: &AugmentationSpace = if self.all_ops { &AUG_MIX } else { &AUG_MIX_PARTIAL };
        let depth = if self.depth > 0 { self.depth } else { 1 + draws.below(3) as u32 };
        let mut chain = Layer::default();
        for _ in 0..depth {
            chain.change(space.draw(draws, side, |draws| draws.below(self.severity.into()) as u32, BINS));
        }
        chain
    }
}
