//! Why a file is not a usable picture.

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::Panicked;
use crate::unsupported_format::UnsupportedFormat;

/// The reason one file was rejected. The path is kept beside it, by whoever read the file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The content has the signature of no picture format.
    #[error("not a picture ({looks_like})")]
    NotAPicture {
        /// What the content is instead, as far as its first bytes tell.
        looks_like: String,
    },
    /// A picture, in a format this program does not decode.
    #[error("{}", not_read(format))]
    UnsupportedFormat {
        /// Name of the format.
        format: &'static str,
    },
    /// A supported format, with a feature its decoder lacks.
    #[error("uses a feature that is not supported ({detail}), convert it to JPEG or PNG")]
    UnsupportedFeature {
        /// The decoder's words.
        detail: String,
    },
    /// A sound JPEG, coded by a process that is not decoded.
    #[error("{process} is not supported, convert it ({remedy})")]
    UnsupportedProcess {
        /// What the process is called.
        process: String,
        /// How it is converted, with `IN.jpg` for its name.
        remedy: String,
    },
    /// The file ends before the picture does.
    #[error("ends too early (truncated after {} bytes)", grouped(*bytes))]
    Truncated {
        /// Length of the file.
        bytes: u64,
    },
    /// The content breaks the rules of its format.
    #[error("corrupt ({detail})")]
    Corrupt {
        /// The decoder's words.
        detail: String,
    },
    /// A decoder panicked. It is a defect of the decoder, and costs the picture alone.
    #[error("its decoder stopped: {message}")]
    DecoderStopped {
        /// What the decoder said.
        message: String,
    },
    /// A side is longer than [`Limits::side`](crate::Limits::side).
    #[error("its header says {width} x {height} pixels, the limit is {limit} a side")]
    TooLarge {
        /// Width in the header, in pixels.
        width: u32,
        /// Height in the header, in pixels.
        height: u32,
        /// The limit, in pixels.
        limit: u32,
    },
    /// More pixels than [`Limits::pixels`](crate::Limits::pixels).
    #[error("its header says {width} x {height} pixels, the limit is {} in all", grouped(*limit))]
    TooManyPixels {
        /// Width in the header, in pixels.
        width: u32,
        /// Height in the header, in pixels.
        height: u32,
        /// The limit, in pixels.
        limit: u64,
    },
    /// More memory than [`Limits::alloc`](crate::Limits::alloc).
    #[error("decoding it takes {} bytes of memory, the limit is {}", grouped(*bytes), grouped(*limit))]
    TooMuchMemory {
        /// Bytes its decoder would take.
        bytes: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file is larger than [`Limits::file_bytes`](crate::Limits::file_bytes); it was not read.
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
    #[error("no such file ({at} {row})")]
    Missing {
        /// `row` or `line`.
        at: &'static str,
        /// Its number, from 1; a table's header is a row too.
        row: u64,
    },
    /// A picture whose class is not told.
    #[error("has no label ({detail})")]
    Unlabelled {
        /// Where the label should have been.
        detail: String,
    },
}

impl PictureError {
    /// That the file of these bytes ends before the picture does.
    pub(crate) fn truncated(bytes: &[u8]) -> Self {
        PictureError::Truncated { bytes: bytes.len() as u64 }
    }

    /// Words the operating system's refusal, without the error number.
    pub fn unreadable(error: &std::io::Error) -> Self {
        let text = error.to_string().to_lowercase();
        let detail = text.split(" (os error").next().unwrap_or(&text).to_string();
        PictureError::Unreadable { detail }
    }
}

impl From<Panicked> for PictureError {
    fn from(Panicked { message }: Panicked) -> Self {
        PictureError::DecoderStopped { message }
    }
}

/// That a format is not read, and the command that converts it.
fn not_read(format: &str) -> String {
    match UnsupportedFormat::named(format) {
        Some(known) if !known.still => {
            let kind = if format.ends_with("video") { "video" } else { format };
            format!("not a picture (it is a {kind}), this makes pictures of it: {}", known.example())
        }
        known => {
            let command = known.map_or_else(String::new, |known| format!(": {}", known.example()));
            format!("{format} is not supported, convert it to JPEG, PNG or WebP{command}")
        }
    }
}

/// `4096` as `4,096`.
fn grouped(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1000),
    }
}

impl Serialize for PictureError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up rather than provoked: the superuser may read everything.
    #[test]
    fn a_refusal_of_the_operating_system_is_worded() {
        let refused = PictureError::unreadable(&std::io::Error::from_raw_os_error(13));
        assert_eq!(refused.to_string(), "cannot be read (permission denied)");
        assert_eq!(serde_json::to_value(&refused).unwrap(), "cannot be read (permission denied)");
    }
}
