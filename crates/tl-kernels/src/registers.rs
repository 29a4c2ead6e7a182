//! A few floats at once: what the kernels need of a processor's vector registers.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

/// A vector register of floats.
///
/// # Safety
/// Of every method: the processor has the instructions of the type, which [`with_lanes`] has asked for; pointers are valid
/// for [`WIDTH`](Self::WIDTH) floats, or for `count` of them.
pub(crate) trait Lanes: Copy {
    /// Floats in a register.
    const WIDTH: usize;
    /// Rows of a tile of sums: with two registers each, they leave a few registers over.
    const TILE: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// The first `count` lanes, zeros behind them.
    unsafe fn load_part(from: *const f32, count: usize) -> Self;
    unsafe fn store_part(self, to: *mut f32, count: usize);
    unsafe fn add(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the processor can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// Adds to `self` the products of two numbers each: every lane of the factors is two bfloat16 numbers.
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self;

    /// Has a cache line fetched, where the processor can be told to; any address will do.
    #[inline(always)]
    unsafe fn fetch(_at: *const f32) {}

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
}

/// Floats in the widest register.
pub(crate) const WIDEST: usize = 16;
/// Registers of outputs in a tile.
pub(crate) const REGISTERS: usize = 2;
/// Rows of the largest tile.
pub(crate) const MOST: usize = 14;

/// Floats in a register of this processor.
pub(crate) fn width() -> usize {
    #[cfg(target_arch = "x86_64")]
    if matches!(crate::lanes::width(), crate::lanes::Width::Avx512) {
        return 16;
    }
    8
}

/// Rows of a tile of this processor.
pub(crate) fn rows() -> usize {
    #[cfg(target_arch = "x86_64")]
    match crate::lanes::width() {
        crate::lanes::Width::Avx512 => return 14,
        crate::lanes::Width::Avx2 => return 6,
        crate::lanes::Width::Any => {}
    }
    4
}

/// Outputs of a panel of weights: two registers.
pub(crate) fn panel() -> usize {
    REGISTERS * width()
}

/// Has this processor instructions for [`Lanes::add_pairs`]? Without, it is done in plain loops.
pub(crate) fn has_pairs() -> bool {
    #[cfg(target_arch = "x86_64")]
    return matches!(crate::lanes::width(), crate::lanes::Width::Avx512)
        && is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// `fn name(..)` that calls `kernel::<L>(..)` with the lanes of this processor, compiled for its instructions.
macro_rules! with_lanes {
    ($(#[$doc:meta])* unsafe fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $kernel:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        unsafe fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                unsafe fn pairs($($arg: $type),*) {
                    // SAFETY: the caller's.
                    unsafe { $kernel::<crate::registers::x86::Avx512<true>>($($arg),*) }
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                unsafe fn widest($($arg: $type),*) {
                    // SAFETY: the caller's.
                    unsafe { $kernel::<crate::registers::x86::Avx512<false>>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                unsafe fn wide($($arg: $type),*) {
                    // SAFETY: the caller's.
                    unsafe { $kernel::<crate::registers::x86::Avx2>($($arg),*) }
                }
                match crate::lanes::width() {
                    // SAFETY: the processor has the instructions, as `width` and `has_pairs` found out; the rest is the caller's.
                    crate::lanes::Width::Avx512 if crate::registers::has_pairs() => return unsafe { pairs($($arg),*) },
                    // SAFETY: as above.
                    crate::lanes::Width::Avx512 => return unsafe { widest($($arg),*) },
                    // SAFETY: as above.
                    crate::lanes::Width::Avx2 => return unsafe { wide($($arg),*) },
                    crate::lanes::Width::Any => {}
                }
            }
            // SAFETY: these lanes need no instructions; the rest is the caller's.
            unsafe { $kernel::<crate::registers::Portable>($($arg),*) }
        }
    };
}
pub(crate) use with_lanes;

/// Eight floats in an array.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable([f32; 8]);

// SAFETY of the blocks below: loads and stores touch as many floats as the contract of `Lanes` promises.
impl Lanes for Portable {
    const WIDTH: usize = 8;
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        Self(std::array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 }))
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        for (i, &value) in self.0.iter().enumerate().take(count) {
            unsafe { *to.add(i) = value }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }
    #[inline(always)]
    unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
        Self(std::array::from_fn(|i| plain_pairs(self.0[i], left.0[i], right.0[i])))
    }
}

/// One lane of [`Lanes::add_pairs`].
#[inline(always)]
fn plain_pairs(sum: f32, left: f32, right: f32) -> f32 {
    let low = |pair: f32| f32::from_bits(pair.to_bits() << 16);
    let high = |pair: f32| f32::from_bits(pair.to_bits() & !0xffff);
    sum + high(left) * high(right) + low(left) * low(right)
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use super::{Lanes, plain_pairs};
    use std::arch::x86_64::*;

    /// Sixteen floats; with or without instructions for bfloat16. Two fused multiply-adds a cycle need two loads a cycle at
    /// most: 14 rows of 2 registers take 16 loads in 14 cycles, and 28 of the 32 registers.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Avx512<const PAIRS: bool>(__m512);

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

    // SAFETY of the blocks below: the contract of `Lanes`: AVX-512F is there, with `PAIRS` AVX-512 BF16 too, and pointers
    // are valid for what is touched; lanes that a mask leaves out are not touched.
    impl<const PAIRS: bool> Lanes for Avx512<PAIRS> {
        const WIDTH: usize = 16;
        const TILE: usize = 14;

        #[inline(always)]
        unsafe fn fetch(at: *const f32) {
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
        unsafe fn add(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
        }
        #[inline(always)]
        unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
            unsafe {
                if PAIRS {
                    let pairs = |register: __m512| std::mem::transmute::<__m512, __m512bh>(register);
                    return Self(_mm512_dpbf16_ps(self.0, pairs(left.0), pairs(right.0)));
                }
                let arrays = [self.0, left.0, right.0]
                    .map(|register| std::mem::transmute::<__m512, [f32; 16]>(register));
                let sums: [f32; 16] =
                    std::array::from_fn(|i| plain_pairs(arrays[0][i], arrays[1][i], arrays[2][i]));
                Self(std::mem::transmute::<[f32; 16], __m512>(sums))
            }
        }
    }

    // SAFETY of the blocks below: the contract of `Lanes`: AVX2 and FMA are there, and pointers are valid for what is
    // touched; lanes that a mask leaves out are not touched.
    impl Lanes for Avx2 {
        const WIDTH: usize = 8;
        const TILE: usize = 6;

        #[inline(always)]
        unsafe fn fetch(at: *const f32) {
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
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, term.0) })
        }
        #[inline(always)]
        unsafe fn add_pairs(self, left: Self, right: Self) -> Self {
            unsafe {
                let low = |register: __m256| {
                    _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(register)))
                };
                let high = |register: __m256| {
                    let upper = _mm256_set1_epi32(!0xffff);
                    _mm256_castsi256_ps(_mm256_and_si256(_mm256_castps_si256(register), upper))
                };
                let sums = _mm256_fmadd_ps(high(left.0), high(right.0), self.0);
                Self(_mm256_fmadd_ps(low(left.0), low(right.0), sums))
            }
        }
    }
}
