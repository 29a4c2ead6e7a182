//! The page of a data set's check.

mod advice;
mod classes;
mod duplicates;
mod sizes;
#[cfg(test)]
mod tests;
mod unusable;

use tl_data::CheckReport;

use super::{LIMIT, Section, document, name, navigation};
use crate::text::{bytes, esc, pictures, plural};

/// A self-contained page for the findings of [`tl_data::check`](tl_data::check()). Thumbnails that would make it larger
/// than 2 MB are left out.
pub fn check_html(report: &CheckReport) -> String {
    let mut room = ByteBudget(LIMIT);
    let (duplicates, unusable) =
        (duplicates::section(report, &mut room), unusable::section(report, &mut room));
    let classes = [Some(classes::section(report)), classes::examples(report, &mut room)];
    let first = [Some(advice::section(report))].into_iter();
    let last = [Some(sizes::section(report)), sizes::kinds(report)];
    let sections: Vec<Section> =
        first.chain(classes).chain([duplicates, unusable]).chain(last).flatten().collect();
    let name = name(&report.source);
    let header = format!(
        r#"<header>
<p class="kicker">Data check</p>
<h1>{name}</h1>
<p class="facts">{classes} · {pictures} · {bytes}</p>{notes}
{links}
</header>"#,
        name = esc(name),
        classes = plural(report.classes.len(), "class", "classes"),
        pictures = pictures(report.usable()),
        bytes = bytes(report.bytes),
        notes = report
            .notes
            .iter()
            .map(|note| format!("\n<p class=\"facts\">{}</p>", esc(note)))
            .collect::<String>(),
        links = navigation(&sections),
    );
    document(&format!("{name}: data check"), &header, &sections, env!("CARGO_PKG_VERSION"))
}

/// Bytes that are left for thumbnails.
struct ByteBudget(usize);

impl ByteBudget {
    /// A picture with a description, if it is inside the page and there is room; else a box that says so.
    fn picture(&mut self, thumbnail: Option<&str>, description: &str) -> String {
        // Anything else would be a link out of the file.
        let inline = thumbnail.filter(|uri| uri.starts_with("data:image/") && uri.len() <= self.0);
        match inline {
            Some(uri) => {
                self.0 -= uri.len();
                format!(r#"<img src="{}" alt="{}" loading="lazy">"#, esc(uri), esc(description))
            }
            None => "<div class=\"no-picture\">no thumbnail</div>".into(),
        }
    }
}
