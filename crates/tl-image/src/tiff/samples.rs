//! The bits of a row to samples.

use crate::directory::Endian;

/// A type that samples are read into. Whole numbers keep their value: 4 bits make 0 to 15.
pub(super) trait Sample: Copy + Default {
    /// Reads as many samples as `out` has places; `row` has bytes enough.
    fn unpack(row: &[u8], bits: u32, endian: Endian, out: &mut [Self]);
}

impl Sample for u8 {
    fn unpack(row: &[u8], bits: u32, _: Endian, out: &mut [Self]) {
        match bits {
            8 => out.copy_from_slice(&row[..out.len()]),
            _ => unpack_bits(row, bits, out, |value| value as u8),
        }
    }
}

impl Sample for u16 {
    fn unpack(row: &[u8], bits: u32, endian: Endian, out: &mut [Self]) {
        match bits {
            16 => {
                let (pairs, _) = row.as_chunks::<2>();
                for (out, pair) in out.iter_mut().zip(pairs) {
                    *out = if endian == Endian::Little {
                        u16::from_le_bytes(*pair)
                    } else {
                        u16::from_be_bytes(*pair)
                    };
                }
            }
            _ => unpack_bits(row, bits, out, |value| value as u16),
        }
    }
}

impl Sample for f32 {
    fn unpack(row: &[u8], bits: u32, endian: Endian, out: &mut [Self]) {
        for (out, bytes) in out.iter_mut().zip(row.chunks_exact(bits as usize / 8)) {
            let number = endian.number(bytes);
            *out = match bits {
                16 => half(number as u16),
                32 => f32::from_bits(number as u32),
                _ => f64::from_bits(number) as f32,
            };
        }
    }
}

/// Samples of at most 16 bits without gaps between them, the highest bit first.
fn unpack_bits<T>(row: &[u8], bits: u32, out: &mut [T], of: impl Fn(u32) -> T) {
    let mut bytes = row.iter();
    let (mut waiting, mut known) = (0_u32, 0);
    for out in out {
        while known < bits {
            waiting = waiting << 8 | u32::from(bytes.next().copied().unwrap_or(0));
            known += 8;
        }
        known -= bits;
        *out = of(waiting >> known & ((1 << bits) - 1));
    }
}

/// IEEE 754 binary16: a sign, 5 bits of exponent, 10 bits of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        for (bits, value) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (1, 5.960_464_5e-8), (0x7bff, 65504.0)]
        {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c01).is_nan() && half(0x7c00).is_infinite());
    }

    #[test]
    fn bits_come_highest_first() {
        let mut out = [0_u16; 2];
        u16::unpack(&[0xab, 0xcd, 0xef], 12, Endian::Little, &mut out);
        assert_eq!(out, [0xabc, 0xdef]);
        let mut out = [0_u8; 5];
        u8::unpack(&[0b1010_0000], 1, Endian::Big, &mut out);
        assert_eq!(out, [1, 0, 1, 0, 0]);
    }
}
