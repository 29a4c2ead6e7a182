//! Logistic regression against scikit-learn's, `xtask/reference/logistic.py`.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use serde::Deserialize;
use tl_heads::{Matrix, logistic_regression};

#[derive(Deserialize)]
struct Golden {
    #[serde(rename = "X")]
    x: Vec<Vec<f32>>,
    y: Vec<usize>,
    fits: Vec<GoldenFit>,
}

#[derive(Deserialize)]
struct GoldenFit {
    #[serde(rename = "C")]
    c: f64,
    predict_proba: Vec<Vec<f32>>,
}

fn golden() -> (Matrix, Golden) {
    let golden: Golden = serde_json::from_str(include_str!("golden/logistic.json")).unwrap();
    let features_nd = Matrix::new(golden.x.len(), golden.x[0].len(), golden.x.concat()).unwrap();
    (features_nd, golden)
}

#[test]
fn probabilities_are_those_of_scikit_learn() {
    let (features_nd, golden) = golden();
    for reference in &golden.fits {
        let fit = logistic_regression(&features_nd, &golden.y, 3, reference.c, None).unwrap();
        assert!(fit.converged, "C = {}", reference.c);
        let p = fit.head.probabilities(&features_nd).unwrap();
        let worst = p.values().iter().zip(reference.predict_proba.concat()).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f32::max);
        println!("C = {}: {} iterations, largest difference {worst:.1e}", reference.c, fit.iterations);
        assert!(worst < 2e-3, "C = {}: {worst}", reference.c);
    }
}

#[test]
fn starting_from_a_neighbour_ends_at_the_same_minimum() {
    let (features_nd, golden) = golden();
    let weak = logistic_regression(&features_nd, &golden.y, 3, 0.01, None).unwrap();
    let cold = logistic_regression(&features_nd, &golden.y, 3, 1.0, None).unwrap();
    let warm = logistic_regression(&features_nd, &golden.y, 3, 1.0, Some(&weak.head)).unwrap();
    assert!((cold.loss - warm.loss).abs() < 1e-6, "{} {}", cold.loss, warm.loss);
}

#[test]
fn unfit_input_is_named() {
    let features_nd = Matrix::new(2, 1, vec![0.0, f32::NAN]).unwrap();
    for (labels, classes, message) in [
        (&[0, 1, 0][..], 2, "there are 3 labels for 2 rows of features"),
        (&[0, 2], 2, "label 2 is not below the number of classes, 2"),
        (&[0, 1], 2, "row 1 of the features holds a value that is not finite"),
    ] {
        let error = logistic_regression(&features_nd, labels, classes, 1.0, None).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
