//! The log loss of given probabilities: the one definition that choosing, validating and reporting share.

/// Least probability that a loss is taken of.
///
/// Models compute in `f32`: beside a probability of 1, what is left for the truth is 0 or at least this, the resolution there.
/// scikit-learn's `log_loss` clips probabilities of that type at the same place. So no answer costs more than 15.9 nats, whoever
/// counts it, and one certain mistake does not make the mean infinite. A loss that is minimised knows logits, and needs no bound.
pub const LEAST_PROBABILITY: f64 = f32::EPSILON as f64;

/// Negative natural logarithm of the probability given to the truth; not a number if the probability is none.
pub fn loss_of(probability: f64) -> f64 {
    // Not negated: of a certain answer that would be a negative zero.
    0.0 - probability.clamp(LEAST_PROBABILITY, 1.0).ln()
}

/// The log loss: the mean of [`loss_of`]; none without probabilities.
pub fn log_loss(truth_probabilities: &[f64]) -> Option<f64> {
    let sum: f64 = truth_probabilities.iter().map(|&probability| loss_of(probability)).sum();
    (!truth_probabilities.is_empty()).then(|| sum / truth_probabilities.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_loss_matches_scikit_learn() {
        // The example of scikit-learn's `log_loss`: 0.21616...
        // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html
        let loss = log_loss(&[0.9, 0.9, 0.8, 0.65]).unwrap();
        assert!((loss - 0.216_16).abs() < 1e-5, "{loss}");
        assert_eq!(log_loss(&[]), None);
    }

    #[test]
    fn no_probability_costs_more_than_the_resolution_of_single_precision() {
        // -ln of 2^-23.
        let most = 23.0 * std::f64::consts::LN_2;
        for (probability, expected) in [(0.0, most), (1e-300, most), (1e-6, 1e-6f64.ln().abs()), (1.0, 0.0)] {
            let loss = loss_of(probability);
            assert!((loss - expected).abs() < 1e-12 && loss.is_sign_positive(), "{probability}: {loss}");
        }
    }

    #[test]
    fn what_is_not_a_number_has_no_loss() {
        assert!(loss_of(f64::NAN).is_nan() && log_loss(&[0.5, f64::NAN]).unwrap().is_nan());
    }
}
