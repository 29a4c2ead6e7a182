//! Pictures listed one a line.

use std::path::Path;

use tl_files::name_text;

use crate::SourceError;
use crate::encoding::{decode_text, lines};
use crate::leftover::is_named_by_chance;
use crate::list_cell::is_listlike;
use crate::listing::{Candidate, Listing, Named};
use crate::listing_builder::ListingBuilder;
use crate::lookup::{Lookup, cleaned};
use crate::table_limits::read_bounded;
use crate::text_file::read_decoded;

/// Lists what a file, or standard input for `-`, names.
pub(crate) fn list(path: &Path, root: Option<&Path>) -> Result<Listing, SourceError> {
    list_text(path, &text_of(path)?, root.unwrap_or(Path::new("")))
}

/// Lists pictures as [`list`] does; if no line has a label and a picture lies in no folder that could name its class, all
/// are without classes.
pub(crate) fn list_labelled_or_not(path: &Path, root: Option<&Path>) -> Result<Listing, SourceError> {
    let (text, root) = (text_of(path)?, root.unwrap_or(Path::new("")));
    let bare = |line: &str| {
        let path = cleaned(root, line.trim());
        !line.trim().is_empty() && folder_of(&path).is_none() && !is_named_by_chance(root, &path)
    };
    if text.contains('\t') || !lines(&text).any(bare) {
        return list_text(path, &text, root);
    }
    // Only that all are of one class matters; lines keep their numbers.
    let label = |line: &str| if line.trim().is_empty() { "\n".to_string() } else { format!("{line}\t-\n") };
    let labelled: String = lines(&text).map(label).collect();
    let mut listing = list_text(path, &labelled, root)?;
    listing.classes.clear();
    Ok(listing)
}

fn text_of(path: &Path) -> Result<String, SourceError> {
    if path != Path::new("-") {
        return Ok(read_decoded(path)?.text);
    }
    Ok(decode_text(path, &read_bounded(path, std::io::stdin().lock())?)?.text)
}

/// Lists what these lines name; empty ones are passed over.
pub(crate) fn list_text(path: &Path, text: &str, root: &Path) -> Result<Listing, SourceError> {
    let mut rows = ListingBuilder::new(path, root, false, false);
    let mut lookup = Lookup::new(path, root, None);
    let labelled = text.contains('\t');
    for (number, line) in (1..).zip(lines(text)) {
        let name = line.split('\t').next().unwrap_or_default().trim();
        if !line.trim().is_empty() && !rows.passes_over(root, name, "line", number) {
            rows.add(read_line(path, number, line, labelled, &mut lookup)?);
        }
    }
    let mut listing = rows.finish(root)?;
    listing.notes.extend(lookup.notes());
    Ok(listing)
}

fn read_line(
    list: &Path,
    row: u64,
    line: &str,
    labelled: bool,
    lookup: &mut Lookup<'_>,
) -> Result<Named, SourceError> {
    let bad = |detail: String| SourceError::BadRow { path: list.to_path_buf(), at: "line", row, detail };
    let (text, label) = match line.split_once('\t') {
        Some((text, label)) => (text.trim(), Some(label.trim()).filter(|label| !label.is_empty())),
        None => (line.trim(), None),
    };
    if text.is_empty() {
        return Err(bad("the path is empty".into()));
    }
    let path = lookup.file(text, ("line", row))?;
    let label = match (label, labelled) {
        (Some(label), _) if label.contains('\t') => {
            return Err(bad(format!("`{text}` has more than a label behind it")));
        }
        (Some(label), _) if is_listlike(label) => {
            return Err(bad(format!(
                "`{text}` has a list of labels, {label}; a line has one label, a table may have several"
            )));
        }
        (Some(label), _) => label.to_string(),
        (None, true) => return Err(bad(format!("`{text}` has no label after a tab, and other lines have"))),
        (None, false) => folder_of(&path).ok_or_else(|| {
            bad(format!("`{text}` has no label and lies in no folder that could name its class"))
        })?,
    };
    Ok(Named {
        file: Candidate { path, row: Some(("line", row)), answered: true, ..Candidate::default() },
        labels: vec![label],
    })
}

fn folder_of(path: &Path) -> Option<String> {
    path.parent().and_then(Path::file_name).map(|name| name_text(name).into_owned())
}
