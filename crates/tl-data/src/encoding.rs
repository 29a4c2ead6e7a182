//! Bytes of a table or list as text: UTF-8 or UTF-16, with or without a byte order mark.

use std::path::Path;

use crate::SourceError;
use crate::source_error::{UTF_32, ZERO};

/// Number of bytes that are looked at to tell UTF-16 that has no mark.
const LOOKED_AT: usize = 4096;

/// Text, and its encoding where that is another than UTF-8.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: Option<&'static str>,
}

/// Decodes the text of a table or list; [`SourceError::NotText`] for bytes that are no text in the encoding they seem to be
/// in.
pub(crate) fn decode_text(path: &Path, bytes: &[u8]) -> Result<Decoded, SourceError> {
    let (little, big): (Word, Word) = (u16::from_le_bytes, u16::from_be_bytes);
    let decoded = match (packed(bytes), bytes) {
        (Some(kind), _) => Err((1, kind.to_string())),
        _ if is_utf32(bytes) => Err((1, UTF_32.to_string())),
        (_, [0xef, 0xbb, 0xbf, text @ ..]) => utf8(text),
        (_, [0xff, 0xfe, text @ ..]) => utf16(text, little, "UTF-16"),
        (_, [0xfe, 0xff, text @ ..]) => utf16(text, big, "UTF-16"),
        _ => match zeros(bytes) {
            _ if !has_wide_marks(bytes) => utf8(bytes),
            [even, odd] if odd > even => utf16(bytes, little, "UTF-16, little-endian by its zeros"),
            _ => utf16(bytes, big, "UTF-16, big-endian by its zeros"),
        },
    };
    decoded.map_err(|(line, detail)| SourceError::NotText { path: path.to_path_buf(), line, detail })
}

type Word = fn([u8; 2]) -> u16;

/// A line and what is wrong with it.
type Fault = (usize, String);

/// Kinds of files that are renamed by hand and are no text at all.
fn packed(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "it is a spreadsheet or a ZIP archive, and not text"),
        (b"\x1f\x8b", "it is compressed by gzip"),
        (b"\xd0\xcf\x11\xe0", "it is an old spreadsheet, and not text"),
        (b"PAR1", "it is a Parquet file, and its name does not end in .parquet"),
    ];
    KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind)
}

/// Four bytes a character, three of which are 0 in the beginning of every table.
fn is_utf32(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff");
    let plain = |at: usize| {
        let zero_but = |four: &[u8; 4]| (0..4).all(|place| (four[place] == 0) != (place == at));
        bytes.len() >= 16 && bytes.as_chunks::<4>().0.iter().take(4).all(zero_but)
    };
    marked || plain(0) || plain(3)
}

/// Do most of the characters that divide cells and rows have a zero beside them, as UTF-16 writes them? Else a zero is a
/// stray one.
fn has_wide_marks(bytes: &[u8]) -> bool {
    let is_mark = |byte: &u8| b",;\t|\r\n".contains(byte);
    let looked_at = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let marks = looked_at.iter().filter(|byte| is_mark(byte)).count();
    let wide = |pair: &&[u8; 2]| {
        let [first, second] = **pair;
        first == 0 && is_mark(&second) || second == 0 && is_mark(&first)
    };
    let wide = looked_at.as_chunks::<2>().0.iter().filter(wide).count();
    wide * 2 >= marks && (wide > 0 || looked_at.get(..2).is_some_and(|start| start.contains(&0)))
}

/// Zeros at even and at odd places: every separator and line end of UTF-16 has one.
fn zeros(bytes: &[u8]) -> [usize; 2] {
    let mut zeros = [0, 0];
    for (at, _) in bytes.iter().take(LOOKED_AT).enumerate().filter(|(_, byte)| **byte == 0) {
        zeros[at % 2] += 1;
    }
    zeros
}

fn utf8(bytes: &[u8]) -> Result<Decoded, Fault> {
    match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            Some(at) => Err((lines_before(&text[..at]), ZERO.to_string())),
            None => Ok(Decoded { text: text.to_string(), encoding: None }),
        },
        Err(error) => {
            let (before, after) = bytes.split_at(error.valid_up_to());
            let byte = after.first().copied().unwrap_or_default();
            let line = lines_before(&String::from_utf8_lossy(before));
            Err((line, format!("the byte 0x{byte:02X} is not UTF-8")))
        }
    }
}

