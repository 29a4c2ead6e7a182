//! Names of files as text and back, and text as people may see it.
//!
//! A system's names are bytes, of which text is a part. [`name_text`] and [`path_text`] write each byte that is not
//! UTF-8 as `\xNN`, in small hexadecimal digits. A backslash of a name that would read as such a byte is itself written
//! as `\x5c`; every other backslash stays as it is. So different names have different texts, names that are UTF-8 look as
//! they always did, and [`path_of_text`] is the way back. Classes, `split.csv`, predictions, names of features and
//! `run.toml` hold such texts.
//!
//! [`shown`] is for the eye alone: what would move a cursor, begin a line or turn the direction of writing is spelt out.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// A name, or a part of a path, as text: bytes that are not UTF-8 are `\xNN`.
///
/// ```
/// # #[cfg(unix)] {
/// use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};
/// use tl_files::{name_text, path_of_text};
/// let latin1 = OsStr::from_bytes(b"caf\xe9");
/// assert_eq!(name_text(latin1), r"caf\xe9");
/// assert_eq!(path_of_text(r"caf\xe9"), Path::new(latin1));
/// assert_eq!(name_text(OsStr::new(r"caf\xe9")), r"caf\x5cxe9", "a backslash, an x and so on");
/// # }
/// ```
pub fn name_text(name: &OsStr) -> Cow<'_, str> {
    bytes_text(name.as_encoded_bytes())
}

/// Bytes as text, by the same rule.
pub fn bytes_text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(r"\x") => Cow::Borrowed(text),
        _ => Cow::Owned(escaped(bytes)),
    }
}

/// A path as text, with the system's own separators: bytes that are not UTF-8 are `\xNN`.
pub fn path_text(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        // There a backslash separates.
        Some(text) if cfg!(windows) => Cow::Borrowed(text),
        _ => name_text(path.as_os_str()),
    }
}

/// The path that [`name_text`] or [`path_text`] made this text of.
pub fn path_of_text(text: &str) -> PathBuf {
    match cfg!(unix) && text.contains(r"\x") {
        true => path_of_bytes(unescaped(text.as_bytes())),
        false => PathBuf::from(text),
    }
}

/// The path of these bytes, as an archive has them.
#[cfg(unix)]
pub fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

/// The path of these bytes, as an archive has them. Names are text here, so what is not UTF-8 is written as such.
#[cfg(not(unix))]
pub fn path_of_bytes(bytes: Vec<u8>) -> PathBuf {
    bytes_text(&bytes).into_owned().into()
}

/// The ending of a file's name, in small letters; empty where there is none.
pub fn ending(path: &Path) -> String {
    path.extension().map(|ending| name_text(ending).to_lowercase()).unwrap_or_default()
}

fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 12);
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find('\\') {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            out.push_str(if escape(from.as_bytes()).is_some() { r"\x5c" } else { r"\" });
            rest = &from[1..];
        }
        out.push_str(rest);
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!(r"\x{byte:02x}")));
    }
    out
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((&first, behind)) = rest.split_first() {
        let byte = escape(rest);
        out.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &rest[ESCAPE..] } else { behind };
    }
    out
}

/// Length of `\xNN`.
const ESCAPE: usize = 4;

/// The byte that an escape at the beginning stands for: one that no text has alone, or a backslash.
fn escape(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    match text {
        [b'\\', b'x', high, low, ..] => {
            Some(digit(*high)? * 16 + digit(*low)?).filter(|&byte| byte >= 0x80 || byte == b'\\')
        }
        _ => None,
    }
}

/// Text from outside as it may reach a terminal: one line, with what steers a terminal or turns the direction of
/// writing spelt out, `\n`, `\x1b`, `\u{202e}`.
///
/// ```
/// assert_eq!(tl_files::shown("cat\x1b[2J\ndog").to_string(), r"cat\x1b[2J\ndog");
/// ```
pub fn shown<'a>(text: impl Into<Cow<'a, str>>) -> Shown<'a> {
    Shown(text.into())
}

/// A path as it may reach a terminal: [`shown`] of [`path_text`].
pub fn shown_path(path: &Path) -> Shown<'_> {
    Shown(path_text(path))
}

