//! Files that cannot be used, and why.

use tl_data::{CheckReport, PictureVerdict, Verdict};

use super::ByteBudget;
use crate::page::Section;
use crate::page::table::{Column, table};
use crate::text::{esc, plural};

/// Files listed one by one; `report.json` has the rest.
const MOST: usize = 200;

pub(super) fn section(report: &CheckReport, room: &mut ByteBudget) -> Option<Section> {
    let files: Vec<(&PictureVerdict, &str)> = report.unusable().collect();
    if files.is_empty() {
        return None;
    }
    let row = |(file, reason): &(&PictureVerdict, &str)| {
        vec![format!("<code>{}</code>", esc(&file.path)), esc(reason).to_string()]
    };
    let rows: Vec<_> = files.iter().take(MOST).map(row).collect();
    let more = match files.len().saturating_sub(MOST) {
        0 => String::new(),
        more => {
            format!("<p class=\"note\">{} not shown.</p>", plural(more, "more file is", "more files are"))
        }
    };
    let columns = [Column::Text("File"), Column::Text("Reason")];
    Some(Section {
        id: "unusable",
        title: "Not usable",
        lede:
            "Training leaves these out and never puts another picture in their place. Damaged ones are shown \
        as a forgiving program would show them."
                .into(),
        body: format!(
            "{}{more}{}",
            table("Files that cannot be used", &columns, &rows),
            damaged(&files, room)
        ),
        wide: false,
    })
}

fn damaged(files: &[(&PictureVerdict, &str)], room: &mut ByteBudget) -> String {
    let shown = files
        .iter()
        .filter(|(file, _)| matches!(file.verdict, Verdict::Damaged { .. }) && file.thumbnail.is_some());
    let figure = |(file, _): &(&PictureVerdict, &str)| {
        let picture = room.picture(file.thumbnail.as_deref(), "What is left of a damaged picture");
        let path = esc(&file.path);
        format!("<figure>{picture}<figcaption><p class=\"path\">{path}</p></figcaption></figure>")
    };
    let figures: String = shown.map(figure).collect();
    match figures.is_empty() {
        true => String::new(),
        false => format!("<h3>Damaged</h3><div class=\"strip\">{figures}</div>"),
    }
}
