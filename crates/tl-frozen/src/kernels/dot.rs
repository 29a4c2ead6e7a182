//! How the factors of a product are multiplied, in each format.

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::Lanes;

use super::work::Work;

/// How a register of values is multiplied with one of weights and goes onto a register of sums, lane by lane.
///
/// # Safety
/// Of every method: the contract of [`Lanes`], and the processor [multiplies](super::Isa::multiplies) the format.
pub(super) trait Dot<L: Lanes> {
    /// A register of sums. A type of its own: the compiler would keep floats that become whole numbers and floats again in
    /// memory.
    type Sums: Copy;
    /// The sums before the first product, for outputs whose biases lie here.
    unsafe fn start(bias: *const f32) -> Self::Sums;
    unsafe fn dot(values: L, weights: L, sums: Self::Sums) -> Self::Sums;
    /// What sums of the outputs from `channel` on need to become floats.
    type End: Copy;
    unsafe fn ending(op: &Work<'_>, channel: usize) -> Self::End;
    unsafe fn end(sums: Self::Sums, ending: Self::End) -> L;
}

pub(super) struct F32;
pub(super) struct Bf16;
pub(super) struct Int8;

impl<L: Lanes> Dot<L> for F32 {
    type Sums = L;
    type End = ();

    #[inline(always)]
    unsafe fn start(bias: *const f32) -> L {
        // SAFETY: the caller's.
        unsafe { L::load(bias) }
    }
    #[inline(always)]
    unsafe fn dot(values: L, weights: L, sums: L) -> L {
        // SAFETY: the caller's.
        unsafe { values.mul_add(weights, sums) }
    }
    #[inline(always)]
    unsafe fn ending(_op: &Work<'_>, _channel: usize) {}
    #[inline(always)]
    unsafe fn end(sums: L, (): ()) -> L {
        sums
    }
}

impl<L: Lanes> Dot<L> for Bf16 {
    type Sums = L;
    type End = ();

    #[inline(always)]
    unsafe fn start(bias: *const f32) -> L {
        // SAFETY: the caller's.
        unsafe { L::load(bias) }
    }
    #[inline(always)]
    unsafe fn dot(values: L, weights: L, sums: L) -> L {
        // SAFETY: the caller's.
        unsafe { sums.add_pairs(weights, values) }
    }
    #[inline(always)]
    unsafe fn ending(_op: &Work<'_>, _channel: usize) {}
    #[inline(always)]
    unsafe fn end(sums: L, (): ()) -> L {
        sums
    }
}
