//! Pictures of a batch mixed with each other, targets in proportion: MixUp and CutMix.
//!
//! Legend: b pictures of a batch, h height, w width, k classes.

use serde::{Deserialize, Serialize};

use super::AugmentError;
use super::draws::Draws;
use super::limit::Limit;

/// What decides how a batch is mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BatchKey {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The batch within the epoch, from 0.
    pub batch: u64,
}

/// MixUp: each picture is blended with another one. Zhang et al., 2017, <https://arxiv.org/abs/1710.09412>.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MixUp {
    /// Alpha, both parameters of the Beta distribution of a picture's own share, 0.01 to 100.
    pub alpha: f64,
}

impl Default for MixUp {
    fn default() -> Self {
        // https://github.com/pytorch/vision/blob/v0.21.0/references/classification/README.md
        MixUp { alpha: 0.2 }
    }
}

/// A part of each picture pasted over from another one. Yun et al., 2019, <https://arxiv.org/abs/1905.04899>.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CutMix {
    /// Alpha, both parameters of the Beta distribution of a picture's own share, 0.01 to 100.
    pub alpha: f64,
}

impl Default for CutMix {
    fn default() -> Self {
        // https://github.com/pytorch/vision/blob/v0.21.0/references/classification/README.md
        CutMix { alpha: 1.0 }
    }
}

const ALPHAS: [f64; 2] = [0.01, 100.0];

impl MixUp {
    /// Is `alpha` in its range?
    pub fn check(&self) -> Result<(), AugmentError> {
        Limit::value("alpha", self.alpha, ALPHAS).check("mixup")
    }

    /// Partners and shares for a batch of `len` pictures.
    pub fn draw(&self, key: BatchKey, len: usize) -> Blend {
        let mut draws = Draws::new("tl-data mixup", &[key.seed, key.epoch, key.batch]);
        Blend { partners: draws.permutation(len), own: draws.beta(self.alpha), part: None }
    }
}

impl CutMix {
    /// Is `alpha` in its range?
    pub fn check(&self) -> Result<(), AugmentError> {
        Limit::value("alpha", self.alpha, ALPHAS).check("cutmix")
    }

    /// Partners, the part that is pasted, and shares for a batch of `len` pictures of `width` x `height`.
    ///
    /// The part is cut off at the borders, and a picture's own share is what remains of it, as in torchvision:
    /// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/_augment.py>
    pub fn draw(&self, key: BatchKey, len: usize, (width, height): (usize, usize)) -> Blend {
        let mut draws = Draws::new("tl-data cutmix", &[key.seed, key.epoch, key.batch]);
        let partners = draws.permutation(len);
        let half = 0.5 * (1.0 - draws.beta(self.alpha)).sqrt();
        let mut span = |side: usize| {
            let (middle, reach) = (draws.below(side as u64) as usize, (half * side as f64) as usize);
            (middle.saturating_sub(reach), (middle + reach).min(side))
        };
        let ((left, right), (top, bottom)) = (span(width), span(height));
        let pasted = ((right - left) * (bottom - top)) as f64;
        let own = 1.0 - pasted / ((width * height).max(1)) as f64;
        Blend { partners, own, part: Some([left, top, right, bottom]) }
    }
}

/// How a batch is mixed: drawn once, applied to pixels and targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Blend {
    /// The partner of each picture, which is mixed into it; every picture is a partner once.
    pub partners: Vec<usize>,
    /// A picture's own share, 0 to 1; the rest is its partner's.
    pub own: f64,
    /// `[left, top, right, bottom]` that comes from the partner alone; `None`: all pixels are shared out.
    pub part: Option<[usize; 4]>,
}

impl Blend {
    /// Mixes pixels `[b, 3, h, w]`, flattened; `width` is w. Values behind the last whole picture stay.
    pub fn mix_pixels(&self, pixels_bchw: &mut [f32], height: usize, width: usize) {
        let size = 3 * height * width;
        match self.part {
            None => self.mix(pixels_bchw, size),
            Some(part) => self.paste(pixels_bchw, size, (height, width), part),
        }
    }

    /// Mixes targets `[b, k]`, flattened, as soft labels: each row sums to what it summed to.
    pub fn mix_targets(&self, targets_bk: &mut [f32], classes: usize) {
        self.mix(targets_bk, classes);
    }

