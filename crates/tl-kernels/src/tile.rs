//! Tiles of products, which stay in registers: a few outputs by two registers of channels.
//!
//! Single values of the map, read where they are, meet two registers of weights that lie in the order of use; nothing is
//! gathered before. Every value is summed up in the same order in every tile, so that no bit depends on how the work was
//! divided.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use tl_simd::{Lanes, Vectors, WIDEST, with_float_lanes, with_lanes};

use crate::registers::{MOST, REGISTERS};

/// How far ahead weights are fetched, in floats.
const AHEAD: usize = 512;

/// Lanes that lie together in what an output sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// From where the output's window begins.
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

/// Outputs of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outputs {
    pub(crate) count: usize,
    /// Where the window of each begins.
    pub(crate) seen: [*const f32; MOST],
    /// Its first channel of the panel.
    pub(crate) to: [*mut f32; MOST],
    /// Channels of the panel; the last panel may have fewer than it has lanes.
    pub(crate) channels: usize,
}

/// What sums are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Is the output added to?
    pub(crate) add: bool,
    /// Are lanes two bfloat16 numbers?
    pub(crate) pairs: bool,
}

with_float_lanes! {
    /// # Safety
    /// `seen` is valid for all runs, `weights` for a panel of as many lanes as the runs have, `to` for `channels` floats that
    /// nobody else uses.
    unsafe fn multiply(outputs: &Outputs, runs: &[Run], weights: *const f32, add: bool) = multiply_any
}

with_lanes! {
    /// Multiplies pairs of bfloat16 numbers.
    ///
    /// # Safety
    /// As of [`multiply`].
    unsafe fn multiply_pairs(outputs: &Outputs, runs: &[Run], weights: *const f32, add: bool) = multiply_pairs_any
}

/// The tile of any size.
///
/// # Safety
/// As of [`multiply`].
pub(crate) unsafe fn tile(outputs: &Outputs, runs: &[Run], weights: *const f32, sum: Sum) {
    let vectors = Vectors::detect();
    // SAFETY: the caller's; the registers were detected.
    unsafe {
        if sum.pairs {
            multiply_pairs(vectors, outputs, runs, weights, sum.add);
        } else {
            multiply(vectors, outputs, runs, weights, sum.add);
        }
    }
}

#[inline(always)]
unsafe fn multiply_any<L: Lanes>(outputs: &Outputs, runs: &[Run], weights: *const f32, add: bool) {
    // SAFETY: the caller's.
    unsafe { sized::<L, false>(outputs, runs, weights, add) }
}

#[inline(always)]
unsafe fn multiply_pairs_any<L: Lanes>(outputs: &Outputs, runs: &[Run], weights: *const f32, add: bool) {
    // SAFETY: the caller's.
    unsafe { sized::<L, true>(outputs, runs, weights, add) }
}

#[inline(always)]
unsafe fn sized<L: Lanes, const PAIRS: bool>(
    outputs: &Outputs,
    runs: &[Run],
    weights: *const f32,
    add: bool,
) {
    let single = outputs.channels <= L::WIDTH;
    macro_rules! tile_of {
        ($($count:literal)*) => {
            match outputs.count {
                // Tiles that these lanes never use are left out by the compiler: TILE is a constant.
                $($count if $count <= L::TILE && single => registers::<L, PAIRS, $count, 1>(outputs, runs, weights, add),
                $count if $count <= L::TILE => registers::<L, PAIRS, $count, REGISTERS>(outputs, runs, weights, add),)*
                _ => {}
            }
        };
    }
    // SAFETY: the caller's.
    unsafe { tile_of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14) }
}

#[inline(always)]
unsafe fn registers<L: Lanes, const PAIRS: bool, const COUNT: usize, const REGISTERS: usize>(
    outputs: &Outputs,
    runs: &[Run],
    mut weights: *const f32,
    add: bool,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[L::splat(0.0); REGISTERS]; COUNT];
        for run in runs {
            let rows: [*const f32; COUNT] = std::array::from_fn(|i| outputs.seen[i].add(run.offset));
            for k in 0..run.len {
                L::prefetch(weights.wrapping_add(AHEAD));
                if REGISTERS * L::WIDTH > 16 {
                    L::prefetch(weights.wrapping_add(AHEAD + 16));
                }
                let factors: [L; REGISTERS] = std::array::from_fn(|v| L::load(weights.add(v * L::WIDTH)));
                for i in 0..COUNT {
                    let value = L::splat(*rows[i].add(k));
                    for v in 0..REGISTERS {
                        sums[i][v] = if PAIRS {
                            sums[i][v].add_pairs(value, factors[v])
                        } else {
                            value.mul_add(factors[v], sums[i][v])
                        };
                    }
                }
                weights = weights.add(REGISTERS * L::WIDTH);
            }
        }
        store::<L, COUNT, REGISTERS>(sums, outputs, add);
    }
}

#[inline(always)]
unsafe fn store<L: Lanes, const COUNT: usize, const REGISTERS: usize>(
    sums: [[L; REGISTERS]; COUNT],
    outputs: &Outputs,
    add: bool,
) {
    // SAFETY: the caller's.
    unsafe {
        if outputs.channels == REGISTERS * L::WIDTH {
            for i in 0..COUNT {
                for v in 0..REGISTERS {
                    let to = outputs.to[i].add(v * L::WIDTH);
                    let sum = if add { L::load(to).add(sums[i][v]) } else { sums[i][v] };
                    sum.store(to);
                }
            }
            return;
        }
        // Loops of fixed length without branches keep the sums in registers up to here.
        let mut spilt = [0.0_f32; MOST * 2 * WIDEST];
        for i in 0..COUNT {
            for v in 0..REGISTERS {
                sums[i][v].store(spilt.as_mut_ptr().add((i * REGISTERS + v) * L::WIDTH));
            }
        }
        for i in 0..COUNT {
            for v in 0..REGISTERS {
                let left = outputs.channels.saturating_sub(v * L::WIDTH);
                let to = outputs.to[i].wrapping_add(v * L::WIDTH);
                let sum = L::load(spilt.as_ptr().add((i * REGISTERS + v) * L::WIDTH));
                let sum = if add { L::load_up_to(to, left).add(sum) } else { sum };
                sum.store_up_to(to, left);
            }
        }
    }
}

