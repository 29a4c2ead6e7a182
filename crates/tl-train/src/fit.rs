//! A head for a set of features, by one of the ways.

use burn::tensor::Device;
use tl_heads::{
    FittedHead, FittedLayer, HeadError, LinearHead, Matrix, Standardiser, nearest_neighbours,
    nearest_prototype,
};

use crate::{AdamWSettings, EpochLoss, HeadKind, Truth, train_linear};

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

/// From standardised features and what to begin at.
type LinearFit<'a> = dyn Fn(&Matrix, Option<&LinearHead>) -> Result<LinearHead, HeadError> + 'a;

/// Fits a head on raw features. For linear ones they are standardised, and the scaling is folded into the head; they
/// begin at `start`, or at zero.
pub(crate) fn fit(
    method: Method,
    features_nd: &Matrix,
    truth: &Truth,
    classes: usize,
    device: &Device,
    start: Option<&LinearHead>,
    progress: &dyn Fn(EpochLoss),
) -> Result<FittedHead, HeadError> {
    let standardised = |fit: &LinearFit<'_>| {
        let standardiser = Standardiser::measure(features_nd);
        let start = start.map(|head| standardiser.unfold(head)).transpose()?;
        let head = fit(&standardiser.apply(features_nd)?, start.as_ref())?;
        Ok(FittedHead::from(standardiser.fold_into(&head)))
    };
    match method {
        Method::Logistic { c } => {
            standardised(&|scaled_nd, start| truth.logistic(scaled_nd, classes, c, start))
        }
        Method::AdamW(settings) => standardised(&|scaled_nd, start| {
            Ok(train_linear(scaled_nd, truth, classes, &settings, device, start, progress))
        }),
        Method::Prototype => nearest_prototype(features_nd, truth.labels(), classes),
        Method::Neighbours => {
            nearest_neighbours(features_nd, truth.labels(), classes, NEIGHBOURS.min(truth.pictures()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solver_that_begins_at_the_minimum_stays_there() {
        let value = |i: usize| ((i * 7919 + i / 3 * 104_729) % 1000) as f32 / 500.0 + 3.0;
        let features_nd = Matrix::with_columns(3, (0..3 * 90).map(value).collect());
        let truth = Truth::One(features_nd.iter_rows().map(|row| usize::from(row[0] > row[1])).collect());
        let device = Device::flex();
        let of = |start: Option<&LinearHead>| {
            let method = Method::Logistic { c: 1.0 };
            let head = fit(method, &features_nd, &truth, 2, &device, start, &|_| {}).unwrap();
            as_linear(&head).unwrap().clone()
        };
        let cold = of(None);
        // The same but for a constant that a softmax does not see: a solver that begins elsewhere does not find it.
        let mut start = cold.clone();
        start.bias_k.iter_mut().for_each(|bias| *bias += 7.0);
        let warm = of(Some(&start));
        for (a, b) in warm
            .bias_k
            .iter()
            .chain(warm.weight_kd.values())
            .zip(start.bias_k.iter().chain(start.weight_kd.values()))
        {
            // Roundings of scaling there and back.
            assert!((a - b).abs() < 1e-4, "{warm:?} {start:?}");
        }
        assert!((cold.bias_k[0] - warm.bias_k[0]).abs() > 6.0);
    }
}
