//! Blocks of sums in matrix registers against a loop.

#![allow(unsafe_code, reason = "blocks take pointers")]

use tl_simd::{SIDE, pair};

use super::naive::whole;
use crate::amx::{BLOCK, Block, Registers};

/// Two rows of numbers as lanes of both.
fn lanes(low: &[f32], high: &[f32]) -> Vec<f32> {
    low.iter().zip(high).map(|(&low, &high)| pair(low, high)).collect()
}

/// Adds `left`, 32 rows of `depth` numbers, times `right`, rows of 32 numbers, to sums.
fn multiply(left: &[f32], right: &[f32], depth: usize, sums: &mut [f32]) {
    for (left, sums) in left.chunks_exact(depth).zip(sums.chunks_exact_mut(BLOCK)) {
        for (left, right) in left.iter().zip(right.chunks_exact(BLOCK)) {
            sums.iter_mut().zip(right).for_each(|(sum, right)| *sum += left * right);
        }
    }
}

/// The same in the registers: of whole numbers, whose sums are exact in any order.
fn in_registers(
    registers: &Registers,
    [left, right]: [&[f32]; 2],
    count: usize,
    add: bool,
    sums: &mut [f32],
) {
    let left: Vec<f32> = left.as_chunks::<2>().0.iter().map(|&[low, high]| pair(low, high)).collect();
    let right: Vec<f32> =
        right.chunks_exact(2 * BLOCK).flat_map(|rows| lanes(&rows[..BLOCK], &rows[BLOCK..])).collect();
    let (row, lane) = (count * SIDE, 4 * BLOCK);
    let steps: Vec<[usize; 2]> = (0..count).map(|step| [4 * step * SIDE, step * SIDE * lane]).collect();
    let (first, second) = sums.split_at_mut(SIDE * BLOCK);
    assert!(left.len() == BLOCK * row && right.len() == row * BLOCK && second.len() == SIDE * BLOCK);
    let block = Block {
        left: [left.as_ptr(), left[SIDE * row..].as_ptr()],
        left_row: 4 * row,
        right: right.as_ptr(),
        right_lane: lane,
        steps: &steps,
        sums: [first.as_mut_ptr(), second.as_mut_ptr()],
        sums_row: 4 * BLOCK,
        add,
    };
    // SAFETY: there are 32 rows of `count` steps of 16 lanes on the left, as many lanes of 32 columns on the right, and 16 rows
    // of 32 sums twice, which are borrowed for this alone, as asserted.
    unsafe { registers.multiply(&block) }
}

#[test]
fn blocks_are_those_of_a_loop() {
    let Some(registers) = Registers::new() else {
        eprintln!("skipped: AMX is missing");
        return;
    };
    for (count, add) in (1..6).flat_map(|count| [(count, false), (count, true)]) {
        let depth = 2 * SIDE * count;
        let [left, right] = [1, 2].map(|seed| whole(BLOCK * depth, seed + 10 * count as u64));
        let before = if add { whole(BLOCK * BLOCK, 3) } else { vec![f32::NAN; BLOCK * BLOCK] };
        let mut theirs = if add { before.clone() } else { vec![0.0; BLOCK * BLOCK] };
        let mut ours = before;
        in_registers(&registers, [&left, &right], count, add, &mut ours);
        multiply(&left, &right, depth, &mut theirs);
        assert_eq!(ours, theirs, "{count} steps, {add}");
    }
}
