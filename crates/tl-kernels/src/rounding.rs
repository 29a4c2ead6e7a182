//! Floats as lanes of two bfloat16 numbers.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]

use tl_simd::{Lanes, Vectors, with_lanes};

/// Neighbours in a lane, the last one with a zero if their number is odd, and zeros behind them.
///
/// # Panics
/// If there are too few lanes.
pub(crate) fn round(from: &[f32], to: &mut [f32]) {
    let (inside, behind) = to.split_at_mut(from.len().div_ceil(2));
    behind.fill(0.0);
    // SAFETY: there are lanes for all, and the registers were detected.
    unsafe { round_of(Vectors::detect(), from.as_ptr(), inside.as_mut_ptr(), from.len()) }
}

/// Each of `low` with that of `high` in a lane, or with a zero.
///
/// # Panics
/// If there are fewer of `high` or of lanes.
pub(crate) fn couple(low: &[f32], high: Option<&[f32]>, to: &mut [f32]) {
    let to = &mut to[..low.len()];
    let high = high.map_or(std::ptr::null(), |high| high[..low.len()].as_ptr());
    // SAFETY: there are as many of each, and the registers were detected.
    unsafe { couple_of(Vectors::detect(), low.as_ptr(), high, to.as_mut_ptr(), to.len()) }
}

with_lanes! {
    /// # Safety
    /// There are so many floats, and lanes for them.
    unsafe fn round_of(from: *const f32, to: *mut f32, count: usize) = round_any
}

with_lanes! {
    /// # Safety
    /// There are so many of `low` and `to`, and of `high` if that is not null.
    unsafe fn couple_of(low: *const f32, high: *const f32, to: *mut f32, count: usize) = couple_any
}

#[inline(always)]
unsafe fn round_any<L: Lanes>(from: *const f32, to: *mut f32, count: usize) {
    let to = to.cast::<u16>();
    let (mut first, both) = (0, 2 * L::WIDTH);
    // SAFETY: the caller's.
    unsafe {
        while first + both <= count {
            let second = L::load(from.add(first + L::WIDTH));
            L::load(from.add(first)).store_two_bf16(second, to.add(first));
            first += both;
        }
        while first < count {
            let left = L::WIDTH.min(count - first);
            L::load_part(from.add(first), left).store_bf16(to.add(first), left);
            first += left;
        }
        if count % 2 == 1 {
            *to.add(count) = 0;
        }
    }
}

#[inline(always)]
unsafe fn couple_any<L: Lanes>(low: *const f32, high: *const f32, to: *mut f32, count: usize) {
    let mut first = 0;
    while first < count {
        let left = count - first;
        // SAFETY: the caller's.
        unsafe {
            let upper = if high.is_null() { L::splat(0.0) } else { L::load_up_to(high.add(first), left) };
            L::load_up_to(low.add(first), left).with_upper(upper).store_up_to(to.add(first), left);
        }
        first += L::WIDTH;
    }
}
