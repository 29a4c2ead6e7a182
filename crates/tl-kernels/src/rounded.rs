//! Products of matrices of bfloat16 with sums of f32, for processors with AVX-512 BF16, and plain loops for others.
//!
//! Factors are rounded while they are put in the order of use: of the left matrix a tile of rows, of the right one a panel
//! of columns, both two neighbours of the inner dimension at a time. A tile of sums stays in registers.

/// Rows of the largest tile: with two registers of columns each, they leave a few registers over.
const ROWS: usize = 14;
/// Columns of a panel: two registers.
const COLUMNS: usize = 32;

/// To the nearest bfloat16, to an even one where two are equally near.
#[inline(always)]
fn bf16(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // Rounding might carry a number that is none into infinity.
    if value.is_nan() { bits >> 16 | 0x40 } else { rounded }
}

#[inline(always)]
fn pair(low: f32, high: f32) -> u32 {
    bf16(low) | bf16(high) << 16
}

/// A matrix `[lanes, depth]`: element (lane, k) is at `lane * step + k * along`, and one of the two is 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strips<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) step: usize,
    pub(crate) along: usize,
}

impl Strips<'_> {
    /// `count` lanes from `first` on, for each pair of the depth one behind the other, and zeros up to `width` lanes.
    fn pack(self, first: usize, count: usize, depth: usize, width: usize, packed: &mut [u32]) {
        let pairs = depth.div_ceil(2);
        let Self { values, step, along } = self;
        if step == 1 {
            for (k, to) in packed.chunks_exact_mut(width).take(pairs).enumerate() {
                let low = &values[2 * k * along + first..][..count];
                let (to, rest) = to.split_at_mut(count);
                rest.fill(0);
                if 2 * k + 1 < depth {
                    let high = &values[(2 * k + 1) * along + first..][..count];
                    let factors = low.iter().zip(high);
                    to.iter_mut().zip(factors).for_each(|(to, (&low, &high))| *to = pair(low, high));
                } else {
                    to.iter_mut().zip(low).for_each(|(to, &low)| *to = pair(low, 0.0));
                }
            }
            return;
        }
        packed[..pairs * width].fill(0);
        for lane in 0..count {
            let lane_values = &values[(first + lane) * step..][..depth];
            let to = packed[lane..].iter_mut().step_by(width);
            let (whole, last) = lane_values.as_chunks::<2>();
            let factors = whole.iter().map(|&[low, high]| pair(low, high));
            to.zip(factors.chain(last.iter().map(|&low| pair(low, 0.0)))).for_each(|(to, pair)| *to = pair);
        }
    }
}

/// The left matrix, `[m, k]`, in tiles.
#[derive(Debug)]
pub(crate) struct Tiles {
    m: usize,
    depth: usize,
    /// Rows of a tile; the last may have fewer, and zeros.
    rows: usize,
    packed: Vec<u32>,
}

impl Tiles {
    pub(crate) fn new(m: usize, depth: usize, left: Strips<'_>) -> Self {
        let rows = m.div_ceil(m.div_ceil(ROWS).max(1)).max(1);
        let tile = rows * depth.div_ceil(2);
        let mut packed = vec![0; tile * m.div_ceil(rows)];
        for (number, packed) in packed.chunks_exact_mut(tile.max(1)).enumerate() {
            left.pack(number * rows, rows.min(m - number * rows), depth, rows, packed);
        }
        Self { m, depth, rows, packed }
    }

    /// `out = self * right`, or `out += self * right`: rows of `n` values, `down` apart. `room` is for packing.
    ///
    /// # Panics
    /// If a matrix reaches beyond its slice.
    pub(crate) fn times(
        &self,
        n: usize,
        right: Strips<'_>,
        out: &mut [f32],
        down: usize,
        add: bool,
        room: &mut Vec<u32>,
    ) {
        let pairs = self.depth.div_ceil(2);
        room.resize(room.len().max(pairs * COLUMNS), 0);
        let panel = &mut room[..pairs * COLUMNS];
        let mut sums = [0.0; ROWS * COLUMNS];
        for first in (0..n).step_by(COLUMNS) {
            let count = COLUMNS.min(n - first);
            right.pack(first, count, self.depth, COLUMNS, panel);
            for row in (0..self.m).step_by(self.rows) {
                let tile = &self.packed[row / self.rows * self.rows * pairs..][..self.rows * pairs];
                multiply(self.rows, tile, panel, &mut sums);
                for (i, sums) in sums.chunks_exact(COLUMNS).take(self.rows.min(self.m - row)).enumerate() {
                    let out = &mut out[(row + i) * down + first..][..count];
                    let sums = out.iter_mut().zip(sums);
                    if add {
                        sums.for_each(|(out, sum)| *out += sum);
                    } else {
                        sums.for_each(|(out, sum)| *out = *sum);
                    }
                }
            }
        }
    }
}

/// Does this processor have instructions for it?
pub(crate) fn is_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A tile times a panel: a row of sums for each row of the tile.
fn multiply(rows: usize, tile: &[u32], panel: &[u32], sums: &mut [f32; ROWS * COLUMNS]) {
    #[cfg(target_arch = "x86_64")]
    if is_fast() {
        return x86::multiply(rows, tile, panel, sums);
    }
    plain(rows, tile, panel, sums);
}

