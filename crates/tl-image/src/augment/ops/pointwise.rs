//! Operations on single values: with what they do fixed, and only whether they happen drawn.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::color::ColorStep;
use crate::augment::table::Table;

parameters! {
    /// Keeps the upper bits of each value.
    Posterize {
        /// Number of bits that are kept of each value.
        bits: u32 = 4,
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Posterize {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::count("bits", self.bits, [0, 8]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Table(Table::posterize(self.bits)));
        }
    }
}

parameters! {
    /// Inverts values from a threshold on.
    Solarize {
        /// The lowest value that is inverted, 0 to 256 (none).
        threshold: f64 = 128.0,
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Solarize {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::value("threshold", self.threshold, [0.0, 256.0]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Table(Table::solarize(self.threshold)));
        }
    }
}

parameters! {
    /// Invert: the negative of the picture.
    Invert {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Invert {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Table(Table::solarize(0.0)));
        }
    }
}

parameters! {
    /// Stretches each channel to 0..255.
    AutoContrast {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for AutoContrast {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::AutoContrast);
        }
    }
}

parameters! {
    /// Makes all values of a channel about equally frequent.
    Equalize {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Equalize {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Equalize);
        }
    }
}
