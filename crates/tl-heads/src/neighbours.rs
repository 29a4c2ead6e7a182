//! Votes of the nearest stored features.

use crate::Matrix;

/// Rows whose similarities to all stored features are in memory at once.
const ROWS: usize = 256;

/// Stored features that vote: the `k` that are most similar to a picture's, each for its class.
///
/// Similar is what has a large product; for features of length 1 that is the cosine. Of equally similar features, those
/// stored first count. The logits are logarithms of the shares `(votes + 1 / classes) / (k + 1)`: one more vote is
/// spread over all classes, so that no class is impossible.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// `[stored, features]`, of length 1 each.
    pub(crate) features_md: Matrix,
    /// The class of each stored row.
    pub(crate) labels_m: Vec<usize>,
    pub(crate) classes: usize,
    pub(crate) k: usize,
}

impl Neighbours {
    /// The number of neighbours that vote.
    pub fn k(&self) -> usize {
        self.k
    }

    /// The number of rows that are stored.
    pub fn stored(&self) -> usize {
        self.labels_m.len()
    }

    /// `inputs_nd`, as wide as the stored features, to `logits_nk`.
    pub(crate) fn logits(&self, inputs_nd: &Matrix) -> Matrix {
        let width = inputs_nd.columns().max(1);
        let mut logits = Vec::with_capacity(inputs_nd.rows() * self.classes);
        for rows in inputs_nd.values().chunks(ROWS * width) {
            let rows_nd = Matrix::with_columns(width, rows.to_vec());
            let similar_nm = rows_nd.times_transposed(&self.features_md);
            similar_nm.iter_rows().for_each(|similar_m| logits.extend(self.vote(similar_m)));
        }
        Matrix::with_columns(self.classes, logits)
    }

    /// Logits of one picture.
    fn vote(&self, similar_m: &[f32]) -> Vec<f32> {
        let mut nearest: Vec<usize> = (0..similar_m.len()).collect();
        let order = |&a: &usize, &b: &usize| similar_m[b].total_cmp(&similar_m[a]).then(a.cmp(&b));
        if self.k < nearest.len() {
            nearest.select_nth_unstable_by(self.k, order);
            nearest.truncate(self.k);
        }
        let mut votes_k = vec![1.0 / self.classes as f64; self.classes];
        nearest.into_iter().for_each(|row| votes_k[self.labels_m[row]] += 1.0);
        let all: f64 = votes_k.iter().sum();
        votes_k.into_iter().map(|votes| (votes / all).ln() as f32).collect()
    }
}
