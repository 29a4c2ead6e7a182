//! Picture formats, told by content and never by the name's ending.

use crate::foreign::recognise;
use crate::{Format, PictureError};

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
}
