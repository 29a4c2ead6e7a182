//! What a check found, as text for people.

use std::collections::BTreeMap;
use tl_data::{Bin, CheckReport, DuplicateSet, Likeness, Unread};

use crate::text::{NAMED, megabytes, percent, row, table};

/// Length of the longest bar, in characters.
const BAR: usize = 24;
/// Sets of copies that are shown.
const SETS: usize = 5;

/// Counts, sizes, copies, unusable files, advice; `all` shows every file and set.
pub(crate) fn lines(report: &CheckReport, all: bool) -> Vec<String> {
    let mut lines: Vec<String> = report.notes.iter().map(|note| row("note", note)).collect();
    lines.push(row("pictures", &pictures(report)));
    lines.extend(classes(report));
    lines.push(String::new());
    lines.push(row("formats", &format!("{}; {}", listed(&report.formats), listed(&report.colors))));
    if report.orientations.keys().any(|&orientation| orientation != 1) {
        lines.push(row("EXIF", &orientations(&report.orientations)));
    }
    lines.push(row("widths", &histogram(&report.widths, "")));
    lines.push(row("heights", &histogram(&report.heights, "")));
    lines.push(row("aspects", &histogram(&report.aspects, " (width / height)")));
    lines.extend(copies(report, if all { usize::MAX } else { SETS }));
    lines.extend(unusable(report, if all { usize::MAX } else { NAMED }));
    lines.extend(Unread::summary(&report.unread).map(|unread| row("unread", &unread)));
    lines.extend(advice(report));
    lines
}

fn pictures(report: &CheckReport) -> String {
    let CheckReport { files, input, smaller_than_input, ignored, repeated, .. } = report;
    let mut text = format!("{} of {files} files can be used, {}", report.usable(), megabytes(report.bytes));
    if *smaller_than_input > 0 {
        text += &format!("; {smaller_than_input} smaller than the network's {input} pixels");
    }
    if *ignored > 0 {
        text += &format!("; {ignored} other files passed over");
    }
    if report.of_no_class > 0 {
        text += &format!("; {} of no class", report.of_no_class);
    }
    if *repeated > 0 {
        text += &format!("; {repeated} rows said twice");
    }
    text
}

fn classes(report: &CheckReport) -> Vec<String> {
    let most = report.classes.iter().map(|class| class.pictures).max().unwrap_or(0).max(1);
    let parts: Vec<_> = tl_data::Part::ALL
        .into_iter()
        .filter(|part| report.classes.iter().any(|class| class.parts.contains_key(part)))
        .collect();
    let cells = |class: &tl_data::ClassCheck| {
        let of_parts = parts.iter().map(|part| class.parts.get(part).copied().unwrap_or(0).to_string());
        let bar = "#".repeat((class.pictures * BAR).div_ceil(most));
        let counts = [class.name.clone(), class.pictures.to_string(), class.different.to_string()];
        counts.into_iter().chain(of_parts).chain([bar]).collect()
    };
    let head = ["class", "pictures", "different"].into_iter().chain(parts.iter().map(|part| part.name()));
    let head: Vec<&str> = head.chain([""]).collect();
    table(&head, &report.classes.iter().map(cells).collect::<Vec<_>>())
}

fn listed(counts: &BTreeMap<String, usize>) -> String {
    counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
}

fn orientations(counts: &BTreeMap<u8, usize>) -> String {
    let named = counts.iter().map(|(orientation, n)| match orientation {
        1 => format!("upright {n}"),
        other => format!("orientation {other} {n}"),
    });
    format!("{}; turned upright when read", named.collect::<Vec<_>>().join(", "))
}

/// `32 to 64: 3, 64 to 128: 20, ...`, empty ranges left out.
fn histogram(bins: &[Bin], unit: &str) -> String {
    let named = bins.iter().filter(|bin| bin.count > 0).map(|Bin { from, to, count }| match to {
        Some(to) => format!("{} to {}: {count}", short(*from), short(*to)),
        None => format!("{} and more: {count}", short(*from)),
    });
    format!("{}{unit}", named.collect::<Vec<_>>().join(", "))
}

/// A number with two decimals, where it has any.
fn short(value: f64) -> String {
    if value.fract() == 0.0 { value.to_string() } else { format!("{value:.2}") }
}

fn copies(report: &CheckReport, most: usize) -> Vec<String> {
    let sets = &report.duplicates;
    if sets.is_empty() {
        return vec![row("copies", "none")];
    }
    let conflicts = sets.iter().filter(|set| set.across_classes).count();
    let mut lines = vec![row("copies", &format!("{} sets, {conflicts} of them across classes", sets.len()))];
    lines.extend(sets.iter().take(most).map(|set| row("", &copy(set))));
    let more = sets.len().saturating_sub(most);
    lines.extend((more > 0).then(|| row("", &format!("and {more} more: --verbose names them"))));
    lines
}

fn copy(set: &DuplicateSet) -> String {
    let paths: Vec<&str> = set.pictures.iter().map(|twin| twin.path.as_str()).collect();
    let how = match set.likeness {
        Likeness::Same => "the same",
        Likeness::Alike => "alike",
    };
    format!("{how}: {}", paths.join(", "))
}

fn unusable(report: &CheckReport, most: usize) -> Vec<String> {
    let bad: Vec<_> = report.unusable().collect();
    let share = percent(bad.len() as f64 / report.files.max(1) as f64);
    let mut lines = vec![row("unusable", &format!("{} files, {share}", bad.len()))];
    lines.extend(bad.iter().take(most).map(|(file, reason)| row("", &format!("{}: {reason}", file.path))));
    let more = bad.len().saturating_sub(most);
    lines.extend((more > 0).then(|| row("", &format!("and {more} more: --verbose names them"))));
    lines
}

fn advice(report: &CheckReport) -> Vec<String> {
    let mut lines = vec![String::new()];
    for advice in &report.advice {
        lines.push(row(&advice.severity.to_string(), &advice.text));
        lines.push(row("", &advice.remedy));
        lines.extend(advice.command.as_ref().map(|command| row("", command)));
    }
    if report.advice.is_empty() {
        lines.push(row("advice", "nothing to do"));
    }
    lines
}
