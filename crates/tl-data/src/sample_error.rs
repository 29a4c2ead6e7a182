//! Why a file is not a usable sample of a data set.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use thiserror::Error;
use tl_files::shown_path;
use tl_image::{Panicked, PictureError};

use crate::numbers::grouped;

/// The reason one file was rejected. The path is kept beside it, in [`Rejected`](crate::Rejected).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SampleError {
    /// The file's content is not a readable picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The file is larger than [`Limits::file_bytes`](tl_image::Limits::file_bytes); it was not read.
    #[error("the file has {} bytes, the limit is {}", grouped(*bytes), grouped(*limit))]
    FileTooLarge {
        /// Length of the file.
        bytes: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The operating system refused to read it.
    #[error("cannot be read ({detail})")]
    Unreadable {
        /// The operating system's words.
        detail: String,
    },
    /// A folder whose name ends like a picture's; it was not entered.
    #[error("a folder whose name ends like a picture's, rename it if it holds pictures")]
    Directory,
    /// A symbolic link to a folder that contains it; it was not followed.
    #[error("a link to a folder that contains it")]
    LinkLoop,
    /// A pipe, socket or device; it was not opened.
    #[error("not a regular file (a pipe, socket or device)")]
    Special,
    /// A picture beside the class folders.
    #[error("lies outside the class folders, move it into one of them")]
    OutsideClass,
    /// Nothing is at the path a table or list gives.
    #[error("no such file ({at} {row}){}", told_apart(instead.as_deref()))]
    Missing {
        /// `row` or `line`.
        at: &'static str,
        /// The row's number, from 1; a table's header is a row too.
        row: u64,
        /// A file whose name differs in nothing but capital letters or composed characters.
        instead: Option<PathBuf>,
    },
    /// A picture whose class is not told.
    #[error("has no label ({detail})")]
    Unlabelled {
        /// Where the label should have been.
        detail: String,
    },
}

impl SampleError {
    /// The file that may be meant by the name of one that is missing.
    pub(crate) fn instead(&self) -> Option<&Path> {
        match self {
            SampleError::Missing { instead, .. } => instead.as_deref(),
            _ => None,
        }
    }

    /// Words the operating system's refusal, without the error number.
    pub fn unreadable(error: &std::io::Error) -> Self {
        let text = error.to_string().to_lowercase();
        let detail = text.split(" (os error").next().unwrap_or(&text).to_string();
        SampleError::Unreadable { detail }
    }
}

fn told_apart(instead: Option<&Path>) -> String {
    let told = |path| format!("; there is `{}`, whose name is another one here", shown_path(path));
    instead.map(told).unwrap_or_default()
}

impl From<Panicked> for SampleError {
    fn from(panicked: Panicked) -> Self {
        PictureError::from(panicked).into()
    }
}

impl Serialize for SampleError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Made up rather than provoked: the superuser may read everything.
    #[test]
    fn a_refusal_of_the_operating_system_is_worded() {
        let refused = SampleError::unreadable(&std::io::Error::from_raw_os_error(13));
        assert_eq!(refused.to_string(), "cannot be read (permission denied)");
        assert_eq!(serde_json::to_value(&refused).unwrap(), "cannot be read (permission denied)");
    }
}
