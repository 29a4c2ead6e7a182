//! `report.html`: one file without scripts or network, for the screen and for paper.

mod answers;
mod calibration;
mod check;
mod choices;
mod data;
mod labels;
mod leaks;
mod mistakes;
mod rates;
mod recipe;
mod repeat;
mod table;
#[cfg(test)]
mod tests;
mod training;
mod verdict;

use crate::Record;
use crate::text::{count, esc, pictures, plural};

pub use check::check_html;
pub use rates::rates_html;

const STYLE: &str = include_str!("page/style.css");
/// The file can neither load nor run anything, even if something slipped through escaping.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// Bytes for the sections and the thumbnails in them: with the rest the page stays below 2 MB.
const LIMIT: usize = 1_900_000;

/// A section of the page under a heading.
struct Section {
    /// The section's id, for links: `#id`.
    id: &'static str,
    title: &'static str,
    /// How to read it, as plain text.
    lede: String,
    /// The section's HTML.
    body: String,
    /// Whether the body needs the page's full width.
    wide: bool,
}

/// The whole page for `record`. Thumbnails that would make it larger than 2 MB are left out.
pub fn html(record: &Record) -> String {
    let sections = sections(record);
    let title = format!("{}: training report", name(&record.data.root));
    document(&title, &header(record, &sections), &sections, &record.tl_version)
}

/// A page with this title, which is text, and this header, which is HTML.
fn document(title: &str, header: &str, sections: &[Section], version: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
{header}
<main>
{sections}</main>
<footer>Written by tl {version}. This file is complete:
it loads nothing and can be mailed or archived as it is.</footer>
</body>
</html>
"#,
        title = esc(title),
        sections = sections.iter().map(Section::html).collect::<String>(),
        version = esc(version),
    )
}

/// Sections in the order of the reader's questions: how good, on what grounds, where it fails, how to get it again.
fn sections(record: &Record) -> Vec<Section> {
    let evaluation = &record.evaluation;
    let verdict = match &record.multi_label {
        Some(found) => labels::verdict(found, leaks::cautions(&record.data)),
        None => verdict::section(record),
    };
    let before = [
        Some(verdict),
        choices::section(&record.choices),
        choices::candidates(&record.candidates, record.multi_label.is_some()),
        recipe::section(&record.phases),
        Some(data::section(&record.data, used(record))),
        answers::confusion(evaluation),
        answers::classes(evaluation),
        calibration::section(evaluation),
        record.multi_label.as_ref().and_then(labels::classes),
    ];
    let after = [
        training::curve(&record.curve),
        training::folds(record.folds.as_ref()),
        Some(repeat::network(&record.model)),
        repeat::timings(record),
        Some(repeat::section(record)),
    ];
    let others = before.iter().chain(&after).flatten();
    let used: usize = others.map(|section| section.body.len()).sum();
    let room = LIMIT.saturating_sub(used);
    let pictures = match &record.multi_label {
        Some(found) => labels::mistakes(found, room),
        None => mistakes::section(evaluation, room),
    };
    before.into_iter().chain([pictures]).chain(after).flatten().collect()
}

impl Section {
    fn html(&self) -> String {
        let lede = match self.lede.as_str() {
            "" => String::new(),
            lede => format!("<p class=\"lede\">{}</p>", esc(lede)),
        };
        format!(
            r#"<section id="{id}"{class} aria-labelledby="{id}-title">
<div class="head"><h2 id="{id}-title">{title}</h2>{lede}</div>
<div class="body">
{body}
</div>
</section>
"#,
            id = self.id,
            title = self.title,
            class = if self.wide { " class=\"wide\"" } else { "" },
            body = self.body,
        )
    }
}

/// The last part of the data folder's path: what its owner calls the data.
fn name(root: &str) -> &str {
    let root = root.trim_end_matches(['/', '\\']);
    root.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("Pictures")
}

/// The number of pictures in all parts.
fn used(record: &Record) -> usize {
    let data = &record.data;
    match record.multi_label {
        Some(_) => data.files.saturating_sub(data.rejected.len()),
        None => data.classes.iter().map(crate::ClassCount::total).sum(),
    }
}

/// Links to all sections but the first, which lies below them.
fn navigation(sections: &[Section]) -> String {
    let link = |section: &Section| format!("<a href=\"#{}\">{}</a>", section.id, section.title);
    let links: Vec<_> = sections.iter().skip(1).map(link).collect();
    format!("<nav aria-label=\"Sections\">{}</nav>", links.join("\n"))
}

fn header(record: &Record, sections: &[Section]) -> String {
    // The day alone: the moment is at the end, with the versions.
    let day = record.created.split('T').next().unwrap_or_default();
    format!(
        r#"<header>
<p class="kicker">Training report<span class="soft"> · <time datetime="{created}">{day}</time></span></p>
<h1>{name}</h1>
<p class="facts">{classes} · {pictures} · {backbone}, {parameters} parameters</p>
{links}
</header>"#,
        created = esc(&record.created),
        day = esc(day),
        name = esc(name(&record.data.root)),
        classes = plural(record.data.classes.len(), "class", "classes"),
        pictures = pictures(used(record)),
        backbone = esc(&record.model.backbone),
        parameters = count(record.model.parameters),
        links = navigation(sections),
    )
}
