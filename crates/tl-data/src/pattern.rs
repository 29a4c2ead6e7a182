//! Classes found in paths by a regular expression.

use std::path::Path;

use regex_lite::{Captures, Regex};
use tl_image::ends_like_a_picture;

use crate::choose::expression;
use crate::listing::{Listing, Named};
use crate::picture_location::slashed;
use crate::walk::list_flat;
use crate::{DataError, SampleError, SourceError};

/// Lists every file below a folder; what the expression finds in its path is its class.
pub(crate) fn list(root: &Path, pattern: &str) -> Result<Listing, DataError> {
    let expression = expression("class", pattern)?;
    if expression.captures_len() < 2 {
        let detail = "it has no group, put parentheses around the part that names the class".to_string();
        return Err(SourceError::BadPattern { what: "class", pattern: pattern.to_string(), detail }.into());
    }
    let mut listing = list_flat(root)?;
    let files = std::mem::take(&mut listing.files);
    listing.classes.clear();
    let (total, example) = (files.len(), files.first().map(|file| file.path.clone()));
    let mut named = Vec::new();
    for mut file in files {
        let path = slashed(&file.path);
        match expression.captures(&path).and_then(|found| class_of(&expression, &found)) {
            Some((class, group)) => {
                file.group = group;
                named.push(Named { file, labels: vec![class] });
            }
            None if ends_like_a_picture(&path) => {
                let detail = "the class pattern does not match its path".to_string();
                listing.reject(file.path, SampleError::Unlabelled { detail });
            }
            None => listing.ignored += 1,
        }
    }
    match example {
        Some(example) if named.is_empty() => {
            let pattern = pattern.to_string();
            Err(SourceError::NothingMatches { what: "class", pattern, files: total, example }.into())
        }
        _ => {
            listing.add_named(named);
            Ok(listing)
        }
    }
}

/// The class, not empty, and the group, where there is one.
fn class_of(expression: &Regex, found: &Captures<'_>) -> Option<(String, Option<String>)> {
    let group = found.name("group").map(|group| group.as_str().to_string());
    let names = expression.capture_names().enumerate().skip(1);
    let first = names.filter(|(_, name)| *name != Some("group")).find_map(|(i, _)| found.get(i));
    let class = found.name("class").or(first)?.as_str();
    (!class.is_empty()).then(|| (class.to_string(), group))
}
