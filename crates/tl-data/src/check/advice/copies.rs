//! Copies, and pictures that look alike.

use crate::check::{Advice, CheckReport, DuplicateSet, Likeness, Severity};
use crate::numbers::counted;

use super::{MANY, advice, share};

pub(super) fn in_several_parts(report: &CheckReport) -> Option<Advice> {
    let sets = report.duplicates.iter().filter(|set| set.across_parts).count();
    if sets == 0 {
        return None;
    }
    let verb = if sets == 1 { "is" } else { "are" };
    let text = format!("{} {verb} in several of train, val and test", counted(sets, "picture"));
    let remedy = "remove the copies outside of test; until then the test is easier than it should be";
    advice(Severity::Problem, text, remedy, None)
}

fn contradicting(report: &CheckReport, likeness: Likeness) -> Vec<&DuplicateSet> {
    report.duplicates.iter().filter(|set| set.across_classes && set.likeness == likeness).collect()
}

pub(super) fn same_with_other_labels(report: &CheckReport) -> Option<Advice> {
    let sets = contradicting(report, Likeness::Same);
    let first = sets.first()?.pictures.first()?;
    let verb = if sets.len() == 1 { "has" } else { "have" };
    let pictures = counted(sets.len(), "picture");
    let text = format!("{pictures} {verb} copies with another label, the first is {}", first.path);
    advice(Severity::Problem, text, "at least one of the labels is wrong: keep the right copy only", None)
}

pub(super) fn alike_with_other_labels(report: &CheckReport) -> Option<Advice> {
    let sets = contradicting(report, Likeness::Alike);
    let first = sets.first()?.pictures.first()?;
    let sets = counted(sets.len(), "set");
    let text =
        format!("{sets} of pictures that look alike have different labels, the first with {}", first.path);
    advice(
        Severity::Warning,
        text,
        "look at them: one label may be wrong, or the classes are hard to tell",
        None,
    )
}

pub(super) fn duplicates(report: &CheckReport) -> Option<Advice> {
    let spare = |likeness| -> usize {
        let sets = report.duplicates.iter().filter(|set| set.likeness == likeness);
        sets.map(|set| set.pictures.len() - 1).sum()
    };
    let (same, alike) = (spare(Likeness::Same), spare(Likeness::Alike));
    if same + alike == 0 {
        return None;
    }
    let text = match (same, alike) {
        (same, 0) => format!("{} of an earlier one", copies(same)),
        (0, alike) => format!("{} much like an earlier one", look(alike)),
        (same, alike) => format!("{} of an earlier one, and {} much like one", copies(same), look(alike)),
    };
    let many = share(same + alike, report.usable()) > MANY;
    let severity = if many { Severity::Warning } else { Severity::Note };
    advice(
        severity,
        text,
        "nothing has to be done: they stay on one side of a split and copies count once",
        None,
    )
}

pub(super) fn long_chains(report: &CheckReport) -> Option<Advice> {
    let text = report.tightened?.to_string();
    let remedy = "if they are frames of films or shots of one thing, say what belongs together with `--group REGEX` or \
                  `--group-column NAME`: a split keeps a group on one side, however large";
    advice(Severity::Warning, text, remedy, None)
}

fn copies(number: usize) -> String {
    let noun = if number == 1 { "is a copy" } else { "are copies" };
    format!("{} {noun}", counted(number, "picture"))
}

fn look(number: usize) -> String {
    let verb = if number == 1 { "looks" } else { "look" };
    format!("{} {verb}", counted(number, "picture"))
}

pub(super) fn repeated_rows(report: &CheckReport) -> Option<Advice> {
    if report.repeated == 0 {
        return None;
    }
    let verb = if report.repeated == 1 { "says" } else { "say" };
    let text = format!("{} {verb} again what an earlier one says", counted(report.repeated, "row"));
    advice(Severity::Note, text, "nothing has to be done: each picture counts once", None)
}
