//! Numbers as bfloat16.

/// To the nearest bfloat16, to an even one where two are equally near.
#[inline(always)]
pub(crate) fn bf16(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // Rounding might carry a number that is none into infinity.
    if value.is_nan() { bits >> 16 | 0x40 } else { rounded }
}

/// Two neighbours in one lane, the first in the lower half.
#[inline(always)]
pub(crate) fn pair(low: f32, high: f32) -> u32 {
    bf16(low) | bf16(high) << 16
}
