//! The confusion matrix and what is counted from it.

use serde::{Deserialize, Serialize};

use crate::{Error, Interval, Result};

/// A confusion matrix: how often pictures of one class (row) were given each answer (column).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Confusion {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

/// Metrics of a class. A metric is none where its denominator is zero, never 0 or 1 by convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The name of the class.
    pub name: String,
    /// Pictures of this class.
    pub support: usize,
    /// Precision: the share of the answers naming this class that was right; none if it was never the answer.
    pub precision: Option<f64>,
    /// Recall: the share of the pictures of this class that was found; none without pictures.
    pub recall: Option<f64>,
    /// 95 % interval of the recall where pictures belong together; else it is Wilson's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall_interval: Option<Interval>,
    /// Harmonic mean of the two, `2 TP / (2 TP + FP + FN)`; none if the class occurs neither as truth nor as
    /// answer.
    pub f1: Option<f64>,
}

/// A kind of mistake: pictures of one class that were taken for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What the pictures show.
    pub truth: String,
    /// What the model said.
    pub predicted: String,
    /// Number of pictures with this mistake.
    pub count: usize,
    /// Number of pictures of the true class.
    pub of: usize,
}

impl Confusion {
    /// A confusion matrix without answers.
    pub fn new(classes: Vec<String>) -> Self {
        let counts = vec![vec![0; classes.len()]; classes.len()];
        Self { classes, counts }
    }

    /// Counts `(truth, predicted)` pairs of class numbers.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] for a number that is not an index into `classes`.
    pub fn from_predictions(
        classes: Vec<String>,
        predictions: impl IntoIterator<Item = (usize, usize)>,
    ) -> Result<Self> {
        let mut confusion = Self::new(classes);
        for (truth, predicted) in predictions {
            confusion.add(truth, predicted)?;
        }
        Ok(confusion)
    }

    /// Counts one more picture.
    ///
    /// # Errors
    /// [`Error::UnknownClass`] for a number that is not an index into the classes.
    pub fn add(&mut self, truth: usize, predicted: usize) -> Result<()> {
        let classes = self.classes.len();
        let unknown = |index| Error::UnknownClass { index, classes };
        let row = self.counts.get_mut(truth).ok_or_else(|| unknown(truth))?;
        *row.get_mut(predicted).ok_or_else(|| unknown(predicted))? += 1;
        Ok(())
    }

    /// Class names, in the order of rows and columns.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Counts, `[truth][predicted]`, always square.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// The number of right answers.
    pub fn correct(&self) -> usize {
        (0..self.classes.len()).map(|class| self.counts[class][class]).sum()
    }

    /// The number of all answers.
    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Pictures of class number `class`: the sum of its row.
    pub fn support(&self, class: usize) -> usize {
        self.counts[class].iter().sum()
    }

    /// Share of right answers; none without pictures.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.correct(), self.total())
    }

    /// Mean recall over the classes that have pictures; none without pictures.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recalls: Vec<f64> = self.per_class().into_iter().filter_map(|class| class.recall).collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// The commonest class and its share of the pictures: what a model that looks at nothing would reach.
    pub fn majority(&self) -> Option<(&str, f64)> {
        let class = (0..self.classes.len()).rev().max_by_key(|&class| self.support(class))?;
        Some((&self.classes[class], ratio(self.support(class), self.total())?))
    }

    /// Precision, recall and F1 of each class, in the order of the classes.
    pub fn per_class(&self) -> Vec<ClassMetrics> {
        (0..self.classes.len()).map(|class| self.class_metrics(class)).collect()
    }

    fn class_metrics(&self, class: usize) -> ClassMetrics {
        let hits = self.counts[class][class];
        let support = self.support(class);
        let answers: usize = self.counts.iter().map(|row| row[class]).sum();
        ClassMetrics {
            name: self.classes[class].clone(),
            support,
            precision: ratio(hits, answers),
            recall: ratio(hits, support),
            recall_interval: None,
            // TP + FN is the row's sum and TP + FP the column's.
            f1: ratio(2 * hits, support + answers),
        }
    }

    /// The `most` commonest mistakes, the commonest first; among equals the larger share of its class.
    pub fn worst_confusions(&self, most: usize) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = self.mistakes().collect();
        pairs.sort_by(|a, b| b.count.cmp(&a.count).then(a.of.cmp(&b.of)));
        pairs.truncate(most);
        pairs
    }

    fn mistakes(&self) -> impl Iterator<Item = Pair> {
        let cells = self.counts.iter().enumerate().flat_map(|(truth, row)| {
            row.iter().enumerate().map(move |(predicted, &count)| (truth, predicted, count))
        });
        cells.filter(|&(truth, predicted, count)| truth != predicted && count > 0).map(
            |(truth, predicted, count)| Pair {
                truth: self.classes[truth].clone(),
                predicted: self.classes[predicted].clone(),
                count,
                of: self.support(truth),
            },
        )
    }
}

/// The matrix as read from JSON, before its shape is checked.
#[derive(Deserialize)]
struct Stored {
    classes: Vec<String>,
    counts: Vec<Vec<usize>>,
}

impl TryFrom<Stored> for Confusion {
    type Error = Error;

