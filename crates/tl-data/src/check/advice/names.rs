//! Names of classes, and how the source was understood.

use std::collections::BTreeMap;

use crate::check::{Advice, CheckReport, Severity};
use crate::spelling::folded;

use super::{advice, names};

/// Classes whose names are the same but for capital letters: one system's folder is often two of another's.
pub(super) fn differ_in_case(report: &CheckReport) -> Option<Advice> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for class in &report.classes {
        alike.entry(folded(&class.name)).or_default().push(&class.name);
    }
    let several: Vec<&str> = alike.into_values().filter(|names| names.len() > 1).flatten().collect();
    if several.is_empty() {
        return None;
    }
    let text = format!(
        "{} differ in capital letters only, and are classes of their own",
        names(several.into_iter())
    );
    advice(Severity::Warning, text, "give both one name if they are the same", None)
}

/// What was understood without being told.
pub(super) fn notes(report: &CheckReport) -> impl Iterator<Item = Advice> {
    let note =
        |note: &String| advice(Severity::Note, note.clone(), "nothing has to be done if that is so", None);
    report.notes.iter().filter_map(note)
}
