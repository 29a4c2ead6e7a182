//! Why the content of a file is not a usable picture.

use thiserror::Error;

use crate::Panicked;
use crate::unsupported_format::UnsupportedFormat;

/// The reason the content of a file was rejected.
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
        /// The command that converts the picture, with `IN.jpg` for its name.
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
}

impl PictureError {
    /// The error of a file of these bytes that ends before the picture does.
    pub(crate) fn truncated(bytes: &[u8]) -> Self {
        PictureError::Truncated { bytes: bytes.len() as u64 }
    }
}

impl From<Panicked> for PictureError {
    fn from(Panicked { message }: Panicked) -> Self {
        PictureError::DecoderStopped { message }
    }
}

/// Says that a format is not read, and which command converts it.
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