    fn try_from(Stored { classes, counts }: Stored) -> Result<Self> {
        let expected = classes.len();
        let lengths = counts.iter().map(Vec::len).chain([counts.len()]);
        match lengths.into_iter().find(|&length| length != expected) {
            Some(actual) => Err(Error::NotSquare { expected, actual }),
            None => Ok(Self { classes, counts }),
        }
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(classes: &[&str]) -> Vec<String> {
        classes.iter().map(ToString::to_string).collect()
    }

    fn confusion(classes: &[&str], truth: &[usize], predicted: &[usize]) -> Confusion {
        let pairs = truth.iter().copied().zip(predicted.iter().copied());
        Confusion::from_predictions(names(classes), pairs).unwrap()
    }

    fn close(actual: Option<f64>, expected: f64) -> bool {
        actual.is_some_and(|actual| (actual - expected).abs() < 1e-12)
    }

    #[test]
    fn counts_rows_by_truth() {
        // The example of scikit-learn's `confusion_matrix`.
        // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
        let confusion = confusion(&["ant", "bird", "cat"], &[2, 0, 2, 2, 0, 1], &[0, 0, 2, 2, 0, 2]);
        assert_eq!(confusion.counts(), [vec![2, 0, 0], vec![0, 0, 1], vec![1, 0, 2]]);
        assert_eq!((confusion.correct(), confusion.total()), (4, 6));
    }

    #[test]
    fn per_class_matches_scikit_learn() {
        // The example of scikit-learn's `classification_report`: it prints precision 0.50, 0.00, 1.00, recall
        // 1.00, 0.00, 0.67, f1 0.67, 0.00, 0.80 and support 1, 1, 3.
        // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.classification_report.html
        let confusion = confusion(&["0", "1", "2"], &[0, 1, 2, 2, 2], &[0, 0, 2, 2, 1]);
        let expected = [(1, 0.5, 1.0, 2.0 / 3.0), (1, 0.0, 0.0, 0.0), (3, 1.0, 2.0 / 3.0, 0.8)];
        for (class, (support, precision, recall, f1)) in confusion.per_class().into_iter().zip(expected) {
            assert_eq!(class.support, support, "{class:?}");
            assert!(close(class.precision, precision), "{class:?}");
            assert!(close(class.recall, recall), "{class:?}");
            assert!(close(class.f1, f1), "{class:?}");
        }
    }

    #[test]
    fn balanced_accuracy_matches_scikit_learn() {
        // The example of scikit-learn's `balanced_accuracy_score` (0.625).
        // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.balanced_accuracy_score.html
        let confusion = confusion(&["0", "1"], &[0, 1, 0, 0, 1, 0], &[0, 1, 0, 0, 0, 1]);
        assert!(close(confusion.balanced_accuracy(), 0.625));
        assert_eq!(confusion.majority(), Some(("0", 4.0 / 6.0)));
    }

    #[test]
    fn a_class_without_pictures_has_no_recall_and_does_not_count() {
        let confusion = confusion(&["a", "b", "never"], &[0, 0, 1, 1], &[0, 2, 1, 1]);
        let never = &confusion.per_class()[2];
        assert_eq!((never.support, never.precision, never.recall), (0, Some(0.0), None));
        assert_eq!(never.f1, Some(0.0));
        assert!(close(confusion.balanced_accuracy(), 0.75));
    }

    #[test]
    fn no_pictures_give_no_figures() {
        let confusion = Confusion::new(names(&["a", "b"]));
        assert_eq!(confusion.accuracy(), None);
        assert_eq!(confusion.balanced_accuracy(), None);
        assert_eq!(confusion.majority(), None);
        assert_eq!(confusion.per_class()[0].f1, None);
        assert_eq!(Confusion::new(vec![]).majority(), None);
    }

    #[test]
    fn the_commonest_mistake_comes_first() {
        let confusion = confusion(&["a", "b", "c"], &[0, 0, 0, 1, 2, 2, 2], &[1, 1, 2, 0, 2, 2, 0]);
        let worst: Vec<_> = confusion
            .worst_confusions(3)
            .into_iter()
            .map(|pair| (pair.truth, pair.predicted, pair.count, pair.of))
            .collect();
        let pair = |truth: &str, predicted: &str, count, of| (truth.into(), predicted.into(), count, of);
        assert_eq!(worst, [pair("a", "b", 2, 3), pair("b", "a", 1, 1), pair("a", "c", 1, 3)]);
    }

    #[test]
    fn an_unknown_class_is_refused() {
        let error = Confusion::from_predictions(names(&["a"]), [(0, 1)]).unwrap_err();
        assert!(matches!(error, Error::UnknownClass { index: 1, classes: 1 }));
    }

    #[test]
    fn a_matrix_that_is_not_square_is_not_read() {
        for counts in ["[[1, 2]]", "[[1], [2]]", "[]"] {
            let json = format!(r#"{{"classes": ["a", "b"], "counts": {counts}}}"#);
            assert!(serde_json::from_str::<Confusion>(&json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn rows_sum_to_the_support(pairs in proptest::collection::vec((0_usize..5, 0_usize..5), 0..200)) {
            let classes = names(&["a", "b", "c", "d", "e"]);
            let confusion = Confusion::from_predictions(classes, pairs.iter().copied()).unwrap();
            for (class, metrics) in confusion.per_class().iter().enumerate() {
                let expected = pairs.iter().filter(|(truth, _)| *truth == class).count();
                prop_assert_eq!(metrics.support, expected);
                prop_assert_eq!(confusion.counts()[class].iter().sum::<usize>(), expected);
            }
            prop_assert_eq!(confusion.total(), pairs.len());
        }
    }
}
