//! Picture formats, told by content and never by the name's ending.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::PictureError;

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

/// Endings of names that promise a picture. They decide nothing about files, only about folders and hints.
const ENDINGS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff", "heic", "avif",
];

/// Does this name end like a picture's?
pub(crate) fn ends_like_a_picture(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

enum Content {
    Picture(Format),
    Unsupported(&'static str),
    Other(&'static str),
}

use Content::{Other, Picture, Unsupported};

/// (offset, bytes there, meaning); the first row that matches wins.
const SIGNATURES: &[(usize, &[u8], Content)] = &[
    (0, b"\xff\xd8\xff", Picture(Format::Jpeg)),
    (0, b"\x89PNG\r\n\x1a\n", Picture(Format::Png)),
    (8, b"WEBP", Picture(Format::WebP)),
    (0, b"GIF87a", Picture(Format::Gif)),
    (0, b"GIF89a", Picture(Format::Gif)),
    (0, b"BM", Picture(Format::Bmp)),
    (0, b"II*\0", Picture(Format::Tiff)),
    (0, b"MM\0*", Picture(Format::Tiff)),
    (0, b"II+\0", Picture(Format::Tiff)),
    (0, b"MM\0+", Picture(Format::Tiff)),
    (4, b"ftypavif", Unsupported("AVIF")),
    (4, b"ftypavis", Unsupported("AVIF")),
    (4, b"ftyphe", Unsupported("HEIC")),
    (4, b"ftypmif1", Unsupported("HEIC")),
    (4, b"ftypmsf1", Unsupported("HEIC")),
    (0, b"\xff\x0a", Unsupported("JPEG XL")),
    (0, b"\0\0\0\x0cJXL ", Unsupported("JPEG XL")),
    (0, b"\0\0\0\x0cjP  ", Unsupported("JPEG 2000")),
    (0, b"\xff\x4f\xff\x51", Unsupported("JPEG 2000")),
    (0, b"8BPS", Unsupported("PSD")),
    (0, b"qoif", Unsupported("QOI")),
    (0, b"\x76\x2f\x31\x01", Unsupported("OpenEXR")),
    (0, b"#?RADIANCE", Unsupported("Radiance HDR")),
    (0, b"DDS ", Unsupported("DDS")),
    (0, b"\0\0\x01\0", Unsupported("ICO")),
    (0, b"<svg", Unsupported("SVG")),
    (0, b"<!DOCTYPE html", Other("an HTML page, perhaps the error page of a failed download")),
    (0, b"<!doctype html", Other("an HTML page, perhaps the error page of a failed download")),
    (0, b"<html", Other("an HTML page, perhaps the error page of a failed download")),
    (0, b"<?xml", Other("an XML file")),
    (0, b"%PDF", Other("a PDF")),
    (0, b"PK\x03\x04", Other("a ZIP archive, unpack it first")),
    (0, b"\x1f\x8b", Other("a gzip archive, unpack it first")),
    (4, b"ftyp", Other("a video")),
    (0, b"\x1a\x45\xdf\xa3", Other("a video")),
];

/// Tells the format from the first bytes.
///
/// Errors: [`PictureError::Empty`], [`PictureError::UnsupportedFormat`], [`PictureError::NotAPicture`].
pub(crate) fn sniff(bytes: &[u8]) -> Result<Format, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let matches = |row: &&(usize, &[u8], Content)| bytes.get(row.0..).is_some_and(|b| b.starts_with(row.1));
    match SIGNATURES.iter().find(matches).map(|row| &row.2) {
        Some(Picture(format)) => Ok(*format),
        Some(Unsupported(format)) => Err(PictureError::UnsupportedFormat { format }),
        Some(Other(what)) => Err(PictureError::NotAPicture { looks_like: format!("it is {what}") }),
        None => Err(PictureError::NotAPicture { looks_like: first_bytes(bytes) }),
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
            (b"%PDF-1.7", "not a picture (it is a PDF)"),
            (b"\0\0\0\x18ftypheic", "HEIC is not supported, convert it to JPEG, PNG or WebP"),
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
        for (name, expected) in [("a.JPG", true), ("a.b.webp", true), ("jpg", false), ("a.txt", false)] {
            assert_eq!(ends_like_a_picture(name), expected, "{name}");
        }
    }
}
