//! The classes: how many pictures, and what they look like.

use tl_data::{CheckReport, ClassCheck, Part};

use super::ByteBudget;
use crate::chart::{Segment, bar};
use crate::page::Section;
use crate::page::table::{Column, table};
use crate::text::{count, esc};

pub(super) fn section(report: &CheckReport) -> Section {
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| report.classes.iter().any(|class| class.parts.contains_key(part)))
        .collect();
    let heading = |part: &Part| match part {
        Part::Train => Column::Number("Train"),
        Part::Val => Column::Number("Validation"),
        Part::Test => Column::Number("Test"),
    };
    let mut columns = vec![Column::Text("Class"), Column::Number("Pictures"), Column::Number("Different")];
    columns.extend(parts.iter().map(heading));
    columns.push(Column::Chart("Share of the largest"));
    let largest = report.classes.iter().map(|class| class.pictures).max().unwrap_or(0).max(1);
    let rows: Vec<_> = report.classes.iter().map(|class| row(class, &parts, largest)).collect();
    Section {
        id: "classes",
        title: "Classes",
        lede: "Different pictures: copies count once.".into(),
        body: table("Pictures per class", &columns, &rows),
        wide: false,
    }
}

fn row(class: &ClassCheck, parts: &[Part], largest: usize) -> Vec<String> {
    let whole = |number: usize| count(number as u64);
    let mut cells = vec![esc(&class.name).to_string(), whole(class.pictures), whole(class.different)];
    cells.extend(parts.iter().map(|part| whole(class.parts.get(part).copied().unwrap_or(0))));
    cells.push(bar(&[Segment { share: class.pictures as f64 / largest as f64, tone: 0 }]));
    cells
}

/// A few pictures of each class side by side; none without thumbnails.
pub(super) fn examples(report: &CheckReport, room: &mut ByteBudget) -> Option<Section> {
    let strip = |class: &ClassCheck| {
        let description = format!("An example of “{}”", class.name);
        let pictures: String =
            class.examples.iter().map(|uri| room.picture(Some(uri), &description)).collect();
        format!("<div><h3>{}</h3><div class=\"strip\">{pictures}</div></div>\n", esc(&class.name))
    };
    let shown = report.classes.iter().filter(|class| !class.examples.is_empty());
    let strips: String = shown.map(strip).collect();
    (!strips.is_empty()).then(|| Section {
        id: "examples",
        title: "Examples",
        lede:
            "A few of each class, evenly spaced in the order of their files. Do they show what the name says?"
                .into(),
        body: format!("<div class=\"sets\">{strips}</div>"),
        wide: false,
    })
}
