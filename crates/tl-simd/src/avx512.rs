//! AVX-512.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

use std::arch::x86_64::*;

use crate::Lanes;

/// Sixteen floats; AVX-512 F, BW, DQ and VL. Two fused multiply-adds a cycle need two loads a cycle at most: 14 rows of 2
/// registers take 16 loads in 14 cycles, and 28 of the 32 registers.
///
/// With `NARROW` there are AVX-512 BF16 and VNNI, too. The instruction that rounds to bfloat16 takes the smallest numbers,
/// which have no leading one, for zero.
#[derive(Debug, Clone, Copy)]
pub struct Avx512<const NARROW: bool>(
    /// The register.
    pub __m512,
);

/// Numbers of 16 bits of the two halves of a register, in turn.
static INTERLEAVED: [u16; 32] = {
    let (mut places, mut i) = ([0; 32], 0);
    while i < 16 {
        (places[2 * i], places[2 * i + 1]) = (i as u16, i as u16 + 16);
        i += 1;
    }
    places
};

impl<const NARROW: bool> Avx512<NARROW> {
    /// As bfloat16 numbers, each in the lower half of its lane.
    #[inline(always)]
    unsafe fn rounded(self) -> __m512i {
        // SAFETY: the contract of `Lanes`.
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
            let rounded = _mm512_srli_epi32::<16>(_mm512_add_epi32(bits, half));
            let quiet = _mm512_or_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(0x40));
            let none = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            _mm512_mask_mov_epi32(rounded, none, quiet)
        }
    }
}

impl<const NARROW: bool> Lanes for Avx512<NARROW> {
    const WIDTH: usize = 16;
    const TILE: usize = 14;
    const NARROW: bool = NARROW;

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a hint, which loads nothing into the program and faults at no address; every x86-64 processor has it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has sixteen floats at `from`, and AVX-512F; the unaligned load asks for no more.
        Self(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for sixteen floats at `to` that nobody else uses, and AVX-512F; the unaligned store
        // asks for no more.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller has `count` floats at `from`; the mask has the lanes below `count` alone, and a masked load
        // neither reads nor faults at the others.
        Self(unsafe { _mm512_maskz_loadu_ps(mask16(count), from) })
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        // SAFETY: the caller has room for `count` floats at `to`; the mask has the lanes below `count` alone, and a masked
        // store leaves what is behind them alone.
        unsafe { _mm512_mask_storeu_ps(to, mask16(count), self.0) }
    }
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16, count: usize) {
        // SAFETY: the caller has room for `count` numbers at `to`, and both masked stores write the lanes below `count`
        // alone; `NARROW` is a type for processors with AVX-512 BF16, as the contract of `Lanes` asks, BW and VL; both sides
        // of the transmute are 256 bits of which all patterns are valid.
        unsafe {
            if NARROW {
                let rounded = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(self.0));
                return _mm256_mask_storeu_epi16(to.cast(), mask16(count), rounded);
            }
            _mm512_mask_cvtepi32_storeu_epi16(to.cast(), mask16(count), self.rounded());
        }
    }
    #[inline(always)]
    unsafe fn store_two_bf16(self, second: Self, to: *mut u16) {
        // SAFETY: the caller has room for 32 numbers at `to`: one unaligned store of 64 bytes, or two of sixteen numbers, of
        // which the second begins behind the first; `NARROW` is a type for processors with AVX-512 BF16, as the contract of
        // `Lanes` asks; both sides of the transmute are 512 bits of which all patterns are valid.
        unsafe {
            if NARROW {
                let rounded = _mm512_cvtne2ps_pbh(second.0, self.0);
                return _mm512_storeu_si512(to.cast(), std::mem::transmute::<__m512bh, __m512i>(rounded));
            }
            self.store_bf16(to, Self::WIDTH);
            second.store_bf16(to.add(Self::WIDTH), Self::WIDTH);
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, count: usize, [factor, zero]: [f32; 2]) {
        // SAFETY: the caller has room for `count` bytes at `to`, and the masked store writes the lanes below `count` alone;
        // the methods ask for AVX-512F, which the contract of `Lanes` has.
        unsafe {
            let scaled = self.mul(Self::splat(factor)).add(Self::splat(zero));
            // Numbers that are none become the second.
            let scaled = scaled.max(Self::splat(0.0)).min(Self::splat(255.0));
            _mm512_mask_cvtepi32_storeu_epi8(to.cast(), mask16(count), _mm512_cvtps_epi32(scaled.0));
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    unsafe fn with_upper(self, upper: Self) -> Self {
        // SAFETY: the one load is of a static of 32 numbers of 16 bits, a whole register; `NARROW` is a type for processors
        // with AVX-512 BF16, as the contract of `Lanes` asks, and BW for the permutation; both sides of the transmute are
        // 512 bits of which all patterns are valid.
        unsafe {
            if NARROW {
                let both = _mm512_cvtne2ps_pbh(upper.0, self.0);
                let both = std::mem::transmute::<__m512bh, __m512i>(both);
                let places = _mm512_loadu_si512(INTERLEAVED.as_ptr().cast());
                return Self(_mm512_castsi512_ps(_mm512_permutexvar_epi16(places, both)));
            }
            let upper = _mm512_slli_epi32::<16>(upper.rounded());
            Self(_mm512_castsi512_ps(_mm512_or_si512(self.rounded(), upper)))
        }
    }
    #[inline(always)]
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
        // SAFETY: `NARROW` is a type for processors with AVX-512 BF16, as the contract of `Lanes` asks; the methods of the
        // other way ask for AVX-512F; no memory is touched.
        unsafe {
            if NARROW {
                let (left, right) = (left.pairs(), right.pairs());
                return Self(_mm512_dpbf16_ps(self.0, left, right));
            }
            // In as many roundings as the portable lanes.
            let sum = self.add(left.high().mul(right.high()));
            sum.add(left.low().mul(right.low()))
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_roundscale_ps::<_MM_FROUND_TO_NEAREST_INT>(self.0) })
    }
    #[inline(always)]
    unsafe fn exp2_whole(self) -> Self {
        // SAFETY: AVX-512F is there, as the contract of `Lanes` asks; the operands are registers, so no memory is touched.
        Self(unsafe { _mm512_scalef_ps(_mm512_set1_ps(1.0), self.0) })
    }
}

impl<const NARROW: bool> Avx512<NARROW> {
    #[inline(always)]
    fn pairs(self) -> __m512bh {
        // SAFETY: registers of 512 bits, whatever they hold.
        unsafe { std::mem::transmute::<__m512, __m512bh>(self.0) }
    }

    /// The first number of every pair.
    #[inline(always)]
    unsafe fn low(self) -> Self {
        // SAFETY: AVX-512F is the contract of `Lanes`.
        Self(unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_castps_si512(self.0))) })
    }

    /// The second number of every pair.
    #[inline(always)]
    unsafe fn high(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let upper = _mm512_set1_epi32(!0xffff);
            Self(_mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(self.0), upper)))
        }
    }
}

/// The lanes below `count`.
#[inline(always)]
fn mask16(count: usize) -> __mmask16 {
    if count >= 16 { !0 } else { (1 << count) - 1 }
}
