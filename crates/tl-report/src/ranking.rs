//! Ranking metrics: how well a class's probabilities put its pictures before the others.

/// The pictures ranked by the probability of one class, the most probable first.
pub(crate) struct Ranking {
    /// Number of the picture, whether it has the label, and whether the next one's probability is another.
    places: Vec<(usize, bool, bool)>,
}

impl Ranking {
    /// The ranking of (probability, whether the picture has the label), one for each picture.
    pub(crate) fn new(answers: &[(f64, bool)]) -> Self {
        let mut order: Vec<usize> = (0..answers.len()).collect();
        order.sort_by(|&a, &b| answers[b].0.total_cmp(&answers[a].0));
        let ends = |at: usize| order.get(at + 1).is_none_or(|&next| answers[next].0 != answers[order[at]].0);
        let place = |(at, &picture): (usize, &usize)| (picture, answers[picture].1, ends(at));
        Self { places: order.iter().enumerate().map(place).collect() }
    }

    /// Average precision, where each picture counts as often as `times` says: the sum over thresholds of the gain in
    /// recall times the precision there. `None` where no picture has the label.
    ///
    /// scikit-learn's `average_precision_score`: no interpolation, equal probabilities share one threshold.
    /// <https://scikit-learn.org/stable/modules/generated/sklearn.metrics.average_precision_score.html>
    pub(crate) fn average_precision(&self, times: &[usize]) -> Option<f64> {
        let (mut hits, mut given, mut before, mut sum) = (0, 0, 0, 0.0);
        for &(picture, has_label, ends) in &self.places {
            given += times[picture];
            hits += if has_label { times[picture] } else { 0 };
            if ends && hits > before {
                sum += (hits - before) as f64 * hits as f64 / given as f64;
                before = hits;
            }
        }
        (hits > 0).then(|| sum / hits as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_precision_is_the_textbooks() {
        // scikit-learn's example: 0.83.
        let ranking = Ranking::new(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]);
        assert_eq!(ranking.average_precision(&[1; 4]), Some((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(ranking.average_precision(&[1, 1, 0, 0]), None);
        assert_eq!(ranking.average_precision(&[5, 0, 1, 1]), Some(1.0));
    }

    #[test]
    fn equal_probabilities_share_a_threshold() {
        let ranking = Ranking::new(&[(0.5, true), (0.5, false), (0.5, false), (0.5, false)]);
        assert_eq!(ranking.average_precision(&[1; 4]), Some(0.25));
    }
}
