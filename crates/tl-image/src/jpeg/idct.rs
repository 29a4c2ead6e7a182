//! The inverse cosine transform, at full size and reduced: libjpeg's accurate integer method to the bit.
//!
//! Full size: Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications", ICASSP 1989,
//! as in <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jidctint.c>; reduced, where each pixel is the mean
//! of 2 x 2, 4 x 4 or 8 x 8: <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jidctred.c>.

/// Dequantised coefficients, row by row.
pub(super) type Block = [i16; 64];
/// Coefficients or pixels between the passes, row by row.
type BlockRows = [[i32; 8]; 8];

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

/// A constant in fixed point.
const fn fix(x: f64) -> i32 {
    (x * (1 << CONST_BITS) as f64 + 0.5) as i32
}

/// The first so many coefficients, in zigzag order, lie in the first 4 rows and columns.
const LOW: usize = 10;

/// Pixels of a block with nothing from coefficient `end` on, reduced to `side` x `side` (8, 4, 2 or 1), into rows of `stride`.
#[inline(always)]
pub(super) fn inverse(block: &Block, end: usize, side: usize, out: &mut [u8], stride: usize) {
    match side {
        8 if end <= LOW => whole::<4>(block, out, stride),
        8 => whole::<8>(block, out, stride),
        4 => half(block, out, stride),
        2 => quarter(block, out, stride),
        _ => {
            if let Some(pixel) = out.first_mut() {
                *pixel = mean(block);
            }
        }
    }
}

/// A block without AC coefficients: one colour.
#[inline(always)]
pub(super) fn flat(dc: i16, side: usize, out: &mut [u8], stride: usize) {
    let pixel = to_pixel(descale(i32::from(dc), 3));
    for row in out.chunks_mut(stride).take(side) {
        if let Some(row) = row.get_mut(..side) {
            row.fill(pixel);
        }
    }
}

fn mean(block: &Block) -> u8 {
    to_pixel(descale(i32::from(block[0]), 3))
}

#[inline(always)]
fn descale(x: i32, bits: i32) -> i32 {
    x.wrapping_add(1 << (bits - 1)) >> bits
}

#[inline(always)]
fn to_pixel(x: i32) -> u8 {
    x.wrapping_add(128).clamp(0, 255) as u8
}

/// Inverse transform of a block whose coefficients are in the first `N` rows and columns.
#[inline(always)]
fn whole<const N: usize>(block: &Block, out: &mut [u8], stride: usize) {
    let (rows, _) = block.as_chunks::<8>();
    let mut columns: BlockRows = [[0; 8]; 8];
    for (to, from) in columns.iter_mut().zip(rows).take(N) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = i32::from(from);
        }
    }
    pass(&mut columns, CONST_BITS - PASS1_BITS);
    let mut lines = transposed(&columns);
    // Known to be zeros, which the compiler cannot tell.
    lines[N..].fill([0; 8]);
    pass(&mut lines, CONST_BITS + PASS1_BITS + 3);
    // Four pixels of a row in each number, so that no second transposition is needed.
    let mut words = [[0_u32; 8]; 2];
    for y in 0..8 {
        let pixel = |x: usize| u32::from(to_pixel(lines[x][y])) << (x % 4 * 8);
        words[0][y] = pixel(0) | pixel(1) | pixel(2) | pixel(3);
        words[1][y] = pixel(4) | pixel(5) | pixel(6) | pixel(7);
    }
    for (y, to) in out.chunks_mut(stride).enumerate().take(8) {
        if let Some(to) = to.first_chunk_mut::<8>() {
            let row = u64::from(words[0][y]) | u64::from(words[1][y]) << 32;
            *to = row.to_le_bytes();
        }
    }
}

#[inline(always)]
fn transposed(rows: &BlockRows) -> BlockRows {
    let mut out = [[0; 8]; 8];
    for y in 0..8 {
        for x in 0..8 {
            out[y][x] = rows[x][y];
        }
    }
    out
}

