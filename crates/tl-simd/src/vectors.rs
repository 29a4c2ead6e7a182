//! Which vector registers this processor has, and how a kernel gets to them.

use std::sync::OnceLock;

use crate::{Lanes, Portable};

/// A kind of vector registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// [`Avx512<true>`](crate::Avx512): with products of bfloat16 numbers and of bytes.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    /// [`Avx512<false>`](crate::Avx512).
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// [`Avx2`](crate::Avx2).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// [`Neon`](crate::Neon).
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// [`Portable`].
    Portable,
}

impl Vectors {
    /// Every kind there is, the fastest first.
    const KNOWN: &[Self] = &[
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Bf16,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "aarch64")]
        Self::Neon,
        Self::Portable,
    ];

    /// All that this processor has, the fastest first.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::KNOWN.iter().copied().filter(|vectors| vectors.are_there())
    }

    /// The fastest that this processor has, or those that the environment variable `TL_VECTORS` [names](Self::name) if it has
    /// them; asking again costs a load.
    #[inline(always)]
    pub fn detect() -> Self {
        static FOUND: OnceLock<Vectors> = OnceLock::new();
        *FOUND.get_or_init(Self::choose)
    }

    #[cold]
    fn choose() -> Self {
        let named = std::env::var("TL_VECTORS").ok();
        let named = named.and_then(|named| Self::all().find(|vectors| vectors.name() == named));
        named.or_else(|| Self::all().next()).unwrap_or(Self::Portable)
    }

    /// As `TL_VECTORS` has it: avx512-bf16, avx512, avx2, neon or portable.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => "avx512-bf16",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }

    fn are_there(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => {
                let narrow = is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512vnni");
                Self::Avx512.are_there() && narrow
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                let some = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
                let more = is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw");
                Self::Avx2.are_there() && some && more
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            Self::Portable => true,
        }
    }

    /// Floats in a register.
    #[inline]
    pub fn width(self) -> usize {
        self.sizes()[0]
    }

    /// Rows of a tile of sums, see [`Lanes::TILE`].
    #[inline]
    pub fn tile(self) -> usize {
        self.sizes()[1]
    }

    #[inline]
    fn sizes(self) -> [usize; 2] {
        fn of<L: Lanes>() -> [usize; 2] {
            [L::WIDTH, L::TILE]
        }
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => of::<crate::Avx512<true>>(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => of::<crate::Avx512<false>>(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => of::<crate::Avx2>(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => of::<crate::Neon>(),
            Self::Portable => of::<Portable>(),
        }
    }

    /// Are there instructions for products of bfloat16 numbers, [`Lanes::add_pairs`], and of bytes?
    #[inline]
    pub fn multiplies_narrow(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == Self::Avx512Bf16;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

/// `unsafe fn name(vectors, ..)` that calls `kernel::<L>(..)` with the [`Lanes`] of these [`Vectors`], compiled for their
/// instructions. The processor must have them; the rest is the contract of the kernel, which is `#[inline(always)]`.
#[macro_export]
macro_rules! with_lanes {
    ($(#[$doc:meta])* unsafe fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $kernel:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        unsafe fn $name(vectors: $crate::Vectors, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx512vnni,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn narrow($($arg: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::Avx512<true>>($($arg),*) }
            }
            $crate::with_float_lanes! {
                unsafe fn of_floats($($arg: $type),*) = $kernel
            }
            // SAFETY: the processor has the instructions; the rest is the caller's.
            unsafe {
                match vectors {
                    #[cfg(target_arch = "x86_64")]
                    $crate::Vectors::Avx512Bf16 => narrow($($arg),*),
                    vectors => of_floats(vectors, $($arg),*),
                }
            }
        }
    };
}

/// As [`with_lanes`](crate::with_lanes), for kernels that handle floats alone: for processors that have instructions for
/// narrow numbers, too, nothing is compiled a second time.
#[macro_export]
macro_rules! with_float_lanes {
    ($(#[$doc:meta])* unsafe fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $kernel:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        unsafe fn $name(vectors: $crate::Vectors, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn widest($($arg: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::Avx512<false>>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn wide($($arg: $type),*) {
                // SAFETY: the caller's.
                unsafe { $kernel::<$crate::Avx2>($($arg),*) }
            }
            // SAFETY: the processor has the instructions; the rest is the caller's.
            unsafe {
                match vectors {
                    #[cfg(target_arch = "x86_64")]
                    $crate::Vectors::Avx512Bf16 | $crate::Vectors::Avx512 => widest($($arg),*),
                    #[cfg(target_arch = "x86_64")]
                    $crate::Vectors::Avx2 => wide($($arg),*),
                    #[cfg(target_arch = "aarch64")]
                    $crate::Vectors::Neon => $kernel::<$crate::Neon>($($arg),*),
                    $crate::Vectors::Portable => $kernel::<$crate::Portable>($($arg),*),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Vectors;

    #[test]
    fn the_fastest_registers_come_first_and_the_portable_ones_last() {
        assert_eq!(Vectors::all().next(), Some(Vectors::detect()));
        assert_eq!(Vectors::all().last(), Some(Vectors::Portable));
    }
}