fn utf16(bytes: &[u8], word: Word, encoding: &'static str) -> Result<Decoded, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(pairs.iter().map(|pair| word(*pair))) {
        match character {
            Ok('\0') => return Err((lines_before(&text), ZERO.to_string())),
            Ok(character) => text.push(character),
            Err(_) => return Err((lines_before(&text), "it is not UTF-16, which it seemed to be".into())),
        }
    }
    match rest {
        [] => Ok(Decoded { text, encoding: Some(encoding) }),
        _ => {
            Err((lines_before(&text), "UTF-16 has two bytes a character, and the last one is missing".into()))
        }
    }
}

/// The number, from 1, of the line behind this text.
fn lines_before(text: &str) -> usize {
    lines(text).count().max(1) + usize::from(text.ends_with(['\n', '\r']))
}

/// Lines, which end in `\n`, `\r\n`, or in `\r` where nothing ends in `\n`.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.split_terminator(end).map(|line| line.strip_suffix('\r').unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Decoded, String> {
        decode_text(Path::new("t.csv"), bytes).map_err(|error| error.to_string())
    }

    /// With and without a mark, in both orders.
    fn spellings(text: &str) -> Vec<Vec<u8>> {
        let words = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        let (little, big) = (words(u16::to_le_bytes), words(u16::to_be_bytes));
        let utf8 = text.as_bytes().to_vec();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        vec![
            marked(b"\xef\xbb\xbf", &utf8),
            marked(b"\xff\xfe", &little),
            marked(b"\xfe\xff", &big),
            utf8,
            little,
            big,
        ]
    }

    proptest! {
        #[test]
        fn every_encoding_gives_the_same_text(cell in "[\\PC]{0,12}", rows in 0_usize..4) {
            prop_assume!(!cell.starts_with('\u{feff}'));
            let row = format!("{cell},b\r\n");
            let text = format!("path,label\r\n{}", row.repeat(rows));
            for bytes in spellings(&text) {
                prop_assert_eq!(&decoded(&bytes).unwrap().text, &text);
            }
        }

        #[test]
        fn no_bytes_at_all_do_harm(bytes: Vec<u8>) {
            let _ = decoded(&bytes);
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_its_line() {
        for (bytes, message) in [
            (&b"a,b\r\nx,\xe4\r\n"[..], "t.csv, line 2: the byte 0xE4 is not UTF-8"),
            (b"a,b\rx,y\rx,\xe4\r", "t.csv, line 3: the byte 0xE4 is not UTF-8"),
            (b"a,\xff", "t.csv, line 1: the byte 0xFF is not UTF-8"),
            (b"\xff\xfea\0\n\0\0\xd8x\0", "t.csv, line 2: it is not UTF-16, which it seemed to be"),
            (b"a\0\n\0b", "t.csv, line 2: UTF-16 has two bytes a character, and the last one is missing"),
            (b"a\0\0\0", "t.csv, line 1: it has a byte of 0, and is not text"),
            (b"path,label\n1.png,ca\0t\n", "t.csv, line 2: it has a byte of 0, and is not text"),
            (b"path,label\n1.png,cat\n\0\n", "t.csv, line 3: it has a byte of 0, and is not text"),
            (b"\xef\xbb\xbfa,\0b\n", "t.csv, line 1: it has a byte of 0, and is not text"),
            (b"\xff\xfe\0\0a\0\0\0", "t.csv, line 1: it is UTF-32, which is not read"),
            (b"\0\0\xfe\xff\0\0\0a", "t.csv, line 1: it is UTF-32, which is not read"),
            (b"p\0\0\0a\0\0\0t\0\0\0h\0\0\0", "t.csv, line 1: it is UTF-32, which is not read"),
            (b"\0\0\0p\0\0\0a\0\0\0t\0\0\0h", "t.csv, line 1: it is UTF-32, which is not read"),
            (b"PK\x03\x04..", "t.csv, line 1: it is a spreadsheet or a ZIP archive, and not text"),
        ] {
            assert_eq!(decoded(bytes).unwrap_err(), message);
        }
    }

    #[test]
    fn lines_end_as_on_every_system() {
        for text in ["a\nb\n", "a\r\nb", "a\rb\r"] {
            assert_eq!(lines(text).collect::<Vec<_>>(), ["a", "b"], "{text:?}");
        }
        assert_eq!(lines("a\r\n\r\nb").collect::<Vec<_>>(), ["a", "", "b"]);
    }
}
