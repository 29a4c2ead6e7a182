//! YCbCr that is not compressed as JPEG: TIFF 6.0, section 21.

use super::layout::Layout;
use super::tag;

/// Bytes of the first rows of a chunk whose chroma is subsampled: for every block of `h x v` pixels their luma, then its
/// Cb and Cr.
pub(super) fn stored_bytes((width, rows): (u32, u32), (h, v): (u32, u32)) -> usize {
    width.div_ceil(h) as usize * rows.div_ceil(v) as usize * (h * v + 2) as usize
}

/// Gives every pixel the chroma of its block.
pub(super) fn spread(stored: &[u8], (width, rows): (u32, u32), (h, v): (u32, u32)) -> Vec<u8> {
    let [width, rows, h, v] = [width, rows, h, v].map(|side| side as usize);
    let mut plain = vec![0; width * rows * 3];
    let across = width.div_ceil(h);
    for (number, block) in stored.chunks_exact(h * v + 2).enumerate().take(across * rows.div_ceil(v)) {
        let (left, top) = (number % across * h, number / across * v);
        for (at, luma) in block[..h * v].iter().enumerate() {
            let (x, y) = (left + at % h, top + at / h);
            if x < width && y < rows {
                let pixel = (y * width + x) * 3;
                plain[pixel..pixel + 3].copy_from_slice(&[*luma, block[h * v], block[h * v + 1]]);
            }
        }
    }
    plain
}

/// The conversion of Y, Cb and Cr to red, green and blue, as the tags of the file say.
pub(super) struct Conversion {
    red: f64,
    green: f64,
    blue: f64,
    /// Where each of Y, Cb and Cr has its zero, and what a step is worth.
    scale: [(f64, f64); 3],
}

impl Conversion {
    pub(super) fn read(layout: &Layout<'_>) -> Self {
        let three = |tag| {
            layout.directory.fractions(tag).filter(|values| values.iter().all(|value| value.is_finite()))
        };
        let luma = three(tag::YCBCR_COEFFICIENTS).filter(|luma| luma.len() == 3 && luma[1] > 0.0);
        let luma = luma.unwrap_or_else(|| vec![0.299, 0.587, 0.114]);
        let range = three(tag::REFERENCE_BLACK_WHITE)
            .filter(|range| range.len() == 6 && range.chunks(2).all(|r| r[0] != r[1]));
        let range = range.unwrap_or_else(|| vec![0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
        let scale = [(0, 255.0), (1, 127.0), (2, 127.0)];
        let scale = scale.map(|(i, top)| (range[2 * i], top / (range[2 * i + 1] - range[2 * i])));
        Conversion { red: luma[0], green: luma[1], blue: luma[2], scale }
    }

    pub(super) fn rgb(&self, pixel: [u8; 3]) -> [u8; 3] {
        let value = |i: usize| (f64::from(pixel[i]) - self.scale[i].0) * self.scale[i].1;
        let (y, cb, cr) = (value(0), value(1), value(2));
        let red = y + cr * (2.0 - 2.0 * self.red);
        let blue = y + cb * (2.0 - 2.0 * self.blue);
        let green = (y - self.blue * blue - self.red * red) / self.green;
        [red, green, blue].map(|color| color.round().clamp(0.0, 255.0) as u8)
    }
}