/// Text that is written by [`shown`]'s rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a>(Cow<'a, str>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = &*self.0;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| steers(*c)) {
            f.write_str(&rest[..at])?;
            match c {
                '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default())?,
                '\0'..='\x7f' => write!(f, r"\x{:02x}", u32::from(c))?,
                _ => write!(f, "{}", c.escape_unicode())?,
            }
            rest = &rest[at + c.len_utf8()..];
        }
        f.write_str(rest)
    }
}

/// Is this a control character (C0, DEL, C1), a separator of lines, or one that turns or hides what is around it?
///
/// The bidirectional ones are those of <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>. Joiners
/// stay: words of several languages need them.
pub fn steers(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{2028}' | '\u{2029}'
        | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A path as text in a file of settings or of results, for serde's `with`.
pub mod path_as_text {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes [`path_text`](super::path_text).
    ///
    /// Errors: those of the serializer.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::path_text(path))
    }

    /// Reads a path back from its text.
    ///
    /// Errors: those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        String::deserialize(deserializer).map(|text| super::path_of_text(&text))
    }
}

/// Serialises as [`path_as_text`] does, for a path that may be left out.
pub mod optional_path_as_text {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the path's text, or nothing.
    ///
    /// Errors: those of the serializer.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_deref().map(super::path_text).serialize(serializer)
    }

    /// Reads a path back from its text, if there is one.
    ///
    /// Errors: those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(|text| super::path_of_text(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_spelt_out_and_nothing_else() {
        for (text, expected) in [
            ("a\nb\tc\r", r"a\nb\tc\r"),
            ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
            ("\x7f\u{9b}2J", r"\x7f\u{9b}2J"),
            ("a\u{202e}gpj.exe", r"a\u{202e}gpj.exe"),
            ("naïve \u{5e9}\u{5dc} 猫 👩\u{200d}🚒 a\\x1b", "naïve \u{5e9}\u{5dc} 猫 👩\u{200d}🚒 a\\x1b"),
        ] {
            assert_eq!(shown(text).to_string(), expected);
        }
        let controls = (0..0x11_0000).filter_map(char::from_u32).filter(|c| c.is_control());
        assert!(controls.into_iter().all(steers));
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};

        use proptest::prelude::*;

        use super::*;

        /// Bytes in which backslashes, escapes and broken UTF-8 are common.
        fn bytes() -> impl Strategy<Value = Vec<u8>> {
            let piece = prop_oneof![
                Just(b"\\".to_vec()),
                Just(b"\\x".to_vec()),
                Just(b"\\xff".to_vec()),
                Just(b"\\x5c".to_vec()),
                Just("é".as_bytes().to_vec()),
                Just(b"\xc3".to_vec()),
                "[x5cf8/]".prop_map(String::into_bytes),
                any::<u8>().prop_map(|byte| vec![byte]),
            ];
            prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
        }

        proptest! {
            #[test]
            fn every_name_comes_back_and_text_without_escapes_is_unchanged(bytes in bytes()) {
                let name = OsStr::from_bytes(&bytes);
                let text = name_text(name).into_owned();
                prop_assert_eq!(path_of_text(&text).into_os_string().into_vec(), bytes.clone());
                if let Ok(plain) = std::str::from_utf8(&bytes)
                    && !plain.contains(r"\x")
                {
                    prop_assert_eq!(text, plain);
                }
            }

            #[test]
            fn different_names_have_different_texts(a in bytes(), b in bytes()) {
                prop_assert_eq!(name_text(OsStr::from_bytes(&a)) == name_text(OsStr::from_bytes(&b)), a == b);
            }
        }

        #[test]
        fn a_path_is_written_to_toml_and_read_back() {
            #[derive(serde::Serialize, serde::Deserialize)]
            struct Settings {
                #[serde(with = "path_as_text")]
                data: PathBuf,
                #[serde(with = "optional_path_as_text", default, skip_serializing_if = "Option::is_none")]
                root: Option<PathBuf>,
            }
            let data = PathBuf::from(OsStr::from_bytes(b"a\xff/\\xff"));
            let settings = Settings { root: Some(data.clone()), data };
            let text = toml::to_string(&settings).unwrap();
            assert!(text.starts_with(r#"data = 'a\xff/\x5cxff'"#), "{text}");
            let read: Settings = toml::from_str(&text).unwrap();
            assert_eq!(
                (Some(&read.data), read.root.as_ref()),
                (settings.root.as_ref(), settings.root.as_ref())
            );
            let without: Settings = toml::from_str("data = 'a'").unwrap();
            assert_eq!(without.root, None);
        }
    }
}
