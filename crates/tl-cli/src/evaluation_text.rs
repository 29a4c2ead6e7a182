//! What `tl eval` found, as text for people: the pictures that the model has seen apart from the others.

use tl_pipeline::{Evaluated, ModelMetrics, SeenMetrics};
use tl_report::{Evaluation, MultiLabel};

use crate::labels;
use crate::text::{self, percent, row};

pub(crate) fn lines(result: &Evaluated) -> Vec<String> {
    let all = match &result.multi_label {
        Some(found) => ModelMetrics::Several(found.clone()),
        None => ModelMetrics::One(result.evaluation.clone()),
    };
    let seen = &result.seen;
    let total = of_total(&all);
    let mut lines = vec![row("seen", &what_was_seen(seen, total))];
    lines.extend(match (&seen.unseen, seen.known) {
        (Some(unseen), _) if of_total(unseen) == 0 => {
            vec![row(
                "result",
                "the model has seen all of these pictures: they do not tell how it does on others",
            )]
        }
        (Some(unseen), true) => figures(unseen, "unseen pictures"),
        (Some(others), false) if seen.trained.is_some() => figures(others, "other pictures"),
        _ => figures(&all, "pictures"),
    });
    lines.extend(seen.trained.as_ref().map(|trained| row("trained", &of_trained(trained))));
    lines
}

fn what_was_seen(seen: &SeenMetrics, total: usize) -> String {
    let SeenMetrics { known, pictures, related, trained, .. } = seen;
    let related = match related {
        0 => String::new(),
        1 => ", 1 more is like one of them or of its group".to_owned(),
        more => format!(", {more} more are like them or of their groups"),
    };
    match (known, trained) {
        (true, None) => format!(
            "none of the {total} pictures trained the model, by the hashes of their files: one that was saved anew would not be \
             known again"
        ),
        (true, Some(_)) => format!("{pictures} of {total} pictures trained the model{related}: judged apart"),
        (false, None) => {
            "unknown: the model does not say which pictures trained it, these may be among them".to_owned()
        }
        (false, Some(_)) => format!(
            "at least {pictures} of {total} pictures trained the model{related}: judged apart; unknown for the others, \
             since the model that it began from does not say"
        ),
    }
}

fn of_total(judgement: &ModelMetrics) -> usize {
    match judgement {
        ModelMetrics::One(evaluation) => evaluation.total,
        ModelMetrics::Several(found) => found.total,
    }
}

fn figures(judgement: &ModelMetrics, pictures: &str) -> Vec<String> {
    match judgement {
        ModelMetrics::One(evaluation) => text::evaluation(evaluation, None, pictures),
        ModelMetrics::Several(found) => labels::figures(found, pictures),
    }
}

/// `100.0 %, 10 of 10 pictures: they say little about others`
fn of_trained(judgement: &ModelMetrics) -> String {
    let figure = match judgement {
        ModelMetrics::One(Evaluation { accuracy, correct, total, .. }) => {
            format!("accuracy {}, {correct} of {total}", accuracy.map_or_else(|| "-".to_owned(), percent))
        }
        ModelMetrics::Several(MultiLabel { mean_average_precision, total, .. }) => {
            let precision = mean_average_precision.map(|found| percent(found.value));
            format!("mAP {} on {total}", precision.unwrap_or_else(|| "-".to_owned()))
        }
    };
    format!("{figure} pictures that it has seen, which says little about others")
}