/// A tile of a gradient towards weights: `count` lanes that lie together in what every output sees, times the gradients of
/// a panel of outputs' channels, summed up over outputs and added to rows of `pitch` floats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outer<'a> {
    pub(crate) count: usize,
    pub(crate) seen: *const f32,
    /// Where each output's window begins.
    pub(crate) offsets: &'a [usize],
    /// A panel's channels of each output, and from an output to the next.
    pub(crate) gradients: *const f32,
    pub(crate) step: usize,
    pub(crate) to: *mut f32,
    pub(crate) pitch: usize,
    /// Is there one register of channels only?
    pub(crate) single: bool,
    /// Are lanes bfloat16 numbers of two outputs?
    pub(crate) pairs: bool,
}

with_float_lanes! {
    /// # Safety
    /// `seen` is valid for `count` floats at all offsets, `gradients` for a panel for each of them, `to` for `count` rows of a
    /// panel that nobody else uses.
    unsafe fn outer_of(tile: &Outer<'_>) = outer_any
}

with_lanes! {
    /// Multiplies pairs of bfloat16 numbers.
    ///
    /// # Safety
    /// As of [`outer_of`].
    unsafe fn outer_of_pairs(tile: &Outer<'_>) = outer_pairs_any
}

/// The tile of any size.
///
/// # Safety
/// As of [`outer_of`].
pub(crate) unsafe fn outer(tile: &Outer<'_>) {
    let vectors = Vectors::detect();
    // SAFETY: the caller's; the registers were detected.
    unsafe { if tile.pairs { outer_of_pairs(vectors, tile) } else { outer_of(vectors, tile) } }
}

#[inline(always)]
unsafe fn outer_any<L: Lanes>(tile: &Outer<'_>) {
    // SAFETY: the caller's.
    unsafe { outer_in::<L, false>(tile) }
}

#[inline(always)]
unsafe fn outer_pairs_any<L: Lanes>(tile: &Outer<'_>) {
    // SAFETY: the caller's.
    unsafe { outer_in::<L, true>(tile) }
}

#[inline(always)]
unsafe fn outer_in<L: Lanes, const PAIRS: bool>(tile: &Outer<'_>) {
    macro_rules! tile_of {
        ($($count:literal)*) => {
            match tile.count {
                $($count if $count <= L::TILE && tile.single => outer_sized::<L, PAIRS, $count, 1>(tile),
                $count if $count <= L::TILE => outer_sized::<L, PAIRS, $count, REGISTERS>(tile),)*
                _ => {}
            }
        };
    }
    // SAFETY: the caller's.
    unsafe { tile_of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14) }
}

#[inline(always)]
unsafe fn outer_sized<L: Lanes, const PAIRS: bool, const COUNT: usize, const REGISTERS: usize>(
    tile: &Outer<'_>,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[L::splat(0.0); REGISTERS]; COUNT];
        for i in 0..COUNT {
            for v in 0..REGISTERS {
                L::prefetch(tile.to.add(i * tile.pitch + v * L::WIDTH));
            }
        }
        let mut gradients = tile.gradients;
        for &offset in tile.offsets {
            let factors: [L; REGISTERS] = std::array::from_fn(|v| L::load(gradients.add(v * L::WIDTH)));
            let row = tile.seen.add(offset);
            for i in 0..COUNT {
                let value = L::splat(*row.add(i));
                for v in 0..REGISTERS {
                    sums[i][v] = if PAIRS {
                        sums[i][v].add_pairs(value, factors[v])
                    } else {
                        value.mul_add(factors[v], sums[i][v])
                    };
                }
            }
            // The last step goes behind what is there.
            gradients = gradients.wrapping_add(tile.step);
        }
        for i in 0..COUNT {
            for v in 0..REGISTERS {
                let to = tile.to.add(i * tile.pitch + v * L::WIDTH);
                L::load(to).add(sums[i][v]).store(to);
            }
        }
    }
}

with_float_lanes! {
    /// Puts, or adds, the first `count` floats of a row of sums.
    ///
    /// # Safety
    /// There are as many, and so are there at `to`, where nobody else is.
    unsafe fn put_of(sums: *const f32, to: *mut f32, count: usize, add: bool) = put_any
}

/// # Safety
/// As of [`put_of`].
pub(crate) unsafe fn put(sums: *const f32, to: *mut f32, count: usize, add: bool) {
    // SAFETY: the caller's; the registers were detected.
    unsafe { put_of(Vectors::detect(), sums, to, count, add) }
}

#[inline(always)]
unsafe fn put_any<L: Lanes>(sums: *const f32, to: *mut f32, count: usize, add: bool) {
    let mut first = 0;
    while first < count {
        // SAFETY: the caller's.
        unsafe {
            let (to, left) = (to.add(first), count - first);
            let sum = L::load_up_to(sums.add(first), left);
            let sum = if add { L::load_up_to(to, left).add(sum) } else { sum };
            sum.store_up_to(to, left);
        }
        first += L::WIDTH;
    }
}
