//! A head for a set of features, by one of the ways.

use burn::tensor::Device;
use tl_heads::{
    FittedHead, FittedLayer, HeadError, LinearHead, Matrix, Standardiser, logistic_regression,
    nearest_neighbours, nearest_prototype,
};

use crate::{AdamWSettings, EpochLoss, HeadKind, train_linear};

/// Above so many training pictures, steps are cheaper than solving at once.
const SOLVABLE: usize = 20_000;
/// scikit-learn's default.
const NEIGHBOURS: usize = 5;

/// The way to train a head, decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Method {
    /// Logistic regression of this inverse strength.
    Logistic { c: f64 },
    /// Steps of AdamW.
    AdamW(AdamWSettings),
    /// The nearest class mean.
    Prototype,
    /// A vote of the nearest pictures.
    Neighbours,
}

/// What is asked for, resolved by the number of training pictures.
pub(crate) fn resolve(kind: HeadKind, pictures: usize) -> HeadKind {
    match kind {
        HeadKind::Auto | HeadKind::Layers if pictures > SOLVABLE => HeadKind::AdamW,
        HeadKind::Auto | HeadKind::Layers => HeadKind::Logistic,
        decided => decided,
    }
}

/// Fits a head on raw features. For linear ones they are standardised, and the scaling is folded into the head.
pub(crate) fn fit(
    method: Method,
    features_nd: &Matrix,
    labels_n: &[usize],
    classes: usize,
    device: &Device,
    progress: &dyn Fn(EpochLoss),
) -> Result<FittedHead, HeadError> {
    let standardised = |fit: &dyn Fn(&Matrix) -> Result<LinearHead, HeadError>| {
        let standardiser = Standardiser::measure(features_nd);
        let head = fit(&standardiser.apply(features_nd)?)?;
        Ok(FittedHead::from(standardiser.fold_into(&head)))
    };
    match method {
        Method::Logistic { c } => {
            standardised(&|scaled_nd| Ok(logistic_regression(scaled_nd, labels_n, classes, c, None)?.head))
        }
        Method::AdamW(settings) => standardised(&|scaled_nd| {
            Ok(train_linear(scaled_nd, labels_n, classes, &settings, device, progress))
        }),
        Method::Prototype => nearest_prototype(features_nd, labels_n, classes),
        Method::Neighbours => {
            nearest_neighbours(features_nd, labels_n, classes, NEIGHBOURS.min(labels_n.len()))
        }
    }
}

/// The head, if it is one linear layer.
pub(crate) fn as_linear(head: &FittedHead) -> Option<&LinearHead> {
    match head.layers.as_slice() {
        [FittedLayer::Linear(head)] => Some(head),
        _ => None,
    }
}

impl Method {
    /// In words.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Logistic { c } => format!("logistic regression, C = {c}"),
            Self::AdamW(settings) => format!("linear layer, AdamW, {} epochs", settings.epochs),
            Self::Prototype => "nearest class mean".to_owned(),
            Self::Neighbours => format!("vote of the {NEIGHBOURS} nearest pictures"),
        }
    }
}
