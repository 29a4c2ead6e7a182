//! What the program decided by itself, and between what it chose.

use super::Section;
use super::table::{Column, table};
use crate::chart::interval_row;
use crate::text::{count, duration, esc, maybe, number, percent};
use crate::{Candidate, Choice, wilson};

/// The interval's column.
const INTERVAL: usize = 3;

pub(super) fn section(choices: &[Choice]) -> Option<Section> {
    let choice = |Choice { what, chosen, why }: &Choice| {
        format!(
            "<div><dt>{}</dt><dd><strong>{}</strong><p>{}</p></dd></div>\n",
            esc(what),
            esc(chosen),
            esc(why)
        )
    };
    (!choices.is_empty()).then(|| Section {
        id: "choices",
        title: "What was done",
        lede: "Every decision that was left to the program, and its reason.".into(),
        body: format!("<dl class=\"choices\">\n{}</dl>", choices.iter().map(choice).collect::<String>()),
        wide: false,
    })
}

/// The models that were compared. With `labels`, what is right or wrong is each label of a picture by itself; those of one
/// picture depend on each other, so that there is no interval.
pub(super) fn candidates(candidates: &[Candidate], labels: bool) -> Option<Section> {
    let mut columns = vec![
        Column::Text("Model"),
        Column::Number(if labels { "Right labels" } else { "Right" }),
        Column::Number(if labels { "Share" } else { "Accuracy" }),
        Column::Chart("95 % interval"),
        Column::Number("Log loss"),
        Column::Number("Time"),
    ];
    let mut rows: Vec<_> = candidates.iter().map(candidate).collect();
    if labels {
        columns.remove(INTERVAL);
        rows.iter_mut().for_each(|cells| drop(cells.remove(INTERVAL)));
    }
    (!candidates.is_empty()).then(|| Section {
        id: "candidates",
        title: "What was compared",
        lede: if labels {
            "All were measured on the same pictures, which none was trained on and the verdict does not count."
        } else {
            "All were measured on the same pictures, which none was trained on and the verdict does not count. \
            Where intervals overlap widely, the order may be luck. They are drawn from 0 to 100 %."
        }
        .into(),
        body: table("Models compared", &columns, &rows),
        wide: false,
    })
}

fn candidate(candidate: &Candidate) -> Vec<String> {
    let Candidate { name, correct, total, log_loss, seconds, kept } = candidate;
    let accuracy = (*total > 0).then(|| *correct as f64 / *total as f64);
    let kept = if *kept { " <span class=\"badge\">kept</span>" } else { "" };
    vec![
        format!("{}{kept}", esc(name)),
        format!("{} of {}", count(*correct as u64), count(*total as u64)),
        maybe(accuracy, percent),
        maybe(accuracy, |accuracy| interval_row(accuracy, wilson(*correct, *total))),
        maybe(*log_loss, number),
        // Of the head on kept features nobody took the time.
        if *seconds > 0.0 { duration(*seconds) } else { "–".into() },
    ]
}
