//! From findings to things to do, in plain words.

use crate::numbers::{counted, grouped};

use super::report::is_gray;
use super::{Advice, CheckReport, ClassCheck, DuplicateSet, Likeness, Severity, Verdict};

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

/// One thing to look for.
type Rule = fn(&CheckReport) -> Option<Advice>;

const RULES: &[Rule] = &[
    nothing_usable,
    one_class,
    in_several_parts,
    same_with_other_labels,
    too_small_classes,
    unusable_files,
    damaged_files,
    small_classes,
    alike_with_other_labels,
    imbalance,
    format_tells_the_class,
    gray_tells_the_class,
    wide_pictures,
    small_pictures,
    few_pictures,
    duplicates,
    all_gray,
    unusual_colors,
    turned,
    repeated_rows,
];

/// All advice, the most urgent first.
pub(super) fn all(report: &CheckReport) -> Vec<Advice> {
    let mut advice: Vec<Advice> = RULES.iter().filter_map(|rule| rule(report)).collect();
    advice.sort_by_key(|advice| advice.severity);
    advice
}

fn advice(severity: Severity, text: String, remedy: &str, command: Option<String>) -> Option<Advice> {
    Some(Advice { severity, text, remedy: remedy.to_string(), command })
}

/// `tl train DIR` with these options.
fn train(report: &CheckReport, options: &str) -> Option<String> {
    Some(format!("tl train {} {options}", quoted_for_shell(&report.source)))
}

fn quoted_for_shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
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

/// Up to three of the names.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match all.len() {
        0..=3 => all.join(", "),
        more => format!("{} and {} more", all[..3].join(", "), more - 3),
    }
}

fn nothing_usable(report: &CheckReport) -> Option<Advice> {
    if report.usable() > 0 {
        return None;
    }
    let text = format!("none of {} can be used", counted(report.files, "file"));
    advice(Severity::Problem, text, "give each class a folder of its own with pictures inside", None)
}

fn one_class(report: &CheckReport) -> Option<Advice> {
    let [class] = report.classes.as_slice() else { return None };
    let text = format!("there is only one class, `{}`", class.name);
    advice(Severity::Problem, text, "add at least one more; pictures of anything else will do", None)
}

