//! Files that cannot be used.

use crate::Unread;
use crate::check::{Advice, CheckReport, Severity, Verdict};
use crate::numbers::{counted, grouped};

use super::{advice, source, train};

pub(super) fn nothing_usable(report: &CheckReport) -> Option<Advice> {
    if report.usable() > 0 {
        return None;
    }
    let text = format!("none of {} can be used", counted(report.files, "file"));
    advice(Severity::Problem, text, "give each class a folder of its own with pictures inside", None)
}

pub(super) fn unusable_files(report: &CheckReport) -> Option<Advice> {
    let bad = report.unusable().count();
    let (first, reason) = report.unusable().next()?;
    if report.usable() == 0 {
        return None;
    }
    let of = counted(report.files, "file");
    let text =
        format!("{} of {of} cannot be used, the first is {}: {reason}", grouped(bad as u64), first.path);
    // Training allows 1 %, and one file at least.
    let severity = if bad > (report.files / 100).max(1) { Severity::Problem } else { Severity::Warning };
    let remedy = "repair or remove them, or go on without them";
    advice(severity, text, remedy, train(report, &format!("--max-bad {bad}")))
}

pub(super) fn formats_not_read(report: &CheckReport) -> Option<Advice> {
    let text = Unread::summary(&report.unread)?;
    let remedy = format!("{}; then move the originals away", Unread::remedy(&report.unread));
    let folder = source(report);
    let all = report.unread.iter().find_map(|unread| unread.command_for_all(&folder));
    advice(Severity::Warning, text, &remedy, all)
}

pub(super) fn damaged_files(report: &CheckReport) -> Option<Advice> {
    let damaged =
        report.pictures.iter().filter(|file| matches!(file.verdict, Verdict::Damaged { .. })).count();
    if damaged == 0 {
        return None;
    }
    let text = format!(
        "{} damaged, though other programs show what is left of it",
        match damaged {
            1 => "1 of these files is".to_string(),
            more => format!("{} of these files are", grouped(more as u64)),
        }
    );
    advice(
        Severity::Warning,
        text,
        "download or copy them again; do not save what is left of them anew",
        None,
    )
}
