use super::*;
use crate::bootstrap::bootstrap;
use crate::wilson;

/// Uniform in [0, 1).
fn uniform(draws: &mut Draws) -> f64 {
    draws.below(1 << 52) as f64 / (1_u64 << 52) as f64
}

/// Groups of these sizes, whose pictures are right with `share`, and with `together` answer as their group's first does
/// (which is the correlation inside a group): (group, right).
fn simulate(sizes: &[usize], share: f64, together: f64, draws: &mut Draws) -> Vec<(usize, bool)> {
    let mut answers = Vec::new();
    for (group, &size) in sizes.iter().enumerate() {
        let shared = uniform(draws) < share;
        for _ in 0..size {
            // Two pictures follow the group, and so each other, with the square of this.
            let follows = uniform(draws) < together.sqrt();
            let own = uniform(draws) < share;
            answers.push((group, if follows { shared } else { own }));
        }
    }
    answers
}

fn covers(interval: Interval, share: f64) -> usize {
    usize::from((interval.low..=interval.high).contains(&share))
}

#[test]
fn intervals_over_groups_cover_the_truth_in_95_of_100_simulations_and_those_over_pictures_do_not() {
    const RUNS: usize = 1000;
    let uneven = [1, 1, 1, 8].repeat(15);
    let cases: [(&[usize], f64, f64); 6] = [
        (&uneven, 0.9, 0.5),
        (&[5; 30], 0.8, 0.5),
        (&[5; 40], 0.8, 0.3),
        (&[10; 12], 0.8, 0.5),
        (&[4; 25], 0.7, 1.0),
        (&[6; 50], 0.9, 0.6),
    ];
    let mut draws = Draws(7);
    for (sizes, share, together) in cases {
        let (mut grouped, mut single) = (0, 0);
        for _ in 0..RUNS {
            let answers = simulate(sizes, share, together, &mut draws);
            let clusters = Clusters::of(answers.iter().map(|answer| Some(answer.0)));
            let right = || answers.iter().map(|answer| answer.1).enumerate();
            grouped += covers(super::share(right(), clusters.as_ref()), share);
            single += covers(super::share(right(), None), share);
        }
        let [grouped, single] = [grouped, single].map(|runs| runs as f64 / RUNS as f64);
        assert!((0.92..=0.98).contains(&grouped), "{} groups: {grouped}", sizes.len());
        assert!(single < 0.88, "{} groups, by pictures: {single}", sizes.len());
    }
}

/// Figures that have no formula are judged by the same resamples of groups.
#[test]
fn resamples_of_groups_cover_too() {
    const RUNS: usize = 300;
    let (sizes, share) = ([5; 30], 0.8);
    let mut draws = Draws(11);
    let (mut grouped, mut single) = (0, 0);
    for _ in 0..RUNS {
        let answers = simulate(&sizes, share, 0.5, &mut draws);
        let clusters = Clusters::of(answers.iter().map(|answer| Some(answer.0)));
        let mean = |times: &[usize]| {
            let right: usize =
                times.iter().zip(&answers).filter(|(_, answer)| answer.1).map(|(n, _)| n).sum();
            [Some(right as f64 / times.iter().sum::<usize>() as f64)]
        };
        // As much work as leaves the fewest resamples.
        let interval =
            |clusters| bootstrap(answers.len(), 10_000_000, 3, clusters, mean)[0].unwrap().interval;
        grouped += covers(interval(clusters.as_ref()), share);
        single += covers(interval(None), share);
    }
    let [grouped, single] = [grouped, single].map(|runs| runs as f64 / RUNS as f64);
    assert!((0.92..=0.98).contains(&grouped), "{grouped}");
    assert!(single < 0.85, "{single}");
}

#[test]
fn independent_pictures_get_the_interval_of_the_formula() {
    let right = |picture: usize| (picture, !picture.is_multiple_of(4));
    assert!(Clusters::of((0..40).map(Some)).is_none() && Clusters::of((0..3).map(|_| None)).is_none());
    assert_eq!(share((0..40).map(right), None), wilson(30, 40));
    // One pair more or less changes little.
    let pair = Clusters::of((0..40).map(|picture| Some(picture.max(1)))).unwrap();
    let (found, exact) = (share((0..40).map(right), Some(&pair)), wilson(30, 40));
    assert!(
        (found.low - exact.low).abs() < 0.02 && (found.high - exact.high).abs() < 0.02,
        "{found:?} {exact:?}"
    );
}

#[test]
fn groups_that_are_all_right_count_as_so_many_pictures() {
    let tens = Clusters::of((0..100).map(|picture| Some(picture / 10))).unwrap();
    let found = share((0..100).map(|picture| (picture, true)), Some(&tens));
    let (few, many) = (wilson(10, 10), wilson(100, 100));
    assert!(found.high == 1.0 && found.low < few.low && found.low < many.low, "{found:?}");
    let one = Clusters::of((0..9).map(|_| Some(3))).unwrap();
    let all = Interval { low: 0.0, high: 1.0 };
    assert_eq!(share((0..9).map(|picture| (picture, true)), Some(&one)), all, "one group tells nothing");
}

#[test]
fn students_quantiles_are_those_of_the_tables() {
    // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
    for (freedom, quantile) in [(3.0, 3.182), (5.0, 2.571), (10.0, 2.228), (29.0, 2.045), (1000.0, 1.962)] {
        assert!((student(freedom) - quantile).abs() < 0.02, "{freedom}: {}", student(freedom));
    }
}
