//! A part of the picture painted over.

use image::RgbImage;

use super::draws::Draws;

/// A rectangle and what it is painted with, fully drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Erase {
    /// `[left, top, right, bottom]` in pixels.
    pub(super) part: [u32; 4],
    pub(super) fill: Fill,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fill {
    Color([u8; 3]),
    /// Normal, with mean and deviation in 0..1, clipped.
    Noise {
        key: u64,
        mean: [f32; 3],
        std: [f32; 3],
    },
}

impl Erase {
    pub(super) fn apply(&self, picture: &mut RgbImage) {
        let [left, top, right, bottom] = self.part.map(|place| place as usize);
        let mut color = self.fill.colors();
        let row = 3 * picture.width() as usize;
        for line in picture.chunks_exact_mut(row.max(1)).take(bottom).skip(top) {
            let (pixels, _) = line.as_chunks_mut::<3>();
            pixels.iter_mut().take(right).skip(left).for_each(|pixel| *pixel = color());
        }
    }
}

impl Fill {
    fn colors(&self) -> Box<dyn FnMut() -> [u8; 3]> {
        match *self {
            Fill::Color(color) => Box::new(move || color),
            Fill::Noise { key, mean, std } => {
                let mut draws = Draws::new("tl-data noise", &[key]);
                let mut value = move |c: usize| 255.0 * (mean[c] + std[c] * draws.normal() as f32);
                Box::new(move || std::array::from_fn(|c| value(c).round() as u8))
            }
        }
    }
}
