//! Too few classes or pictures, and classes that can be told by their files.

use crate::Part;
use crate::check::{Advice, CheckReport, ClassCheck, Severity};
use crate::numbers::{counted, grouped};

use super::{FEW, FEW_IN_ALL, IMBALANCED, advice, names, share, train};

pub(super) fn one_class(report: &CheckReport) -> Option<Advice> {
    // Pictures that are not of it are the other side of the question.
    let ([class], 0) = (report.classes.as_slice(), report.of_no_class) else { return None };
    let text = format!("there is only one class, `{}`", class.name);
    advice(Severity::Problem, text, "add at least one more; pictures of anything else will do", None)
}

fn of_size(report: &CheckReport, wanted: impl Fn(usize) -> bool) -> Vec<&ClassCheck> {
    report.classes.iter().filter(|class| wanted(class.different)).collect()
}

pub(super) fn too_small_classes(report: &CheckReport) -> Option<Advice> {
    let classes = of_size(report, |different| different < 2);
    if classes.is_empty() || report.usable() == 0 {
        return None;
    }
    let names = names(classes.iter().map(|class| class.name.as_str()));
    let verb = if classes.len() == 1 { "has" } else { "have" };
    let text = format!("{names} {verb} fewer than 2 different pictures, so nothing can be held out");
    advice(Severity::Problem, text, "add pictures or remove the class", None)
}

pub(super) fn small_classes(report: &CheckReport) -> Option<Advice> {
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

/// Classes that a part of the source holds no picture of, though it holds others.
pub(super) fn missing_in_parts(report: &CheckReport) -> Option<Advice> {
    let used = |part: &Part| report.classes.iter().any(|class| class.parts.contains_key(part));
    let part = Part::ALL.into_iter().filter(used).find(|part| lacking(report, *part).next().is_some())?;
    let text = format!("{part} has no picture of {}", names(lacking(report, part)));
    advice(Severity::Warning, text, "move some there, or no figure tells how good the model is at them", None)
}

fn lacking(report: &CheckReport, part: Part) -> impl Iterator<Item = &str> {
    let without =
        report.classes.iter().filter(move |class| class.pictures > 0 && !class.parts.contains_key(&part));
    without.map(|class| class.name.as_str())
}

pub(super) fn few_pictures(report: &CheckReport) -> Option<Advice> {
    let usable = report.usable();
    if usable == 0 || usable >= FEW_IN_ALL {
        return None;
    }
    let text = format!("with {} a held-out fifth gives a wide interval", counted(usable, "picture"));
    let remedy = "cross-validation judges every picture once";
    advice(Severity::Note, text, remedy, train(report, "--folds 5"))
}

pub(super) fn imbalance(report: &CheckReport) -> Option<Advice> {
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
pub(super) fn format_tells_the_class(report: &CheckReport) -> Option<Advice> {
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

pub(super) fn gray_tells_the_class(report: &CheckReport) -> Option<Advice> {
    let gray: Vec<&ClassCheck> = report.classes.iter().filter(|c| share(c.gray, c.pictures) > 0.9).collect();
    let colored =
        report.classes.iter().any(|class| class.pictures > 0 && share(class.gray, class.pictures) < 0.1);
    if gray.is_empty() || !colored {
        return None;
    }
    let text = format!("{} without colours, other classes with", names(gray.iter().map(|c| c.name.as_str())));
    advice(Severity::Warning, text, "a network may learn that alone; convert all pictures to gray", None)
}
