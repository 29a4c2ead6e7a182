//! The transforms of Winograd's convolutions of 3x3 filters, F(2x2, 3x3) and F(4x4, 3x3).
//!
//! Lavin and Gray 2015, <https://arxiv.org/abs/1509.09308>, section 4: `output = At ((G g Gt) * (Bt d B)) A`.

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::Lanes;

/// How a 3x3 convolution of stride 1 is cut into tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tiling {
    /// 2x2 outputs of 4x4 inputs: 16 products for 36.
    Two,
    /// 4x4 outputs of 6x6 inputs: 36 products for 144.
    Four,
}

/// `G` of F(2x2, 3x3).
const FILTER_TWO: [[f64; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];

/// `G` of F(4x4, 3x3), for the points 0, 1, -1, 2, -2.
const FILTER_FOUR: [[f64; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

impl Tiling {
    /// Output pixels along a side of a tile.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Input pixels along a side.
    pub(crate) fn inputs(self) -> usize {
        self.outputs() + 2
    }

    /// Products per tile, input and output channel.
    pub(crate) fn places(self) -> usize {
        self.inputs() * self.inputs()
    }

    /// A filter's value at a place: `(G g Gt)[place / inputs][place % inputs]`, rounded once.
    pub(crate) fn filter(self, place: usize, weights_3x3: &[f32]) -> f32 {
        let (row, column) = (place / self.inputs(), place % self.inputs());
        let line = |index: usize| match self {
            Self::Two => FILTER_TWO[index],
            Self::Four => FILTER_FOUR[index],
        };
        let (down, along) = (line(row), line(column));
        let products =
            weights_3x3.iter().enumerate().map(|(i, &g)| down[i / 3] * f64::from(g) * along[i % 3]);
        products.sum::<f64>() as f32
    }
}

/// `Bt d`.
///
/// # Safety
/// The contract of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn input_two<L: Lanes>(d: [L; 4]) -> [L; 4] {
    // SAFETY: the caller's.
    unsafe { [sub(d[0], d[2]), d[1].add(d[2]), sub(d[2], d[1]), sub(d[1], d[3])] }
}

/// `Bt d`.
///
/// # Safety
/// The contract of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn input_four<L: Lanes>(d: [L; 6]) -> [L; 6] {
    // SAFETY: the caller's.
    unsafe {
        let (two, four, five) = (L::splat(2.0), L::splat(4.0), L::splat(-5.0));
        let (even, odd) = (four.mul(d[2]), four.mul(d[1]));
        // Rows come in pairs that differ in the sign of their odd terms: each half is computed once for both.
        let (a, b) = (sub(d[4], even), sub(d[3], odd));
        let (c, e) = (sub(d[4], d[2]), two.mul(sub(d[3], d[1])));
        [
            d[0].mul_add(four, d[2].mul_add(five, d[4])),
            a.add(b),
            sub(a, b),
            c.add(e),
            sub(c, e),
            d[1].mul_add(four, d[3].mul_add(five, d[5])),
        ]
    }
}

/// `At m`.
///
/// # Safety
/// The contract of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn output_two<L: Lanes>(m: [L; 4]) -> [L; 2] {
    // SAFETY: the caller's.
    unsafe { [m[0].add(m[1]).add(m[2]), sub(sub(m[1], m[2]), m[3])] }
}

/// `At m`.
///
/// # Safety
/// The contract of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn output_four<L: Lanes>(m: [L; 6]) -> [L; 4] {
    // SAFETY: the caller's.
    unsafe {
        let (two, four, eight) = (L::splat(2.0), L::splat(4.0), L::splat(8.0));
        let (sum, difference) = (m[1].add(m[2]), sub(m[1], m[2]));
        let (sum2, difference2) = (m[3].add(m[4]), sub(m[3], m[4]));
        [
            m[0].add(sum).add(sum2),
            difference2.mul_add(two, difference),
            sum2.mul_add(four, sum),
            difference2.mul_add(eight, difference).add(m[5]),
        ]
    }
}

#[inline(always)]
unsafe fn sub<L: Lanes>(a: L, b: L) -> L {
    // SAFETY: the caller's.
    unsafe { b.mul_add(L::splat(-1.0), a) }
}
