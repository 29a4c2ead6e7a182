use super::*;
use serde::Deserialize;

/// `xtask/reference/several_labels.py`.
#[derive(Deserialize)]
struct Golden {
    targets: Vec<Vec<usize>>,
    probabilities: Vec<Vec<f64>>,
    thresholds: Vec<f64>,
    average_precision: Vec<f64>,
    mean_average_precision: f64,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    micro_f1: f64,
    macro_f1: f64,
    exact: f64,
    hamming: f64,
    log_loss: f64,
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class{class}")).collect()
}

fn prediction(path: &str, truths: &[usize], given: &[usize], probabilities: &[f64]) -> LabelPrediction {
    let (truths, given, probabilities) = (truths.to_vec(), given.to_vec(), probabilities.to_vec());
    LabelPrediction { path: path.into(), truths, group: None, given, probabilities }
}

fn evaluate(predictions: &[LabelPrediction]) -> Result<MultiLabel> {
    MultiLabel::new(EvaluationSet::Val, &names(2), &[0.5, 0.3], predictions, 9, 0)
}

#[test]
fn figures_are_those_of_scikit_learn() {
    let text = include_str!("../../tests/golden/several_labels.json");
    let golden: Golden = serde_json::from_str(text).unwrap();
    let row = |(targets, probabilities): (&Vec<usize>, &Vec<f64>)| {
        let classes = || 0..targets.len();
        let truths: Vec<usize> = classes().filter(|&class| targets[class] == 1).collect();
        let given = classes().filter(|&class| probabilities[class] >= golden.thresholds[class]);
        prediction("x", &truths, &given.collect::<Vec<_>>(), probabilities)
    };
    let predictions: Vec<_> = golden.targets.iter().zip(&golden.probabilities).map(row).collect();
    let found =
        MultiLabel::new(EvaluationSet::Val, &names(4), &golden.thresholds, &predictions, 0, 0).unwrap();
    let value = |estimate: Option<Estimate>| estimate.unwrap().value;
    let of =
        |figure: fn(&LabelMetrics) -> Option<f64>| found.per_class.iter().map(move |c| figure(c).unwrap());
    let ours = [
        value(found.mean_average_precision),
        value(found.micro_f1),
        value(found.macro_f1),
        value(found.hamming_loss),
        found.exact_match.unwrap(),
        found.log_loss.unwrap(),
    ];
    let theirs = [
        golden.mean_average_precision,
        golden.micro_f1,
        golden.macro_f1,
        golden.hamming,
        golden.exact,
        golden.log_loss,
    ];
    let per_class = of(|class| class.average_precision).zip(golden.average_precision);
    let per_class = per_class.chain(of(|class| class.precision).zip(golden.precision));
    let per_class = per_class.chain(of(|class| class.recall).zip(golden.recall));
    let per_class = per_class.chain(of(|class| class.f1).zip(golden.f1));
    for (ours, theirs) in ours.into_iter().zip(theirs).chain(per_class) {
        // The same sums of f64 in another order.
        assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
    }
    for estimate in [found.mean_average_precision, found.micro_f1, found.macro_f1, found.hamming_loss] {
        let Estimate { value, interval } = estimate.unwrap();
        assert!(interval.low < value && value < interval.high, "{value} {interval:?}");
        assert!(interval.high - interval.low < 0.3, "{interval:?}");
    }
}

#[test]
fn mistakes_are_named_the_worst_first() {
    let found = evaluate(&[
        prediction("right", &[0, 1], &[0, 1], &[0.5, 0.3]),
        prediction("so-so", &[0], &[0, 1], &[0.9, 0.4]),
        prediction("bad", &[0], &[1], &[0.1, 0.6]),
        prediction("none", &[], &[], &[0.2, 0.1]),
    ]);
    let found = found.unwrap();
    assert_eq!((found.exact, found.total), (2, 4));
    let [bad, so_so] = &found.worst_pictures[..] else { panic!("{:?}", found.worst_pictures) };
    assert_eq!((bad.path.as_str(), so_so.path.as_str()), ("bad", "so-so"));
    assert_eq!((&bad.missed[..], &bad.wrong[..]), (&names(1)[..], &names(2)[1..]));
    assert_eq!((so_so.missed.len(), &so_so.wrong[..]), (0, &names(2)[1..]));
    assert_eq!(found.by_chance, Some((0.75 + 0.25) / 2.0));
}

#[test]
fn a_class_without_pictures_has_no_average_precision_and_leaves_the_mean_alone() {
    let found = evaluate(&[prediction("a", &[0], &[0], &[0.9, 0.1]), prediction("b", &[], &[], &[0.1, 0.1])])
        .unwrap();
    assert_eq!(found.per_class[1].average_precision, None);
    assert_eq!(found.mean_average_precision.unwrap().value, 1.0);
}

#[test]
fn no_pictures_give_no_figures() {
    let found = evaluate(&[]).unwrap();
    assert_eq!((found.mean_average_precision, found.exact_match, found.log_loss), (None, None, None));
}

#[test]
fn unsound_predictions_are_named() {
    for (truths, given, probabilities, expected) in [
        (&[2][..], &[][..], &[0.1, 0.2][..], "class 2 does not exist"),
        (&[0], &[3], &[0.1, 0.2], "class 3 does not exist"),
        (&[0], &[], &[0.1], "has 1 probabilities"),
        (&[0], &[], &[0.1, f64::NAN], "has the probability NaN"),
    ] {
        let message = evaluate(&[prediction("x", truths, given, probabilities)]).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}
