//! Figures of pictures with several labels, as text for people.

use tl_report::{Estimate, Interval, LabelMetrics, MultiLabel};

use crate::text::{self, percent, row, table, unshown};

/// Classes that are shown: those the model is worst at.
const CLASSES: usize = 12;
/// Pictures that are shown.
const WORST: usize = 3;

/// How good a model is that gives several labels each.
pub(crate) fn figures(found: &MultiLabel, pictures: &str) -> Vec<String> {
    let total = found.total;
    if total == 0 {
        return vec![row("result", "no pictures to judge by")];
    }
    let by_chance = found.by_chance.map(|share| format!("; {} by chance", percent(share)));
    let precision = match found.mean_average_precision {
        Some(precision) => format!("{} on {total} {pictures}", estimate(precision)),
        None => format!("not measured: none of {total} {pictures} has a label"),
    };
    let mut lines = vec![
        row(
            "mAP",
            &format!("{precision}{}{}", by_chance.unwrap_or_default(), text::over_groups(found.groups)),
        ),
        row("exact", &exact(found)),
        row("labels", &labels(found)),
    ];
    lines.extend(unshown(found.per_class.iter().map(|class| (class.name.as_str(), class.support))));
    if let Some(spread) = &found.folds {
        let sd =
            spread.sd.map_or_else(String::new, |sd| format!(", standard deviation {:.1} points", sd * 100.0));
        let (mean, low, high) = (percent(spread.mean), percent(spread.min), percent(spread.max));
        lines.push(row("folds", &format!("{} folds, mean mAP {mean}{sd}, {low} to {high}", spread.n)));
    }
    lines.extend(classes(&found.per_class));
    let worst = found.worst_pictures.iter().take(WORST).enumerate();
    lines.extend(worst.map(|(i, mistake)| {
        let missed = mistake.missed.iter().map(|class| format!("without {class}"));
        let wrong = mistake.wrong.iter().map(|class| format!("with {class}"));
        let how: Vec<String> = missed.chain(wrong).collect();
        let text = format!("{} is {}, labelled {}", mistake.path, listed(&mistake.truths), how.join(", "));
        row(if i == 0 { "worst" } else { "" }, &text)
    }));
    lines
}

fn exact(found: &MultiLabel) -> String {
    let Interval { low, high } = found.exact_interval;
    let share = found.exact_match.map_or_else(String::new, percent);
    let (low, high) = (percent(low), percent(high));
    format!(
        "{share}, {} pictures with all labels right and no other (95 % interval {low} to {high})",
        found.exact
    )
}

fn labels(found: &MultiLabel) -> String {
    let named =
        |name: &str, value: Option<Estimate>| value.map(|value| format!("{name} {}", estimate(value)));
    let wrong = named("wrong", found.hamming_loss);
    let all = [named("F1", found.micro_f1), named("mean F1 of the classes", found.macro_f1), wrong];
    all.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `81.9 % (95 % interval 75.1 % to 88.0 %)`
fn estimate(Estimate { value, interval: Interval { low, high } }: Estimate) -> String {
    format!("{} (95 % interval {} to {})", percent(value), percent(low), percent(high))
}

fn classes(classes: &[LabelMetrics]) -> Vec<String> {
    let mut worst: Vec<&LabelMetrics> = classes.iter().collect();
    let order = |class: &LabelMetrics| class.average_precision.unwrap_or(f64::INFINITY);
    if worst.len() > CLASSES {
        worst.sort_by(|a, b| order(a).total_cmp(&order(b)));
        worst.truncate(CLASSES);
    }
    let share = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), percent);
    let cells = |class: &&LabelMetrics| {
        let threshold = class.threshold.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let figures = [class.average_precision, class.precision, class.recall, class.f1].map(share);
        let counts = [class.name.clone(), class.support.to_string(), threshold];
        counts.into_iter().chain(figures).collect()
    };
    let head = ["class", "pictures", "given from", "AP", "precision", "recall", "F1"];
    table(&head, &worst.iter().map(cells).collect::<Vec<_>>())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
