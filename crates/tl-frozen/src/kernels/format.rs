//! What the factors of a product are stored as, and how they are multiplied.
//!
//! Maps and weights are lanes of 32 bits, one float each, or two numbers of 16 bits, or four of 8. A kernel that walks over
//! lanes needs to know the difference only where it multiplies.

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use super::isa::Isa;
use super::lanes::Lanes;
use super::portable::Portable;
use super::product::Work;

/// What a lane of 32 bits holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Format {
    /// A float.
    F32,
    /// Two bfloat16 numbers.
    Bf16,
    /// Four bytes. A value is `(byte - zero) * scale`, and a weight a signed byte times a scale of its output channel.
    Int8 { scale: f32, zero: u8 },
}

impl Format {
    /// Numbers in a lane.
    pub(crate) fn numbers(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 => 2,
            Self::Int8 { .. } => 4,
        }
    }

    /// What zero looks like, in each byte.
    pub(crate) fn zero(self) -> u8 {
        if let Self::Int8 { zero, .. } = self { zero } else { 0 }
    }

    /// Bytes for values between these: unsigned where none is negative.
    pub(crate) fn int8([low, high]: [f32; 2]) -> Self {
        let (zero, scale) = if low < 0.0 { (128, high.max(-low) / 127.0) } else { (0, high / 255.0) };
        // Of maps of zeros any scale will do.
        Self::Int8 { zero, scale: if scale > 0.0 { scale } else { 1.0 } }
    }
}

/// To the nearest bfloat16, to an even one where two are equally near.
#[inline(always)]
pub(crate) fn bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // Rounding might carry a number that is none into infinity.
    let quiet = bits >> 16 | 0x40;
    (if value.is_nan() { quiet } else { rounded }) as u16
}

/// Floats next to this one are whole numbers, and their lowest byte is how far they are from it.
const WHOLE: f32 = 12_582_912.0;

/// `value * factor + zero`, to the nearest byte; 0 of numbers that are none.
#[allow(clippy::manual_clamp, reason = "`clamp` would leave numbers that are none")]
#[inline(always)]
pub(crate) fn byte(value: f32, factor: f32, zero: f32) -> u8 {
    ((value * factor + zero).max(0.0).min(255.0) + WHOLE).to_bits() as u8
}

/// Where the instructions for a format are.
impl Isa {
    /// Whether products of this format have kernels. The portable ones are for comparison and slower than floats.
    pub(crate) fn multiplies(self, format: Format) -> bool {
        match (self, format) {
            (Self::Portable, _) | (_, Format::F32) => true,
            #[cfg(target_arch = "x86_64")]
            (Self::Amx | Self::Avx512Bf16, _) => true,
            _ => false,
        }
    }
}

impl Isa {
    /// How many products of this format are done in the time of one of floats.
    pub(crate) fn at_once(self, format: Format) -> usize {
        match format {
            Format::F32 => 1,
            _ if self.has_matrices() => 8 * format.numbers(),
            _ if self.multiplies(format) => format.numbers(),
            _ => 1,
        }
    }
}

/// How a register of values is multiplied with one of weights and goes onto a register of sums, lane by lane.
///
/// # Safety
/// Of every method: the contract of [`Lanes`], and the processor [multiplies](Isa::multiplies) the format.
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

impl Dot<Portable> for Bf16 {
    type Sums = Portable;
    type End = ();

    #[inline(always)]
    unsafe fn start(bias: *const f32) -> Portable {
        // SAFETY: the caller's.
        unsafe { Portable::load(bias) }
    }
    #[inline(always)]
    unsafe fn dot(values: Portable, weights: Portable, sums: Portable) -> Portable {
        let low = |bits: u32| f32::from_bits(bits << 16);
        let high = |bits: u32| f32::from_bits(bits & !0xffff);
        let (values, weights) = (values.bits(), weights.bits());
        sums.each(|i, sum| {
            let sum = sum + high(values[i]) * high(weights[i]);
            sum + low(values[i]) * low(weights[i])
        })
    }
    #[inline(always)]
    unsafe fn ending(_op: &Work<'_>, _channel: usize) {}
    #[inline(always)]
    unsafe fn end(sums: Portable, (): ()) -> Portable {
        sums
    }
}

impl Dot<Portable> for Int8 {
    type Sums = [i32; Portable::WIDTH];
    type End = [Portable; 2];

    #[inline(always)]
    unsafe fn start(_bias: *const f32) -> Self::Sums {
        [0; Portable::WIDTH]
    }
    #[inline(always)]
    unsafe fn dot(values: Portable, weights: Portable, sums: Self::Sums) -> Self::Sums {
        let (values, weights) = (values.bits(), weights.bits());
        std::array::from_fn(|i| {
            let bytes = values[i].to_ne_bytes().into_iter().zip(weights[i].to_ne_bytes());
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
        // SAFETY: a register is as wide as the array.
        unsafe { Portable::load(whole.as_ptr()).mul_add(scale, bias) }
    }
}

/// What whole sums are multiplied with, and what is added then.
///
/// # Safety
/// The contract of [`Lanes`]; scales and biases reach a register beyond `channel`.
#[inline(always)]
pub(super) unsafe fn scale_and_bias<L: Lanes>(op: &Work<'_>, channel: usize) -> [L; 2] {
    // SAFETY: the caller's.
    unsafe { [op.scales, op.bias].map(|values| L::load(values.as_ptr().add(channel))) }
}

#[cfg(test)]
mod tests {
    use super::bf16;

    #[test]
    fn bfloat16_is_the_nearest_and_ties_go_to_even() {
        let widened = |value: f32| f32::from_bits(u32::from(bf16(value)) << 16);
        assert_eq!(widened(1.0), 1.0);
        assert_eq!(widened(-0.0).to_bits(), (-0.0_f32).to_bits());
        // Between 1 and the next number, 1 + 2^-7.
        let step = 2.0_f32.powi(-7);
        assert_eq!(widened(1.0 + 0.49 * step), 1.0);
        assert_eq!(widened(1.0 + 0.51 * step), 1.0 + step);
        assert_eq!(widened(1.0 + 0.5 * step), 1.0);
        assert_eq!(widened(1.0 + 1.5 * step), 1.0 + 2.0 * step);
        assert_eq!(widened(f32::MAX), f32::INFINITY);
        assert_eq!(widened(f32::NEG_INFINITY), f32::NEG_INFINITY);
        assert!(widened(f32::NAN).is_nan());
        assert!(widened(f32::from_bits(0x7f80_0001)).is_nan());
    }
}
