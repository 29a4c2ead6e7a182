//! Random draws for resamples.

/// Random numbers by SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// The number of times that each of some things is drawn, if as many are drawn as there are.
    pub(crate) fn times(&mut self, things: usize) -> Vec<usize> {
        let mut times = vec![0; things];
        (0..things).for_each(|_| times[self.below(things)] += 1);
        times
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(bits ^ (bits >> 31)) * end as u128) >> 64) as usize
    }
}
