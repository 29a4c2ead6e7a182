use proptest::prelude::*;

use super::*;
use crate::{Fit, logistic_regression, one_vs_rest};

#[test]
fn standardised_features_have_mean_zero_and_deviation_one_and_constants_stay_finite() {
    let features_nd = Matrix::new(3, 2, vec![1.0, 5.0, 2.0, 5.0, 3.0, 5.0]).unwrap();
    let scaled = Standardiser::measure(&features_nd).apply(&features_nd).unwrap();
    let expected = 1.5f32.sqrt();
    assert_eq!(scaled.values(), [-expected, 0.0, 0.0, 0.0, expected, 0.0]);
}

#[test]
fn a_folded_head_answers_raw_features_as_the_head_answers_standardised_ones() {
    let features_nd = Matrix::new(3, 2, vec![1.0, -4.0, 2.5, 9.0, 3.0, 5.0]).unwrap();
    let standardiser = Standardiser::measure(&features_nd);
    let weight_kd = Matrix::new(2, 2, vec![0.3, -0.7, 1.1, 0.2]).unwrap();
    let head = LinearHead { weight_kd, bias_k: vec![0.5, -0.25] };
    let on_scaled = head.logits(&standardiser.apply(&features_nd).unwrap()).unwrap();
    let on_raw = standardiser.fold_into(&head).logits(&features_nd).unwrap();
    for (a, b) in on_scaled.values().iter().zip(on_raw.values()) {
        // Two roundings to f32 of values near 1.
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    let back = standardiser.unfold(&standardiser.fold_into(&head)).unwrap();
    for (a, b) in head
        .weight_kd
        .values()
        .iter()
        .chain(&head.bias_k)
        .zip(back.weight_kd.values().iter().chain(&back.bias_k))
    {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

/// Values that a constant column may have.
fn constant() -> impl Strategy<Value = f32> {
    let size = (-44i32..38, 1u32..1000).prop_map(|(power, digits)| digits as f32 * 0.001 * 10f32.powi(power));
    let special = prop_oneof![
        Just(0.0),
        Just(f32::from_bits(1)),
        Just(f32::MIN_POSITIVE),
        Just(1e-30),
        Just(1.0 / 3.0),
        Just(1e30),
        Just(f32::MAX)
    ];
    (prop_oneof![size, special], any::<bool>())
        .prop_map(|(size, negative)| if negative { -size } else { size })
}

/// Two classes that three features tell apart, mostly.
fn problem(rows: usize) -> (Matrix, Vec<usize>) {
    let value = |i: usize| ((i * 7919 + i / 3 * 104_729) % 1000) as f32 / 500.0 - 1.0;
    let features_nd = Matrix::with_columns(3, (0..3 * rows).map(value).collect());
    let label = |(number, row): (usize, &[f32])| {
        usize::from(row[0] - 0.5 * row[1] + 0.25 * row[2] > 0.0) ^ usize::from(number % 17 == 0)
    };
    let labels_n = features_nd.iter_rows().enumerate().map(label).collect();
    (features_nd, labels_n)
}

/// The features with a column put in at a place.
fn with_column(features_nd: &Matrix, at: usize, column: impl Fn(usize) -> f32) -> Matrix {
    let row = |(number, row): (usize, &[f32])| {
        let mut wider = row.to_vec();
        wider.insert(at, column(number));
        wider
    };
    let values = features_nd.iter_rows().enumerate().flat_map(row).collect();
    Matrix::with_columns(features_nd.columns() + 1, values)
}

fn delivered(features_nd: &Matrix, labels_n: &[usize]) -> (FittedHead, Matrix) {
    let standardiser = Standardiser::measure(features_nd);
    let scaled_nd = standardiser.apply(features_nd).unwrap();
    let Fit { head, .. } = logistic_regression(&scaled_nd, labels_n, 2, 1.0, None).unwrap();
    let logits_nk = head.logits(&scaled_nd).unwrap();
    (standardiser.deliver(&head, features_nd, &scaled_nd).unwrap(), logits_nk)
}

/// The weights of a feature.
fn weights(head: &FittedHead, at: usize) -> Vec<f32> {
    let linear = head.layers.iter().find_map(|layer| match layer {
        crate::FittedLayer::Linear(linear) => Some(linear),
        _ => None,
    });
    linear.unwrap().weight_kd.iter_rows().map(|row| row[at]).collect()
}

fn largest_difference(a: &Matrix, b: &Matrix) -> f32 {
    a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_constant_feature_of_any_size_in_any_place_has_no_influence(value in constant(), at in 0usize..4, rows in 20usize..300) {
        let (features_nd, labels_n) = problem(rows);
        let wider_nd = with_column(&features_nd, at, |_| value);
        prop_assert_eq!(Standardiser::measure(&wider_nd).constants(), 1);
        let (head, fitted_nk) = delivered(&wider_nd, &labels_n);
        prop_assert_eq!(weights(&head, at), [0.0, 0.0]);
        let logits_nk = head.logits(&wider_nd).unwrap();
        prop_assert!(largest_difference(&logits_nk, &fitted_nk) < 1e-4);
        // Nothing that the feature may come to be changes an answer.
        let other_nd = with_column(&features_nd, at, |row| row as f32);
        prop_assert_eq!(head.logits(&other_nd).unwrap(), logits_nk);
    }

    #[test]
    fn a_nearly_constant_feature_is_noise_or_is_delivered_right(value in constant(), at in 0usize..4, steps in 1u32..100_000) {
        // A few rows are some steps of f32 away; a weight that is infinite could not be delivered.
        prop_assume!(value.abs() < 1e37);
        let (features_nd, labels_n) = problem(120);
        let away = f32::from_bits(value.to_bits() + steps);
        let wider_nd = with_column(&features_nd, at, |row| if row % 5 == 0 { away } else { value });
        let (head, fitted_nk) = delivered(&wider_nd, &labels_n);
        let apart = largest_difference(&head.logits(&wider_nd).unwrap(), &fitted_nk);
        let size = fitted_nk.values().iter().fold(1.0f32, |size, logit| size.max(logit.abs()));
        prop_assert!(apart <= 1e-4 * size, "{} {}", apart, size);
    }

    #[test]
    fn one_huge_outlier_spoils_nothing(power in 0i32..38, negative: bool, at in 0usize..4, row in 0usize..100) {
        let (features_nd, labels_n) = problem(100);
        let outlier = if negative { -(10f32.powi(power)) } else { 10f32.powi(power) };
        let wider_nd = with_column(&features_nd, at, |number| if number == row { outlier } else { 0.25 });
        let (head, fitted_nk) = delivered(&wider_nd, &labels_n);
        prop_assert!(largest_difference(&head.logits(&wider_nd).unwrap(), &fitted_nk) < 1e-3);
    }
}

#[test]
fn means_a_hundred_thousand_deviations_away_are_taken_off_by_a_layer_of_their_own() {
    let (features_nd, labels_n) = problem(200);
    let far = features_nd.values().iter().map(|value| 1e5 + value).collect();
    let far_nd = Matrix::with_columns(3, far);
    let (head, fitted_nk) = delivered(&far_nd, &labels_n);
    assert_eq!(head.layers.len(), 2);
    assert!(largest_difference(&head.logits(&far_nd).unwrap(), &fitted_nk) < 1e-4);
    let near = delivered(&features_nd, &labels_n).0;
    assert_eq!(near.layers.len(), 1);
}

#[test]
fn one_vs_rest_leaves_constants_out_too() {
    let (features_nd, labels_n) = problem(100);
    let wider_nd = with_column(&features_nd, 1, |_| 0.1);
    let targets = labels_n.iter().flat_map(|&label| [label as f32, 1.0 - label as f32]).collect();
    let targets_nk = Matrix::with_columns(2, targets);
    let standardiser = Standardiser::measure(&wider_nd);
    let scaled_nd = standardiser.apply(&wider_nd).unwrap();
    let fit = one_vs_rest(&scaled_nd, &targets_nk, 1.0, None).unwrap();
    let head = standardiser.deliver(&fit.head, &wider_nd, &scaled_nd).unwrap();
    assert_eq!(weights(&head, 1), [0.0, 0.0]);
}

#[test]
fn a_single_row_is_constant_throughout() {
    let standardiser = Standardiser::measure(&Matrix::with_columns(3, vec![1.0, -2.0, 0.0]));
    assert_eq!(standardiser.constants(), 3);
}

#[test]
fn a_head_that_cannot_be_folded_is_refused() {
    let features_nd = Matrix::with_columns(1, vec![1.0, 2.0]);
    let standardiser = Standardiser::measure(&features_nd);
    let head = LinearHead { weight_kd: Matrix::with_columns(1, vec![1.0]), bias_k: vec![0.0] };
    let error = standardiser.deliver(&head, &features_nd, &features_nd).unwrap_err().to_string();
    let expected =
        "the head for features as they come does not answer as the fitted one does: logits differ by ";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn features_that_are_not_finite_are_refused_by_their_row() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let features_nd = Matrix::with_columns(2, vec![1.0, 2.0, 3.0, value, 5.0, 6.0]);
        let error = Standardiser::measure(&features_nd).apply(&features_nd).unwrap_err();
        assert_eq!(error, HeadError::NotFinite { row: 1 });
    }
}
