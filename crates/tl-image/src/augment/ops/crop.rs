//! A random part of the picture in place of the middle.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};

parameters! {
    /// A part of the picture with random area and proportions, resized to the target: torchvision's
    /// `RandomResizedCrop`. It takes the place of the middle crop, so it comes before other geometric operations.
    RandomResizedCrop {
        /// Range of the part's area, relative to the picture's.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        scale: [f64; 2] = [0.08, 1.0],
        /// Range of width / height, drawn log-uniformly.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        ratio: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0],
    }
}

impl Op for RandomResizedCrop {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::range("scale", self.scale, [1e-4, 1.0]), Limit::range("ratio", self.ratio, [0.1, 10.0])]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let part = self.part(draws, drawing.full());
        drawing.crop(part);
    }
}

impl RandomResizedCrop {
    /// `[left, top, right, bottom]` in whole pixels, as torchvision's `get_params` draws it.
    /// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py>
    pub(in crate::augment) fn part(&self, draws: &mut Draws, (width, height): (u32, u32)) -> [f64; 4] {
        let area = f64::from(width) * f64::from(height);
        for _ in 0..10 {
            let target = area * draws.uniform(self.scale);
            let ratio = draws.uniform(self.ratio.map(f64::ln)).exp();
            let w = (target * ratio).sqrt().round_ties_even();
            let h = (target / ratio).sqrt().round_ties_even();
            if w >= 1.0 && h >= 1.0 && w <= f64::from(width) && h <= f64::from(height) {
                let top = draws.below(u64::from(height) - h as u64 + 1) as f64;
                let left = draws.below(u64::from(width) - w as u64 + 1) as f64;
                return [left, top, left + w, top + h];
            }
        }
        self.middle(f64::from(width), f64::from(height))
    }

    /// The largest part in the middle whose proportions are allowed.
    fn middle(&self, width: f64, height: f64) -> [f64; 4] {
        let [narrowest, widest] = self.ratio;
        let ratio = width / height;
        let (w, h) = if ratio < narrowest {
            (width, (width / narrowest).round_ties_even())
        } else if ratio > widest {
            ((height * widest).round_ties_even(), height)
        } else {
            (width, height)
        };
        let (left, top) = (((width - w) / 2.0).floor(), ((height - h) / 2.0).floor());
        [left, top, left + w, top + h]
    }
}
