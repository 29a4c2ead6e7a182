//! Nearest class mean and k-nearest neighbours: heads that are not trained.

use crate::head::SCALE;
use crate::logistic::check;
use crate::matrix::{normalise, normalise_rows};
use crate::{FittedHead, FittedLayer, HeadError, LinearHead, Matrix, Neighbours};

/// The votes of the `k` stored features that are nearest by cosine: [`Neighbours`].
///
/// # Errors
/// If the labels do not fit the features, a feature is not finite, or there are fewer than `k` rows or no `k`.
pub fn nearest_neighbours(
    features_nd: &Matrix,
    labels_n: &[usize],
    classes: usize,
    k: usize,
) -> Result<FittedHead, HeadError> {
    check(features_nd, labels_n, classes)?;
    let rows = features_nd.rows();
    if k == 0 || k > rows {
        return Err(HeadError::Neighbours { k, rows });
    }
    let mut features_md = features_nd.clone();
    normalise_rows(&mut features_md);
    let neighbours = Neighbours { features_md, labels_m: labels_n.to_vec(), classes, k };
    Ok(FittedHead { layers: vec![FittedLayer::Normalise, FittedLayer::Neighbours(neighbours)] })
}

/// The nearest class mean: logits are cosines to the mean of a class's features, each of length 1, times 10, the scale
/// that cosine heads start with. A class without features has a cosine of 0 to everything.
///
/// Snell, Swersky and Zemel 2017, <https://arxiv.org/abs/1703.05175>, with cosines for distances, as Gidaris and
/// Komodakis 2018, <https://arxiv.org/abs/1804.09458>.
///
/// # Errors
/// If the labels do not fit the features, or a feature is not finite.
pub fn nearest_prototype(
    features_nd: &Matrix,
    labels_n: &[usize],
    classes: usize,
) -> Result<FittedHead, HeadError> {
    check(features_nd, labels_n, classes)?;
    let mut units_nd = features_nd.clone();
    normalise_rows(&mut units_nd);
    let mut head = LinearHead::zeros(classes, features_nd.columns());
    let weights = head.weight_kd.values_mut().chunks_exact_mut(features_nd.columns().max(1));
    for (class, weight_d) in weights.enumerate() {
        sum_of_class(&units_nd, labels_n, class, weight_d);
        normalise(weight_d);
        weight_d.iter_mut().for_each(|value| *value *= SCALE);
    }
    Ok(FittedHead { layers: vec![FittedLayer::Normalise, FittedLayer::Linear(head)] })
}

/// A sum will do for the mean: only its direction counts.
fn sum_of_class(units_nd: &Matrix, labels_n: &[usize], class: usize, sum_d: &mut [f32]) {
    let mut sum = vec![0.0f64; sum_d.len()];
    for (row, _) in units_nd.iter_rows().zip(labels_n).filter(|(_, label)| **label == class) {
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sum_d.iter_mut().zip(sum).for_each(|(to, from)| *to = from as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes along two axes, at any length, and a third that nothing is of.
    fn problem() -> (Matrix, Vec<usize>) {
        let features_nd = Matrix::with_columns(2, vec![1.0, 0.1, 50.0, 1.0, 0.1, 1.0, 3.0, 40.0, 0.0, 0.0]);
        (features_nd, vec![0, 0, 1, 1, 1])
    }

    #[test]
    fn direction_decides_and_a_class_that_nothing_is_of_is_last() {
        let (features_nd, labels_n) = problem();
        let asked_nd = Matrix::with_columns(2, vec![1000.0, 30.0, 0.002, 0.03]);
        for head in [
            nearest_prototype(&features_nd, &labels_n, 3).unwrap(),
            nearest_neighbours(&features_nd, &labels_n, 3, 2).unwrap(),
        ] {
            assert_eq!((head.features(), head.classes()), (2, 3));
            let p_nk = head.probabilities(&asked_nd).unwrap();
            let [a, b] = [p_nk.row(0), p_nk.row(1)];
            assert!(a[0] > a[1] && a[1] >= a[2] && a[2] > 0.0, "{a:?}");
            assert!(b[1] > b[0] && b[0] >= b[2] && b[2] > 0.0, "{b:?}");
        }
    }

    #[test]
    fn of_equally_near_neighbours_those_stored_first_vote() {
        let features_nd = Matrix::with_columns(1, vec![1.0; 4]);
        let head = nearest_neighbours(&features_nd, &[1, 0, 0, 0], 2, 1).unwrap();
        let p_nk = head.probabilities(&Matrix::with_columns(1, vec![2.0])).unwrap();
        // One vote, and one that is spread: (0 + 1/2) / 2 and (1 + 1/2) / 2.
        assert_eq!(p_nk.values(), [0.25, 0.75]);
    }
}
