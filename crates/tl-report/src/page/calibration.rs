//! Calibration: whether the model's confidence can be taken at its word.

use super::Section;
use super::table::{Column, table};
use crate::chart::diagram;
use crate::text::{count, percent, percent_whole};
use crate::{Bin, Evaluation};

pub(super) fn section(evaluation: &Evaluation) -> Option<Section> {
    let bins = &evaluation.reliability;
    (!bins.is_empty()).then(|| Section {
        id: "calibration",
        title: "Calibration",
        lede: "Of the answers given with 80 % confidence, 80 % should be right: then the dots lie on the \
        dashed line. Below it the model is too sure of itself, above it too modest."
            .into(),
        body: format!(
            "<p class=\"finding\">{}</p>\n<div class=\"beside\"><figure>{}<figcaption>Larger dots hold more \
            answers; lines are 95&nbsp;% intervals.</figcaption></figure>\n<div>{}</div>\n</div>",
            finding(bins, evaluation.ece),
            diagram(bins),
            numbers(bins)
        ),
        wide: false,
    })
}

fn finding(bins: &[Bin], ece: Option<f64>) -> String {
    let total = bins.iter().map(|bin| bin.count).sum::<usize>().max(1) as f64;
    let confidence = bins.iter().map(|bin| bin.confidence * bin.count as f64).sum::<f64>() / total;
    let accuracy = bins.iter().map(|bin| bin.correct as f64).sum::<f64>() / total;
    let off = ece
        .filter(|ece| ece.is_finite())
        .map(|ece| format!(" Bin by bin the two differ by {:.1} points on average.", ece * 100.0));
    format!(
        "Its mean confidence was {}, and it was right on {}.{}",
        percent(confidence),
        percent(accuracy),
        off.unwrap_or_default()
    )
}

fn numbers(bins: &[Bin]) -> String {
    let row = |bin: &Bin| {
        vec![
            format!("{:.0}–{:.0}&nbsp;%", bin.low * 100.0, bin.high * 100.0),
            count(bin.count as u64),
            percent_whole(bin.confidence),
            percent_whole(bin.accuracy()),
        ]
    };
    let columns = [
        Column::Text("Confidence"),
        Column::Number("Answers"),
        Column::Number("Mean"),
        Column::Number("Right"),
    ];
    table("Confidence and accuracy", &columns, &bins.iter().map(row).collect::<Vec<_>>())
}
