//! Eight floats in an array, for processors without vector instructions known here.

#![allow(unsafe_code, reason = "raw loads; see the contract of `Lanes`")]

use crate::Lanes;

/// Eight floats; any processor.
#[derive(Debug, Clone, Copy)]
pub struct Portable(
    /// The register.
    pub [f32; 8],
);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Lanes for Portable {
    const WIDTH: usize = 8;
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has eight floats at `from`, which an array of eight is as large as; the read asks for no
        // alignment.
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for eight floats at `to` that nobody else uses; the write asks for no alignment.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller has `count` floats at `from`, and `i` is below `count`.
        Self(std::array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 }))
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        for (i, &value) in self.0.iter().enumerate().take(count) {
            // SAFETY: the caller has room for `count` floats at `to`, and `take` keeps `i` below `count`.
            unsafe { *to.add(i) = value }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    /// In two roundings: a fused one without the instruction would be a call into a library.
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }
    #[inline(always)]
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
        Self(std::array::from_fn(|i| {
            let sum = self.0[i] + high(left.0[i]) * high(right.0[i]);
            sum + low(left.0[i]) * low(right.0[i])
        }))
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        Self(self.0.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23)))
    }
}

/// The first of a pair.
#[inline(always)]
fn low(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() << 16)
}

/// The second of a pair.
#[inline(always)]
fn high(pair: f32) -> f32 {
    f32::from_bits(pair.to_bits() & !0xffff)
}
