//! AVX-512 and AVX2 with FMA.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

use std::arch::x86_64::*;

use super::format::{Bf16, Dot, Int8, scale_and_bias};
use super::lanes::Lanes;
use super::product::Work;

/// Sixteen floats; AVX-512F. Two fused multiply-adds a cycle need two loads a cycle at most: 14 pixels of 2 registers
/// take 16 loads in 14 cycles, and 28 of the 32 registers.
///
/// With `ROUNDS` there are AVX-512 BW, VL and BF16, too, whose instruction rounds to bfloat16; it takes the smallest
/// numbers, which have no leading one, for zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512<const ROUNDS: bool>(__m512);

/// Eight floats; AVX2 and FMA, 16 registers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(__m256);

/// The lanes below `count`.
#[inline(always)]
fn mask16(count: usize) -> __mmask16 {
    if count >= 16 { !0 } else { (1 << count) - 1 }
}

/// All bits in the lanes below `count`.
#[inline(always)]
unsafe fn mask8(count: usize) -> __m256i {
    // SAFETY: AVX2 is the contract of `Lanes` for `Avx2`.
    unsafe {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count.min(8) as i32), lanes)
    }
}

// SAFETY of the blocks below: the contract of `Lanes`: AVX-512F is there, and pointers are valid for what is touched;
// lanes that a mask leaves out are not touched.
impl<const ROUNDS: bool> Lanes for Avx512<ROUNDS> {
    const WIDTH: usize = 16;
    const TILE: usize = 14;

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        Self(unsafe { _mm512_maskz_loadu_ps(mask16(count), from) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        unsafe { _mm512_mask_storeu_ps(to, mask16(count), self.0) }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16, count: usize) {
        unsafe {
            if ROUNDS {
                let rounded = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(self.0));
                return _mm256_mask_storeu_epi16(to.cast(), mask16(count), rounded);
            }
            let bits = _mm512_castps_si512(self.0);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
            let rounded = _mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half));
            let quiet = _mm512_or_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(0x40));
            let none = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            let lanes = _mm512_mask_mov_epi32(rounded, none, quiet);
            _mm512_mask_cvtepi32_storeu_epi16(to.cast(), mask16(count), lanes);
        }
    }
    #[inline(always)]
    unsafe fn store_two_bf16(self, second: Self, to: *mut u16) {
        unsafe {
            if ROUNDS {
                let rounded = _mm512_cvtne2ps_pbh(second.0, self.0);
                return _mm512_storeu_si512(to.cast(), std::mem::transmute::<__m512bh, __m512i>(rounded));
            }
            self.store_bf16(to, Self::WIDTH);
            second.store_bf16(to.add(Self::WIDTH), Self::WIDTH);
        }
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16, count: usize) -> Self {
        unsafe {
            // Without BW and VL there is no load of part of a register of 16 bits.
            let bits = if ROUNDS && count < 16 {
                _mm256_maskz_loadu_epi16(mask16(count), from.cast())
            } else if count < 16 {
                let mut part = [0_u16; 16];
                std::ptr::copy_nonoverlapping(from, part.as_mut_ptr(), count);
                _mm256_loadu_si256(part.as_ptr().cast())
            } else {
                _mm256_loadu_si256(from.cast())
            };
            Self(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(bits))))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, count: usize, [factor, zero]: [f32; 2]) {
        unsafe {
            let scaled = self.mul(Self::splat(factor)).add(Self::splat(zero));
            // Numbers that are none become the second.
            let scaled = scaled.max(Self::splat(0.0)).min(Self::splat(255.0));
            _mm512_mask_cvtepi32_storeu_epi8(to.cast(), mask16(count), _mm512_cvtps_epi32(scaled.0));
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        Self(unsafe { _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(self.0) })
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        Self(unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), self.0) })
    }
}

// SAFETY of the blocks below: the contract of `Lanes`: AVX2 and FMA are there, and pointers are valid for what is
// touched; lanes that a mask leaves out are not touched.
impl Lanes for Avx2 {
    const WIDTH: usize = 8;
    const TILE: usize = 6;

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm256_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        Self(unsafe { _mm256_maskload_ps(from, mask8(count)) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        unsafe { _mm256_maskstore_ps(to, mask8(count), self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm256_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Self(unsafe { _mm256_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Self(unsafe { _mm256_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(unsafe { _mm256_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        Self(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            Self(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        }
    }
}

// SAFETY of the blocks below: the contract of `Dot`: AVX-512 BF16 is there.
impl Dot<Avx512<true>> for Bf16 {
    type Sums = Avx512<true>;
    type End = ();

    #[inline(always)]
    unsafe fn start(bias: *const f32) -> Avx512<true> {
        unsafe { Avx512::<true>::load(bias) }
    }
    #[inline(always)]
    unsafe fn dot(values: Avx512<true>, weights: Avx512<true>, sums: Avx512<true>) -> Avx512<true> {
        // SAFETY: registers of 512 bits, whatever they hold.
        unsafe {
            let pairs = |register: Avx512<true>| std::mem::transmute::<__m512, __m512bh>(register.0);
            Avx512(_mm512_dpbf16_ps(sums.0, pairs(weights), pairs(values)))
        }
    }
    #[inline(always)]
    unsafe fn ending(_op: &Work<'_>, _channel: usize) {}
    #[inline(always)]
    unsafe fn end(sums: Avx512<true>, (): ()) -> Avx512<true> {
        sums
    }
}

impl Int8 {
    /// Sums that matrix registers have stored.
    ///
    /// # Safety
    /// AVX-512F is there, and sixteen sums are.
    #[inline(always)]
    pub(super) unsafe fn sums(from: *const f32) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
}

// SAFETY of the blocks below: the contract of `Dot`: AVX-512 VNNI is there.
impl Dot<Avx512<true>> for Int8 {
    type Sums = __m512i;
    type End = [Avx512<true>; 2];

    #[inline(always)]
    unsafe fn start(_bias: *const f32) -> __m512i {
        unsafe { _mm512_setzero_si512() }
    }
    #[inline(always)]
    unsafe fn dot(values: Avx512<true>, weights: Avx512<true>, sums: __m512i) -> __m512i {
        unsafe {
            let bits = |register: Avx512<true>| _mm512_castps_si512(register.0);
            _mm512_dpbusd_epi32(sums, bits(values), bits(weights))
        }
    }
    #[inline(always)]
    unsafe fn ending(op: &Work<'_>, channel: usize) -> [Avx512<true>; 2] {
        unsafe { scale_and_bias(op, channel) }
    }
    #[inline(always)]
    unsafe fn end(sums: __m512i, [scale, bias]: [Avx512<true>; 2]) -> Avx512<true> {
        unsafe { Avx512(_mm512_cvtepi32_ps(sums)).mul_add(scale, bias) }
    }
}
