//! Targets: what pictures show, one label or several, and what follows from it: loss, probabilities, scores.

use tl_data::{Dataset, SampleId};
use tl_heads::{
    Fit, HeadError, LinearHead, LossKind, Matrix, logistic_regression, one_vs_rest, probabilities,
};
use tl_report::loss_of;

use crate::cursor::Scores;

/// The targets of pictures: one class each, or several labels.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// One class for each picture.
    One(Vec<usize>),
    /// Any number of labels: `targets_nk`, 1 where a picture has the label, else 0.
    Several(Matrix),
}

impl Targets {
    /// Targets of pictures of a data set, in this order.
    pub fn of(data: &Dataset, ids: &[SampleId]) -> Self {
        if !data.multi_label {
            return Self::One(labels(data, ids));
        }
        let mut targets_nk = Matrix::zeros(ids.len(), data.classes.len());
        put_targets(data, ids, targets_nk.values_mut());
        Self::Several(targets_nk)
    }

    /// Number of pictures.
    pub fn pictures(&self) -> usize {
        match self {
            Self::One(labels_n) => labels_n.len(),
            Self::Several(targets_nk) => targets_nk.rows(),
        }
    }

    /// Targets of the pictures with these numbers.
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::One(labels_n) => Self::One(rows.iter().map(|&row| labels_n[row]).collect()),
            Self::Several(targets_nk) => Self::Several(targets_nk.select_rows(rows)),
        }
    }

    /// The loss that asks what the labels answer.
    pub fn loss(&self) -> LossKind {
        match self {
            Self::One(_) => LossKind::CrossEntropy,
            Self::Several(_) => LossKind::Binary,
        }
    }

    /// `targets_bk` of the pictures with these numbers, flattened.
    pub fn targets(&self, rows: &[usize], classes: usize) -> Vec<f32> {
        match self {
            Self::Several(targets_nk) => targets_nk.select_rows(rows).values().to_vec(),
            Self::One(labels_n) => {
                let mut targets_bk = vec![0.0; rows.len() * classes];
                let places = rows.iter().enumerate().map(|(at, &row)| at * classes + labels_n[row]);
                places.for_each(|place| targets_bk[place] = 1.0);
                targets_bk
            }
        }
    }

    /// The class of each picture; empty if a picture may have several labels.
    pub fn labels(&self) -> &[usize] {
        if let Self::One(labels_n) = self { labels_n } else { &[] }
    }

    /// Fits logistic regression to features: multinomial, or one classifier for each label.
    pub fn logistic(
        &self,
        features_nd: &Matrix,
        classes: usize,
        c: f64,
        start: Option<&LinearHead>,
    ) -> Result<Fit, HeadError> {
        match self {
            Self::One(labels_n) => logistic_regression(features_nd, labels_n, classes, c, start),
            Self::Several(targets_nk) => one_vs_rest(features_nd, targets_nk, c, start),
        }
    }

    /// Logits to probabilities that fit the question.
    pub fn probabilities(&self, logits_nk: Matrix) -> Matrix {
        probabilities(matches!(self, Self::Several(_)), logits_nk)
    }

    /// The log loss of each picture, over all its questions.
    pub fn losses(&self, probabilities_nk: &Matrix) -> Vec<f64> {
        match self {
            Self::One(labels_n) => {
                let rows = probabilities_nk.iter_rows().zip(labels_n);
                rows.map(|(row, &label)| loss_of(f64::from(row[label]))).collect()
            }
            Self::Several(targets_nk) => {
                let rows = probabilities_nk.iter_rows().zip(targets_nk.iter_rows());
                let so = |(&p, &target): (&f32, &f32)| {
                    if target > 0.5 { f64::from(p) } else { 1.0 - f64::from(p) }
                };
                rows.map(|(row, targets)| row.iter().zip(targets).map(so).map(loss_of).sum()).collect()
            }
        }
    }

    /// How probabilities of these pictures do. With several labels every class is a question of its own, and right is
    /// what is on the right side of one half.
    pub fn scores(&self, probabilities_nk: &Matrix) -> Scores {
        match self {
            Self::One(labels_n) => of_one(probabilities_nk, labels_n),
            Self::Several(targets_nk) => of_several(probabilities_nk, targets_nk),
        }
    }
}

/// The class of a picture; of several labels, the first; without any, a number beyond all classes.
pub fn label(data: &Dataset, id: SampleId) -> usize {
    data.samples[id.0].class.0
}

fn labels(data: &Dataset, ids: &[SampleId]) -> Vec<usize> {
    ids.iter().map(|&id| label(data, id)).collect()
}

/// Puts 1 into rows of zeros, one row for each picture, where it has a label.
pub(crate) fn put_targets(data: &Dataset, ids: &[SampleId], rows: &mut [f32]) {
    for (row, &id) in rows.chunks_exact_mut(data.classes.len().max(1)).zip(ids) {
        data.samples[id.0].labels().for_each(|class| row[class.0] = 1.0);
    }
}

fn of_one(probabilities_nk: &Matrix, labels_n: &[usize]) -> Scores {
    let rows = || probabilities_nk.iter_rows().zip(labels_n);
    let count = labels_n.len().max(1) as f64;
    let loss: f64 = rows().map(|(row, &label)| loss_of(f64::from(row[label]))).sum();
    let right = rows().filter(|(row, label)| most_probable(row) == **label).count();
    Scores { log_loss: loss / count, accuracy: right as f64 / count }
}

fn of_several(probabilities_nk: &Matrix, targets_nk: &Matrix) -> Scores {
    let so = |(&p, &target): (&f32, &f32)| if target > 0.5 { f64::from(p) } else { 1.0 - f64::from(p) };
    let all = || probabilities_nk.values().iter().zip(targets_nk.values()).map(so);
    let count = targets_nk.values().len().max(1) as f64;
    let loss: f64 = all().map(loss_of).sum();
    Scores { log_loss: loss / count, accuracy: all().filter(|&so| so >= 0.5).count() as f64 / count }
}

/// The first of the largest.
fn most_probable(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_labels_are_so_many_questions() {
        let targets_nk = Matrix::with_columns(2, vec![1.0, 0.0, 1.0, 1.0]);
        let p_nk = Matrix::with_columns(2, vec![0.8, 0.4, 0.9, 0.25]);
        let Scores { log_loss, accuracy } = Targets::Several(targets_nk).scores(&p_nk);
        let expected = -(0.8f64.ln() + 0.6f64.ln() + 0.9f64.ln() + 0.25f64.ln()) / 4.0;
        // Probabilities are f32.
        assert!((log_loss - expected).abs() < 1e-7, "{log_loss} {expected}");
        assert_eq!(accuracy, 0.75);
    }

    #[test]
    fn a_certain_mistake_does_not_make_the_loss_infinite() {
        let truth = Targets::Several(Matrix::with_columns(1, vec![0.0]));
        assert!(truth.scores(&Matrix::with_columns(1, vec![1.0])).log_loss < 17.0);
    }
}
