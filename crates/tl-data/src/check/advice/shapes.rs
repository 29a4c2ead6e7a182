//! Shapes, sizes and colours.

use crate::check::report::is_gray;
use crate::check::{Advice, CheckReport, Severity};
use crate::numbers::{counted, grouped};

use super::{MANY, WIDE, advice, percent, share, train};

pub(super) fn wide_pictures(report: &CheckReport) -> Option<Advice> {
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

pub(super) fn range_of_values(report: &CheckReport) -> Option<Advice> {
    let values = report.values.as_ref()?;
    let (text, remedy) = values.complaint()?;
    advice(Severity::Warning, text, &remedy, train(report, &format!("--range {}", values.better()?)))
}

pub(super) fn small_pictures(report: &CheckReport) -> Option<Advice> {
    let (small, input) = (report.smaller_than_input, report.input);
    if share(small, report.usable()) <= MANY {
        return None;
    }
    let percent = percent(small, report.usable());
    let text =
        format!("{percent} of the pictures are smaller than the network's input, {input} x {input} pixels");
    advice(Severity::Note, text, "use larger ones where you have them; enlarging adds no detail", None)
}

pub(super) fn all_gray(report: &CheckReport) -> Option<Advice> {
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

pub(super) fn unusual_colors(report: &CheckReport) -> Option<Advice> {
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

pub(super) fn turned(report: &CheckReport) -> Option<Advice> {
    let turned: usize = report.orientations.iter().filter(|(o, _)| **o != 1).map(|(_, count)| count).sum();
    if turned == 0 {
        return None;
    }
    let verb = if turned == 1 { "is" } else { "are" };
    let text = format!("{} {verb} stored turned and marked so (EXIF)", counted(turned, "picture"));
    let remedy = "nothing has to be done here: they are turned upright; other programs may not do that";
    advice(Severity::Note, text, remedy, None)
}
