//! Results as text for people.

use anstyle::Style;
use tl_data::{Dataset, Unread};
use tl_files::shown;
use tl_report::{Choice, Evaluation, Folds, Interval, Record};
use tl_train::{Checkpoint, EpochMetrics, Group, Phase};

/// Rejected files that are named before "and N more".
pub(crate) const NAMED: usize = 5;
/// Confusions and pictures that are shown.
const WORST: usize = 3;
const LABEL: usize = 10;

/// A label and what belongs to it, in two columns.
pub(crate) fn row(label: &str, text: &str) -> String {
    let bold = Style::new().bold();
    format!("{bold}{label:<LABEL$}{bold:#}{}", shown(text))
}

/// Lines of a table: a heading and rows of as many cells, each column as wide as its widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let bold = Style::new().bold();
    let shown = |cells: &Vec<String>| cells.iter().map(|cell| shown(cell).to_string()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(shown).collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(String::as_str).chain([head[column]]).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(widest).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading = format!("{bold}{}{bold:#}", line(head.to_vec()));
    let rows = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    std::iter::once(heading).chain(rows).collect()
}

/// `97.8 MB`, of 1,000,000 bytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// What a scan found, and the files that cannot be used: all of them, or the first few.
pub(crate) fn scanned(data: &Dataset, all: bool) -> Vec<String> {
    let named = if all { usize::MAX } else { NAMED };
    found(data).into_iter().chain(skipped(data, named)).chain(unread(data)).collect()
}

fn found(data: &Dataset) -> Vec<String> {
    let summary = data.summary();
    let classes: Vec<String> =
        data.classes.iter().zip(data.class_counts()).map(|(name, n)| format!("{name} {n}")).collect();
    let (w, h) = (summary.widths, summary.heights);
    let of_none = match data.of_no_class() {
        0 => String::new(),
        pictures => format!("; {pictures} of none"),
    };
    let labels = match data.classes.len() {
        0 => "without classes".to_owned(),
        1 => format!("in 1 class: {}{of_none}", classes.join(", ")),
        n => format!("in {n} classes: {}{of_none}", classes.join(", ")),
    };
    let mut lines = vec![
        row("pictures", &format!("{} {labels}", data.len())),
        row(
            "",
            &format!(
                "{} x {} to {} x {} pixels, median {} x {}; {}; {}",
                w.min,
                h.min,
                w.max,
                h.max,
                w.median,
                h.median,
                listed(&summary.formats),
                listed(&summary.colors)
            ),
        ),
    ];
    let mut notes = Vec::new();
    if summary.oriented > 0 {
        notes.push(format!("{} turned upright by EXIF", summary.oriented));
    }
    if summary.duplicates > 0 {
        notes.push(format!("{} equal to another file", summary.duplicates));
    }
    if !summary.conflicts.is_empty() {
        notes.push(format!("{} in two classes at once", summary.conflicts.len()));
    }
    if data.ignored > 0 {
        notes.push(format!("{} other files passed over", data.ignored));
    }
    if !notes.is_empty() {
        lines.push(row("", &notes.join("; ")));
    }
    lines.extend(understood(data));
    lines
}

/// The pictures in formats that are not read, and what converts them.
pub(crate) fn unread(data: &Dataset) -> Vec<String> {
    let unread = data.unread();
    let Some(summary) = Unread::summary(&unread) else { return Vec::new() };
    vec![row("unread", &summary), row("", &Unread::remedy(&unread))]
}

/// How the source was understood, where that was not plain.
pub(crate) fn understood(data: &Dataset) -> impl Iterator<Item = String> {
    data.notes.iter().map(|note| row("note", note))
}

/// The files that cannot be used, the first `most` by name.
pub(crate) fn skipped(data: &Dataset, most: usize) -> Vec<String> {
    let named = data.rejected.iter().take(most).map(|file| row("skipped", &file.to_string()));
    let more = data.rejected.len().saturating_sub(most);
    named.chain((more > 0).then(|| row("", &format!("and {more} more")))).collect()
}

fn listed(counts: &std::collections::BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
    counts.join(", ")
}

