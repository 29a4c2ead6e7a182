//! Four floats: NEON, which every 64-bit ARM processor has.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]
#![allow(unused_unsafe, reason = "instructions that every processor has are safe by now")]

use std::arch::aarch64::*;

use crate::Lanes;

/// Four floats; NEON, 32 registers.
#[derive(Debug, Clone, Copy)]
pub struct Neon(
    /// The register.
    pub float32x4_t,
);

impl Lanes for Neon {
    const WIDTH: usize = 4;
    const TILE: usize = 12;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vdupq_n_f32(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has four floats at `from`; NEON loads ask for the alignment of a float alone.
        Self(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for four floats at `to` that nobody else uses; NEON stores ask for the alignment of a
        // float alone.
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller has `count` floats at `from`, and `i` is below `count`.
        let values: [f32; 4] = std::array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 });
        // SAFETY: the array has the four floats that are loaded.
        unsafe { Self::load(values.as_ptr()) }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        let mut values = [0.0; 4];
        // SAFETY: the array has room for the four floats that are stored.
        unsafe { self.store(values.as_mut_ptr()) };
        for (i, &value) in values.iter().enumerate().take(count) {
            // SAFETY: the caller has room for `count` floats at `to`, and `take` keeps `i` below `count`.
            unsafe { *to.add(i) = value }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vdivq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vfmaq_f32(term.0, self.0, factor.0) })
    }
    #[inline(always)]
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON, which is all that these methods ask of their caller; no memory is
        // touched.
        unsafe {
            let sums = left.high().mul_add(right.high(), self);
            left.low().mul_add(right.low(), sums)
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        Self(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON; the operands are registers, so no memory is touched.
        unsafe {
            let biased = vaddq_s32(vcvtq_s32_f32(self.0), vdupq_n_s32(127));
            Self(vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased)))
        }
    }
}

impl Neon {
    /// The first number of every pair.
    #[inline(always)]
    unsafe fn low(self) -> Self {
        // SAFETY: every 64-bit ARM processor has NEON.
        Self(unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<16>(vreinterpretq_u32_f32(self.0))) })
    }

    /// The second number of every pair.
    #[inline(always)]
    unsafe fn high(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let upper = vdupq_n_u32(0xffff_0000);
            Self(vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(self.0), upper)))
        }
    }
}
