//! Formats that people have and this program does not read: told by content, named, and with the command that converts them.

mod boxes;
mod markup;
mod raw;
mod signatures;

use std::path::Path;

use crate::PictureError;
use crate::unsupported_format::{FORMATS, UnsupportedFormat};

use signatures::SIGNATURES;

/// What content is that no decoder here reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// A picture, or something pictures can be made of.
    Format(&'static UnsupportedFormat),
    /// Something that is no picture.
    Other(&'static str),
}

impl From<Foreign> for PictureError {
    fn from(foreign: Foreign) -> Self {
        match foreign {
            Foreign::Format(format) => unsupported(format),
            Foreign::Other(what) => PictureError::NotAPicture { looks_like: format!("it is {what}") },
        }
    }
}

fn unsupported(format: &UnsupportedFormat) -> PictureError {
    PictureError::UnsupportedFormat { format: format.name }
}

/// What the content is, if it is known; none for a format that is read, and for what nothing is known of.
pub(crate) fn recognise(bytes: &[u8]) -> Option<Foreign> {
    let found =
        raw::recognise(bytes).or_else(|| boxes::recognise(bytes)).or_else(|| markup::recognise(bytes));
    let by_name = |name| UnsupportedFormat::named(name).map(Foreign::Format);
    found.and_then(by_name).or_else(|| by_signature(bytes)).or_else(|| markup::other(bytes))
}

fn by_signature(bytes: &[u8]) -> Option<Foreign> {
    let starts = |at: usize, mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
    let (.., what) = SIGNATURES.iter().find(|(at, mark, _)| starts(*at, mark))?;
    Some(UnsupportedFormat::named(what).map_or(Foreign::Other(what), Foreign::Format))
}

impl PictureError {
    /// The same error, with what the extension of the name tells where the content tells nothing: some formats have no
    /// signature.
    #[must_use]
    pub fn with_name(self, path: &Path, bytes: &[u8]) -> Self {
        if !matches!(self, PictureError::NotAPicture { .. }) || recognise(bytes).is_some() {
            return self;
        }
        let ending = tl_files::ending(path);
        let by_ending = FORMATS.iter().find(|format| format.endings.contains(&ending.as_str()));
        by_ending.filter(|format| format.without_signature).map_or(self, unsupported)
    }
}

#[cfg(test)]
mod tests;
