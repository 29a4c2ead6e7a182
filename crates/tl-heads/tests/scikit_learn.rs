//! Logistic regression and neighbours against scikit-learn's: `logistic.py`, `several_labels.py` and `neighbours.py` in
//! `xtask/reference`.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use serde::Deserialize;
use tl_heads::{
    FittedHead, Matrix, logistic_regression, nearest_neighbours, nearest_prototype, one_vs_rest, sigmoids,
    softmax_rows,
};

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

#[derive(Deserialize)]
struct GoldenLabels {
    #[serde(rename = "X")]
    x: Vec<Vec<f32>>,
    targets: Vec<Vec<f32>>,
    fits: Vec<GoldenFit>,
}

#[derive(Deserialize)]
struct GoldenNeighbours {
    stored: usize,
    neighbours_1: Vec<Vec<f32>>,
    neighbours_5: Vec<Vec<f32>>,
    neighbours_40: Vec<Vec<f32>>,
    cosine_to_mean: Vec<Vec<f32>>,
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

fn labels() -> (Matrix, Matrix, Vec<GoldenFit>) {
    let golden: GoldenLabels = serde_json::from_str(include_str!("golden/one_vs_rest.json")).unwrap();
    let matrix = |rows: &[Vec<f32>]| Matrix::with_columns(rows[0].len(), rows.concat());
    (matrix(&golden.x), matrix(&golden.targets), golden.fits)
}

#[test]
fn probabilities_of_several_labels_are_those_of_scikit_learn() {
    let (features_nd, targets_nk, fits) = labels();
    for reference in &fits {
        let fit = one_vs_rest(&features_nd, &targets_nk, reference.c, None).unwrap();
        assert!(fit.converged, "C = {}", reference.c);
        let p_nk = sigmoids(fit.head.logits(&features_nd).unwrap());
        let worst = p_nk.values().iter().zip(reference.predict_proba.concat()).map(|(a, b)| (a - b).abs());
        let worst = worst.fold(0.0, f32::max);
        println!("C = {}: {} iterations, largest difference {worst:.1e}", reference.c, fit.iterations);
        assert!(worst < 2e-3, "C = {}: {worst}", reference.c);
    }
}

#[test]
fn several_labels_start_from_a_neighbour_too() {
    let (features_nd, targets_nk, _) = labels();
    let cold = one_vs_rest(&features_nd, &targets_nk, 1.0, None).unwrap();
    let warm = one_vs_rest(&features_nd, &targets_nk, 1.0, Some(&cold.head)).unwrap();
    assert!(warm.iterations < 2 && cold.iterations > 2, "{} {}", warm.iterations, cold.iterations);
    assert!((cold.loss - warm.loss).abs() < 1e-6, "{} {}", cold.loss, warm.loss);
    let short_nk = targets_nk.select_rows(&[0]);
    let error = one_vs_rest(&features_nd, &short_nk, 1.0, None).unwrap_err();
    assert_eq!(error.to_string(), "there are 1 labels for 60 rows of features");
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

/// The largest difference between the probabilities of a head and others.
fn worst(head: &FittedHead, asked_nd: &Matrix, reference: &[f32]) -> f32 {
    let p = head.probabilities(asked_nd).unwrap();
    assert_eq!(p.values().len(), reference.len());
    p.values().iter().zip(reference).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn votes_of_neighbours_and_class_means_are_those_of_scikit_learn() {
    let (features_nd, Golden { y, .. }) = golden();
    let golden: GoldenNeighbours = serde_json::from_str(include_str!("golden/neighbours.json")).unwrap();
    let stored_nd = features_nd.select_rows(&(0..golden.stored).collect::<Vec<_>>());
    let asked_nd = features_nd.select_rows(&(golden.stored..features_nd.rows()).collect::<Vec<_>>());
    let labels_n = &y[..golden.stored];
    for (k, reference) in [(1, golden.neighbours_1), (5, golden.neighbours_5), (40, golden.neighbours_40)] {
        let head = nearest_neighbours(&stored_nd, labels_n, 3, k).unwrap();
        // scikit-learn's shares, with the one vote that is spread over all classes.
        let smoothed = |p: f32| (p * k as f32 + 1.0 / 3.0) / (k as f32 + 1.0);
        let reference: Vec<f32> = reference.concat().into_iter().map(smoothed).collect();
        let worst = worst(&head, &asked_nd, &reference);
        println!("{k} neighbours: off by {worst:.1e}");
        // Measured 6e-8.
        assert!(worst < 1e-6, "{k} neighbours: {worst}");
    }
    let head = nearest_prototype(&stored_nd, labels_n, 3).unwrap();
    let logits = golden.cosine_to_mean.concat().into_iter().map(|cosine| 10.0 * cosine).collect();
    let worst = worst(&head, &asked_nd, softmax_rows(Matrix::with_columns(3, logits)).values());
    println!("class means: off by {worst:.1e}");
    // Measured 1.8e-7.
    assert!(worst < 1e-6, "class means: {worst}");
}

#[test]
fn as_many_neighbours_as_there_are_can_vote_and_no_more() {
    let features_nd = Matrix::new(2, 1, vec![1.0, -1.0]).unwrap();
    for k in [0, 3] {
        let error = nearest_neighbours(&features_nd, &[0, 1], 2, k).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{k} nearest of 2 stored features cannot vote; choose from 1 to 2")
        );
    }
    assert!(nearest_neighbours(&features_nd, &[0, 1], 2, 2).is_ok());
}
