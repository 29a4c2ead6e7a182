//! Matrix registers (AMX): eight of up to 16 rows of 64 bytes, which Linux lends to a process that asks.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use linux::{Amx, Matrices};
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub use nowhere::{Amx, Matrices};

/// Rows of a register, and lanes of 32 bits in a row.
pub const SIDE: usize = 16;

/// Shapes of the registers, as `ldtilecfg` reads them: Intel's manual, volume 2.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Shapes {
    palette: u8,
    start: u8,
    zeros: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

impl Shapes {
    /// All registers full.
    pub const FULL: Self = Self::new(SIDE, SIDE);

    /// Registers 0 to 3 for sums, 4 and 5 for left factors of so many rows and lanes, 6 and 7 for right factors, which have
    /// a row for each of those lanes. Neither is more than [`SIDE`].
    pub const fn new(rows: usize, lanes: usize) -> Self {
        let (left, right) = (rows as u8, lanes as u8);
        let (all, part) = (4 * SIDE as u16, 4 * lanes as u16);
        Self {
            palette: 1,
            start: 0,
            zeros: [0; 14],
            bytes: [all, all, all, all, part, part, all, all, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [left, left, left, left, left, left, right, right, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod linux {
    #![allow(unsafe_code, reason = "instructions that the compiler knows no functions for")]

    use std::arch::asm;
    use std::arch::x86_64::__cpuid_count;
    use std::marker::PhantomData;
    use std::sync::OnceLock;

    use super::Shapes;
    use crate::Vectors;

    /// Matrix registers are there, and this process may use them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Amx(());

    impl Amx {
        /// Where the processor multiplies bfloat16 numbers and bytes in matrix registers, and has
        /// [`Avx512Bf16`](Vectors::Avx512Bf16) beside them; all processors so far that do the one do the others. The first call
        /// asks the system for the registers, others cost a load.
        #[inline]
        pub fn detect() -> Option<Self> {
            static FOUND: OnceLock<Option<Amx>> = OnceLock::new();
            *FOUND.get_or_init(|| {
                let there = Vectors::detect() == Vectors::Avx512Bf16 && has_instructions();
                (there && is_lent()).then_some(Self(()))
            })
        }

        /// Gives this thread's registers their shapes. Those that were loaded last count, so there should be one of these at a
        /// time.
        #[inline(always)]
        pub fn load(self, shapes: &Shapes) -> Matrices {
            // SAFETY: the processor has the instruction and the system lends the registers, as `detect` found out; what a thread
            // has in its registers is nobody else's.
            unsafe {
                asm!("ldtilecfg [{}]", in(reg) std::ptr::from_ref(shapes), options(nostack, readonly, preserves_flags));
            }
            Matrices(PhantomData)
        }
    }

    /// Bits 22, 24 and 25 of leaf 7: AMX-BF16, AMX-TILE and AMX-INT8; Intel's manual, volume 2, `CPUID`.
    fn has_instructions() -> bool {
        const NEEDED: u32 = 1 << 22 | 1 << 24 | 1 << 25;
        #[allow(unused_unsafe, reason = "safe since Rust 1.94")]
        // SAFETY: a processor with AVX-512 has the instruction and the leaf.
        let found = unsafe { __cpuid_count(7, 0) }.edx;
        found & NEEDED == NEEDED
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

    /// This thread's matrix registers, in some shapes, until this is dropped.
    #[derive(Debug)]
    pub struct Matrices(PhantomData<*const ()>);

    impl Drop for Matrices {
        #[inline(always)]
        fn drop(&mut self) {
            // SAFETY: as of `ldtilecfg`.
            unsafe { asm!("tilerelease", options(nostack, nomem, preserves_flags)) };
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod nowhere {
    use super::Shapes;

    /// There are no matrix registers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Amx {}

    impl Amx {
        /// Nowhere.
        #[inline(always)]
        pub fn detect() -> Option<Self> {
            None
        }

        /// Nobody can call this.
        pub fn load(self, _shapes: &Shapes) -> Matrices {
            match self {}
        }
    }

    /// There are none.
    #[derive(Debug)]
    pub enum Matrices {}
}

#[cfg(test)]
mod tests {
    use super::Shapes;

    #[test]
    fn shapes_are_a_cache_line_that_the_processor_reads() {
        let Shapes { palette, start, zeros, bytes, rows } = Shapes::new(7, 5);
        assert_eq!((palette, start, zeros), (1, 0, [0; 14]));
        assert_eq!(bytes, [64, 64, 64, 64, 20, 20, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(rows, [7, 7, 7, 7, 7, 7, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((size_of::<Shapes>(), align_of::<Shapes>()), (64, 64));
    }
}
