//! Random numbers as a pure function of a key: nothing to save, and no thread or order of work has a say in them.

use std::f64::consts::TAU;

/// What decides how a picture is changed: the same key gives the same change, on any machine and any thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AugmentKey {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The sample, wherever it comes in the epoch.
    pub sample: u64,
}

/// A stream of random numbers: the output of BLAKE3 in counter mode.
///
/// Each operation of a chain has a stream of its own, so changing one leaves the draws of the others as they were.
pub(super) struct Draws {
    blocks: blake3::OutputReader,
    block: [u8; BLOCK],
    used: usize,
}

const BLOCK: usize = 64;

impl Draws {
    pub(super) fn new(purpose: &str, key: &[u64]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(purpose.as_bytes());
        for number in key {
            hasher.update(&number.to_le_bytes());
        }
        Draws { blocks: hasher.finalize_xof(), block: [0; BLOCK], used: BLOCK }
    }

    pub(super) fn for_op(key: AugmentKey, op: usize) -> Self {
        Draws::new("tl-data augment", &[key.seed, key.epoch, key.sample, op as u64])
    }

    pub(super) fn bits(&mut self) -> u64 {
        if self.used == BLOCK {
            self.blocks.fill(&mut self.block);
            self.used = 0;
        }
        let (words, _) = self.block.as_chunks::<8>();
        let word = u64::from_le_bytes(words[self.used / 8]);
        self.used += 8;
        word
    }

    /// Uniform in 0..1, in steps of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    pub(super) fn uniform(&mut self, [from, to]: [f64; 2]) -> f64 {
        from + (to - from) * self.unit()
    }

    /// Draws a number between `-reach` and `reach`.
    pub(super) fn around_zero(&mut self, reach: f64) -> f64 {
        self.uniform([-reach, reach])
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// 0..n, or 0 where `n` is 0. The bias is below n / 2^64.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// A permutation of `0..n` (Fisher and Yates).
    pub(super) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }

    /// Standard normal (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    /// The logarithm of a gamma variable, which for a small `shape` is itself too small for a float.
    ///
    /// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, <https://doi.org/10.1145/358407.358414>;
    /// shapes below 1 through their section 6: `gamma(a) = gamma(a + 1) * u^(1/a)`.
    fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = (1.0 - self.unit()).ln() / shape;
            return self.ln_gamma(shape + 1.0) + boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return (d * v).ln();
            }
        }
    }

    /// `n` shares that sum to 1, Dirichlet-distributed with all parameters `alpha`.
    pub(super) fn dirichlet(&mut self, alpha: f64, n: usize) -> Vec<f64> {
        let logs: Vec<f64> = (0..n).map(|_| self.ln_gamma(alpha)).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
        let sum: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / sum).collect()
    }

    /// Beta-distributed with both parameters `alpha`.
    pub(super) fn beta(&mut self, alpha: f64) -> f64 {
        self.dirichlet(alpha, 2).first().copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(n: usize, mut value: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..n).map(|_| value()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64)
    }

    /// Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)). Five standard errors of 40,000 draws are allowed: of the
    /// mean 5 sd / 200, and of the variance at most 5 * 0.25 / 200, for no value is more than 1/2 from the mean.
    #[test]
    fn beta_has_its_mean_and_variance() {
        for alpha in [0.05, 0.2, 1.0, 8.0] {
            let mut draws = Draws::new("beta", &[1]);
            let (mean, variance) = mean_and_variance(40_000, || draws.beta(alpha));
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 5.0 * expected.sqrt() / 200.0, "{alpha}: mean {mean}");
            assert!((variance - expected).abs() < 5.0 * 0.25 / 200.0, "{alpha}: {variance}, not {expected}");
        }
    }

    /// The variance of a normal sample's variance is 2 / n.
    #[test]
    fn normal_has_mean_0_and_variance_1() {
        let mut draws = Draws::new("normal", &[1]);
        let (mean, variance) = mean_and_variance(40_000, || draws.normal());
        assert!(mean.abs() < 5.0 / 200.0 && (variance - 1.0).abs() < 5.0 * 1.42 / 200.0, "{mean} {variance}");
    }

    #[test]
    fn a_permutation_has_every_index_once() {
        for n in [0, 1, 2, 17] {
            let mut order = Draws::new("order", &[n as u64]).permutation(n);
            order.sort();
            assert_eq!(order, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let first = |seed, epoch, sample, op| Draws::for_op(AugmentKey { seed, epoch, sample }, op).bits();
        let values =
            [first(0, 0, 0, 0), first(1, 0, 0, 0), first(0, 1, 0, 0), first(0, 0, 1, 0), first(0, 0, 0, 1)];
        for (i, value) in values.iter().enumerate() {
            assert!(values.iter().skip(i + 1).all(|other| other != value));
        }
        assert_eq!(first(1, 2, 3, 4), first(1, 2, 3, 4));
    }
}
