//! A dense row-major matrix of `f32`, and the product that heads need.
//!
//! Products run on one thread: callers parallelise over folds and strengths, and the bits do not depend on threads.

use ndarray::{Array2, ArrayView2, aview2};
use std::ops::Range;

use crate::HeadError;

/// Least length that a vector is divided by, that of PyTorch's `F.normalize`:
/// <https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html>
pub(crate) const LEAST_LENGTH: f32 = 1e-12;

/// A dense matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// A matrix of `rows * columns` values, row by row.
    ///
    /// # Errors
    /// [`HeadError::Shape`] if the number of values is another.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Result<Self, HeadError> {
        let actual = values.len();
        if actual == rows * columns {
            Ok(Self { rows, columns, values })
        } else {
            Err(HeadError::Shape { rows, columns, actual })
        }
    }

    /// A matrix with this many columns and as many full rows as `values` gives.
    pub fn with_columns(columns: usize, mut values: Vec<f32>) -> Self {
        let rows = values.len() / columns.max(1);
        values.truncate(rows * columns);
        Self { rows, columns, values }
    }

    /// A matrix of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values, row by row, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// A row of the matrix.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// The rows, in order.
    pub fn iter_rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns.max(1))
    }

    /// The rows with these numbers, in this order.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row)).copied().collect();
        Self { rows: rows.len(), columns: self.columns, values }
    }

    /// The rows of a range.
    ///
    /// # Panics
    /// If there are no such rows.
    pub(crate) fn rows_of(&self, rows: Range<usize>) -> Self {
        Self { rows: rows.len(), columns: self.columns, values: self.slice(rows).to_vec() }
    }

    /// The values of a range of rows, row by row.
    ///
    /// # Panics
    /// If there are no such rows.
    pub(crate) fn slice(&self, rows: Range<usize>) -> &[f32] {
        &self.values[rows.start * self.columns..rows.end * self.columns]
    }

    /// `self * other^T`, `[n, d] x [k, d] -> [n, k]`.
    pub(crate) fn times_transposed(&self, other: &Matrix) -> Matrix {
        Self::from_array(self.view().dot(&other.view().t()))
    }

    fn view(&self) -> ArrayView2<'_, f32> {
        // The shape always fits: the fields are private and `new` checks.
        ArrayView2::from_shape((self.rows, self.columns), &self.values)
            .unwrap_or_else(|_| aview2::<f32, 0>(&[]))
    }

    fn from_array(array: Array2<f32>) -> Self {
        Self::with_columns(array.ncols(), array.iter().copied().collect())
    }
}

/// Rows to length 1; a row of zeros stays.
pub(crate) fn normalise_rows(rows_nd: &mut Matrix) {
    let columns = rows_nd.columns().max(1);
    rows_nd.values_mut().chunks_exact_mut(columns).for_each(normalise);
}

/// A vector to length 1; zeros stay.
pub(crate) fn normalise(row_d: &mut [f32]) {
    let length = row_d.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let length = length.max(f64::from(LEAST_LENGTH));
    row_d.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(n: usize, k: usize, d: usize, at: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
        (0..n * k).map(|i| (0..d).map(|j| at(i / k, i % k, j)).sum()).collect()
    }

    proptest! {
        #[test]
        fn a_product_is_its_naive_sums(n in 1usize..9, k in 1usize..9, d in 1usize..9, seed in 0u32..1000) {
            let value = |i: usize| ((i as u32 * 31 + seed * 7) % 13) as f32 - 6.0;
            let matrix = |rows, columns| Matrix::new(rows, columns, (0..rows * columns).map(value).collect()).unwrap();
            let (a, b) = (matrix(n, d), matrix(k, d));
            prop_assert_eq!(a.times_transposed(&b).values, naive(n, k, d, |i, l, j| a.row(i)[j] * b.row(l)[j]));
        }
    }

    #[test]
    fn a_wrong_number_of_values_is_refused() {
        let error = Matrix::new(2, 3, vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "a matrix of 2 x 3 needs 6 values, there are 5");
    }
}
