//! Multi-label metrics: how good a model is that gives pictures several labels each.

use serde::{Deserialize, Serialize};

use crate::bootstrap::bootstrap;
use crate::clusters::{Clusters, share};
use crate::evaluation::check_probabilities;
use crate::ranking::Ranking;
use crate::{Error, Estimate, EvaluationSet, Interval, MeanSpread, Result, log_loss};

/// What the model said about one picture that may have several labels.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPrediction {
    /// The picture's path.
    pub path: String,
    /// Numbers of its classes; it may have none.
    pub truths: Vec<usize>,
    /// Number of the group that it belongs to, if others may: copies, look-alikes, pictures of one thing.
    pub group: Option<usize>,
    /// Numbers of the classes whose label it was given.
    pub given: Vec<usize>,
    /// The probability of each class, each by itself.
    pub probabilities: Vec<f64>,
}

/// How good a model is that gives each picture any number of labels: those whose probability reaches the threshold of
/// their class. Figures are none where they do not exist, never 0 by convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiLabel {
    /// The pictures it was measured on.
    pub part: EvaluationSet,
    /// Number of pictures.
    pub total: usize,
    /// Mean of the classes' average precisions (mAP): how well pictures with a label are put before those without,
    /// whatever the thresholds.
    pub mean_average_precision: Option<Estimate>,
    /// What probabilities by chance would come to: the mean share of pictures with each label.
    pub by_chance: Option<f64>,
    /// F1 of all labels of all classes together.
    pub micro_f1: Option<Estimate>,
    /// Mean F1 of the classes.
    pub macro_f1: Option<Estimate>,
    /// Share of wrong labels: given and not there, or there and not given.
    pub hamming_loss: Option<Estimate>,
    /// Pictures with exactly the right labels.
    pub exact: usize,
    /// The share of pictures whose labels are all right.
    pub exact_match: Option<f64>,
    /// The 95 % interval of that share: Wilson's; where pictures belong together, with the scatter over [`Self::groups`].
    pub exact_interval: Interval,
    /// Groups of pictures that belong together, a picture by itself being one; none if all are by themselves. Intervals
    /// are then bootstrapped over groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// Mean over pictures and classes of the negative natural logarithm of the probability given to what is so.
    pub log_loss: Option<f64>,
    /// Metrics of each class.
    pub per_class: Vec<LabelMetrics>,
    /// The wrongly labelled pictures whose truth was given the least probability.
    pub worst_pictures: Vec<LabelMistake>,
    /// The mean average precision on each fold of cross-validation, if there was one; put in by the caller.
    pub folds: Option<MeanSpread>,
}

/// Metrics of a class where pictures have several labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelMetrics {
    /// The name of the class.
    pub name: String,
    /// The decision threshold: from which probability on the model that is kept gives the label.
    pub threshold: Option<f64>,
    /// Pictures with the label.
    pub support: usize,
    /// Pictures that were given it.
    pub given: usize,
    /// Number of pictures that were given the label and have it.
    pub hits: usize,
    /// Area under precision over recall, as scikit-learn's `average_precision_score`; none without pictures.
    pub average_precision: Option<f64>,
    /// Precision: the share of the pictures that were given the label that has it.
    pub precision: Option<f64>,
    /// Recall: the share of the pictures with the label that was given it.
    pub recall: Option<f64>,
    /// 95 % interval of the recall, as [`MultiLabel::exact_interval`].
    pub recall_interval: Interval,
    /// Harmonic mean of precision and recall; none if nothing has the label or was given it.
    pub f1: Option<f64>,
}

/// A picture that was not given exactly its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelMistake {
    /// The picture's path.
    pub path: String,
    /// The picture's labels.
    pub truths: Vec<String>,
    /// Labels it has and was not given.
    pub missed: Vec<String>,
    /// Labels it was given and has not.
    pub wrong: Vec<String>,
    /// Mean over the classes of the negative natural logarithm of the probability given to what is so.
    pub log_loss: f64,
    /// A small version of the picture as a `data:image/…` URI, put in by the caller.
    pub thumbnail: Option<String>,
}

impl MultiLabel {
    /// Measures `predictions`, and keeps the `worst` mistakes by picture. `thresholds`, one for each class, are those of
    /// the model that is kept; `seed` is what the resamples of intervals come from.
    ///
    /// # Errors
    /// A class or a number of probabilities that does not fit `classes`, or a value that is not a probability.
    pub fn new(
        part: EvaluationSet,
        classes: &[String],
        thresholds: &[f64],
        predictions: &[LabelPrediction],
        worst: usize,
        seed: u64,
    ) -> Result<Self> {
        let answers = predictions.iter().map(|prediction| Answer::new(prediction, classes.len()));
        let answers = answers.collect::<Result<Vec<_>>>()?;
        let of_class = |class| answers.iter().map(move |answer| answer.labels[class]).collect();
        let columns: Vec<Vec<Label>> = (0..classes.len()).map(of_class).collect();
        let rankings: Vec<Ranking> = columns.iter().map(|labels| ranking(labels)).collect();
        let work = predictions.len() * classes.len();
        let clusters = Clusters::of(predictions.iter().map(|prediction| prediction.group));
        let clusters = clusters.as_ref();
        let [mean_average_precision, micro_f1, macro_f1, hamming_loss] =
            bootstrap(predictions.len(), work, seed, clusters, |times| figures(&columns, &rankings, times));
        let exact = answers.iter().filter(|answer| answer.is_exact()).count();
        let total = answers.len();
        let once = vec![1; total];
        let class = |(index, name): (usize, &String)| {
            let average_precision = rankings[index].average_precision(&once);
            let threshold = thresholds.get(index).copied();
            metrics(name, threshold, &columns[index], average_precision, clusters)
        };
        let per_class: Vec<LabelMetrics> = classes.iter().enumerate().map(class).collect();
        let shares = per_class.iter().filter(|class| class.support > 0);
        let so: Vec<f64> = columns.iter().flatten().map(|label| label.so).collect();
        Ok(Self {
            part,
            total,
            mean_average_precision,
            by_chance: mean(shares.map(|class| class.support as f64 / total as f64)),
            micro_f1,
            macro_f1,
            hamming_loss,
            exact,
            exact_match: (total > 0).then(|| exact as f64 / total as f64),
            exact_interval: share(answers.iter().map(Answer::is_exact).enumerate(), clusters),
            groups: clusters.map(Clusters::count),
            log_loss: log_loss(&so),
            per_class,
            worst_pictures: worst_pictures(&answers, classes, worst),
            folds: None,
        })
    }
}