    fn mix(&self, values: &mut [f32], size: usize) {
        let before = values.to_vec();
        let own = self.own as f32;
        for (mixed, partner) in self.pairs(values, &before, size) {
            mixed
                .iter_mut()
                .zip(partner)
                .for_each(|(value, other)| *value = own * *value + (1.0 - own) * other);
        }
    }

    fn paste(
        &self,
        pixels: &mut [f32],
        size: usize,
        (height, width): (usize, usize),
        [left, top, right, bottom]: [usize; 4],
    ) {
        let before = pixels.to_vec();
        for (mixed, partner) in self.pairs(pixels, &before, size) {
            let rows = mixed.chunks_mut(width.max(1)).zip(partner.chunks(width.max(1))).enumerate();
            for (_, (row, other)) in rows.filter(|(y, _)| (top..bottom).contains(&(y % height.max(1)))) {
                row.iter_mut().zip(other).take(right).skip(left).for_each(|(value, other)| *value = *other);
            }
        }
    }

    /// Pairs of each item of `values` and its partner as it was.
    fn pairs<'a>(
        &'a self,
        values: &'a mut [f32],
        before: &'a [f32],
        size: usize,
    ) -> impl Iterator<Item = (&'a mut [f32], &'a [f32])> {
        let size = size.max(1);
        let items = values.chunks_exact_mut(size).zip(&self.partners);
        items.filter_map(move |(item, &partner)| Some((item, before.chunks_exact(size).nth(partner)?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Picture i is all i.
    fn batch(len: usize, size: usize) -> Vec<f32> {
        (0..len).flat_map(|i| std::iter::repeat_n(i as f32, size)).collect()
    }

    fn one_hot(len: usize) -> Vec<f32> {
        (0..len * len).map(|i| if i / len == i % len { 1.0 } else { 0.0 }).collect()
    }

    fn blends(key: BatchKey, len: usize, size: (usize, usize)) -> [Blend; 2] {
        [MixUp { alpha: 0.4 }.draw(key, len), CutMix::default().draw(key, len, size)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// With picture i all i and a class of its own, the mean of a result is what its labels say.
        #[test]
        fn labels_sum_to_1_and_say_what_is_seen(
            seed: u64, epoch in 0..9_u64, batch_index in 0..9_u64, len in 1_usize..9, h in 1_usize..20, w in 1_usize..20
        ) {
            let key = BatchKey { seed, epoch, batch: batch_index };
            for blend in blends(key, len, (w, h)) {
                let (mut pixels, mut labels) = (batch(len, 3 * h * w), one_hot(len));
                blend.mix_pixels(&mut pixels, h, w);
                blend.mix_targets(&mut labels, len);
                for (picture, label) in pixels.chunks(3 * h * w).zip(labels.chunks(len)) {
                    prop_assert!((label.iter().sum::<f32>() - 1.0).abs() < 1e-6);
                    // A thousand floats added up one after the other would be off by more than what is mixed.
                    let seen = picture.iter().map(|&value| f64::from(value)).sum::<f64>() / picture.len() as f64;
                    let said: f64 = label.iter().enumerate().map(|(i, &share)| i as f64 * f64::from(share)).sum();
                    prop_assert!((seen - said).abs() < 1e-5, "{} seen, {} said", seen, said);
                }
            }
        }

        #[test]
        fn a_blend_is_a_function_of_its_key(seed: u64, len in 2_usize..40) {
            let draw = |batch| blends(BatchKey { seed, epoch: 1, batch }, len, (32, 32));
            prop_assert_eq!(draw(3), draw(3));
            prop_assert_ne!(draw(3)[0].own, draw(4)[0].own);
            for blend in draw(5) {
                let mut partners = blend.partners;
                partners.sort();
                prop_assert_eq!(partners, (0..len).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn an_alpha_of_nothing_is_refused() {
        let message = MixUp { alpha: 0.0 }.check().unwrap_err().to_string();
        assert_eq!(message, "mixup: alpha is 0, it must lie between 0.01 and 100");
        assert_eq!(CutMix::default().check(), Ok(()));
    }

    #[test]
    fn sizes_that_do_not_fit_change_nothing() {
        let mut pixels = vec![1.0, 2.0, 3.0];
        CutMix::default().draw(BatchKey::default(), 0, (0, 0)).mix_pixels(&mut pixels, 0, 0);
        MixUp::default().draw(BatchKey::default(), 4).mix_pixels(&mut pixels, 9, 9);
        assert_eq!(pixels, [1.0, 2.0, 3.0]);
    }
}
