//! A few floats at once: what the kernels need of a processor's vector registers.

#![allow(unsafe_code, reason = "vector instructions and raw loads; see the contract of `Lanes`")]

use super::format::{Format, bf16, byte};

/// Floats in the widest register.
pub(super) const WIDEST: usize = 16;

/// A vector register of floats.
///
/// # Safety
/// Of every method: the processor has the instructions of the type, which [`Isa::detect`](super::Isa::detect) has
/// checked before a kernel starts; pointers are valid for [`WIDTH`](Self::WIDTH) floats, or for `count` of them.
pub(crate) trait Lanes: Copy {
    /// Floats in a register.
    const WIDTH: usize;
    /// Pixels of a tile of the product kernel: with two registers of channels each, they leave a few registers over.
    const TILE: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// The first `count` lanes, zeros behind them.
    unsafe fn load_part(from: *const f32, count: usize) -> Self;
    unsafe fn store_part(self, to: *mut f32, count: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// The greater one; `other` where either is no number.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller one; `other` where either is no number.
    unsafe fn min(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the processor can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// To the nearest whole number.
    unsafe fn round(self) -> Self;
    /// Two to the power of a whole number in -126..=127.
    unsafe fn exp2_whole(self) -> Self;

    /// Has a cache line fetched, where the processor can be told to; any address will do.
    #[inline(always)]
    unsafe fn prefetch(_at: *const f32) {}

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

    /// The first `count` lanes as bfloat16 numbers; those of a number that is none, and its bits otherwise, do not matter.
    #[inline(always)]
    unsafe fn store_bf16(self, to: *mut u16, count: usize) {
        let mut values = [0.0_f32; WIDEST];
        // SAFETY: the array is as wide as the widest register; the rest is the caller's contract.
        unsafe {
            self.store(values.as_mut_ptr());
            for (i, &value) in values.iter().enumerate().take(count.min(Self::WIDTH)) {
                *to.add(i) = bf16(value);
            }
        }
    }

    /// Two whole registers as bfloat16 numbers, one behind the other.
    #[inline(always)]
    unsafe fn store_two_bf16(self, second: Self, to: *mut u16) {
        // SAFETY: the caller's contract.
        unsafe {
            self.store_bf16(to, Self::WIDTH);
            second.store_bf16(to.add(Self::WIDTH), Self::WIDTH);
        }
    }

    /// `count` bfloat16 numbers, zeros behind them.
    #[inline(always)]
    unsafe fn load_bf16(from: *const u16, count: usize) -> Self {
        let mut values = [0.0_f32; WIDEST];
        // SAFETY: as of `store_bf16`.
        unsafe {
            for (i, value) in values.iter_mut().enumerate().take(count.min(Self::WIDTH)) {
                *value = f32::from_bits(u32::from(*from.add(i)) << 16);
            }
            Self::load(values.as_ptr())
        }
    }

    /// The first `count` lanes as bytes: times `factor`, plus `zero`, to the nearest.
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, count: usize, [factor, zero]: [f32; 2]) {
        let mut values = [0.0_f32; WIDEST];
        // SAFETY: as above.
        unsafe {
            self.store(values.as_mut_ptr());
            for (i, &value) in values.iter().enumerate().take(count.min(Self::WIDTH)) {
                *to.add(i) = byte(value, factor, zero);
            }
        }
    }

    /// Loads `count` numbers of a pixel from a channel on; of maps of floats or bfloat16 numbers.
    #[inline(always)]
    unsafe fn load_as(format: Format, pixel: *const f32, channel: usize, count: usize) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            match format {
                Format::Bf16 => Self::load_bf16(pixel.cast::<u16>().add(channel), count),
                _ => Self::load_up_to(pixel.add(channel), count),
            }
        }
    }

    /// Stores `count` numbers of a pixel from a channel on, as the maps of this format hold them.
    #[inline(always)]
    unsafe fn store_as(self, format: Format, pixel: *mut f32, channel: usize, count: usize) {
        // SAFETY: the caller's contract.
        unsafe {
            match format {
                Format::F32 => self.store_up_to(pixel.add(channel), count),
                Format::Bf16 => self.store_bf16(pixel.cast::<u16>().add(channel), count),
                Format::Int8 { scale, zero } => {
                    self.store_bytes(
                        pixel.cast::<u8>().add(channel),
                        count,
                        [scale.recip(), f32::from(zero)],
                    );
                }
            }
        }
    }

    /// Stores two whole registers of a pixel, one behind the other, from a channel on.
    #[inline(always)]
    unsafe fn store_two_as([first, second]: [Self; 2], format: Format, pixel: *mut f32, channel: usize) {
        // SAFETY: the caller's contract.
        unsafe {
            if format == Format::Bf16 {
                return first.store_two_bf16(second, pixel.cast::<u16>().add(channel));
            }
            first.store_as(format, pixel, channel, Self::WIDTH);
            second.store_as(format, pixel, channel + Self::WIDTH, Self::WIDTH);
        }
    }

    /// `1 / (1 + exp(-x))`, to 3e-7 of its value for x above -87.
    ///
    /// Of exp: Cody and Waite's reduction and the polynomial of Cephes' `expf`, <https://www.netlib.org/cephes/>.
    #[inline(always)]
    unsafe fn sigmoid(self) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let one = Self::splat(1.0);
            let x = self.mul(Self::splat(-1.0)).max(Self::splat(-87.0)).min(Self::splat(87.0));
            let n = x.mul(Self::splat(std::f32::consts::LOG2_E)).round();
            let r = n.mul_add(Self::splat(-0.693_359_4), x);
            let r = n.mul_add(Self::splat(2.121_944_4e-4), r);
            let p = [8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
            let start = r.mul_add(Self::splat(1.987_569_1e-4), Self::splat(1.398_2e-3));
            let mut sum = start;
            for term in p {
                sum = sum.mul_add(r, Self::splat(term));
            }
            let exp = sum.mul(r).mul_add(r, r.add(one)).mul(n.exp2_whole());
            one.div(one.add(exp))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::portable::Portable;

    #[test]
    fn the_sigmoid_is_that_of_the_standard_library_to_three_ten_millionths() {
        for step in -8000..=8000 {
            let x = step as f32 / 100.0;
            // SAFETY: the portable lanes need no instructions; the array is as wide as they are.
            let values = unsafe {
                let mut values = [0.0; Portable::WIDTH];
                Portable::splat(x).sigmoid().store(values.as_mut_ptr());
                values
            };
            let expected = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(values[0]) - expected).abs() / expected;
            assert!(error < 3e-7, "{x}: {error}");
        }
    }
}