/// A class of a picture.
#[derive(Clone, Copy)]
struct Label {
    there: bool,
    given: bool,
    probability: f64,
    /// The probability of what is so.
    so: f64,
}

/// A prediction that was found sound.
struct Answer<'a> {
    path: &'a str,
    labels: Vec<Label>,
}

impl<'a> Answer<'a> {
    fn new(prediction: &'a LabelPrediction, classes: usize) -> Result<Self> {
        let LabelPrediction { path, truths, given, probabilities, .. } = prediction;
        check_probabilities(path, probabilities, classes)?;
        if let Some(&index) = truths.iter().chain(given).find(|&&class| class >= classes) {
            return Err(Error::UnknownClass { index, classes });
        }
        let label =
            |&probability: &f64| Label { there: false, given: false, probability, so: 1.0 - probability };
        let mut labels: Vec<Label> = probabilities.iter().map(label).collect();
        given.iter().for_each(|&class| labels[class].given = true);
        for &class in truths {
            labels[class] = Label { there: true, so: probabilities[class], ..labels[class] };
        }
        Ok(Self { path, labels })
    }

    fn is_exact(&self) -> bool {
        self.labels.iter().all(|label| label.there == label.given)
    }

    fn mistake(&self, classes: &[String]) -> LabelMistake {
        let names = |wanted: fn(&Label) -> bool| {
            let found = self.labels.iter().zip(classes).filter(|(label, _)| wanted(label));
            found.map(|(_, class)| class.clone()).collect()
        };
        let so: Vec<f64> = self.labels.iter().map(|label| label.so).collect();
        LabelMistake {
            path: self.path.to_owned(),
            truths: names(|label| label.there),
            missed: names(|label| label.there && !label.given),
            wrong: names(|label| label.given && !label.there),
            log_loss: log_loss(&so).unwrap_or_default(),
            thumbnail: None,
        }
    }
}

fn ranking(labels: &[Label]) -> Ranking {
    let answers: Vec<(f64, bool)> = labels.iter().map(|label| (label.probability, label.there)).collect();
    Ranking::new(&answers)
}

/// Pictures of a class: with the label, given it, both.
#[derive(Clone, Copy, Default)]
struct Counts {
    support: usize,
    given: usize,
    hits: usize,
}

impl Counts {
    fn of(labels: &[Label], times: &[usize]) -> Self {
        labels.iter().zip(times).fold(Self::default(), |sum, (label, &times)| Self {
            support: sum.support + if label.there { times } else { 0 },
            given: sum.given + if label.given { times } else { 0 },
            hits: sum.hits + if label.there && label.given { times } else { 0 },
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            support: self.support + other.support,
            given: self.given + other.given,
            hits: self.hits + other.hits,
        }
    }

    fn f1(self) -> Option<f64> {
        ratio(2 * self.hits, self.support + self.given)
    }
}

/// Mean average precision, micro and macro F1 and Hamming loss, where pictures count so many times.
fn figures(columns: &[Vec<Label>], rankings: &[Ranking], times: &[usize]) -> [Option<f64>; 4] {
    let counts: Vec<Counts> = columns.iter().map(|labels| Counts::of(labels, times)).collect();
    let all = counts.iter().copied().fold(Counts::default(), Counts::plus);
    let pictures: usize = times.iter().sum();
    [
        mean(rankings.iter().filter_map(|ranking| ranking.average_precision(times))),
        all.f1(),
        mean(counts.iter().filter_map(|counts| counts.f1())),
        ratio(all.support + all.given - 2 * all.hits, pictures * columns.len()),
    ]
}

fn metrics(
    name: &str,
    threshold: Option<f64>,
    labels: &[Label],
    average_precision: Option<f64>,
    clusters: Option<&Clusters>,
) -> LabelMetrics {
    let with_label = labels.iter().enumerate().filter(|(_, label)| label.there);
    let counts = Counts::of(labels, &vec![1; labels.len()]);
    let Counts { support, given, hits } = counts;
    LabelMetrics {
        name: name.to_owned(),
        threshold,
        support,
        given,
        hits,
        average_precision,
        precision: ratio(hits, given),
        recall: ratio(hits, support),
        recall_interval: share(with_label.map(|(picture, label)| (picture, label.given)), clusters),
        f1: counts.f1(),
    }
}

fn worst_pictures(answers: &[Answer<'_>], classes: &[String], most: usize) -> Vec<LabelMistake> {
    let wrong = answers.iter().filter(|answer| !answer.is_exact());
    let mut mistakes: Vec<LabelMistake> = wrong.map(|answer| answer.mistake(classes)).collect();
    mistakes.sort_by(|a, b| b.log_loss.total_cmp(&a.log_loss));
    mistakes.truncate(most);
    mistakes
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests;
