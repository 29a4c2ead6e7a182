//! How training went, and how much the result hangs on the split.

use super::Section;
use super::table::facts;
use crate::chart::{Mark, Series, Unit, lines, spread};
use crate::text::{percent, plural};
use crate::{CurvePoint, Folds, MeanSpread};

pub(super) fn curve(curve: &[CurvePoint]) -> Option<Section> {
    let loss = [
        series(curve, "training", false, |point| point.train_loss),
        series(curve, "validation", true, |point| point.val_loss),
    ];
    let accuracy = [series(curve, "validation", true, |point| point.val_accuracy)];
    let marks = marks(curve);
    let charts = [
        chart("Loss", "Loss over the epochs", &loss, Unit::Number, &marks),
        chart("Accuracy", "Validation accuracy over the epochs", &accuracy, Unit::Share, &marks),
    ];
    let charts: String = charts.into_iter().flatten().collect();
    (!charts.is_empty()).then(|| Section {
        id: "training",
        title: "Training",
        lede: "While both losses fall, the model learns. When the validation loss rises again, it learns by \
        heart."
            .into(),
        body: format!("<div class=\"charts\">{charts}</div>"),
        wide: false,
    })
}

fn series(
    curve: &[CurvePoint],
    name: &'static str,
    main: bool,
    value: impl Fn(&CurvePoint) -> Option<f64>,
) -> Series {
    let point = |point: &CurvePoint| {
        let value = value(point).filter(|value| value.is_finite() && point.epoch.is_finite())?;
        Some((point.epoch, value))
    };
    Series { name, main, points: curve.iter().filter_map(point).collect() }
}

fn chart(title: &str, label: &str, series: &[Series], unit: Unit, marks: &[Mark]) -> Option<String> {
    let drawn = series.iter().any(|series| !series.points.is_empty());
    drawn.then(|| format!("<figure><h3>{title}</h3>{}</figure>\n", lines(label, series, unit, marks)))
}

/// Where a phase of the recipe begins, after the first.
fn marks(curve: &[CurvePoint]) -> Vec<Mark> {
    let pairs = curve.iter().zip(curve.iter().skip(1));
    let changes = pairs.filter(|(before, after)| before.phase != after.phase && before.epoch.is_finite());
    changes
        .map(|(before, after)| Mark { at: before.epoch, label: after.phase.clone().unwrap_or_default() })
        .collect()
}

pub(super) fn folds(folds: Option<&Folds>) -> Option<Section> {
    let folds = folds?;
    let summary = folds.spread.as_ref()?;
    Some(Section {
        id: "folds",
        title: "Cross-validation",
        lede:
            "Each fold in turn is held back while the rest is trained on. The spread shows how much of the \
            accuracy is the luck of one split."
                .into(),
        body: format!(
            "<p class=\"finding\">{}</p>\n<figure>{}</figure>\n{}",
            finding(summary),
            spread(&folds.accuracies, summary.mean),
            each(&folds.accuracies)
        ),
        wide: false,
    })
}

fn finding(MeanSpread { mean, sd, min, max, n }: &MeanSpread) -> String {
    let sd = sd.map(|sd| format!(", standard deviation {:.1} points", sd * 100.0)).unwrap_or_default();
    format!(
        "Mean accuracy over {}: {}{sd}; lowest {}, highest {}.",
        plural(*n, "fold", "folds"),
        percent(*mean),
        percent(*min),
        percent(*max)
    )
}

fn each(accuracies: &[f64]) -> String {
    let names: Vec<_> = (1..=accuracies.len()).map(|fold| format!("Fold {fold}")).collect();
    let figure = |(name, accuracy): (&String, &f64)| (name.clone(), percent(*accuracy));
    let all: Vec<_> = names.iter().zip(accuracies).map(figure).collect();
    let all: Vec<_> = all.iter().map(|(name, accuracy)| (name.as_str(), accuracy.clone())).collect();
    facts("figures", &all)
}
