//! How good the model is, how sure that is, and what to mind.

use super::Section;
use super::leaks;
use super::table::facts;
use crate::chart::{Baseline, interval};
use crate::text::{
    count, ends, maybe, number, percent, percent_whole, pictures, plural, quoted, quoted_list, shortened,
};
use crate::{Evaluation, EvaluationSet, Interval, Record};

/// Number of pictures below which the interval can be wider than ± 10 points, which needs a word.
pub(super) const FEW: usize = 100;
/// A gap between accuracy and balanced accuracy that is worth a word.
const UNEVEN: f64 = 0.05;

/// The verdict on a model that gives one label each.
pub(super) fn section(record: &Record) -> Section {
    let evaluation = &record.evaluation;
    let body = match evaluation.accuracy {
        Some(accuracy) => measured(record, accuracy),
        None => format!(
            "<p class=\"statement\">No pictures were held back, so nothing is known about how often this \
            model is right.</p>{}",
            list(&leaks::cautions(&record.data))
        ),
    };
    Section { id: "verdict", title: "Verdict", lede: String::new(), body, wide: false }
}

fn measured(record: &Record, accuracy: f64) -> String {
    let evaluation = &record.evaluation;
    let baseline = baseline(evaluation);
    format!(
        r#"<div class="verdict"><p class="big">{big}<span>accuracy</span></p>
<p class="statement">{statement}</p></div>
<figure>{chart}</figure>
{figures}{cautions}"#,
        big = percent(accuracy).replace('\u{a0}', "<small>&#8239;</small>"),
        statement = statement(evaluation, accuracy),
        chart = interval("Accuracy", accuracy, evaluation.interval, baseline.as_ref()),
        figures = figures(evaluation),
        cautions = list(&cautions(record, accuracy)),
    )
}

fn statement(evaluation: &Evaluation, accuracy: f64) -> String {
    let on = on(evaluation.part, evaluation.total);
    let (low, high) = ends(evaluation.interval);
    format!(
        "{on}, the model was right on {correct} ({share}). With 95&nbsp;% confidence its accuracy is between \
        {low} and {high}.{groups}",
        correct = count(evaluation.correct as u64),
        share = percent(accuracy),
        groups = evaluation.groups.map(groups).unwrap_or_default(),
    )
}

/// What intervals are over where pictures belong together.
pub(super) fn groups(groups: usize) -> String {
    format!(
        " Some of these pictures are copies, look alike or are of one group, so they count as {}: intervals are \
        bootstrapped over groups.",
        plural(groups, "group", "groups")
    )
}

/// What was judged by.
pub(super) fn on(part: EvaluationSet, total: usize) -> String {
    let pictures = pictures(total);
    match part {
        EvaluationSet::Val => format!("On {pictures} it was not trained on"),
        EvaluationSet::Test => format!("On {pictures} it had never seen"),
        EvaluationSet::External => format!("On {pictures} given to it afterwards"),
    }
}

fn baseline(evaluation: &Evaluation) -> Option<Baseline> {
    let (class, share) = evaluation.confusion.majority()?;
    Some(Baseline { share, label: format!("always “{}”", shortened(class, 24)) })
}

fn figures(evaluation: &Evaluation) -> String {
    facts(
        "figures",
        &[
            ("Balanced accuracy", maybe(evaluation.balanced_accuracy, percent)),
            ("Commonest class alone", maybe(evaluation.majority_share, percent)),
            ("Log loss", maybe(evaluation.log_loss, number)),
            ("Calibration error", maybe(evaluation.ece, percent)),
        ],
    )
}

fn cautions(record: &Record, accuracy: f64) -> Vec<String> {
    let evaluation = &record.evaluation;
    let all = [few(evaluation), no_better(evaluation), unseen(evaluation), uneven(evaluation, accuracy)];
    leaks::cautions(&record.data).into_iter().chain(all.into_iter().flatten()).collect()
}

fn few(evaluation: &Evaluation) -> Option<String> {
    let Interval { low, high } = evaluation.interval;
    let independent = evaluation.groups.unwrap_or(evaluation.total);
    (independent < FEW).then(|| {
        format!(
            "{} {} little to judge by: the interval spans {:.0} points. More pictures, or cross-validation, \
            would narrow it.",
            evaluation
                .groups
                .map_or_else(|| pictures(independent), |groups| plural(groups, "group", "groups")),
            if independent == 1 { "is" } else { "are" },
            (high - low) * 100.0
        )
    })
}

fn no_better(evaluation: &Evaluation) -> Option<String> {
    let (class, share) = evaluation.confusion.majority()?;
    (evaluation.interval.low <= share).then(|| {
        format!(
            "This is not clearly better than looking at nothing: always answering {} is right on {}.",
            quoted(class),
            percent_whole(share)
        )
    })
}

fn unseen(evaluation: &Evaluation) -> Option<String> {
    let unseen = evaluation.per_class.iter().filter(|class| class.support == 0);
    let names: Vec<&str> = unseen.map(|class| class.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!("Not one picture among them shows {}: nothing is known about that.", quoted_list(&names))
    })
}

fn uneven(evaluation: &Evaluation, accuracy: f64) -> Option<String> {
    let balanced = evaluation.balanced_accuracy?;
    (accuracy - balanced > UNEVEN).then(|| {
        format!(
            "Common classes do better than rare ones: with every class counted alike, accuracy is {}.",
            percent(balanced)
        )
    })
}

pub(super) fn list(cautions: &[String]) -> String {
    if cautions.is_empty() {
        return String::new();
    }
    let items: String = cautions.iter().map(|caution| format!("<li>{caution}</li>\n")).collect();
    format!("\n<div class=\"cautions\"><h3>What to mind</h3>\n<ul>\n{items}</ul></div>")
}
