//! Operations on colours that depend on more than one value of a pixel, or that are drawn as a range.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::color::ColorStep;
use crate::augment::table::Table;

/// What a factor of brightness, contrast or saturation may be.
const FACTORS: [f64; 2] = [0.0, 10.0];

parameters! {
    /// Channel shift: the same number added to every value, clipped to the range of the picture's values: Keras's
    /// `channel_shift_range`. (Keras adds the same to all three channels, despite the name.)
    ChannelShift {
        /// The most that is added or taken away, of 255.
        range: f64 = 20.0,
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for ChannelShift {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::value("range", self.range, [0.0, 255.0]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::ChannelShift(draws.around_zero(self.range)));
        }
    }
}

parameters! {
    /// All values times a factor: Keras's `brightness_range`, torchvision's `adjust_brightness`.
    Brightness {
        /// Range of the factor.
        range: [f64; 2] = [0.8, 1.2],
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Brightness {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::range("range", self.range, FACTORS), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Table(Table::brightness(draws.uniform(self.range))));
        }
    }
}

parameters! {
    /// torchvision's `ColorJitter`: four factors, applied in random order.
    ColorJitter {
        /// Brightness is multiplied by 1 - this to 1 + this.
        // https://github.com/huggingface/pytorch-image-models/blob/v1.0.15/train.py
        brightness: f64 = 0.4,
        /// Contrast is multiplied by 1 - this to 1 + this.
        // https://github.com/huggingface/pytorch-image-models/blob/v1.0.15/train.py
        contrast: f64 = 0.4,
        /// Saturation is multiplied by 1 - this to 1 + this.
        // https://github.com/huggingface/pytorch-image-models/blob/v1.0.15/train.py
        saturation: f64 = 0.4,
        /// The hue is turned by at most this part of the circle to either side.
        hue: f64 = 0.0,
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for ColorJitter {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::value("brightness", self.brightness, FACTORS),
            Limit::value("contrast", self.contrast, FACTORS),
            Limit::value("saturation", self.saturation, FACTORS),
            Limit::value("hue", self.hue, [0.0, 0.5]),
            Limit::probability(self.p),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if !draws.chance(self.p) {
            return;
        }
        let mut factor = |reach: f64| draws.uniform([(1.0 - reach).max(0.0), 1.0 + reach]);
        let steps = [
            (self.brightness, ColorStep::Table(Table::brightness(factor(self.brightness)))),
            (self.contrast, ColorStep::Contrast(factor(self.contrast))),
            (self.saturation, ColorStep::Saturation(factor(self.saturation))),
            (self.hue, ColorStep::Hue(draws.around_zero(self.hue))),
        ];
        for at in draws.permutation(steps.len()) {
            if let Some((_, step)) = steps.get(at).filter(|(reach, _)| *reach > 0.0) {
                drawing.color(step.clone());
            }
        }
    }
}

parameters! {
    /// fastai's `Brightness` and `Contrast`, which shift and scale the logits of the values: nothing is clipped.
    Lighting {
        /// Brightness 0.5 (neutral) is drawn from 0.5 (1 - this) to 0.5 (1 + this).
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        brightness: f64 = 0.2,
        /// Contrast is drawn log-uniformly from 1 - this to 1 / (1 - this).
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        contrast: f64 = 0.2,
        /// Probability of each of the two.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        p: f64 = 0.75,
    }
}

impl Op for Lighting {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::value("brightness", self.brightness, [0.0, 0.99]),
            Limit::value("contrast", self.contrast, [0.0, 0.99]),
            Limit::probability(self.p),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let mut drawn = |reach: f64| if draws.chance(self.p) { draws.around_zero(reach) } else { 0.0 };
        let brightness = 0.5 * (1.0 + drawn(self.brightness));
        let contrast = drawn(-(1.0 - self.contrast).ln()).exp();
        if (brightness, contrast) != (0.5, 1.0) {
            drawing.color(ColorStep::Table(Table::lighting(brightness, contrast)));
        }
    }
}

parameters! {
    /// Shades of gray in place of colours: torchvision's `RandomGrayscale`.
    Grayscale {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.1,
    }
}

impl Op for Grayscale {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Gray);
        }
    }
}

parameters! {
    /// torchvision's `GaussianBlur`.
    GaussianBlur {
        /// Width of the kernel in pixels of the result, odd.
        kernel: u32 = 9,
        /// Range of the standard deviation, in pixels of the result.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        sigma: [f64; 2] = [0.1, 2.0],
        /// Probability.
        p: f64 = 0.5,
    }
}

impl Op for GaussianBlur {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::count("kernel", self.kernel, [1, 63]).odd(),
            Limit::range("sigma", self.sigma, [0.01, 20.0]),
            Limit::probability(self.p),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Blur { kernel: self.kernel, sigma: draws.uniform(self.sigma) });
        }
    }
}

parameters! {
    /// torchvision's `adjust_sharpness`: 0 is blurred, 1 as it was, 2 sharpened.
    Sharpness {
        /// Range of the factor.
        range: [f64; 2] = [0.5, 1.5],
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Sharpness {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::range("range", self.range, FACTORS), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.color(ColorStep::Sharpness(draws.uniform(self.range)));
        }
    }
}
