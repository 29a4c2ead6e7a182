//! A head for a set of features, by one of the ways.

use burn::tensor::Device;
use tl_heads::{HeadError, LinearHead, Matrix, Standardiser, logistic_regression};

use crate::{AdamWSettings, EpochLoss, HeadKind, train_linear};

/// Above so many training pictures, steps are cheaper than solving at once.
const SOLVABLE: usize = 20_000;

/// The way to train a head, decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Method {
    /// Logistic regression of this inverse strength.
    Logistic { c: f64 },
    /// Steps of AdamW.
    AdamW(AdamWSettings),
}

/// What is asked for, resolved by the number of training pictures.
pub(crate) fn resolve(kind: HeadKind, pictures: usize) -> HeadKind {
    match kind {
        HeadKind::Auto if pictures > SOLVABLE => HeadKind::AdamW,
        HeadKind::Auto => HeadKind::Logistic,
        decided => decided,
    }
}

/// Fits a head on raw features: they are standardised, and the scaling is folded into the head.
pub(crate) fn fit(
    method: Method,
    features_nd: &Matrix,
    labels_n: &[usize],
    classes: usize,
    device: &Device,
    progress: &dyn Fn(EpochLoss),
) -> Result<LinearHead, HeadError> {
    let standardiser = Standardiser::measure(features_nd);
    let scaled_nd = standardiser.apply(features_nd)?;
    let head = match method {
        Method::Logistic { c } => logistic_regression(&scaled_nd, labels_n, classes, c, None)?.head,
        Method::AdamW(settings) => train_linear(&scaled_nd, labels_n, classes, &settings, device, progress),
    };
    Ok(standardiser.fold_into(&head))
}