/// The transform of one dimension, on all columns at once: the eight columns are the lanes of a vector, so each operation
/// below is an instruction or a few, and only a transposition lies between the two passes. Of one column, 12 products are taken, one
/// more than the paper's, as libjpeg does to lose less by rounding. Damaged pictures may overflow, which only costs their own
/// pixels.
#[allow(clippy::needless_range_loop, reason = "a loop over columns is what the compiler makes vectors of")]
#[inline(always)]
fn pass(v: &mut BlockRows, shift: i32) {
    for c in 0..8 {
        let (z2, z3) = (v[2][c], v[6][c]);
        let z1 = z2.wrapping_add(z3).wrapping_mul(fix(0.541196100));
        let even2 = z1.wrapping_sub(z3.wrapping_mul(fix(1.847759065)));
        let even3 = z1.wrapping_add(z2.wrapping_mul(fix(0.765366865)));
        let even0 = v[0][c].wrapping_add(v[4][c]) << CONST_BITS;
        let even1 = v[0][c].wrapping_sub(v[4][c]) << CONST_BITS;
        let a0 = even0.wrapping_add(even3);
        let a3 = even0.wrapping_sub(even3);
        let a1 = even1.wrapping_add(even2);
        let a2 = even1.wrapping_sub(even2);

        let (t0, t1, t2, t3) = (v[7][c], v[5][c], v[3][c], v[1][c]);
        let z5 = t0.wrapping_add(t2).wrapping_add(t1).wrapping_add(t3).wrapping_mul(fix(1.175875602));
        let z1 = t0.wrapping_add(t3).wrapping_mul(-fix(0.899976223));
        let z2 = t1.wrapping_add(t2).wrapping_mul(-fix(2.562915447));
        let z3 = t0.wrapping_add(t2).wrapping_mul(-fix(1.961570560)).wrapping_add(z5);
        let z4 = t1.wrapping_add(t3).wrapping_mul(-fix(0.390180644)).wrapping_add(z5);
        let b0 = t0.wrapping_mul(fix(0.298631336)).wrapping_add(z1).wrapping_add(z3);
        let b1 = t1.wrapping_mul(fix(2.053119869)).wrapping_add(z2).wrapping_add(z4);
        let b2 = t2.wrapping_mul(fix(3.072711026)).wrapping_add(z2).wrapping_add(z3);
        let b3 = t3.wrapping_mul(fix(1.501321110)).wrapping_add(z1).wrapping_add(z4);

        v[0][c] = descale(a0.wrapping_add(b3), shift);
        v[7][c] = descale(a0.wrapping_sub(b3), shift);
        v[1][c] = descale(a1.wrapping_add(b2), shift);
        v[6][c] = descale(a1.wrapping_sub(b2), shift);
        v[2][c] = descale(a2.wrapping_add(b1), shift);
        v[5][c] = descale(a2.wrapping_sub(b1), shift);
        v[3][c] = descale(a3.wrapping_add(b0), shift);
        v[4][c] = descale(a3.wrapping_sub(b0), shift);
    }
}

/// 4 x 4 pixels, each the mean of 2 x 2.
#[inline(always)]
fn half(block: &Block, out: &mut [u8], stride: usize) {
    let mut between = [[0_i32; 8]; 4];
    for c in 0..8 {
        let line: [i32; 8] = std::array::from_fn(|y| i32::from(block[8 * y + c]));
        let four = half_line(line, CONST_BITS - PASS1_BITS + 1);
        (0..4).for_each(|y| between[y][c] = four[y]);
    }
    for (to, line) in out.chunks_mut(stride).zip(between) {
        if let Some(to) = to.first_chunk_mut() {
            *to = half_line(line, CONST_BITS + PASS1_BITS + 3 + 1).map(to_pixel);
        }
    }
}

#[inline(always)]
fn half_line(v: [i32; 8], shift: i32) -> [i32; 4] {
    let t0 = v[0].wrapping_shl(CONST_BITS as u32 + 1);
    let t2 = dot([v[2], v[6]], [fix(1.847759065), -fix(0.765366865)]);
    let (a0, a2) = (t0.wrapping_add(t2), t0.wrapping_sub(t2));
    let odd = [v[7], v[5], v[3], v[1]];
    let b0 = dot(odd, [-fix(0.211164243), fix(1.451774981), -fix(2.172734803), fix(1.061594337)]);
    let b2 = dot(odd, [-fix(0.509795579), -fix(0.601344887), fix(0.899976223), fix(2.562915447)]);
    [a0.wrapping_add(b2), a2.wrapping_add(b0), a2.wrapping_sub(b0), a0.wrapping_sub(b2)]
        .map(|x| descale(x, shift))
}

/// 2 x 2 pixels, each the mean of 4 x 4.
#[inline(always)]
fn quarter(block: &Block, out: &mut [u8], stride: usize) {
    let mut between = [[0_i32; 8]; 2];
    for c in [0, 1, 3, 5, 7] {
        let line: [i32; 8] = std::array::from_fn(|y| i32::from(block[8 * y + c]));
        let two = quarter_line(line, CONST_BITS - PASS1_BITS + 2);
        (0..2).for_each(|y| between[y][c] = two[y]);
    }
    for (to, line) in out.chunks_mut(stride).zip(between) {
        if let Some(to) = to.first_chunk_mut() {
            *to = quarter_line(line, CONST_BITS + PASS1_BITS + 3 + 2).map(to_pixel);
        }
    }
}

#[inline(always)]
fn quarter_line(v: [i32; 8], shift: i32) -> [i32; 2] {
    let even = v[0].wrapping_shl(CONST_BITS as u32 + 2);
    let odd = dot(
        [v[7], v[5], v[3], v[1]],
        [-fix(0.720959822), fix(0.850430095), -fix(1.272758580), fix(3.624509785)],
    );
    [descale(even.wrapping_add(odd), shift), descale(even.wrapping_sub(odd), shift)]
}

#[inline(always)]
fn dot<const N: usize>(values: [i32; N], weights: [i32; N]) -> i32 {
    values.iter().zip(weights).fold(0, |sum, (v, w)| sum.wrapping_add(v.wrapping_mul(w)))
}
