//! Products of matrices, by the `gemm` crate, with every bound checked, or of rounded factors.
#![allow(unsafe_code)]

use crate::rounded::{Strips, Tiles};
use crate::shape::Products;

/// A matrix in a slice: element (i, j) is at `i * down + j * right`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) down: usize,
    pub(crate) right: usize,
}

/// As [`View`].
#[derive(Debug)]
pub(crate) struct ViewMut<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) down: usize,
    pub(crate) right: usize,
}

impl<'a> View<'a> {
    /// Rows one after the other.
    pub(crate) fn rows(values: &'a [f32], columns: usize) -> Self {
        Self { values, down: columns, right: 1 }
    }

    pub(crate) fn transposed(self) -> Self {
        Self { values: self.values, down: self.right, right: self.down }
    }
}

impl<'a> ViewMut<'a> {
    /// Rows one after the other.
    pub(crate) fn rows(values: &'a mut [f32], columns: usize) -> Self {
        Self { values, down: columns, right: 1 }
    }
}

/// The left matrix of one product or of several.
#[derive(Debug)]
pub(crate) enum Left<'a> {
    Plain(View<'a>),
    Rounded(Tiles),
}

impl<'a> Left<'a> {
    /// A matrix `[m, k]`.
    pub(crate) fn new(products: Products, [m, k]: [usize; 2], view: View<'a>) -> Self {
        match products {
            Products::F32 => Self::Plain(view),
            Products::Bf16 => {
                let strips = Strips { values: view.values, step: view.down, along: view.right };
                Self::Rounded(Tiles::new(m, k, strips))
            }
        }
    }

    /// `out = self * right`, or `out += self * right`; `[m, k]` times `[k, n]`, on this thread. The rows of `out` lie one
    /// after the other; `room` is for rounded factors.
    ///
    /// # Panics
    /// If a matrix reaches beyond its slice.
    pub(crate) fn times(
        &self,
        size: [usize; 3],
        right: View<'_>,
        out: ViewMut<'_>,
        add: bool,
        room: &mut Vec<u32>,
    ) {
        match self {
            Self::Plain(left) => multiply(size, *left, right, out, add),
            Self::Rounded(tiles) => {
                let right = Strips { values: right.values, step: right.right, along: right.down };
                tiles.times(size[1], right, out.values, out.down, add, room);
            }
        }
    }
}

fn end(rows: usize, columns: usize, down: usize, right: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * down + (columns - 1) * right + 1 }
}

/// `out = left * right`, or `out += left * right`; `[m, k]` times `[k, n]`, on this thread.
///
/// # Panics
/// If a matrix reaches beyond its slice.
fn multiply([m, n, k]: [usize; 3], left: View<'_>, right: View<'_>, out: ViewMut<'_>, add: bool) {
    assert!(end(m, k, left.down, left.right) <= left.values.len(), "the left matrix is too short");
    assert!(end(k, n, right.down, right.right) <= right.values.len(), "the right matrix is too short");
    assert!(end(m, n, out.down, out.right) <= out.values.len(), "the product is too short");
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: every element that is read or written is within its slice, as asserted; `out` is borrowed mutably, so it
    // overlaps neither of the others; strides fit isize, since slices do.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.values.as_mut_ptr(),
            out.right as isize,
            out.down as isize,
            add,
            left.values.as_ptr(),
            left.right as isize,
            left.down as isize,
            right.values.as_ptr(),
            right.right as isize,
            right.down as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
