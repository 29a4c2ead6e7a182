//! Which vector instructions this processor has, and how a kernel gets to them.

/// A set of vector instructions with kernels for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {
    /// Matrix registers beside all that [`Avx512Bf16`](Self::Avx512Bf16) has.
    #[cfg(target_arch = "x86_64")]
    Amx,
    /// AVX-512 with products of bfloat16 numbers and of bytes.
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Isa {
    /// All that this processor has, the fastest first.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let more = is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl");
            let narrow = is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512vnni");
            let rounds = is_x86_feature_detected!("avx512f") && more && narrow;
            if rounds && super::amx::is_allowed() {
                all.push(Self::Amx);
            }
            if rounds {
                all.push(Self::Avx512Bf16);
            }
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        all.push(Self::Neon);
        all.push(Self::Portable);
        all
    }

    /// The fastest that this processor has.
    pub(crate) fn detect() -> Self {
        Self::all().first().copied().unwrap_or(Self::Portable)
    }

    /// Whether products of narrow numbers are done on matrix registers.
    pub(crate) fn has_matrices(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self == Self::Amx;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// Floats in a register.
    pub(crate) fn width(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx | Self::Avx512Bf16 | Self::Avx512 => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 8,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => 4,
            Self::Portable => 8,
        }
    }
}

/// Calls `$kernel::<L>(step, memory, part)` with the lanes of an [`Isa`], compiled with its instructions. To be used in an
/// `unsafe` block: the processor must have them.
macro_rules! with_lanes {
    ($isa:expr, $kernel:ident, $step:ty, $arguments:expr) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16,avx512vnni")]
        unsafe fn avx512_bf16(step: &$step, memory: Memory, part: Part) {
            // SAFETY: the caller's.
            unsafe { $kernel::<crate::kernels::x86::Avx512<true>>(step, memory, part) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512(step: &$step, memory: Memory, part: Part) {
            // SAFETY: the caller's.
            unsafe { $kernel::<crate::kernels::x86::Avx512<false>>(step, memory, part) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2(step: &$step, memory: Memory, part: Part) {
            // SAFETY: the caller's.
            unsafe { $kernel::<crate::kernels::x86::Avx2>(step, memory, part) }
        }
        let (step, memory, part) = $arguments;
        match $isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Amx | Isa::Avx512Bf16 => avx512_bf16(step, memory, part),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512(step, memory, part),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2(step, memory, part),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => $kernel::<crate::kernels::neon::Neon>(step, memory, part),
            Isa::Portable => $kernel::<crate::kernels::portable::Portable>(step, memory, part),
        }
    }};
}
pub(crate) use with_lanes;