fn in_several_parts(report: &CheckReport) -> Option<Advice> {
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

fn same_with_other_labels(report: &CheckReport) -> Option<Advice> {
    let sets = contradicting(report, Likeness::Same);
    let first = sets.first()?.pictures.first()?;
    let verb = if sets.len() == 1 { "has" } else { "have" };
    let pictures = counted(sets.len(), "picture");
    let text = format!("{pictures} {verb} copies with another label, the first is {}", first.path);
    advice(Severity::Problem, text, "at least one of the labels is wrong: keep the right copy only", None)
}

fn alike_with_other_labels(report: &CheckReport) -> Option<Advice> {
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

fn of_size(report: &CheckReport, wanted: impl Fn(usize) -> bool) -> Vec<&ClassCheck> {
    report.classes.iter().filter(|class| wanted(class.different)).collect()
}

fn too_small_classes(report: &CheckReport) -> Option<Advice> {
    let classes = of_size(report, |different| different < 2);
    if classes.is_empty() || report.usable() == 0 {
        return None;
    }
    let names = names(classes.iter().map(|class| class.name.as_str()));
    let verb = if classes.len() == 1 { "has" } else { "have" };
    let text = format!("{names} {verb} fewer than 2 different pictures, so nothing can be held out");
    advice(Severity::Problem, text, "add pictures or remove the class", None)
}

fn small_classes(report: &CheckReport) -> Option<Advice> {
    let classes = of_size(report, |different| (2..FEW).contains(&different));
    let least = classes.iter().min_by_key(|class| class.different)?;
    let names = names(classes.iter().map(|class| class.name.as_str()));
    let verb = if classes.len() == 1 { "has" } else { "have" };
    let text = format!(
        "{names} {verb} fewer than {FEW} different pictures, `{}` only {}",
        least.name, least.different
    );
    let k = least.different.min(5);
    let remedy = "add pictures; until then cross-validation judges each of them once";
    advice(Severity::Warning, text, remedy, train(report, &format!("--folds {k}")))
}

fn few_pictures(report: &CheckReport) -> Option<Advice> {
    let usable = report.usable();
    if usable == 0 || usable >= FEW_IN_ALL {
        return None;
    }
    let text = format!("with {} a held-out fifth gives a wide interval", counted(usable, "picture"));
    let remedy = "cross-validation judges every picture once";
    advice(Severity::Note, text, remedy, train(report, "--folds 5"))
}

fn unusable_files(report: &CheckReport) -> Option<Advice> {
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

fn damaged_files(report: &CheckReport) -> Option<Advice> {
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

fn imbalance(report: &CheckReport) -> Option<Advice> {
    let ratio = report.imbalance.filter(|ratio| *ratio > IMBALANCED)?;
    let largest = report.classes.iter().max_by_key(|class| class.pictures)?;
    let smallest = report.classes.iter().filter(|class| class.pictures > 0).min_by_key(|c| c.pictures)?;
    let text = format!(
        "`{}` has {ratio:.0} times as many pictures as `{}` ({} and {})",
        largest.name,
        smallest.name,
        grouped(largest.pictures as u64),
        grouped(smallest.pictures as u64)
    );
    advice(
        Severity::Warning,
        text,
        "add pictures to the small classes, and judge by recall, not accuracy",
        None,
    )
}

/// A class that is mostly of another format than all other classes can be told without seeing what is on it.
fn format_tells_the_class(report: &CheckReport) -> Option<Advice> {
    let mostly = |class: &ClassCheck| {
        let (format, count) = class.formats.iter().max_by_key(|(_, count)| **count)?;
        (share(*count, class.pictures) > 0.9 && class.pictures >= 2).then(|| format.clone())
    };
    let formats: Vec<Option<String>> = report.classes.iter().map(mostly).collect();
    let odd = formats.iter().enumerate().find_map(|(at, format)| {
        let format = format.as_ref()?;
        let elsewhere = report.classes.iter().enumerate().filter(|(other, _)| *other != at);
        let rare = |(_, class): (usize, &ClassCheck)| {
            class.pictures == 0
                || share(class.formats.get(format).copied().unwrap_or(0), class.pictures) < 0.1
        };
        let others =
            report.classes.iter().enumerate().any(|(other, class)| other != at && class.pictures > 0);
        (others && elsewhere.into_iter().all(rare)).then_some((at, format))
    });
    let (at, format) = odd?;
    let text = format!("nearly all {format} files are of `{}`", report.classes.get(at)?.name);
    let remedy = "a network may learn the traces of the format; convert all pictures to one format, from sources of \
        the same kind";
    advice(Severity::Warning, text, remedy, None)
}

fn gray_tells_the_class(report: &CheckReport) -> Option<Advice> {
    let gray: Vec<&ClassCheck> = report.classes.iter().filter(|c| share(c.gray, c.pictures) > 0.9).collect();
    let colored =
        report.classes.iter().any(|class| class.pictures > 0 && share(class.gray, class.pictures) < 0.1);
    if gray.is_empty() || !colored {
        return None;
    }
    let text = format!("{} without colours, other classes with", names(gray.iter().map(|c| c.name.as_str())));
    advice(Severity::Warning, text, "a network may learn that alone; convert all pictures to gray", None)
}

fn wide_pictures(report: &CheckReport) -> Option<Advice> {
    if report.median_aspect <= WIDE {
        return None;
    }
    let lost = 100.0 * (1.0 - 1.0 / report.median_aspect);
    let text = format!(
        "half of the pictures are more than {:.1} times as long as wide; a centre crop loses {lost:.0} % of them",
        report.median_aspect
    );
    let remedy = "keep all of the picture, with a border; squash does it without, and auto compares them";
    advice(Severity::Warning, text, remedy, train(report, "--resize letterbox"))
}

fn small_pictures(report: &CheckReport) -> Option<Advice> {
    let (small, input) = (report.smaller_than_input, report.input);
    if share(small, report.usable()) <= MANY {
        return None;
    }
    let percent = percent(small, report.usable());
    let text =
        format!("{percent} of the pictures are smaller than the network's input, {input} x {input} pixels");
    advice(Severity::Note, text, "use larger ones where you have them; enlarging adds no detail", None)
}

fn duplicates(report: &CheckReport) -> Option<Advice> {
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

fn copies(number: usize) -> String {
    let noun = if number == 1 { "is a copy" } else { "are copies" };
    format!("{} {noun}", counted(number, "picture"))
}

fn look(number: usize) -> String {
    let verb = if number == 1 { "looks" } else { "look" };
    format!("{} {verb}", counted(number, "picture"))
}

fn all_gray(report: &CheckReport) -> Option<Advice> {
    let gray: usize = report.colors.iter().filter(|(color, _)| is_gray(color)).map(|(_, count)| count).sum();
    let usable = report.usable();
    if gray == 0 || share(gray, usable) < MANY {
        return None;
    }
    let text = match gray == usable {
        true => "all pictures are gray".to_string(),
        false => format!("{} of the pictures are gray", percent(gray, usable)),
    };
    advice(Severity::Note, text, "nothing has to be done: gray is repeated for all three colours", None)
}

fn unusual_colors(report: &CheckReport) -> Option<Advice> {
    let unusual = |color: &str| color.contains("alpha") || color.contains("16") || color == "CMYK";
    let found: Vec<String> = report
        .colors
        .iter()
        .filter(|(color, _)| unusual(color))
        .map(|(color, count)| format!("{} {color}", grouped(*count as u64)))
        .collect();
    if found.is_empty() {
        return None;
    }
    let text = format!("some pictures have unusual colours: {}", found.join(", "));
    let remedy = "nothing has to be done: they become RGB of 8 bits, transparency becomes white";
    advice(Severity::Note, text, remedy, None)
}

fn turned(report: &CheckReport) -> Option<Advice> {
    let turned: usize = report.orientations.iter().filter(|(o, _)| **o != 1).map(|(_, count)| count).sum();
    if turned == 0 {
        return None;
    }
    let verb = if turned == 1 { "is" } else { "are" };
    let text = format!("{} {verb} stored turned and marked so (EXIF)", counted(turned, "picture"));
    let remedy = "nothing has to be done here: they are turned upright; other programs may not do that";
    advice(Severity::Note, text, remedy, None)
}

fn repeated_rows(report: &CheckReport) -> Option<Advice> {
    if report.repeated == 0 {
        return None;
    }
    let verb = if report.repeated == 1 { "says" } else { "say" };
    let text = format!("{} {verb} again what an earlier one says", counted(report.repeated, "row"));
    advice(Severity::Note, text, "nothing has to be done: each picture counts once", None)
}
