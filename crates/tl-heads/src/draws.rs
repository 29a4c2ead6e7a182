//! Random numbers by position: the number at (seed, layer, index) depends on nothing else.
//!
//! burn's generator is one per process, so what it gives depends on who else drew; these can be drawn in any order and
//! on any thread.

use std::f64::consts::TAU;

/// splitmix64's step: <https://prng.di.unimi.it/splitmix64.c>
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The numbers of one layer: splitmix64, read at any position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64, layer: u64) -> Self {
        let seed = mix(seed.wrapping_add(GOLDEN));
        Self(mix(seed ^ layer.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    fn bits(self, index: u64) -> u64 {
        mix(self.0.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// Uniform in 0..1, in steps of 2^-53.
    pub(crate) fn uniform(self, index: u64) -> f64 {
        (self.bits(index) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller from positions `2 * index` and the next.
    pub(crate) fn normal(self, index: u64) -> f64 {
        let (radius, angle) = (self.uniform(2 * index), self.uniform(2 * index + 1));
        (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
    }
}

/// splitmix64's finaliser, of the same source.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_for_ever_and_differ_by_seed_layer_and_index() {
        let first = |seed, layer, index| Draws::new(seed, layer).uniform(index);
        assert_eq!(first(0, 0, 0), 0.112_600_569_668_580_45, "stored runs could not be repeated");
        let all = [first(0, 0, 0), first(1, 0, 0), first(0, 1, 0), first(0, 0, 1), first(1, 1, 0)];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{all:?}");
        }
    }

    #[test]
    fn normal_draws_have_mean_zero_variance_one_and_a_normals_tails() {
        const COUNT: u64 = 100_000;
        let draws: Vec<f64> = (0..COUNT).map(|index| Draws::new(7, 0).normal(index)).collect();
        let mean_of = |f: &dyn Fn(f64) -> f64| draws.iter().map(|&x| f(x)).sum::<f64>() / COUNT as f64;
        let (mean, variance) = (mean_of(&|x| x), mean_of(&|x| x * x));
        let beyond_two = mean_of(&|x| f64::from(u8::from(x.abs() > 2.0)));
        // Four standard errors: 1, sqrt(2) and sqrt(p (1 - p)) over the root of the count.
        assert!(mean.abs() < 0.0127, "{mean}");
        assert!((variance - 1.0).abs() < 0.0179, "{variance}");
        assert!((beyond_two - 0.0455).abs() < 0.0027, "{beyond_two}");
    }
}
