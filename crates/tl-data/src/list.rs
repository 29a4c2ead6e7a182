//! Pictures listed one a line.

use std::io::Read;
use std::path::Path;

use crate::SourceError;
use crate::listing::{Candidate, Listing, Named};
use crate::rows::{Rows, cleaned};
use crate::table::{read_utf8, unreadable, utf8};

/// Lists what a file, or standard input for `-`, names.
pub(crate) fn list(path: &Path, root: Option<&Path>) -> Result<Listing, SourceError> {
    let text = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        utf8(path, bytes)?
    } else {
        read_utf8(path)?
    };
    list_text(path, &text, root.unwrap_or(Path::new("")))
}

/// Lists what these lines name; empty ones are passed over.
pub(crate) fn list_text(path: &Path, text: &str, root: &Path) -> Result<Listing, SourceError> {
    let mut rows = Rows::new(path, false);
    let labelled = text.contains('\t');
    for (number, line) in (1..).zip(text.lines()) {
        if !line.trim().is_empty() {
            rows.add(read_line(path, number, line, labelled, root)?);
        }
    }
    rows.finish(root)
}

fn read_line(list: &Path, row: u64, line: &str, labelled: bool, root: &Path) -> Result<Named, SourceError> {
    let bad = |detail: String| SourceError::BadRow { path: list.to_path_buf(), at: "line", row, detail };
    let (text, label) = match line.split_once('\t') {
        Some((text, label)) => (text.trim(), Some(label.trim()).filter(|label| !label.is_empty())),
        None => (line.trim(), None),
    };
    if text.is_empty() {
        return Err(bad("the path is empty".into()));
    }
    let path = cleaned(root, text);
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let label = match (label, labelled) {
        (Some(label), _) => label.to_string(),
        (None, true) => return Err(bad(format!("`{text}` has no label after a tab, and other lines have"))),
        (None, false) => folder.ok_or_else(|| {
            bad(format!("`{text}` has no label and lies in no folder that could name its class"))
        })?,
    };
    Ok(Named {
        file: Candidate { path, row: Some(("line", row)), ..Candidate::default() },
        labels: vec![label],
    })
}
