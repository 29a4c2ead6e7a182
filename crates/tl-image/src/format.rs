//! The formats that are read, and the endings of their names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::unsupported_format::ends_like_a_still_picture;

/// A format that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG, baseline and progressive, 8 bits a sample.
    Jpeg,
    /// Portable Network Graphics; of an animation, the default picture.
    Png,
    /// WebP, lossy and lossless; of an animation, the first frame.
    WebP,
    /// GIF, first frame.
    Gif,
    /// Windows bitmap (BMP).
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

/// Whether a name has the extension of one of the usual formats: the name of a folder may end in many ways.
pub fn ends_usually(name: &str) -> bool {
    ending(name).is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

fn ending(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_compared_without_case() {
        for (name, expected) in
            [("a.JPG", true), ("a.b.webp", true), ("jpg", false), ("a.txt", false), ("a.CR2", true)]
        {
            assert_eq!(ends_like_a_picture(name), expected, "{name}");
        }
    }
}
