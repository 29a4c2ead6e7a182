//! Floats as numbers of 16 and 8 bits.

/// To the nearest bfloat16, to an even one where two are equally near.
#[inline(always)]
pub fn bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // Rounding might carry a number that is none into infinity.
    let quiet = bits >> 16 | 0x40;
    (if value.is_nan() { quiet } else { rounded }) as u16
}

/// Two bfloat16 numbers in the bits of a float, the first in the lower half.
#[inline(always)]
pub fn pair(low: f32, high: f32) -> f32 {
    f32::from_bits(u32::from(bf16(low)) | u32::from(bf16(high)) << 16)
}

/// Floats next to this one are whole numbers, and their lowest byte is how far they are from it.
const WHOLE: f32 = 12_582_912.0;

/// `value * factor + zero`, to the nearest byte; 0 of numbers that are none.
#[allow(clippy::manual_clamp, reason = "`clamp` would leave numbers that are none")]
#[inline(always)]
pub fn byte(value: f32, factor: f32, zero: f32) -> u8 {
    ((value * factor + zero).max(0.0).min(255.0) + WHOLE).to_bits() as u8
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
