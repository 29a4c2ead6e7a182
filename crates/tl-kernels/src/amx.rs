//! Products of bfloat16 by AMX's matrix registers.
//!
//! A block is 32 rows by 32 columns of sums in four of the registers; of the factors there are two each.

#![allow(unsafe_code, reason = "instructions that the compiler knows no functions for")]

#[cfg(target_arch = "x86_64")]
use std::arch::asm;

use tl_simd::{Amx, Matrices, SIDE, Shapes};

/// Rows and columns of a block.
pub(crate) const BLOCK: usize = 2 * SIDE;

/// A block of sums: the rows of the left factor, each of which has its lanes side by side, times lanes of the right one,
/// each of which has its columns side by side.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "there is no AMX"))]
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

/// This thread's registers, all full.
#[derive(Debug)]
pub(crate) struct Registers {
    _full: Matrices,
}

impl Registers {
    /// Where there are any.
    pub(crate) fn new() -> Option<Self> {
        Amx::detect().map(|amx| Self { _full: amx.load(&Shapes::FULL) })
    }

    /// # Safety
    /// All rows are valid for 64 bytes at every step, and those of sums for 128 bytes that nobody else uses.
    #[cfg(target_arch = "x86_64")]
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

    /// # Safety
    /// Nobody can call this.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) unsafe fn multiply(&self, _block: &Block<'_>) {
        match self._full {}
    }
}

/// Has the processor AMX, and may this process use it?
pub(crate) fn is_there() -> bool {
    Amx::detect().is_some()
}
