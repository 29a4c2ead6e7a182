//! Products of bytes: of values without a sign and weights with one, summed up in whole numbers.
//!
//! `vpdpbusd` (AVX-512 VNNI) multiplies four bytes a lane and adds them to a sum of 32 bits: 64 multiply-adds an instruction, four
//! times those of floats, where before it took three instructions (Intel Software Developer's Manual, volume 2, VPDPBUSD). Values
//! have a zero in the middle where some are negative; what it adds to a sum depends on the weights alone and is taken off with the
//! bias (Jacob et al. 2017, <https://arxiv.org/abs/1712.05877>, section 2.3).

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::{Lanes, Portable};

use super::dot::{Dot, Int8};
use super::work::Work;

impl Dot<Portable> for Int8 {
    type Sums = [i32; Portable::WIDTH];
    type End = [Portable; 2];

    #[inline(always)]
    unsafe fn start(_bias: *const f32) -> Self::Sums {
        [0; Portable::WIDTH]
    }
    #[inline(always)]
    unsafe fn dot(values: Portable, weights: Portable, sums: Self::Sums) -> Self::Sums {
        std::array::from_fn(|i| {
            let [values, weights] = [values, weights].map(|lanes| lanes.0[i].to_ne_bytes());
            let bytes = values.into_iter().zip(weights);
            let products = bytes.map(|(value, weight)| i32::from(value) * i32::from(weight as i8));
            sums[i] + products.sum::<i32>()
        })
    }
    #[inline(always)]
    unsafe fn ending(op: &Work<'_>, channel: usize) -> [Portable; 2] {
        // SAFETY: the caller's.
        unsafe { scale_and_bias(op, channel) }
    }
    #[inline(always)]
    unsafe fn end(sums: Self::Sums, [scale, bias]: [Portable; 2]) -> Portable {
        let whole = sums.map(|sum| sum as f32);
        // SAFETY: portable lanes need no instructions.
        unsafe { Portable(whole).mul_add(scale, bias) }
    }
}

/// What whole sums are multiplied with, and what is added then.
///
/// # Safety
/// The contract of [`Lanes`]; scales and biases reach a register beyond `channel`.
#[inline(always)]
unsafe fn scale_and_bias<L: Lanes>(op: &Work<'_>, channel: usize) -> [L; 2] {
    // SAFETY: the caller's.
    unsafe { [op.scales, op.bias].map(|values| L::load(values.as_ptr().add(channel))) }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Dot, Int8, Lanes, Work, scale_and_bias};
    use tl_simd::Avx512;

    #[cfg(target_os = "linux")]
    impl Int8 {
        /// Sums that matrix registers have stored.
        ///
        /// # Safety
        /// AVX-512F is there, and sixteen sums are.
        #[inline(always)]
        pub(in crate::kernels) unsafe fn sums(from: *const f32) -> __m512i {
            // SAFETY: the caller's.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }
    }

    impl Dot<Avx512<true>> for Int8 {
        type Sums = __m512i;
        type End = [Avx512<true>; 2];

        #[inline(always)]
        unsafe fn start(_bias: *const f32) -> __m512i {
            // SAFETY: AVX-512F is there, as the contract of `Dot` asks for `Avx512<true>`; no memory is touched.
            unsafe { _mm512_setzero_si512() }
        }
        #[inline(always)]
        unsafe fn dot(values: Avx512<true>, weights: Avx512<true>, sums: __m512i) -> __m512i {
            // SAFETY: AVX-512 VNNI is there, as the contract of `Dot` asks for `Avx512<true>`, which is chosen only where it
            // was detected; the operands are registers, so no memory is touched.
            unsafe {
                let bits = |register: Avx512<true>| _mm512_castps_si512(register.0);
                _mm512_dpbusd_epi32(sums, bits(values), bits(weights))
            }
        }
        #[inline(always)]
        unsafe fn ending(op: &Work<'_>, channel: usize) -> [Avx512<true>; 2] {
            // SAFETY: the caller has scales and biases for a register beyond `channel`, and the instructions of
            // `Avx512<true>`: the contract of `Dot`, which is this function's too.
            unsafe { scale_and_bias(op, channel) }
        }
        #[inline(always)]
        unsafe fn end(sums: __m512i, [scale, bias]: [Avx512<true>; 2]) -> Avx512<true> {
            // SAFETY: AVX-512F is there, as the contract of `Dot` asks for `Avx512<true>`; the operands are registers, so no
            // memory is touched.
            unsafe { Avx512(_mm512_cvtepi32_ps(sums)).mul_add(scale, bias) }
        }
    }
}
