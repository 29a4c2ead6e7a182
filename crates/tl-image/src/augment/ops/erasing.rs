//! A rectangle of the result painted over.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::color::ColorStep;
use crate::augment::erase::{Erase, Fill};

/// What an erased part is painted with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paint {
    /// The mean colour of the network's training pictures: torchvision's 0 after normalisation.
    #[default]
    Mean,
    /// A normally distributed colour for each pixel, with the mean and deviation of the network's training pictures.
    Noise,
    /// The rectangle becomes black.
    Black,
    /// The rectangle becomes white.
    White,
}

parameters! {
    /// torchvision's `RandomErasing`.
    Erasing {
        /// Range of the area, relative to the picture's.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        scale: [f64; 2] = [0.02, 0.33],
        /// Range of height / width, drawn log-uniformly.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        ratio: [f64; 2] = [0.3, 3.3],
        /// The paint of the rectangle.
        paint: Paint = Paint::Mean,
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Erasing {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::range("scale", self.scale, [0.0, 1.0]),
            Limit::range("ratio", self.ratio, [0.01, 100.0]),
            Limit::probability(self.p),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if !draws.chance(self.p) {
            return;
        }
        if let Some(part) = self.part(draws, drawing.side()) {
            let fill = self.fill(draws, drawing);
            drawing.color(ColorStep::Erase(Erase { part, fill }));
        }
    }
}

impl Erasing {
    /// `[left, top, right, bottom]`, smaller than the picture on both sides.
    /// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py>
    pub(in crate::augment) fn part(&self, draws: &mut Draws, side: f64) -> Option<[u32; 4]> {
        for _ in 0..10 {
            let area = side * side * draws.uniform(self.scale);
            let ratio = draws.uniform(self.ratio.map(f64::ln)).exp();
            let (h, w) = ((area * ratio).sqrt().round_ties_even(), (area / ratio).sqrt().round_ties_even());
            if h < side && w < side {
                let top = draws.below((side - h) as u64 + 1) as u32;
                let left = draws.below((side - w) as u64 + 1) as u32;
                return Some([left, top, left + w as u32, top + h as u32]);
            }
        }
        None
    }

    fn fill(&self, draws: &mut Draws, drawing: &Drawing) -> Fill {
        let (mean, std) = drawing.statistics();
        match self.paint {
            Paint::Mean => Fill::Color(mean.map(|value| (value * 255.0).round() as u8)),
            Paint::Noise => Fill::Noise { key: draws.bits(), mean, std },
            Paint::Black => Fill::Color([0; 3]),
            Paint::White => Fill::Color([255; 3]),
        }
    }
}
