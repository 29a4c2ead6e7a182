//! Changes of each value on its own.

use image::RgbImage;

/// What each of the 256 values becomes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table(Box<[u8; 256]>);

impl Table {
    pub(super) fn new(value: impl Fn(u8) -> u8) -> Self {
        Table(Box::new(std::array::from_fn(|v| value(v as u8))))
    }

    /// torchvision cuts fractions off: <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_color.py>
    pub(super) fn brightness(factor: f64) -> Self {
        Table::new(|v| (f32::from(v) * factor as f32) as u8)
    }

    pub(super) fn posterize(bits: u32) -> Self {
        let mask = 0xff_u8.checked_shl(8_u32.saturating_sub(bits)).unwrap_or(0);
        Table::new(|v| v & mask)
    }

    pub(super) fn solarize(threshold: f64) -> Self {
        Table::new(|v| if f64::from(v) >= threshold { 255 - v } else { v })
    }

    /// `brightness` is neutral at 0.5, `contrast` at 1.
    /// <https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py>
    pub(super) fn lighting(brightness: f64, contrast: f64) -> Self {
        let logit = |x: f64| -(1.0 / x.clamp(1e-7, 1.0 - 1e-7) - 1.0).ln();
        Table::new(|v| {
            let light = contrast * (logit(f64::from(v) / 255.0) + logit(brightness));
            (255.0 / (1.0 + (-light).exp())).round() as u8
        })
    }

    pub(super) fn at(&self, value: u8) -> u8 {
        self.0[usize::from(value)]
    }

    pub(super) fn then(&self, next: &Table) -> Self {
        Table::new(|v| next.at(self.at(v)))
    }

    pub(super) fn apply(&self, picture: &mut RgbImage) {
        picture.iter_mut().for_each(|value| *value = self.at(*value));
    }
}
