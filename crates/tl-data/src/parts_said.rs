//! Which folder is which part, as it is typed: `train=training_set,test=test_set`.

use std::collections::BTreeMap;

use crate::{DataError, Part, SourceError};

/// Reads `train=FOLDER,test=FOLDER`, where a part may have several folders; `none` says that the folders are classes.
///
/// A comma divides only where a part and `=` follow, so that names may have commas.
///
/// ```
/// use tl_data::{Part, parts_said};
/// let parts = parts_said("train=a,test=b,c")?;
/// assert_eq!(parts.into_iter().collect::<Vec<_>>(), [("a".into(), Part::Train), ("b,c".into(), Part::Test)]);
/// assert!(parts_said("none")?.is_empty());
/// # Ok::<(), tl_data::DataError>(())
/// ```
///
/// Errors: [`SourceError::BadParts`].
pub fn parts_said(text: &str) -> Result<BTreeMap<String, Part>, DataError> {
    let bad = || SourceError::BadParts { text: text.to_string() };
    let mut parts: Vec<(Part, String)> = Vec::new();
    for piece in text.split(',').filter(|_| text != "none") {
        match (assigned(piece), parts.last_mut()) {
            (Some((part, folder)), _) => parts.push((part, folder.to_string())),
            (None, Some((_, folder))) => *folder += &format!(",{piece}"),
            (None, None) => return Err(bad().into()),
        }
    }
    let folders = parts.len();
    let parts: BTreeMap<String, Part> = parts
        .into_iter()
        .map(|(part, folder)| (folder.trim_end_matches(std::path::is_separator).to_string(), part))
        .collect();
    match parts.len() == folders && parts.keys().all(|folder| !folder.is_empty()) {
        true => Ok(parts),
        false => Err(bad().into()),
    }
}

fn assigned(piece: &str) -> Option<(Part, &str)> {
    let (part, folder) = piece.split_once('=')?;
    Some((Part::spelt(part)?, folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_assignment_of_folders_is_named() {
        for text in ["", "a", "train", "other=a", "train=", "train=a,test=a", "none,train=a"] {
            let message = parts_said(text).unwrap_err().to_string();
            assert_eq!(message, format!("`{text}` does not say which folder is which part"));
        }
    }
}
