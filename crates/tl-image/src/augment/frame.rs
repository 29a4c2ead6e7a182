//! The part of a picture that a network sees at prediction, from which augmentation sets out.

use crate::{Preprocess, ResizeMode};

/// `[left, top, right, bottom]` in pixels of a picture of this size; with bars, it is larger than the picture.
pub(super) fn frame(preprocess: &Preprocess, (width, height): (u32, u32)) -> [f64; 4] {
    match preprocess.mode {
        ResizeMode::Crop => preprocess.middle_square((width, height)),
        ResizeMode::Squash => [0.0, 0.0, width.into(), height.into()],
        ResizeMode::Letterbox => {
            let longer = width.max(height);
            let (left, right) = barred(preprocess.size, width, longer);
            let (top, bottom) = barred(preprocess.size, height, longer);
            [left, top, right, bottom]
        }
    }
}

/// The side and its bars, in pixels of the side.
fn barred(size: u32, side: u32, longer: u32) -> (f64, f64) {
    let scale = f64::from(size) / f64::from(longer.max(1));
    let inner = ((f64::from(side) * scale).round() as u32).clamp(1, size.max(1));
    let pixel = f64::from(side) / f64::from(inner);
    let bar = f64::from(size.saturating_sub(inner) / 2);
    (-bar * pixel, (f64::from(size) - bar) * pixel)
}
