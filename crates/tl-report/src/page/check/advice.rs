//! What to do, before everything else.

use tl_data::{Advice, CheckReport, Severity};

use crate::page::Section;
use crate::page::table::facts;
use crate::text::{count, esc, number};

pub(super) fn section(report: &CheckReport) -> Section {
    let items: String = report.advice.iter().map(item).collect();
    let advice = match items.is_empty() {
        true => "<p class=\"finding\">Nothing was found that needs attention.</p>".into(),
        false => format!("<ul class=\"advice\">\n{items}</ul>"),
    };
    Section {
        id: "advice",
        title: "What to do",
        lede: "Problems keep training from starting or its figures from being true. Warnings cost accuracy. \
        Notes are worth knowing."
            .into(),
        body: format!("{advice}\n{}", figures(report)),
        wide: false,
    }
}

fn item(advice: &Advice) -> String {
    let class = match advice.severity {
        Severity::Problem => "problem",
        Severity::Warning => "warning",
        Severity::Note => "note-item",
    };
    let command = advice.command.as_ref().map(|line| format!("<pre><code>{}</code></pre>", esc(line)));
    format!(
        "<li class=\"{class}\"><b>{severity}</b><p>{text}.</p><p>{remedy}.</p>{command}</li>\n",
        severity = capital(&advice.severity.to_string()),
        text = named(&capital(&advice.text)),
        remedy = esc(&capital(&advice.remedy)),
        command = command.unwrap_or_default(),
    )
}

/// Escaped text; what stands between backticks is a name.
fn named(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return esc(text).to_string();
    }
    let piece = |(at, piece): (usize, &&str)| match at % 2 {
        0 => esc(piece).to_string(),
        _ => format!("<code>{}</code>", esc(piece)),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// The first letter large, unless the text begins with a name or a path.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

fn figures(report: &CheckReport) -> String {
    let whole = |number: usize| count(number as u64);
    let unusable = report.unusable().count();
    let copies: usize = report.duplicates.iter().map(|set| set.pictures.len().saturating_sub(1)).sum();
    let ratio = report.imbalance.map_or_else(|| "–".into(), |ratio| format!("{} : 1", number(ratio)));
    facts(
        "figures",
        &[
            ("Files found", whole(report.files)),
            ("Usable", whole(report.usable())),
            ("Not usable", whole(unusable)),
            ("Ignored", whole(report.ignored)),
            ("Copies", whole(copies)),
            ("Largest to smallest class", ratio),
        ],
    )
}
