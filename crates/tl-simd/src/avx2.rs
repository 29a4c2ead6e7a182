//! AVX2 with FMA.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

use std::arch::x86_64::*;

use crate::Lanes;

/// Eight floats; AVX2 and FMA, 16 registers.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(
    /// The register.
    pub __m256,
);

impl Lanes for Avx2 {
    const WIDTH: usize = 8;
    const TILE: usize = 6;

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, which loads nothing into the program and faults at no address; every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has eight floats at `from`, and AVX2; the unaligned load asks for no more.
        Self(unsafe { _mm256_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for eight floats at `to` that nobody else uses, and AVX2; the unaligned store asks for
        // no more.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller has `count` floats at `from`; the mask has the lanes below `count` alone, and a masked load
        // neither reads nor faults at the others.
        Self(unsafe { _mm256_maskload_ps(from, mask8(count)) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        // SAFETY: the caller has room for `count` floats at `to`; the mask has the lanes below `count` alone, and a masked
        // store leaves what is behind them alone.
        unsafe { _mm256_maskstore_ps(to, mask8(count), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: FMA is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
        // SAFETY: AVX2 and FMA are there, as the contract of `Lanes` asks, which is all that these methods ask of their
        // caller; no memory is touched.
        unsafe {
            let sums = left.high().mul_add(right.high(), self);
            left.low().mul_add(right.low(), sums)
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        // SAFETY: AVX2 is there, as the contract of `Lanes` asks; a number out of range gives other bits, but no memory is
        // touched.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            Self(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        }
    }
}

impl Avx2 {
    /// The first number of every pair.
    #[inline(always)]
    unsafe fn low(self) -> Self {
        // SAFETY: AVX2 is the contract of `Lanes`.
        Self(unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(self.0))) })
    }

    /// The second number of every pair.
    #[inline(always)]
    unsafe fn high(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let upper = _mm256_set1_epi32(!0xffff);
            Self(_mm256_castsi256_ps(_mm256_and_si256(_mm256_castps_si256(self.0), upper)))
        }
    }
}

/// All bits in the lanes below `count`.
#[inline(always)]
unsafe fn mask8(count: usize) -> __m256i {
    // SAFETY: AVX2 is the contract of `Lanes`.
    unsafe {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count.min(8) as i32), lanes)
    }
}
