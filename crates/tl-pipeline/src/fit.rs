//! A head for a set of features, by one of the ways.

use burn::tensor::Device;
use tl_heads::{
    Fit, FittedHead, HeadError, LinearHead, Matrix, Standardiser, check_finite, nearest_neighbours,
    nearest_prototype,
};
use tl_report::Solver;
use tl_train::Targets;

use crate::adamw::{AdamWSettings, EpochLoss, train_linear};
use crate::config::HeadKind;

/// Number of training pictures above which steps are cheaper than solving at once.
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

/// A head for raw features, and what is to be said of how it came about.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    pub(crate) head: FittedHead,
    /// How solving for it ended, if it was solved for.
    pub(crate) solver: Option<Solver>,
    /// Features that are the same in every picture.
    pub(crate) constants: usize,
}

impl From<FittedHead> for Fitted {
    fn from(head: FittedHead) -> Self {
        Self { head, solver: None, constants: 0 }
    }
}

impl Fitted {
    /// What is worth a line, each a sentence without its end.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let same = match (self.constants, self.head.features()) {
            (0, _) => None,
            (constants, features) if constants < features => Some(format!(
                "{constants} of {features} features are the same in every picture and have no weight"
            )),
            (_, features) => Some(format!(
                "all {features} features are the same in every picture, so the head knows only how common each class is: the \
                 weights are damaged, or the pictures are all alike"
            )),
        };
        let short = self.solver.filter(|solver| !solver.converged).map(|Solver { iterations, gradient, .. }| {
            format!(
                "the solver stopped short of the minimum after {iterations} steps: its gradient is {gradient:.1e}, and 1e-4 \
                 counts as zero"
            )
        });
        same.into_iter().chain(short).collect()
    }
}

/// Fits a linear head to standardised features, from what to begin at.
type LinearFit<'a> =
    dyn Fn(&Matrix, Option<&LinearHead>) -> Result<(LinearHead, Option<Solver>), HeadError> + 'a;

/// How solving ended, for the record.
pub(crate) fn solver(fit: &Fit) -> Solver {
    Solver { iterations: fit.iterations, gradient: fit.gradient, converged: fit.converged }
}

/// Fits a head on raw features. For linear ones they are standardised, and the scaling is folded into the head, which is
/// checked on these features; they begin at `start`, or at zero.
pub(crate) fn fit(
    method: Method,
    features_nd: &Matrix,
    targets: &Targets,
    classes: usize,
    device: &Device,
    start: Option<&LinearHead>,
    progress: &dyn Fn(EpochLoss),
) -> Result<Fitted, HeadError> {
    check_finite(features_nd)?;
    let standardised = |fit: &LinearFit<'_>| {
        let standardiser = Standardiser::measure(features_nd);
        let start = start.map(|head| standardiser.unfold(head)).transpose()?;
        let scaled_nd = standardiser.apply(features_nd)?;
        let (head, solver) = fit(&scaled_nd, start.as_ref())?;
        let head = standardiser.deliver(&head, features_nd, &scaled_nd)?;
        Ok(Fitted { head, solver, constants: standardiser.constants() })
    };
    match method {
        Method::Logistic { c } => standardised(&|scaled_nd, start| {
            let fit = targets.logistic(scaled_nd, classes, c, start)?;
            let solver = solver(&fit);
            Ok((fit.head, Some(solver)))
        }),
        Method::AdamW(settings) => standardised(&|scaled_nd, start| {
            Ok((train_linear(scaled_nd, targets, classes, &settings, device, start, progress)?, None))
        }),
        Method::Prototype => nearest_prototype(features_nd, targets.labels(), classes).map(Fitted::from),
        Method::Neighbours => {
            let neighbours = NEIGHBOURS.min(targets.pictures());
            nearest_neighbours(features_nd, targets.labels(), classes, neighbours).map(Fitted::from)
        }
    }
}

impl Method {
    /// The method in words.
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
        let targets = Targets::One(features_nd.iter_rows().map(|row| usize::from(row[0] > row[1])).collect());
        let device = Device::flex();
        let of = |start: Option<&LinearHead>| {
            let method = Method::Logistic { c: 1.0 };
            let fitted = fit(method, &features_nd, &targets, 2, &device, start, &|_| {}).unwrap();
            assert!(fitted.solver.unwrap().converged && fitted.remarks().is_empty());
            fitted.head.as_linear().unwrap()
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

    /// Features of which some are the same everywhere, and not 0; two classes that others tell apart.
    fn with_constants() -> (Matrix, Targets) {
        let value = |i: usize| match i % 6 {
            1 => 0.1,
            4 => -37.7,
            _ => ((i * 7919 + i / 6 * 104_729) % 1000) as f32 / 500.0,
        };
        let features_nd = Matrix::with_columns(6, (0..6 * 200).map(value).collect());
        let targets = Targets::One(features_nd.iter_rows().map(|row| usize::from(row[0] > row[2])).collect());
        (features_nd, targets)
    }

    #[test]
    fn features_that_never_vary_have_no_weight_whatever_fits_the_head_and_are_counted() {
        let (features_nd, targets) = with_constants();
        let settings = AdamWSettings { epochs: 30, batch: 16, rate: 0.02, ..AdamWSettings::default() };
        for method in [Method::Logistic { c: 1.0 }, Method::AdamW(settings)] {
            let fitted = fit(method, &features_nd, &targets, 2, &Device::flex(), None, &|_| {}).unwrap();
            assert_eq!(
                fitted.remarks(),
                ["2 of 6 features are the same in every picture and have no weight"]
            );
            let linear = fitted.head.as_linear().unwrap();
            for row in linear.weight_kd.iter_rows() {
                assert!(row[1] == 0.0 && row[4] == 0.0 && row[0] != 0.0, "{method:?}: {row:?}");
            }
            let p_nk = fitted.head.probabilities(&features_nd).unwrap();
            let accuracy = targets.scores(&p_nk).accuracy;
            assert!(accuracy > 0.95, "{method:?}: {accuracy}");
        }
    }

    #[test]
    fn features_that_are_not_finite_are_refused_whatever_fits_the_head() {
        let (features_nd, targets) = with_constants();
        let mut values = features_nd.values().to_vec();
        values[6 * 7 + 3] = f32::NAN;
        let features_nd = Matrix::with_columns(6, values);
        let methods = [
            Method::Logistic { c: 1.0 },
            Method::AdamW(AdamWSettings::default()),
            Method::Prototype,
            Method::Neighbours,
        ];
        for method in methods {
            let error = fit(method, &features_nd, &targets, 2, &Device::flex(), None, &|_| {}).unwrap_err();
            assert_eq!(error, HeadError::NotFinite { row: 7 }, "{method:?}");
        }
    }

    #[test]
    fn a_solver_that_stops_short_is_remarked_upon() {
        let solver = Some(Solver { iterations: 1000, gradient: 0.0032, converged: false });
        let head = FittedHead::from(LinearHead::zeros(2, 3));
        let remarks = Fitted { head, solver, constants: 0 }.remarks();
        let expected = "the solver stopped short of the minimum after 1000 steps: its gradient is 3.2e-3, and 1e-4 counts as zero";
        assert_eq!(remarks, [expected]);
    }
}
