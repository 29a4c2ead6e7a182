//! The tiles of Winograd's convolutions, a register of channels at a time: into their transform and back.
//!
//! Macros and plain loops: closures and functions that are handed over are not always compiled into the kernel, and then
//! not with its instructions.

#![allow(unsafe_code, reason = "vector instructions and raw loads")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops of fixed length, which the compiler unrolls as they are"
)]

use tl_simd::Lanes;

use super::Winograd;
use crate::kernels::activation::{Quick, clamp};
use crate::kernels::winograd_transforms::{input_four, input_two, output_four, output_two};
use crate::kernels::{Map, Memory};

/// A register of channels of one tile, there.
macro_rules! tile_in {
    ($name:ident, $side:literal, $transform:ident) => {
        #[inline(always)]
        pub(super) unsafe fn $name<L: Lanes>(
            input: &Map,
            from: *const f32,
            to: *mut f32,
            place: usize,
            left: usize,
        ) {
            // SAFETY: the caller's: the tile is in the input, its places in the scratch memory.
            unsafe {
                let mut rows = [[L::splat(0.0); $side]; $side];
                for y in 0..$side {
                    let row = from.add(y * input.row);
                    let mut line = [L::splat(0.0); $side];
                    for x in 0..$side {
                        line[x] = L::load_up_to(row.add(x * input.pixel), left);
                    }
                    rows[y] = $transform(line);
                }
                for x in 0..$side {
                    let mut line = [L::splat(0.0); $side];
                    for y in 0..$side {
                        line[y] = rows[y][x];
                    }
                    let line = $transform(line);
                    for y in 0..$side {
                        line[y].store_up_to(to.add((y * $side + x) * place), left);
                    }
                }
            }
        }
    };
}

tile_in!(two_in, 4, input_two);
tile_in!(four_in, 6, input_four);

/// A register of channels of one tile, back: bias, epilogue, and into the pixels that are part of the output.
macro_rules! tile_out {
    ($name:ident, $side:literal, $outputs:literal, $transform:ident) => {
        #[inline(always)]
        pub(super) unsafe fn $name<L: Lanes>(
            op: &Winograd,
            memory: Memory,
            from: *const f32,
            place: usize,
            ([top, first], channel): ([usize; 2], usize),
            quick: Quick,
        ) {
            let left = op.output.channels - channel;
            // SAFETY: the caller's; the bias is padded to whole registers.
            unsafe {
                let mut rows = [[L::splat(0.0); $outputs]; $side];
                for y in 0..$side {
                    let mut line = [L::splat(0.0); $side];
                    for x in 0..$side {
                        line[x] = L::load_up_to(from.add((y * $side + x) * place), left);
                    }
                    rows[y] = $transform(line);
                }
                let bias = L::load(op.bias.as_ptr().add(channel));
                for x in 0..$outputs {
                    let mut line = [L::splat(0.0); $side];
                    for y in 0..$side {
                        line[y] = rows[y][x];
                    }
                    let line = $transform(line);
                    for y in 0..$outputs {
                        if top + y < op.output.height && first + x < op.output.width {
                            let at = [top + y, first + x, channel];
                            end::<L>(op, memory, line[y].add(bias), at, left, quick);
                        }
                    }
                }
            }
        }
    };
}

tile_out!(two_out, 4, 2, output_two);
tile_out!(four_out, 6, 4, output_four);

#[inline(always)]
unsafe fn end<L: Lanes>(
    op: &Winograd,
    memory: Memory,
    value: L,
    [y, x, channel]: [usize; 3],
    left: usize,
    quick: Quick,
) {
    // SAFETY: the pixel is in the output and in what is joined in.
    unsafe {
        let value = match quick {
            Quick::Clamp { low, high } => clamp(value, low, high),
            Quick::AddClamp { other, low, high } => {
                let other = L::load_up_to(memory.at(other.at(y, x) + channel), left);
                clamp(value.add(other), low, high)
            }
            Quick::No => op.finish.apply(value, memory, [y, x, channel], left),
        };
        value.store_up_to(memory.at(op.output.at(y, x) + channel), left);
    }
}
