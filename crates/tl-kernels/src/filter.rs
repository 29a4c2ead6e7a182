//! Filters that see one channel each: a register of channels, several places at once.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use tl_simd::{Lanes, Vectors, with_float_lanes};

/// Outputs side by side, each of which sees the places `taps` from where it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) count: usize,
    /// What the first output sees first, and from there to the next one's.
    pub(crate) seen: *const f32,
    pub(crate) step: usize,
    pub(crate) taps: &'a [usize],
    pub(crate) channels: usize,
    /// For each register of channels, one register for each tap.
    pub(crate) weights: *const f32,
    pub(crate) to: *mut f32,
    pub(crate) pitch: usize,
    /// Is the output added to?
    pub(crate) add: bool,
}

with_float_lanes! {
    /// # Safety
    /// Whatever the outputs see is valid, as are weights of whole registers, and nobody else uses the outputs.
    unsafe fn filter_of(row: &Row<'_>) = filter_any
}

/// # Safety
/// As of [`filter_of`].
pub(crate) unsafe fn filter(row: &Row<'_>) {
    // SAFETY: the caller's; the registers were detected.
    unsafe { filter_of(Vectors::detect(), row) }
}

#[inline(always)]
unsafe fn filter_any<L: Lanes>(row: &Row<'_>) {
    let mut first = 0;
    // SAFETY: the caller's; places below `count`.
    unsafe {
        while row.count - first >= 8 {
            places::<L, 8>(row, first);
            first += 8;
        }
        if row.count - first >= 4 {
            places::<L, 4>(row, first);
            first += 4;
        }
        if row.count - first >= 2 {
            places::<L, 2>(row, first);
            first += 2;
        }
        if row.count > first {
            places::<L, 1>(row, first);
        }
    }
}

#[inline(always)]
unsafe fn places<L: Lanes, const COUNT: usize>(row: &Row<'_>, first: usize) {
    let mut channel = 0;
    // SAFETY: the caller's; channels below the number of channels.
    unsafe {
        while row.channels - channel >= L::WIDTH {
            register::<L, COUNT, true>(row, first, channel);
            channel += L::WIDTH;
        }
        if channel < row.channels {
            register::<L, COUNT, false>(row, first, channel);
        }
    }
}

#[inline(always)]
unsafe fn register<L: Lanes, const COUNT: usize, const WHOLE: bool>(
    row: &Row<'_>,
    first: usize,
    channel: usize,
) {
    let left = row.channels - channel;
    // SAFETY: the caller's.
    unsafe {
        let mut weights = row.weights.add(channel * row.taps.len());
        let seen = row.seen.add(first * row.step + channel);
        let to = row.to.add(first * row.pitch + channel);
        let mut sums = [L::splat(0.0); COUNT];
        for &tap in row.taps {
            let factor = L::load(weights);
            weights = weights.add(L::WIDTH);
            for i in 0..COUNT {
                let from = seen.add(tap + i * row.step);
                let value = if WHOLE { L::load(from) } else { L::load_part(from, left) };
                sums[i] = value.mul_add(factor, sums[i]);
            }
        }
        for i in 0..COUNT {
            let to = to.add(i * row.pitch);
            let left = if WHOLE { L::WIDTH } else { left };
            let sum = if row.add { L::load_up_to(to, left).add(sums[i]) } else { sums[i] };
            sum.store_up_to(to, left);
        }
    }
}

/// Gradients of filters: sums over places of what the taps see times the gradient there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slopes<'a> {
    /// Rows of places.
    pub(crate) rows: usize,
    pub(crate) count: usize,
    /// What the first place sees first; from there to the next place's and the next row's.
    pub(crate) seen: *const f32,
    pub(crate) step: usize,
    pub(crate) seen_row: usize,
    pub(crate) taps: &'a [usize],
    pub(crate) channels: usize,
    /// The first place's gradient, and from there to the next place's and the next row's.
    pub(crate) gradients: *const f32,
    pub(crate) pitch: usize,
    pub(crate) row: usize,
    /// For each register of channels, one register for each tap, added to.
    pub(crate) sums: *mut f32,
}

with_float_lanes! {
    /// # Safety
    /// Whatever the places see is valid, as are their gradients, and nobody else uses the sums, which are whole registers.
    unsafe fn slopes_of(slopes: &Slopes<'_>) = slopes_any
}

/// # Safety
/// As of [`slopes_of`].
pub(crate) unsafe fn slopes(slopes: &Slopes<'_>) {
    // SAFETY: the caller's; the registers were detected.
    unsafe { slopes_of(Vectors::detect(), slopes) }
}

#[inline(always)]
unsafe fn slopes_any<L: Lanes>(of: &Slopes<'_>) {
    let mut channel = 0;
    while channel < of.channels {
        let mut tap = 0;
        while tap < of.taps.len() {
            // SAFETY: the caller's; taps and channels below their numbers.
            unsafe {
                tap += match of.taps.len() - tap {
                    9.. => taps::<L, 9>(of, channel, tap),
                    5.. => taps::<L, 5>(of, channel, tap),
                    3.. => taps::<L, 3>(of, channel, tap),
                    _ => taps::<L, 1>(of, channel, tap),
                };
            }
        }
        channel += L::WIDTH;
    }
}

#[inline(always)]
unsafe fn taps<L: Lanes, const COUNT: usize>(of: &Slopes<'_>, channel: usize, first: usize) -> usize {
    // SAFETY: the caller's.
    unsafe {
        if of.channels - channel >= L::WIDTH {
            taps_of::<L, COUNT, true>(of, channel, first);
        } else {
            taps_of::<L, COUNT, false>(of, channel, first);
        }
    }
    COUNT
}

#[inline(always)]
unsafe fn taps_of<L: Lanes, const COUNT: usize, const WHOLE: bool>(
    of: &Slopes<'_>,
    channel: usize,
    first: usize,
) {
    let left = of.channels - channel;
    // SAFETY: the caller's.
    unsafe {
        let load = |from| if WHOLE { L::load(from) } else { L::load_part(from, left) };
        let sums = of.sums.add(channel * of.taps.len() + first * L::WIDTH);
        let taps: [usize; COUNT] = std::array::from_fn(|tap| of.taps[first + tap]);
        let mut totals = [L::splat(0.0); COUNT];
        for row in 0..of.rows {
            let mut seen = of.seen.add(row * of.seen_row + channel);
            let mut gradients = of.gradients.add(row * of.row + channel);
            for _ in 0..of.count {
                let gradient = load(gradients);
                for tap in 0..COUNT {
                    totals[tap] = load(seen.add(taps[tap])).mul_add(gradient, totals[tap]);
                }
                // The last steps go behind what is there.
                seen = seen.wrapping_add(of.step);
                gradients = gradients.wrapping_add(of.pitch);
            }
        }
        for tap in 0..COUNT {
            let sums = sums.add(tap * L::WIDTH);
            L::load(sums).add(totals[tap]).store(sums);
        }
    }
}
