//! Operations that draw other operations from a list: TrivialAugment and RandAugment.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::augmentation_space::{RAND_AUGMENT, TRIVIAL_WIDE};

parameters! {
    /// TrivialAugmentWide: one operation, one strength, both drawn evenly.
    ///
    /// Müller and Hutter, 2021, <https://arxiv.org/abs/2103.10158>; the list is torchvision's.
    TrivialAugment {
        /// Number of strengths that there are.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        bins: u32 = 31,
    }
}

impl Op for TrivialAugment {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::count("bins", self.bins, [2, 1000])]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let side = drawing.side();
        let change = TRIVIAL_WIDE.draw(draws, side, |draws| draws.below(self.bins.into()) as u32, self.bins);
        drawing.change(change);
    }
}

parameters! {
    /// RandAugment: several operations drawn evenly, all with the same strength.
    ///
    /// Cubuk et al., 2019, <https://arxiv.org/abs/1909.13719>; the list is torchvision's.
    RandAugment {
        /// Number of operations, one after the other.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        ops: u32 = 2,
        /// The strength, below `bins`.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        magnitude: u32 = 9,
        /// Number of strengths that there are.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py
        bins: u32 = 31,
    }
}

impl Op for RandAugment {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::count("ops", self.ops, [0, 16]),
            Limit::count("bins", self.bins, [2, 1000]),
            Limit::count("magnitude", self.magnitude, [0, self.bins.saturating_sub(1)]),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let side = drawing.side();
        for _ in 0..self.ops {
            drawing.change(RAND_AUGMENT.draw(draws, side, |_| self.magnitude, self.bins));
        }
    }
}
