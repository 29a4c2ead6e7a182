//! How the factors of a product are multiplied, in each format.
//!
//! One kernel serves all formats, since a lane of 32 bits is what it repeats and multiplies: one float, a pair of bfloat16
//! (`vdpbf16ps`, AVX-512 BF16: two multiply-adds a lane) or four bytes (`vpdpbusd`, AVX-512 VNNI).

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::Lanes;

use super::Format;
use super::format::Store;
use super::work::Work;

/// How a register of values is multiplied with one of weights and goes onto a register of sums, lane by lane.
///
/// # Safety
/// Of every method: the contract of [`Lanes`], and the processor [multiplies](super::Isa::multiplies) the format.
pub(super) trait Dot<L: Lanes>: Stored {
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

/// What the maps of a product of this format hold, if not floats. A tile has code to store its own format and floats: each
/// one more would be compiled into every size of tile, and takes seconds.
pub(super) trait Stored {
    fn is_of(format: Format) -> bool;
    /// Stores a whole register of numbers of a pixel from a channel on.
    ///
    /// # Safety
    /// The contract of [`Lanes`]; the format [is of](Self::is_of) this one.
    unsafe fn store<L: Lanes>(value: L, format: Format, pixel: *mut f32, channel: usize);
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

impl Stored for F32 {
    fn is_of(_format: Format) -> bool {
        false
    }
    #[inline(always)]
    unsafe fn store<L: Lanes>(value: L, _format: Format, pixel: *mut f32, channel: usize) {
        // SAFETY: the caller's.
        unsafe { value.store_as(Format::F32, pixel, channel, L::WIDTH) }
    }
}

impl Stored for Bf16 {
    fn is_of(format: Format) -> bool {
        format == Format::Bf16
    }
    #[inline(always)]
    unsafe fn store<L: Lanes>(value: L, _format: Format, pixel: *mut f32, channel: usize) {
        // SAFETY: the caller's.
        unsafe { value.store_as(Format::Bf16, pixel, channel, L::WIDTH) }
    }
}

impl Stored for Int8 {
    fn is_of(format: Format) -> bool {
        matches!(format, Format::Int8 { .. })
    }
    #[inline(always)]
    unsafe fn store<L: Lanes>(value: L, format: Format, pixel: *mut f32, channel: usize) {
        if let Format::Int8 { scale, zero } = format {
            // SAFETY: the caller's.
            unsafe { value.store_as(Format::Int8 { scale, zero }, pixel, channel, L::WIDTH) }
        }
    }
}
