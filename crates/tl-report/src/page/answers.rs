//! Who was taken for whom, as a matrix and class by class.

use super::Section;
use super::table::{Column, MOST_ROWS, scroll, table};
use crate::chart::{interval_row, is_wide, legend, matrix};
use crate::text::{count, esc, maybe, percent, percent_whole};
use crate::{ClassMetrics, Evaluation, Pair, wilson};

/// Classes shown at once where the table of all is folded up.
const WEAKEST: usize = 20;

pub(super) fn confusion(evaluation: &Evaluation) -> Option<Section> {
    (evaluation.total > 0).then(|| Section {
        id: "confusion",
        title: "Confusion matrix",
        lede: "Rows are what the pictures show, columns what the model answered. Right answers lie on the \
        diagonal."
            .into(),
        body: format!(
            "<div class=\"beside\">\n<figure>{}<figcaption>{}</figcaption></figure>\n<div>{}</div>\n</div>",
            scroll("Confusion matrix", &matrix(&evaluation.confusion)),
            legend(),
            pairs(&evaluation.worst_confusions)
        ),
        wide: is_wide(&evaluation.confusion),
    })
}

fn pairs(pairs: &[Pair]) -> String {
    let row = |Pair { truth, predicted, count, of }: &Pair| {
        let share = percent_whole(*count as f64 / (*of).max(1) as f64);
        vec![esc(truth).to_string(), esc(predicted).to_string(), format!("{count} of {of}"), share]
    };
    let columns =
        [Column::Text("Truth"), Column::Text("Answer"), Column::Number("Pictures"), Column::Number("Share")];
    let rows: Vec<_> = pairs.iter().map(row).collect();
    match pairs {
        [] => "<p>Not one mistake.</p>".into(),
        _ => format!("<h3>Commonest mistakes</h3>\n{}", table("Commonest mistakes", &columns, &rows)),
    }
}

pub(super) fn classes(evaluation: &Evaluation) -> Option<Section> {
    let diagonal = |class: usize| evaluation.confusion.counts().get(class)?.get(class).copied();
    let mut rows: Vec<_> = evaluation
        .per_class
        .iter()
        .enumerate()
        .map(|(index, class)| (class, diagonal(index).unwrap_or(0)))
        .collect();
    let all = class_table("Figures per class", &rows);
    let weakest = match rows.len() {
        0..=MOST_ROWS => String::new(),
        _ => {
            let recall = |class: &ClassMetrics| class.recall.unwrap_or(f64::INFINITY);
            rows.sort_by(|(a, _), (b, _)| recall(a).total_cmp(&recall(b)));
            rows.truncate(WEAKEST);
            format!("<h3>The {WEAKEST} of lowest recall</h3>\n{}\n", class_table("Lowest recall", &rows))
        }
    };
    (evaluation.total > 0).then(|| Section {
        id: "classes",
        title: "Class by class",
        lede: "Recall: of the pictures of a class, the share that was found. Precision: of the answers \
        naming it, the share that was right. F1 is the harmonic mean of both. The intervals are drawn \
        from 0 to 100 %."
            .into(),
        body: weakest + &all,
        wide: false,
    })
}

/// A row per class; with each class, how many of its pictures were answered right.
fn class_table(caption: &str, classes: &[(&ClassMetrics, usize)]) -> String {
    let columns = [
        Column::Text("Class"),
        Column::Number("Pictures"),
        Column::Number("Precision"),
        Column::Number("Recall"),
        Column::Chart("95 % interval of recall"),
        Column::Number("F1"),
    ];
    let rows: Vec<_> = classes.iter().map(|(class, correct)| class_row(class, *correct)).collect();
    table(caption, &columns, &rows)
}

fn class_row(class: &ClassMetrics, correct: usize) -> Vec<String> {
    let ClassMetrics { name, support, precision, recall, recall_interval, f1 } = class;
    let interval = recall_interval.unwrap_or_else(|| wilson(correct, *support));
    vec![
        esc(name).to_string(),
        count(*support as u64),
        maybe(*precision, percent),
        maybe(*recall, percent),
        recall.map(|recall| interval_row(recall, interval)).unwrap_or_default(),
        maybe(*f1, |f1| format!("{f1:.2}")),
    ]
}
