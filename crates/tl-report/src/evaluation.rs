//! Evaluation: from predictions to every metric of the report.

use serde::{Deserialize, Serialize};

use crate::calibration::{self, Bin};
use crate::clusters::{Clusters, share};
use crate::{ClassMetrics, Confusion, Error, Interval, Pair, Result};

/// Bins of the reliability diagram and of the calibration error; the 10 of Guo et al.'s figure 4 rather than
/// their 15, because the usual run here has hundreds of pictures, not thousands.
/// <https://arxiv.org/abs/1706.04599>
const BINS: usize = 10;
/// Kinds of mistake worth listing.
const CONFUSIONS: usize = 10;

/// Which pictures the figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvaluationSet {
    /// Held back from training, used to choose the model.
    Val,
    /// Held back from training and from every choice.
    Test,
    /// A set of its own, given after training.
    External,
}

/// What the model said about one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The picture's path.
    pub path: String,
    /// Number of its class.
    pub truth: usize,
    /// Number of the group that it belongs to, if others may: copies, look-alikes, pictures of one thing.
    pub group: Option<usize>,
    /// The probability of each class.
    pub probabilities: Vec<f64>,
}

/// How good the model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The pictures it was measured on.
    pub part: EvaluationSet,
    /// Number of right answers.
    pub correct: usize,
    /// Number of pictures.
    pub total: usize,
    /// Share of right answers; none without pictures, as all figures below.
    pub accuracy: Option<f64>,
    /// 95 % interval of the accuracy: Wilson's; where pictures belong together, with the scatter over [`Self::groups`].
    pub interval: Interval,
    /// Groups of pictures that belong together, a picture by itself being one; none if all are by themselves. Intervals
    /// are then bootstrapped over groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// Mean recall over the classes.
    pub balanced_accuracy: Option<f64>,
    /// Mean negative natural logarithm of the probability given to the truth.
    pub log_loss: Option<f64>,
    /// Expected calibration error over [`Self::reliability`].
    pub ece: Option<f64>,
    /// Accuracy of always answering the commonest class.
    pub majority_share: Option<f64>,
    /// Who was taken for whom.
    pub confusion: Confusion,
    /// Precision, recall and F1 per class.
    pub per_class: Vec<ClassMetrics>,
    /// The most frequent mistakes.
    pub worst_confusions: Vec<Pair>,
    /// Reliability diagram: confidence against accuracy.
    pub reliability: Vec<Bin>,
    /// The wrong answers that gave the truth the least probability.
    pub worst_pictures: Vec<Mistake>,
}

/// A picture the model got wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// The picture's path.
    pub path: String,
    /// The picture's class.
    pub truth: String,
    /// The class that the model answered.
    pub predicted: String,
    /// Probability of the answer.
    pub probability: f64,
    /// Probability of the truth.
    pub truth_probability: f64,
    /// A small version of the picture as a `data:image/…` URI, put in by the caller.
    pub thumbnail: Option<String>,
}

impl Evaluation {
    /// Measures `predictions`, and keeps the `worst` mistakes by picture.
    ///
    /// The answer is the most probable class, the first of them if several are.
    ///
    /// # Errors
    /// A class or a number of probabilities that does not fit `classes`, or a value that is not a
    /// probability.
    pub fn new(
        part: EvaluationSet,
        classes: Vec<String>,
        predictions: &[Prediction],
        worst: usize,
    ) -> Result<Self> {
        let answers = predictions
            .iter()
            .map(|prediction| Answer::new(prediction, classes.len()))
            .collect::<Result<Vec<_>>>()?;
        let pairs = answers.iter().map(|answer| (answer.prediction.truth, answer.predicted));
        let confusion = Confusion::from_predictions(classes, pairs)?;
        let sure: Vec<_> = answers.iter().map(|answer| (answer.probability, answer.right())).collect();
        let truths: Vec<_> = answers.iter().map(|answer| answer.truth_probability).collect();
        let (correct, total) = (confusion.correct(), confusion.total());
        let clusters = Clusters::of(predictions.iter().map(|prediction| prediction.group));
        let right = answers.iter().map(Answer::right).enumerate();
        Ok(Self {
            part,
            correct,
            total,
            accuracy: confusion.accuracy(),
            interval: share(right, clusters.as_ref()),
            groups: clusters.as_ref().map(Clusters::count),
            balanced_accuracy: confusion.balanced_accuracy(),
            log_loss: crate::log_loss(&truths),
            ece: calibration::expected_calibration_error(&sure, BINS),
            majority_share: confusion.majority().map(|(_, share)| share),
            per_class: per_class(&confusion, &answers, clusters.as_ref()),
            worst_confusions: confusion.worst_confusions(CONFUSIONS),
            reliability: calibration::reliability(&sure, BINS),
            worst_pictures: worst_pictures(&answers, confusion.classes(), worst),
            confusion,
        })
    }
}

/// The figures of each class, with intervals of their own where pictures belong together.
fn per_class(
    confusion: &Confusion,
    answers: &[Answer<'_>],
    clusters: Option<&Clusters>,
) -> Vec<ClassMetrics> {
    let mut classes = confusion.per_class();
    if clusters.is_some() {
        for (number, class) in classes.iter_mut().enumerate().filter(|(_, class)| class.support > 0) {
            let of_class = answers.iter().enumerate().filter(|(_, answer)| answer.prediction.truth == number);
            let right = of_class.map(|(picture, answer)| (picture, answer.right()));
            class.recall_interval = Some(share(right, clusters));
        }
    }
    classes
}

/// A prediction that was found sound.
struct Answer<'a> {
    prediction: &'a Prediction,
    predicted: usize,
    probability: f64,
    truth_probability: f64,
}

