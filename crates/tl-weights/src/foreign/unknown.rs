//! Files without a mark of their own: what can be told of them, and what they begin with.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use super::{DOWNLOAD, FROM_KERAS, ForeignWeights, LOOKED_AT, READ, foreign};

/// Bytes of a file that a message shows.
const SHOWN_BYTES: usize = 8;
/// Characters of a text that a message shows.
const SHOWN_CHARACTERS: usize = 40;

/// Files of a TensorFlow checkpoint, which are numbers without a mark, by their names: `NAME.index` and
/// `NAME.data-00000-of-00001`.
pub(super) fn of_name(path: &Path) -> Option<ForeignWeights> {
    let name = path.file_name()?.to_string_lossy();
    let (_, ending) = name.rsplit_once('.')?;
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let shard = ending.strip_prefix("data-").and_then(|numbers| numbers.split_once("-of-"));
    let is_shard = shard.is_some_and(|(one, all)| is_number(one) && is_number(all));
    (ending == "index" || is_shard).then_some(foreign("a part of a TensorFlow checkpoint", FROM_KERAS))
}

/// Describes a file that begins so, and is of no known kind.
pub(super) fn unknown(start: &[u8]) -> ForeignWeights {
    let whole = (start.len() as u64) < LOOKED_AT;
    match () {
        () if start.is_empty() => return foreign("an empty file", DOWNLOAD),
        () if start.iter().any(|byte| *byte != 0) => {}
        () if whole => return foreign("a file of zeros", DOWNLOAD),
        () => return foreign("a file that begins with 64 KiB of zeros", DOWNLOAD),
    }
    let kind = match text(start) {
        Some(text) => format!("a text that begins with `{}`", tl_files::shown(beginning(text))),
        None => format!("of no kind that is known, it begins with the bytes {}", hexadecimal(start)),
    };
    ForeignWeights { kind: Cow::Owned(kind), remedy: READ }
}

/// A map whose first key is a word (<https://github.com/msgpack/msgpack/blob/master/spec.md>).
pub(super) fn is_message_pack(start: &[u8]) -> bool {
    let key = match start {
        [0x81..=0x8f, key @ ..] | [0xde, _, _, key @ ..] | [0xdf, _, _, _, _, key @ ..] => key,
        _ => return false,
    };
    let (length, word) = match key {
        [length @ 0xa1..=0xbf, word @ ..] => (usize::from(length & 0x1f), word),
        [0xd9, length, word @ ..] => (usize::from(*length), word),
        _ => return false,
    };
    word.get(..length).is_some_and(|word| word.iter().all(u8::is_ascii_graphic))
}

/// The beginning of a file, if it is a text. A character at its end may be cut off.
fn text(start: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let odd = |c: char| c.is_control() && !c.is_whitespace();
    (!text.is_empty() && !text.contains(odd)).then_some(text)
}

/// The first line that says something, as far as a message shows it.
fn beginning(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(SHOWN_CHARACTERS).collect()
}

fn hexadecimal(start: &[u8]) -> String {
    let mut text = String::new();
    for (i, byte) in start.iter().take(SHOWN_BYTES).enumerate() {
        // Writing to a string does not fail.
        let _written = write!(text, "{}{byte:02x}", if i == 0 { "" } else { " " });
    }
    text
}
