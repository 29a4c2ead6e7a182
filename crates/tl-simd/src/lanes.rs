//! A few floats at once.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

use crate::{bf16, byte, pair};

/// Floats in the widest register.
pub const WIDEST: usize = 16;

/// A vector register of floats.
///
/// Implementations are `#[inline(always)]` throughout, and so must be what uses them: a function that is not compiled into
/// one with the instructions has a call for each of them. The same goes for closures.
///
/// # Safety
/// Of every method: the processor has the instructions of the type, which [`Vectors`](crate::Vectors) finds out; pointers
/// are valid for [`WIDTH`](Self::WIDTH) numbers, or for `count` of them.
#[allow(clippy::missing_safety_doc, reason = "one contract for all methods")]
pub trait Lanes: Copy {
    /// Floats in a register.
    const WIDTH: usize;
    /// Rows of a tile of sums: with two registers each, they leave a few registers over.
    const TILE: usize;
    /// Whether there are instructions that round to narrow numbers. Without, storing them takes so many that code for it is
    /// not worth having in every tile.
    const NARROW: bool = false;

    /// The same value in all lanes.
    unsafe fn splat(value: f32) -> Self;
    /// All lanes from memory, aligned or not.
    unsafe fn load(from: *const f32) -> Self;
    /// All lanes into memory, aligned or not.
    unsafe fn store(self, to: *mut f32);
    /// The first `count` lanes, zeros behind them.
    unsafe fn load_part(from: *const f32, count: usize) -> Self;
    /// The first `count` lanes.
    unsafe fn store_part(self, to: *mut f32, count: usize);
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self * other`.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self / other`.
    unsafe fn div(self, other: Self) -> Self;
    /// The greater one; `other` where either is no number.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller one; `other` where either is no number.
    unsafe fn min(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the processor can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// Adds to `self` the products of two numbers each: every lane of the factors is two bfloat16 numbers.
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self;
    /// To the nearest whole number.
    unsafe fn round(self) -> Self;
    /// Two to the power of a whole number in -126..=127.
    unsafe fn exp2_whole(self) -> Self;

    /// Has a cache line fetched, where the processor can be told to; any address will do.
    #[inline(always)]
    unsafe fn prefetch(_at: *const f32) {}

    /// Loads `count` lanes, with the plain instruction where that is all of them.
    #[inline(always)]
    unsafe fn load_up_to(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller's contract.
        unsafe { if count >= Self::WIDTH { Self::load(from) } else { Self::load_part(from, count) } }
    }

    /// Stores `count` lanes, with the plain instruction where that is all of them.
    #[inline(always)]
    unsafe fn store_up_to(self, to: *mut f32, count: usize) {
        // SAFETY: the caller's contract.
        unsafe { if count >= Self::WIDTH { self.store(to) } else { self.store_part(to, count) } }
    }

    /// The first `count` lanes as bfloat16 numbers; those of a number that is none, and its bits otherwise, do not matter.
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16, count: usize) {
        let mut values = [0.0_f32; WIDEST];
        // SAFETY: the array is as wide as the widest register; the rest is the caller's contract.
        unsafe {
            self.store(values.as_mut_ptr());
            for (i, &value) in values.iter().enumerate().take(count.min(Self::WIDTH)) {
                *to.add(i) = bf16(value);
            }
        }
    }

    /// Two whole registers as bfloat16 numbers, one behind the other.
    #[inline(always)]
    unsafe fn store_two_bf16(self, second: Self, to: *mut u16) {
        // SAFETY: the caller's contract.
        unsafe {
            self.store_bf16(to, Self::WIDTH);
            second.store_bf16(to.add(Self::WIDTH), Self::WIDTH);
        }
    }

    /// Each lane as a bfloat16 number, with that of `upper` in the upper half. Of the smallest numbers, which have no
    /// leading one, it may make zeros; of numbers that are none, others that are none.
    #[inline(always)]
    unsafe fn with_upper(self, upper: Self) -> Self {
        let (mut values, mut others) = ([0.0_f32; WIDEST], [0.0_f32; WIDEST]);
        // SAFETY: the arrays are as wide as the widest register.
        unsafe {
            self.store(values.as_mut_ptr());
            upper.store(others.as_mut_ptr());
            for (value, &other) in values.iter_mut().zip(&others) {
                *value = pair(*value, other);
            }
            Self::load(values.as_ptr())
        }
    }

    /// The first `count` lanes as bytes: times `factor`, plus `zero`, to the nearest.
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, count: usize, [factor, zero]: [f32; 2]) {
        let mut values = [0.0_f32; WIDEST];
        // SAFETY: as above.
        unsafe {
            self.store(values.as_mut_ptr());
            for (i, &value) in values.iter().enumerate().take(count.min(Self::WIDTH)) {
                *to.add(i) = byte(value, factor, zero);
            }
        }
    }

    /// `exp(x)`, to 3e-7 of its value; x is kept within -87 and 87. What is not a number stays that.
    ///
    /// Cody and Waite's reduction and the polynomial of Cephes' `expf`, <https://www.netlib.org/cephes/>.
    #[inline(always)]
    unsafe fn exp(self) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let one = Self::splat(1.0);
            // The second is kept where either is no number.
            let x = Self::splat(87.0).min(Self::splat(-87.0).max(self));
            let n = x.mul(Self::splat(std::f32::consts::LOG2_E)).round();
            let r = n.mul_add(Self::splat(-0.693_359_4), x);
            let r = n.mul_add(Self::splat(2.121_944_4e-4), r);
            let p = [8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
            let start = r.mul_add(Self::splat(1.987_569_1e-4), Self::splat(1.398_2e-3));
            let mut sum = start;
            for term in p {
                sum = sum.mul_add(r, Self::splat(term));
            }
            sum.mul(r).mul_add(r, r.add(one)).mul(n.exp2_whole())
        }
    }

    /// `1 / (1 + exp(-x))`, to 3e-7 of its value for x above -87.
    #[inline(always)]
    unsafe fn sigmoid(self) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let one = Self::splat(1.0);
            let exp = self.mul(Self::splat(-1.0)).exp();
            one.div(one.add(exp))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Portable;

    #[test]
    fn exp_is_that_of_the_standard_library_to_three_ten_millionths() {
        for step in -8700..=8700 {
            let x = step as f32 / 100.0;
            // SAFETY: the portable lanes need no instructions; the array is as wide as they are.
            let values = unsafe {
                let mut values = [0.0; Portable::WIDTH];
                Portable::splat(x).exp().store(values.as_mut_ptr());
                values
            };
            let expected = f64::from(x).exp();
            let error = (f64::from(values[0]) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
    }

    #[test]
    fn exp_and_sigmoid_do_not_hide_what_is_not_a_number() {
        let mut values = [[0.0; Portable::WIDTH]; 2];
        // SAFETY: as above.
        unsafe {
            Portable::splat(f32::NAN).exp().store(values[0].as_mut_ptr());
            Portable::splat(f32::NAN).sigmoid().store(values[1].as_mut_ptr());
        }
        assert!(values.iter().flatten().all(|value| value.is_nan()), "{values:?}");
    }

    #[test]
    fn the_sigmoid_is_that_of_the_standard_library_to_three_ten_millionths() {
        for step in -8000..=8000 {
            let x = step as f32 / 100.0;
            // SAFETY: the portable lanes need no instructions; the array is as wide as they are.
            let values = unsafe {
                let mut values = [0.0; Portable::WIDTH];
                Portable::splat(x).sigmoid().store(values.as_mut_ptr());
                values
            };
            let expected = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(values[0]) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
    }
}
