//! The pictures: how many of what, and what was left out.

use super::Section;
use super::table::{Column, facts, table};
use crate::chart::{Segment, bar};
use crate::text::{count, esc, number, plural};
use crate::{ClassCount, Count, DataCard, RejectedFile, Summary};

/// Rejected files listed one by one; `report.json` has the rest.
const MOST_REJECTED: usize = 100;

/// `used` is how many pictures were: one with several labels counts for each class, but is one.
pub(super) fn section(data: &DataCard, used: usize) -> Section {
    let parts =
        [figures(data, used), classes(&data.classes), kinds(data), sizes(data), rejected(&data.rejected)];
    Section {
        id: "data",
        title: "Pictures",
        lede: "What the model learned from and what it was judged by. It can only be as good as these."
            .into(),
        body: parts.join("\n"),
        wide: false,
    }
}

fn figures(data: &DataCard, used: usize) -> String {
    let whole = |number: usize| count(number as u64);
    facts(
        "figures",
        &[
            ("Files found", whole(data.files)),
            ("Pictures used", whole(used)),
            ("Rejected", whole(data.rejected.len())),
            ("Ignored", whole(data.ignored)),
            ("Duplicates", whole(data.duplicates)),
            ("Turned upright", whole(data.oriented)),
        ],
    )
}

fn classes(classes: &[ClassCount]) -> String {
    let largest = classes.iter().map(ClassCount::total).max().unwrap_or(0).max(1);
    let tested = classes.iter().any(|class| class.test > 0);
    let mut columns = vec![Column::Text("Class"), Column::Number("Train"), Column::Number("Validation")];
    columns.extend(tested.then_some(Column::Number("Test")));
    columns.push(Column::Chart("Pictures"));
    let rows: Vec<_> = classes.iter().map(|class| class_row(class, largest, tested)).collect();
    let test_key = if tested { key(2, "test") } else { String::new() };
    format!(
        "<h3>Classes</h3>\n<p class=\"legend\">{}{}{test_key}</p>\n{}",
        key(0, "train"),
        key(1, "validation"),
        table("Pictures per class", &columns, &rows)
    )
}

fn key(tone: u8, name: &str) -> String {
    format!(
        r#"<span><svg class="swatch" width="12" height="12" aria-hidden="true">
<rect class="tone-{tone}" width="12" height="12"/></svg> {name}</span>"#
    )
}

fn class_row(class: &ClassCount, largest: usize, tested: bool) -> Vec<String> {
    let segment = |pictures: usize, tone| Segment { share: pictures as f64 / largest as f64, tone };
    let whole = |number: usize| count(number as u64);
    let mut cells = vec![esc(&class.name).to_string(), whole(class.train), whole(class.val)];
    cells.extend(tested.then(|| whole(class.test)));
    cells.push(bar(&[segment(class.train, 0), segment(class.val, 1), segment(class.test, 2)]));
    cells
}

fn kinds(data: &DataCard) -> String {
    let list = |counts: &[Count]| {
        let item =
            |Count { name, count: number }: &Count| format!("{}&nbsp;{}", count(*number as u64), esc(name));
        counts.iter().map(item).collect::<Vec<_>>().join(", ")
    };
    let notes = data.notes.iter().map(|note| esc(note).to_string()).collect::<Vec<_>>().join("; ");
    let all = [
        ("File formats", list(&data.formats)),
        ("Colour modes", list(&data.colors)),
        ("How they were understood", notes),
    ];
    let known: Vec<_> = all.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    if known.is_empty() { String::new() } else { facts("facts", &known) }
}

fn sizes(data: &DataCard) -> String {
    let measures = [
        ("Width, pixels", data.width),
        ("Height, pixels", data.height),
        ("Longer to shorter side", data.aspect),
    ];
    let row = |(name, summary): (&str, Option<Summary>)| {
        summary.map(|Summary { min, median, max }| {
            vec![name.to_string(), number(min), number(median), number(max)]
        })
    };
    let rows: Vec<_> = measures.into_iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = [
        Column::Text("Size"),
        Column::Number("Smallest"),
        Column::Number("Median"),
        Column::Number("Largest"),
    ];
    format!("<h3>Sizes</h3>\n{}", table("Sizes of the pictures", &columns, &rows))
}

fn rejected(files: &[RejectedFile]) -> String {
    if files.is_empty() {
        return String::new();
    }
    let row = |RejectedFile { path, reason }: &RejectedFile| {
        vec![format!("<code>{}</code>", esc(path)), esc(reason).to_string()]
    };
    let rows: Vec<_> = files.iter().take(MOST_REJECTED).map(row).collect();
    let more = match files.len().saturating_sub(MOST_REJECTED) {
        0 => String::new(),
        more => format!(
            "\n<p class=\"note\">{} not shown; <code>report.json</code> lists all.</p>",
            plural(more, "more file is", "more files are")
        ),
    };
    let columns = [Column::Text("File"), Column::Text("Reason")];
    format!("<h3>Rejected files</h3>\n{}{more}", table("Rejected files", &columns, &rows))
}
