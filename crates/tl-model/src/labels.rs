//! Labels from probabilities, for models that give several.

/// The classes whose probability reaches their threshold.
pub fn given(probabilities: &[f64], thresholds: &[f64]) -> impl Iterator<Item = usize> {
    let pairs = probabilities.iter().zip(thresholds).enumerate();
    pairs.filter(|(_, (p, threshold))| p >= threshold).map(|(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_given_from_its_threshold_on() {
        assert_eq!(given(&[0.5, 0.2, 0.2], &[0.5, 0.1, 0.3]).collect::<Vec<_>>(), [0, 1]);
    }
}
