//! Picture formats, told by content and never by the name's ending.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::PictureError;
use crate::foreign::{ends_like_a_still_picture, recognise};

/// A format that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG, baseline and progressive, 8 bits a sample.
    Jpeg,
    /// PNG; of an animation, the default picture.
    Png,
    /// WebP, lossy and lossless; of an animation, the first frame.
    WebP,
    /// GIF, first frame.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF, first page.
    Tiff,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            Format::Tiff => "TIFF",
        })
    }
}

/// Endings of names that promise a picture that is read. They decide nothing about files, only about folders and hints.
const ENDINGS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff", "heic", "avif",
];

/// Does this name end like a picture's, in a format that is read or in one that is not?
pub fn ends_like_a_picture(name: &str) -> bool {
    ends_usually(name) || ending(name).is_some_and(|ending| ends_like_a_still_picture(&ending))
}

/// The same, of the usual formats alone: the name of a folder may end in many ways.
pub fn ends_usually(name: &str) -> bool {
    ending(name).is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

fn ending(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())
}

/// (offset, bytes there, format); the first row that matches wins.
const SIGNATURES: &[(usize, &[u8], Format)] = &[
    (0, b"\xff\xd8\xff", Format::Jpeg),
    (0, b"\x89PNG\r\n\x1a\n", Format::Png),
    (8, b"WEBP", Format::WebP),
    (0, b"GIF87a", Format::Gif),
    (0, b"GIF89a", Format::Gif),
    (0, b"BM", Format::Bmp),
    (0, b"II*\0", Format::Tiff),
    (0, b"MM\0*", Format::Tiff),
    (0, b"II+\0", Format::Tiff),
    (0, b"MM\0+", Format::Tiff),
];

/// Tells the format from the first bytes.
///
/// Errors: [`PictureError::Empty`], [`PictureError::UnsupportedFormat`], [`PictureError::NotAPicture`].
pub(crate) fn sniff(bytes: &[u8]) -> Result<Format, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let matches = |row: &&(usize, &[u8], Format)| bytes.get(row.0..).is_some_and(|b| b.starts_with(row.1));
    let format = SIGNATURES.iter().find(matches).map(|row| row.2);
    // What a camera writes is TIFF inside, and its first picture a thumbnail.
    let foreign = if matches!(format, None | Some(Format::Tiff)) { recognise(bytes) } else { None };
    match (foreign, format) {
        (Some(foreign), _) => Err(foreign.into()),
        (None, Some(format)) => Ok(format),
        (None, None) => Err(PictureError::NotAPicture { looks_like: first_bytes(bytes) }),
    }
}

fn first_bytes(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(8)];
    if start.iter().all(|b| (b' '..=b'~').contains(b) || b.is_ascii_whitespace()) {
        return "it is text".to_string();
    }
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("it starts with the bytes {}", hex.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        for (bytes, message) in [
            (&b""[..], "the file is empty"),
            (b"hello, world", "not a picture (it is text)"),
            (b"\x00\x01\x02\x03", "not a picture (it starts with the bytes 00 01 02 03)"),
            (
                b"%PDF-1.7",
                "not a picture (it is a PDF), this makes pictures of it: pdftoppm -png -r 200 FILE.pdf FILE",
            ),
            (
                b"\0\0\0\x18ftypheic",
                "HEIC is not supported, convert it to JPEG, PNG or WebP: heif-convert FILE.heic FILE.png",
            ),
            (
                b"<!DOCTYPE html><title>404",
                "not a picture (it is an HTML page, perhaps the error page of a failed download)",
            ),
        ] {
            assert_eq!(sniff(bytes).unwrap_err().to_string(), message);
        }
        assert_eq!(sniff(b"\xff\xd8\xff\xe0"), Ok(Format::Jpeg));
    }

    #[test]
    fn endings_are_compared_without_case() {
        for (name, expected) in
            [("a.JPG", true), ("a.b.webp", true), ("jpg", false), ("a.txt", false), ("a.CR2", true)]
        {
            assert_eq!(ends_like_a_picture(name), expected, "{name}");
        }
    }
}
