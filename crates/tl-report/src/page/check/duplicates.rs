//! Copies and pictures that look alike, side by side.

use tl_data::{CheckReport, DuplicatePicture, DuplicateSet, Likeness, NEAR_BITS};

use super::ByteBudget;
use crate::page::Section;
use crate::text::{esc, plural};

/// Sets that are drawn; `report.json` has the rest.
const MOST_SETS: usize = 24;
/// Pictures of one set that are drawn.
const MOST_OF_SET: usize = 4;

pub(super) fn section(report: &CheckReport, room: &mut ByteBudget) -> Option<Section> {
    let sets: String = report.duplicates.iter().take(MOST_SETS).map(|set| figure(set, room)).collect();
    let more = match report.duplicates.len().saturating_sub(MOST_SETS) {
        0 => String::new(),
        more => format!("<p class=\"note\">{} not shown.</p>", plural(more, "more set is", "more sets are")),
    };
    (!sets.is_empty()).then(|| Section {
        id: "duplicates",
        title: "Copies",
        lede: format!(
            "Equal files, and pictures that look alike: at most {NEAR_BITS} of the 64 bits of their perceptual \
            hashes differ{}. A split keeps each set on one side. Mirrored and strongly cut copies are not found, \
            and different pictures of one scene may be.",
            if report.tightened.is_some() { ", fewer where chains of them would be too long" } else { "" },
        ),
        body: format!("<div class=\"sets twins\">\n{sets}</div>{more}"),
        wide: false,
    })
}

fn figure(set: &DuplicateSet, room: &mut ByteBudget) -> String {
    let kind = match set.likeness {
        Likeness::Same => "the same",
        Likeness::Alike => "look alike",
    };
    let size = plural(set.pictures.len(), "picture", "pictures");
    let mut badges = String::new();
    for (applies, text) in [(set.across_classes, "different labels"), (set.across_parts, "different parts")] {
        if applies {
            badges.push_str(&format!(" <span class=\"badge\">{text}</span>"));
        }
    }
    let twins: String =
        set.pictures.iter().take(MOST_OF_SET).map(|twin| picture(twin, set.likeness, room)).collect();
    let more = match set.pictures.len().saturating_sub(MOST_OF_SET) {
        0 => String::new(),
        more => format!("<p class=\"note\">and {more} more</p>"),
    };
    format!("<div><h3>{size}, {kind}{badges}</h3><div class=\"strip\">{twins}</div>{more}</div>\n")
}

fn picture(twin: &DuplicatePicture, likeness: Likeness, room: &mut ByteBudget) -> String {
    let labels = twin.classes.join(", ");
    let part = twin.part.map_or(String::new(), |part| format!(" · {part}"));
    let distance = match (likeness, twin.distance) {
        (Likeness::Same, _) | (_, 0) => String::new(),
        (Likeness::Alike, bits) => {
            format!("<span class=\"soft\"> · {}</span>", plural(bits as usize, "bit", "bits"))
        }
    };
    format!(
        "<figure>{}<figcaption>{}{part}{distance}<p class=\"path\">{}</p></figcaption></figure>",
        room.picture(twin.thumbnail.as_deref(), &format!("A picture of “{labels}”")),
        esc(&labels),
        esc(&twin.path),
    )
}