fn plain(rows: usize, tile: &[u32], panel: &[u32], sums: &mut [f32; ROWS * COLUMNS]) {
    let (low, high) = (|pair: u32| f32::from_bits(pair << 16), |pair: u32| f32::from_bits(pair & !0xffff));
    sums.fill(0.0);
    for (lefts, rights) in tile.chunks_exact(rows).zip(panel.chunks_exact(COLUMNS)) {
        for (&left, sums) in lefts.iter().zip(sums.chunks_exact_mut(COLUMNS)) {
            for (&right, sum) in rights.iter().zip(sums) {
                *sum = *sum + high(left) * high(right) + low(left) * low(right);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(unsafe_code, reason = "vector instructions")]
    #![allow(
        clippy::needless_range_loop,
        reason = "loops of fixed length, which the compiler unrolls as they are"
    )]

    use super::{COLUMNS, ROWS};
    use std::arch::x86_64::*;

    /// Of a processor that [is fast](super::is_fast).
    pub(super) fn multiply(rows: usize, tile: &[u32], panel: &[u32], sums: &mut [f32; ROWS * COLUMNS]) {
        macro_rules! tile_of {
            ($($count:literal)*) => {
                match rows {
                    // SAFETY: the caller has asked for the instructions.
                    $($count => unsafe { rows_of::<$count>(tile, panel, sums) },)*
                    _ => unreachable!("tiles have 1 to 14 rows"),
                }
            };
        }
        tile_of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    fn rows_of<const COUNT: usize>(tile: &[u32], panel: &[u32], sums: &mut [f32; ROWS * COLUMNS]) {
        let bf16 = |bits: __m512i| {
            // SAFETY: both are 512 bits without meaning of their own.
            unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
        };
        let mut totals = [[_mm512_setzero_ps(); 2]; COUNT];
        for (lefts, rights) in tile.chunks_exact(COUNT).zip(panel.chunks_exact(COLUMNS)) {
            // SAFETY: a row of the panel is two registers.
            let rights = [0, 16].map(|at| unsafe { _mm512_loadu_si512(rights.as_ptr().add(at).cast()) });
            for i in 0..COUNT {
                let left = bf16(_mm512_set1_epi32(lefts[i].cast_signed()));
                for v in 0..2 {
                    totals[i][v] = _mm512_dpbf16_ps(totals[i][v], bf16(rights[v]), left);
                }
            }
        }
        for i in 0..COUNT {
            for v in 0..2 {
                // SAFETY: COUNT is at most ROWS, and a row is two registers.
                unsafe { _mm512_storeu_ps(sums.as_mut_ptr().add(i * COLUMNS + v * 16), totals[i][v]) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sevenths of small numbers, which no format holds exactly.
    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 37 + seed * 11) % 101) as f32 / 7.0 - 7.0).collect()
    }

    proptest! {
        #[test]
        fn a_product_is_that_of_rounded_factors(m in 1..40_usize, n in 1..80_usize, k in 1..50_usize, left_across: bool, right_across: bool, add: bool) {
            let (left, right) = (numbers(m * k, 1), numbers(n * k, 2));
            let strips = |values, lanes, across| {
                if across { Strips { values, step: 1, along: lanes } } else { Strips { values, step: k, along: 1 } }
            };
            let (a, b) = (strips(&left, m, left_across), strips(&right, n, right_across));
            let (down, mut room) = (n + 3, Vec::new());
            let mut out = vec![0.5; m * down];
            Tiles::new(m, k, a).times(n, b, &mut out, down, add, &mut room);
            let widened = |strips: Strips<'_>, lane: usize, k: usize| {
                f32::from_bits(bf16(strips.values[lane * strips.step + k * strips.along]) << 16)
            };
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..k).map(|k| f64::from(widened(a, i, k)) * f64::from(widened(b, j, k))).sum();
                    let expected = sum + if add { 0.5 } else { 0.0 };
                    let error = (f64::from(out[i * down + j]) - expected).abs();
                    prop_assert!(error < 1e-6 * 50.0 * k as f64, "{i}, {j}: {error}");
                }
                prop_assert!(out[i * down + n..(i + 1) * down].iter().all(|&value| value == 0.5));
            }
        }

        #[test]
        fn the_instructions_do_what_the_plain_loops_do(rows in 1..=ROWS, pairs in 0..40_usize) {
            let pack = |values: Vec<f32>| -> Vec<u32> { values.chunks(2).map(|pair_of| pair(pair_of[0], pair_of[1])).collect() };
            let (tile, panel) = (pack(numbers(2 * rows * pairs, 3)), pack(numbers(2 * COLUMNS * pairs, 4)));
            let (mut ours, mut theirs) = ([1.0; ROWS * COLUMNS], [1.0; ROWS * COLUMNS]);
            multiply(rows, &tile, &panel, &mut ours);
            plain(rows, &tile, &panel, &mut theirs);
            let rows = rows * COLUMNS;
            for (a, b) in ours[..rows].iter().zip(&theirs[..rows]) {
                prop_assert!((a - b).abs() <= 1e-6 * 100.0 * pairs as f32, "{a} {b}");
            }
        }
    }
}
