//! Clustered data, and how sure a share is where pictures belong together: copies, look-alikes, shots of one thing.
//!
//! Such pictures are right or wrong together, so that they tell less than as many independent ones. What is drawn again
//! in a bootstrap is then the group and not the picture (Davison and Hinkley 1997, Bootstrap Methods and their
//! Application, section 3.8).

use std::collections::HashMap;

use crate::Interval;
use crate::draws::Draws;
use crate::interval::{Z, score_interval};

/// Where draws for shares come from; the pictures are the same, so the intervals may be.
const SEED: u64 = 0;
/// Enough for the scatter to be known to a fortieth.
const RESAMPLES: usize = 1000;
/// Groups that the worst case counts as, beside those there are. In simulations of 12 to 200 groups, some of them much
/// larger than others, intervals cover the truth in 93 to 97 of 100 cases with it, and in 87 to 97 without.
const DOUBT: f64 = 20.0;

/// Which of some pictures belong together.
pub(crate) struct Clusters {
    /// The number of each picture's group, from 0.
    of: Vec<usize>,
    count: usize,
}

impl Clusters {
    /// Groups from the number of each picture's group, which may be any number, or none for one by itself. `None` if every
    /// picture is by itself.
    pub(crate) fn of(groups: impl Iterator<Item = Option<usize>>) -> Option<Self> {
        let mut number: HashMap<usize, usize> = HashMap::new();
        let mut count = 0;
        let mut next = || {
            count += 1;
            count - 1
        };
        let of: Vec<usize> = groups
            .map(|group| match group {
                Some(group) => *number.entry(group).or_insert_with(&mut next),
                None => next(),
            })
            .collect();
        (count < of.len()).then_some(Self { of, count })
    }

    /// The number of groups.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number of times that each picture counts, if each group counts so often.
    pub(crate) fn spread(&self, times: &[usize]) -> Vec<usize> {
        self.of.iter().map(|&group| times[group]).collect()
    }

    /// What an interval from resamples is wider by with so few groups: Student's quantile and the loss of a degree of
    /// freedom, of which percentiles know nothing.
    pub(crate) fn widening(&self) -> f64 {
        let groups = self.count as f64;
        if self.count < 2 {
            f64::INFINITY
        } else {
            (groups / (groups - 1.0)).sqrt() * student(groups - 1.0) / Z
        }
    }
}

/// 95 % interval of the share of right answers, given as (number of the picture, whether it is right).
///
/// Without groups, Wilson's for so many pictures. With groups, Wilson's for as many independent pictures as would
/// scatter as much as the share does when groups are drawn again (effective sample size: Kish 1965, Survey Sampling,
/// section 8.2; in a score interval: Korn and Graubard 1998, Survey Methodology 24, with Student's quantile). Unlike
/// the resamples' percentiles it does not vanish where all answers are right.
pub(crate) fn share(answers: impl Iterator<Item = (usize, bool)>, clusters: Option<&Clusters>) -> Interval {
    let Some(clusters) = clusters else {
        let (right, total) =
            answers.fold((0, 0), |(right, total), answer| (right + usize::from(answer.1), total + 1));
        return crate::wilson(right, total);
    };
    let mut tallies = vec![Tally::default(); clusters.count];
    for (picture, right) in answers {
        let tally = &mut tallies[clusters.of[picture]];
        *tally = Tally { right: tally.right + usize::from(right), total: tally.total + 1 };
    }
    tallies.retain(|tally| tally.total > 0);
    of_tallies(&tallies)
}

/// Answers of a group.
#[derive(Clone, Copy, Default)]
struct Tally {
    right: usize,
    total: usize,
}

impl Tally {
    fn sum(tallies: impl Iterator<Item = Self>) -> Self {
        tallies.fold(Self::default(), |sum, tally| Self {
            right: sum.right + tally.right,
            total: sum.total + tally.total,
        })
    }

    fn share(self) -> f64 {
        self.right as f64 / self.total.max(1) as f64
    }
}

fn of_tallies(tallies: &[Tally]) -> Interval {
    let all = Tally::sum(tallies.iter().copied());
    if tallies.len() == all.total {
        return crate::wilson(all.right, all.total);
    }
    let squares: usize = tallies.iter().map(|tally| tally.total.pow(2)).sum();
    // As many as there are where pictures of a group are always right or wrong together.
    let least = (all.total as f64).powi(2) / squares as f64;
    if tallies.len() < 2 || least <= 1.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let total = all.total as f64;
    let found = match (all.right, variance(tallies, all.share())) {
        (0, _) | (_, 0.0) => least,
        (right, _) if right == all.total => least,
        (_, variance) => (all.share() * (1.0 - all.share()) / variance).clamp(least, total),
    };
    // The scatter of few groups is itself uncertain: as if so many more had shown the worst.
    let doubt = DOUBT / (DOUBT + least);
    let independent = doubt * least + (1.0 - doubt) * found;
    score_interval(all.share(), independent * (Z / student(least - 1.0)).powi(2))
}

/// How far the share strays when groups are drawn again with replacement.
fn variance(tallies: &[Tally], share: f64) -> f64 {
    let (mut draws, groups) = (Draws(SEED), tallies.len());
    let squares = (0..RESAMPLES).map(|_| {
        let drawn = Tally::sum((0..groups).map(|_| tallies[draws.below(groups)]));
        (drawn.share() - share).powi(2)
    });
    squares.sum::<f64>() / RESAMPLES as f64 * groups as f64 / (groups as f64 - 1.0)
}

/// The 97.5 % quantile of Student's distribution, to a tenth with one degree of freedom and a hundredth with three.
///
/// Abramowitz and Stegun 1964, 26.7.5.
fn student(freedom: f64) -> f64 {
    let power = |n: i32| Z.powi(n);
    let terms = [
        Z,
        (power(3) + Z) / 4.0,
        (5.0 * power(5) + 16.0 * power(3) + 3.0 * Z) / 96.0,
        (3.0 * power(7) + 19.0 * power(5) + 17.0 * power(3) - 15.0 * Z) / 384.0,
        (79.0 * power(9) + 776.0 * power(7) + 1482.0 * power(5) - 1920.0 * power(3) - 945.0 * Z) / 92160.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| sum / freedom + term)
}

#[cfg(test)]
mod tests;
