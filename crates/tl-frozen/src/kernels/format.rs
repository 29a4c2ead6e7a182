//! What the factors of a product are stored as.
//!
//! Maps and weights are lanes of 32 bits, one float each, or two numbers of 16 bits, or four of 8. A kernel that walks over
//! lanes needs to know the difference only where it multiplies (`dot.rs`).

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::{Lanes, Vectors};

use super::isa::Isa;

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

/// Where the instructions for a format are.
impl Isa {
    /// Whether products of this format have kernels. The portable ones are for comparison and slower than floats.
    pub(crate) fn multiplies(self, format: Format) -> bool {
        let narrow = self.vectors == Vectors::Portable || self.vectors.multiplies_narrow();
        format == Format::F32 || narrow
    }

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

/// How maps of a format hold numbers.
pub(super) trait Store: Lanes {
    /// Stores `count` numbers of a pixel from a channel on.
    ///
    /// # Safety
    /// The contract of [`Lanes`].
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
    ///
    /// # Safety
    /// The contract of [`Lanes`].
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
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
}

impl<L: Lanes> Store for L {}
