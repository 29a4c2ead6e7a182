//! Products of bfloat16 by AMX: eight registers of 16 rows of 64 bytes, which the operating system lends to a process that asks.
//!
//! A block is 32 rows by 32 columns of sums in four of the registers; of the factors there are two each.

#![allow(unsafe_code, reason = "instructions that the compiler knows no functions for")]

/// Rows of a register, and lanes of two bfloat16 numbers or columns of sums.
pub(crate) const SIDE: usize = 16;
/// Rows and columns of a block.
pub(crate) const BLOCK: usize = 2 * SIDE;

/// A block of sums: the rows of the left factor, each of which has its lanes side by side, times lanes of the right one,
/// each of which has its columns side by side.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    expect(dead_code, reason = "there is no AMX")
)]
pub(crate) struct Block<'a> {
    /// The first of 16 rows, twice, and the bytes from a row to the next.
    pub(crate) left: [*const f32; 2],
    pub(crate) left_row: usize,
    /// The first lane's columns, and the bytes from a lane to the next.
    pub(crate) right: *const f32,
    pub(crate) right_lane: usize,
    /// Bytes from the beginnings of both to 16 lanes that are multiplied.
    pub(crate) steps: &'a [[usize; 2]],
    /// Sums: of the first rows, then of the others; and the bytes from a row to the next.
    pub(crate) sums: [*mut f32; 2],
    pub(crate) sums_row: usize,
    /// Are the sums added to?
    pub(crate) add: bool,
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) use linux::{Registers, is_there};
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) use nowhere::{Registers, is_there};

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod linux {
    use std::arch::asm;
    use std::arch::x86_64::__cpuid_count;
    use std::marker::PhantomData;
    use std::sync::OnceLock;

    use super::Block;

    /// Has the processor AMX for bfloat16, and may this process use it?
    pub(crate) fn is_there() -> bool {
        static THERE: OnceLock<bool> = OnceLock::new();
        *THERE.get_or_init(|| {
            let wide = matches!(crate::lanes::width(), crate::lanes::Width::Avx512);
            wide && has_instructions() && is_lent()
        })
    }

    /// Bits 22 and 24 of leaf 7: AMX-BF16 and AMX-TILE.
    fn has_instructions() -> bool {
        #[allow(unused_unsafe, reason = "safe since Rust 1.94")]
        // SAFETY: a processor with AVX-512 has the instruction and the leaf.
        let found = unsafe { __cpuid_count(7, 0) }.edx;
        found >> 22 & 1 == 1 && found >> 24 & 1 == 1
    }

    /// Asks for the registers: <https://docs.kernel.org/arch/x86/xstate.html>.
    fn is_lent() -> bool {
        const ARCH_PRCTL: isize = 158;
        const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
        const XTILEDATA: usize = 18;
        let mut answer = ARCH_PRCTL;
        // SAFETY: a system call that touches no memory of this process; what it clobbers is named.
        unsafe {
            asm!("syscall", inout("rax") answer, in("rdi") ARCH_REQ_XCOMP_PERM, in("rsi") XTILEDATA,
                out("rcx") _, out("r11") _, options(nostack));
        }
        answer == 0
    }

    /// The shape of all eight registers: palette 1, 16 rows of 64 bytes.
    #[repr(C, align(64))]
    struct Shapes {
        palette: u8,
        start: u8,
        zeros: [u8; 14],
        bytes: [u16; 16],
        rows: [u8; 16],
    }

    static SHAPES: Shapes = Shapes {
        palette: 1,
        start: 0,
        zeros: [0; 14],
        bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
        rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
    };

    /// This thread's registers, as long as it lives.
    #[derive(Debug)]
    pub(crate) struct Registers(PhantomData<*const ()>);

    impl Registers {
        /// Where there are any.
        pub(crate) fn new() -> Option<Self> {
            if !is_there() {
                return None;
            }
            // SAFETY: the processor has the instruction and the system lends the registers, as `is_there` found out.
            unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const SHAPES, options(nostack, readonly)) };
            Some(Self(PhantomData))
        }

        /// # Safety
        /// All rows are valid for 64 bytes at every step, and those of sums for 128 bytes that nobody else uses.
        pub(crate) unsafe fn multiply(&self, block: &Block<'_>) {
            if block.steps.is_empty() && block.add {
                return;
            }
            // SAFETY: the registers have their shapes as long as `self` lives; the rest is the caller's.
            unsafe {
                asm!(
                    "test {t}, {t}",
                    "jnz 2f",
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tilezero tmm2",
                    "tilezero tmm3",
                    "jmp 3f",
                    "2:",
                    "tileloadd tmm0, [{c0} + {cs}*1]",
                    "tileloadd tmm1, [{c0} + {cs}*1 + 64]",
                    "tileloadd tmm2, [{c1} + {cs}*1]",
                    "tileloadd tmm3, [{c1} + {cs}*1 + 64]",
                    "3:",
                    "test {n}, {n}",
                    "jz 5f",
                    "4:",
                    "mov {t}, [{steps}]",
                    "add {t}, {a0}",
                    "tileloadd tmm4, [{t} + {s}*1]",
                    "mov {t}, [{steps} + 8]",
                    "add {t}, {b}",
                    "tileloadd tmm6, [{t} + {bs}*1]",
                    "tileloadd tmm7, [{t} + {bs}*1 + 64]",
                    "mov {t}, [{steps}]",
                    "add {t}, {a1}",
                    "tdpbf16ps tmm0, tmm4, tmm6",
                    "tileloadd tmm5, [{t} + {s}*1]",
                    "tdpbf16ps tmm1, tmm4, tmm7",
                    "tdpbf16ps tmm2, tmm5, tmm6",
                    "tdpbf16ps tmm3, tmm5, tmm7",
                    "add {steps}, 16",
                    "dec {n}",
                    "jnz 4b",
                    "5:",
                    "tilestored [{c0} + {cs}*1], tmm0",
                    "tilestored [{c0} + {cs}*1 + 64], tmm1",
                    "tilestored [{c1} + {cs}*1], tmm2",
                    "tilestored [{c1} + {cs}*1 + 64], tmm3",
                    t = inout(reg) usize::from(block.add) => _,
                    steps = inout(reg) block.steps.as_ptr() => _,
                    n = inout(reg) block.steps.len() => _,
                    a0 = in(reg) block.left[0],
                    a1 = in(reg) block.left[1],
                    s = in(reg) block.left_row,
                    b = in(reg) block.right,
                    bs = in(reg) block.right_lane,
                    c0 = in(reg) block.sums[0],
                    c1 = in(reg) block.sums[1],
                    cs = in(reg) block.sums_row,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    }

    impl Drop for Registers {
        fn drop(&mut self) {
            // SAFETY: as of `ldtilecfg`.
            unsafe { asm!("tilerelease", options(nostack, nomem)) };
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod nowhere {
    use super::Block;

    pub(crate) fn is_there() -> bool {
        false
    }

    /// There are none.
    #[derive(Debug)]
    pub(crate) enum Registers {}

    impl Registers {
        pub(crate) fn new() -> Option<Self> {
            None
        }

        /// # Safety
        /// Nobody can call this.
        pub(crate) unsafe fn multiply(&self, _block: &Block<'_>) {}
    }
}
