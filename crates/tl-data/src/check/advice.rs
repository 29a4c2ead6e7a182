//! From findings to things to do, in plain words.

mod classes;
mod copies;
mod files;
mod names;
mod shapes;

use super::{Advice, CheckReport, Severity};
use crate::shell;
use tl_files::path_of_text;

/// Fewer different pictures than this give a class no meaningful figure of its own: one of 10 is 10 per cent.
const FEW: usize = 10;
/// Fewer in all, and each picture is better judged once by cross-validation.
const FEW_IN_ALL: usize = 200;
/// The largest class over the smallest, above which accuracy says little about the smallest.
const IMBALANCED: f64 = 5.0;
/// Longer side over shorter side, above which a centre crop loses a third of half of the pictures.
const WIDE: f64 = 1.5;
/// A share of the pictures that matters.
const MANY: f64 = 0.1;

/// A rule that finds one thing to advise about.
type Rule = fn(&CheckReport) -> Option<Advice>;

const RULES: &[Rule] = &[
    files::nothing_usable,
    classes::one_class,
    names::differ_in_case,
    copies::in_several_parts,
    copies::same_with_other_labels,
    classes::too_small_classes,
    files::unusable_files,
    files::formats_not_read,
    files::damaged_files,
    classes::missing_in_parts,
    classes::small_classes,
    copies::alike_with_other_labels,
    classes::imbalance,
    classes::format_tells_the_class,
    classes::gray_tells_the_class,
    shapes::range_of_values,
    shapes::wide_pictures,
    shapes::small_pictures,
    classes::few_pictures,
    copies::long_chains,
    copies::duplicates,
    shapes::all_gray,
    shapes::unusual_colors,
    shapes::turned,
    copies::repeated_rows,
];

/// All advice, the most urgent first.
pub(super) fn all(report: &CheckReport) -> Vec<Advice> {
    let mut advice: Vec<Advice> = RULES.iter().filter_map(|rule| rule(report)).collect();
    advice.extend(names::notes(report));
    advice.sort_by_key(|advice| advice.severity);
    advice
}

fn advice(severity: Severity, text: String, remedy: &str, command: Option<String>) -> Option<Advice> {
    Some(Advice { severity, text, remedy: remedy.to_string(), command })
}

/// `tl train DIR` with these options.
fn train(report: &CheckReport, options: &str) -> Option<String> {
    Some(format!("tl train {} {options}", source(report)))
}

/// What was checked, as a word of a command.
fn source(report: &CheckReport) -> String {
    shell(&[path_of_text(&report.source)])
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

fn percent(part: usize, all: usize) -> String {
    match share(part, all) * 100.0 {
        small if small > 0.0 && small < 1.0 => "less than 1 %".into(),
        value => format!("{value:.0} %"),
    }
}

/// Up to three of the names, in words.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match all.len() {
        0..=3 => all.join(", "),
        more => format!("{} and {} more", all[..3].join(", "), more - 3),
    }
}
