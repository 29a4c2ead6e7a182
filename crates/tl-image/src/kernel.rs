//! Weights of resampling: `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow 12.
//! <https://github.com/python-pillow/Pillow/blob/12.0.0/src/libImaging/Resample.c>

use std::ops::Range;

use crate::Interpolation;

/// Bits of a weight behind the point: 32, less 8 of a pixel and 2 for weights that overshoot.
pub(crate) const WEIGHT_BITS: u32 = 32 - 8 - 2;

/// An axis of a result: which source positions each of its positions is made of, and their weights.
#[derive(Default)]
pub(crate) struct Axis {
    lines: Vec<Line>,
    weights: Vec<i32>,
}

struct Line {
    first: usize,
    weights: Range<usize>,
}

impl Axis {
    /// `len` positions that show `from..to` of an axis of `source` positions, in the storage this had before. Made of
    /// nothing where that is empty.
    pub(crate) fn fill(&mut self, source: u32, (from, to): (f64, f64), len: u32, how: Interpolation) {
        self.lines.clear();
        self.weights.clear();
        let source = if from < to { source } else { 0 };
        let scale = (to - from) / f64::from(len);
        let stretch = scale.max(1.0);
        let support = how.support() * stretch;
        for position in 0..len {
            let center = from + (f64::from(position) + 0.5) * scale;
            // Conversion saturates at 0.
            let first = (center - support + 0.5) as u32;
            let end = ((center + support + 0.5) as u32).min(source);
            self.push(
                first as usize,
                (first..end).map(|at| how.kernel((f64::from(at) - center + 0.5) * (1.0 / stretch))),
            );
        }
    }

    fn push(&mut self, first: usize, raw: impl Iterator<Item = f64> + Clone) {
        let total: f64 = raw.clone().sum();
        let begin = self.weights.len();
        let one = f64::from(1 << WEIGHT_BITS);
        // Without `round`, which is a call on x86-64.
        let rounded = |share: f64| (share * one + if share < 0.0 { -0.5 } else { 0.5 }) as i32;
        self.weights.extend(raw.map(|weight| rounded(if total == 0.0 { weight } else { weight / total })));
        self.lines.push(Line { first, weights: begin..self.weights.len() });
    }

    /// The result turned round.
    pub(crate) fn reverse(&mut self) {
        self.lines.reverse();
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The first source position of each position, with the weights of it and those behind it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.lines.iter().map(|line| (line.first, self.weights.get(line.weights.clone()).unwrap_or_default()))
    }

    /// Source positions that are read.
    pub(crate) fn reach(&self) -> Range<usize> {
        let first = self.lines.iter().map(|line| line.first).min().unwrap_or(0);
        let end = self.lines.iter().map(|line| line.first + line.weights.len()).max().unwrap_or(first);
        first..end
    }

    /// The largest number of source positions for one of the result.
    pub(crate) fn taps(&self) -> usize {
        self.lines.iter().map(|line| line.weights.len()).max().unwrap_or(0)
    }
}

impl Interpolation {
    /// Reach of the kernel to either side, in pixels of the smaller picture.
    pub(crate) fn support(self) -> f64 {
        match self {
            Interpolation::Bilinear => 1.0,
            Interpolation::Bicubic => 2.0,
        }
    }

    fn kernel(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            Interpolation::Bilinear => (1.0 - x).max(0.0),
            Interpolation::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Interpolation::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5,
            Interpolation::Bicubic => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_position_sum_to_1() {
        let mut axis = Axis::default();
        for how in [Interpolation::Bilinear, Interpolation::Bicubic] {
            for (source, part, len) in [(500, (3.0, 480.5), 224), (500, (3.0, 30.0), 224), (9, (0.0, 9.0), 9)]
            {
                axis.fill(source, part, len, how);
                assert_eq!(axis.len(), len as usize);
                for (first, weights) in axis.lines() {
                    assert!(first + weights.len() <= source as usize);
                    // Each of them is rounded.
                    let off = weights.iter().sum::<i32>() - (1 << WEIGHT_BITS);
                    assert!(off.unsigned_abs() as usize <= weights.len().div_ceil(2), "{off}");
                }
            }
        }
    }
}