impl<'a> Answer<'a> {
    fn new(prediction: &'a Prediction, classes: usize) -> Result<Self> {
        let Prediction { path, truth, probabilities, .. } = prediction;
        check_probabilities(path, probabilities, classes)?;
        let unknown = Error::UnknownClass { index: *truth, classes };
        let &truth_probability = probabilities.get(*truth).ok_or(unknown)?;
        let (predicted, probability) = most_probable(probabilities);
        Ok(Self { prediction, predicted, probability, truth_probability })
    }

    fn right(&self) -> bool {
        self.predicted == self.prediction.truth
    }
}

/// Refuses anything but one probability for each class.
pub(crate) fn check_probabilities(path: &str, probabilities: &[f64], classes: usize) -> Result<()> {
    if probabilities.len() != classes {
        let (path, actual) = (path.to_owned(), probabilities.len());
        return Err(Error::ProbabilityCount { path, expected: classes, actual });
    }
    let bad = probabilities.iter().find(|value| !is_probability(**value));
    bad.map_or(Ok(()), |&value| Err(Error::NotAProbability { path: path.to_owned(), value }))
}

/// Softmax in single precision may end a few steps above 1.
fn is_probability(value: f64) -> bool {
    (0.0..=1.0 + 1e-6).contains(&value)
}

fn most_probable(probabilities: &[f64]) -> (usize, f64) {
    let first = (0, f64::NEG_INFINITY);
    let larger = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
    probabilities.iter().copied().enumerate().fold(first, larger)
}

fn worst_pictures(answers: &[Answer<'_>], classes: &[String], most: usize) -> Vec<Mistake> {
    let mut wrong: Vec<_> = answers.iter().filter(|answer| !answer.right()).collect();
    wrong.sort_by(|a, b| a.truth_probability.total_cmp(&b.truth_probability));
    let mistakes = wrong.into_iter().take(most).map(|answer| Mistake {
        path: answer.prediction.path.clone(),
        truth: classes[answer.prediction.truth].clone(),
        predicted: classes[answer.predicted].clone(),
        probability: answer.probability,
        truth_probability: answer.truth_probability,
        thumbnail: None,
    });
    mistakes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(predictions: &[(usize, &[f64])]) -> Result<Evaluation> {
        let classes = ["a", "b"].map(String::from).to_vec();
        let predictions: Vec<_> = predictions
            .iter()
            .enumerate()
            .map(|(index, &(truth, probabilities))| Prediction {
                path: format!("{index}.jpg"),
                truth,
                group: None,
                probabilities: probabilities.to_vec(),
            })
            .collect();
        Evaluation::new(EvaluationSet::Val, classes, &predictions, 1)
    }

    #[test]
    fn figures_agree_with_each_other() {
        let evaluation = evaluate(&[(0, &[0.9, 0.1]), (0, &[0.4, 0.6]), (0, &[0.1, 0.9]), (1, &[0.2, 0.8])]);
        let evaluation = evaluation.unwrap();
        assert_eq!((evaluation.correct, evaluation.total), (2, 4));
        assert_eq!(evaluation.accuracy, Some(0.5));
        assert_eq!(evaluation.balanced_accuracy, Some((1.0 / 3.0 + 1.0) / 2.0));
        assert_eq!(evaluation.majority_share, Some(0.75));
        assert_eq!(evaluation.worst_confusions.len(), 1);
        assert_eq!(evaluation.reliability.iter().map(|bin| bin.count).sum::<usize>(), 4);
    }

    #[test]
    fn the_worst_picture_is_the_one_whose_truth_was_least_probable() {
        let evaluation = evaluate(&[(0, &[0.4, 0.6]), (0, &[0.1, 0.9])]).unwrap();
        let [worst] = &evaluation.worst_pictures[..] else { panic!("{:?}", evaluation.worst_pictures) };
        assert_eq!((worst.path.as_str(), worst.predicted.as_str()), ("1.jpg", "b"));
        assert_eq!((worst.probability, worst.truth_probability), (0.9, 0.1));
    }

    #[test]
    fn a_tie_goes_to_the_first_class() {
        assert_eq!(evaluate(&[(0, &[0.5, 0.5])]).unwrap().correct, 1);
    }

    #[test]
    fn no_pictures_give_no_figures() {
        let evaluation = evaluate(&[]).unwrap();
        assert_eq!(evaluation.accuracy, None);
        assert_eq!(evaluation.log_loss, None);
        assert_eq!(evaluation.interval, Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn unsound_predictions_are_named() {
        let cases: [(&[f64], usize, &str); 4] = [
            (&[1.0], 0, "prediction for `0.jpg` has 1 probabilities, expected one for each of 2 classes"),
            (&[f64::NAN, 0.5], 0, "`0.jpg` has the probability NaN, expected 0 to 1; did training diverge?"),
            (&[1.5, -0.5], 0, "`0.jpg` has the probability 1.5"),
            (&[0.5, 0.5], 2, "class 2 does not exist: there are 2 classes"),
        ];
        for (probabilities, truth, expected) in cases {
            let message = evaluate(&[(truth, probabilities)]).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
