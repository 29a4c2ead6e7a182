//! Sizes, shapes, formats and colours.

use std::collections::BTreeMap;

use tl_data::{Bin, CheckReport};

use crate::chart::{Segment, bar};
use crate::page::Section;
use crate::page::table::{Column, facts, table};
use crate::text::{count, esc, number, percent_whole};

pub(super) fn section(report: &CheckReport) -> Section {
    let parts = [
        histogram("Width, pixels", &report.widths),
        histogram("Height, pixels", &report.heights),
        histogram("Width over height", &report.aspects),
    ];
    Section {
        id: "sizes",
        title: "Sizes",
        lede: format!(
            "As people see the pictures, turned upright. Half of them are more than {:.2} times as long as wide. \
            {} have a side shorter than the network's input, {} pixels.",
            report.median_aspect,
            percent_whole(report.smaller_than_input as f64 / report.usable().max(1) as f64)
                .replace("&lt;", "less than "),
            report.input
        ),
        body: parts.join("\n"),
        wide: false,
    }
}

fn histogram(title: &'static str, bins: &[Bin]) -> String {
    if bins.is_empty() {
        return String::new();
    }
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let row = |bin: &Bin| {
        let share = bin.count as f64 / most as f64;
        vec![range(bin), count(bin.count as u64), bar(&[Segment { share, tone: 0 }])]
    };
    let rows: Vec<_> = bins.iter().map(row).collect();
    let columns = [Column::Text("From, to below"), Column::Number("Pictures"), Column::Chart("")];
    format!("<h3>{title}</h3>\n{}", table(title, &columns, &rows))
}

fn range(bin: &Bin) -> String {
    match bin.to {
        Some(to) if bin.from == 0.0 => format!("below {}", number(to)),
        Some(to) => format!("{} to {}", number(bin.from), number(to)),
        None => format!("{} and more", number(bin.from)),
    }
}

/// Formats, colours and orientations; none without pictures.
pub(super) fn kinds(report: &CheckReport) -> Option<Section> {
    let turned = report.orientations.iter().map(|(orientation, count)| (turn(*orientation), *count));
    let all = [
        ("File formats", list(&report.formats)),
        ("Colour modes", list(&report.colors)),
        ("EXIF orientations", list(&turned.collect())),
    ];
    let known: Vec<_> = all.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    (!known.is_empty()).then(|| Section {
        id: "kinds",
        title: "Formats and colours",
        lede: "How the files are stored. None of it matters to training, unless it differs between classes."
            .into(),
        body: facts("facts", &known),
        wide: false,
    })
}

fn list(counts: &BTreeMap<String, usize>) -> String {
    let item = |(name, number): (&String, &usize)| format!("{}&nbsp;{}", count(*number as u64), esc(name));
    counts.iter().map(item).collect::<Vec<_>>().join(", ")
}

/// EXIF 2.3, table 6, tag 274, in words.
fn turn(orientation: u8) -> String {
    match orientation {
        1 => "upright".into(),
        3 => "upside down".into(),
        6 => "turned left".into(),
        8 => "turned right".into(),
        other => format!("mirrored ({other})"),
    }
}