/// How good a model is on these `pictures`: `unseen pictures`.
pub(crate) fn evaluation(evaluation: &Evaluation, folds: Option<&Folds>, pictures: &str) -> Vec<String> {
    let Some(accuracy) = evaluation.accuracy else { return vec![row("result", "no pictures to judge by")] };
    let Interval { low, high } = evaluation.interval;
    let mut lines = vec![row(
        "accuracy",
        &format!(
            "{}, {} of {} {pictures} (95 % interval {} to {}{})",
            percent(accuracy),
            evaluation.correct,
            evaluation.total,
            percent(low),
            percent(high),
            over_groups(evaluation.groups)
        ),
    )];
    let shown = evaluation.per_class.iter().filter(|class| class.support > 0).count();
    let over = match evaluation.per_class.len() {
        classes if classes == shown => "classes".to_owned(),
        classes => format!("the {shown} of {classes} classes with pictures"),
    };
    let balanced =
        evaluation.balanced_accuracy.map(|value| format!("balanced over {over} {}", percent(value)));
    let majority =
        evaluation.majority_share.map(|share| format!("always the commonest class {}", percent(share)));
    lines.push(row("", &balanced.into_iter().chain(majority).collect::<Vec<_>>().join("; ")));
    lines.extend(unshown(evaluation.per_class.iter().map(|class| (class.name.as_str(), class.support))));
    if let Some(spread) = folds.and_then(|folds| folds.spread.as_ref()) {
        let deviation =
            spread.sd.map_or_else(String::new, |sd| format!(", standard deviation {:.1} points", sd * 100.0));
        let range = format!("{} to {}", percent(spread.min), percent(spread.max));
        lines.push(row(
            "folds",
            &format!("{} folds, mean {}{deviation}, {range}", spread.n, percent(spread.mean)),
        ));
    }
    let confused = evaluation.worst_confusions.iter().take(WORST).enumerate();
    lines.extend(confused.map(|(i, pair)| {
        let text = format!("{} taken for {}, {} of {}", pair.truth, pair.predicted, pair.count, pair.of);
        row(if i == 0 { "confused" } else { "" }, &text)
    }));
    let worst = evaluation.worst_pictures.iter().take(WORST).enumerate();
    lines.extend(worst.map(|(i, mistake)| {
        let sure = percent(mistake.probability);
        let text =
            format!("{} is {}, taken for {} with {sure}", mistake.path, mistake.truth, mistake.predicted);
        row(if i == 0 { "worst" } else { "" }, &text)
    }));
    lines
}

/// `, over 12 groups`, where pictures belong together.
pub(crate) fn over_groups(groups: Option<usize>) -> String {
    groups.map_or_else(String::new, |groups| {
        format!(", bootstrapped over {groups} groups of pictures that belong together")
    })
}

/// The classes without a picture, by name, of which nothing is known then.
pub(crate) fn unshown<'a>(classes: impl Iterator<Item = (&'a str, usize)>) -> Option<String> {
    let names: Vec<&str> = classes.filter(|(_, pictures)| *pictures == 0).map(|(name, _)| name).collect();
    let (first, more) = (names.iter().take(NAMED), names.len().saturating_sub(NAMED));
    let first = first.copied().collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("no picture shows {first}{more}: nothing is known about that");
    (!names.is_empty()).then(|| row("missing", &text))
}

/// Where the time went.
pub(crate) fn times(record: &Record) -> String {
    let total: f64 = record.timings.iter().map(|stage| stage.seconds).sum();
    let stages: Vec<String> =
        record.timings.iter().map(|stage| format!("{} {:.1}", stage.name, stage.seconds)).collect();
    let memory =
        record.peak_memory_bytes.map_or_else(String::new, |bytes| format!("; {} MiB of memory", bytes >> 20));
    row("time", &format!("{total:.1} s: {}{memory}", stages.join(", ")))
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A phase's groups of parameters and their rates.
pub(crate) fn phase(phase: &Phase, groups: &[Group]) -> Vec<String> {
    let learning: u64 =
        groups.iter().filter(|group| group.rate.is_some()).map(|group| group.parameters).sum();
    let all: u64 = groups.iter().map(|group| group.parameters).sum();
    let name = format!(
        "{}: trains {}, {} of {} parameters",
        phase.name,
        phase.unfreeze.what_learns(),
        thousands(learning),
        thousands(all)
    );
    std::iter::once(row("phase", &name))
        // A table's lines have colours of ours, and names in them are spelt out already.
        .chain(self::groups(groups).iter().map(|line| format!("{:LABEL$}{line}", "")))
        .collect()
}

/// Groups of parameters and their rates.
pub(crate) fn groups(groups: &[Group]) -> Vec<String> {
    let counts: Vec<String> = groups.iter().map(|group| thousands(group.parameters)).collect();
    let widest = counts.iter().map(String::len).chain(["parameters".len()]).max().unwrap_or(0);
    let line = |(group, count): (&Group, &String)| {
        let rate = group.rate.map_or_else(|| "frozen".to_owned(), |rate| format!("{rate:.1e}"));
        vec![group.name.clone(), format!("{count:>widest$}"), rate]
    };
    let rows: Vec<Vec<String>> = groups.iter().zip(&counts).map(line).collect();
    table(&["group", &format!("{:>widest$}", "parameters"), "peak rate"], &rows)
}

/// What was decided.
pub(crate) fn chosen(choice: &Choice) -> String {
    row(&choice.what, &format!("{}: {}", choice.chosen, choice.why))
}

/// Where training goes on.
pub(crate) fn resumed(checkpoint: &Checkpoint) -> Vec<String> {
    let passed = |skipped| row("warning", &format!("checkpoint {skipped} is damaged and is passed over"));
    let name = checkpoint.path.file_name().map(tl_files::name_text).unwrap_or_default();
    let from = row("resumed", &format!("going on from checkpoint {name}"));
    checkpoint.skipped.iter().map(passed).chain([from]).collect()
}

/// What an epoch came to.
pub(crate) fn epoch(news: &EpochMetrics<'_>) -> String {
    let val = news.val.map_or_else(String::new, |(loss, accuracy)| {
        format!(", validation {loss:.4}, {:.1} % right", 100.0 * accuracy)
    });
    let best = if news.best && news.val.is_some() { ", the best so far" } else { "" };
    row("epoch", &format!("{} of {}: loss {:.4}{val}{best}", news.epoch, news.phase, news.train_loss))
}

/// `25,557,032`
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
