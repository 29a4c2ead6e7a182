//! What may reach a terminal. Names come from files that others made: whatever steers a terminal is spelt out in them,
//! here at the last place before it and in [`text::row`](crate::text::row) and [`text::table`](crate::text::table), where
//! names are still apart from our own colours. JSON and CSV are data and do not come this way.

use std::borrow::Cow;
use tl_files::{shown, steers};

/// A line of ours: colours stay, and what else steers a terminal is spelt out.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\x1b') {
        let (before, from) = rest.split_at(at);
        out += &message(before);
        let length = color(from).unwrap_or(0);
        out += &from[..length];
        // An escape that begins no colour is one character.
        let behind = length.max(1);
        out += &message(&from[length..behind]);
        rest = &from[behind..];
    }
    out += &message(rest);
    Cow::Owned(out)
}

/// Words that may have several lines and no colours, such as an error's.
pub(crate) fn message(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c != '\n' && steers(c)) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<String> = text.split('\n').map(|line| shown(line).to_string()).collect();
    Cow::Owned(lines.join("\n"))
}

/// Length of the colour (SGR) at the beginning: `ESC [ numbers m`.
fn color(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\x1b[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_stay_and_nothing_else_does() {
        for (text, expected) in [
            ("\x1b[1mclasses\x1b[0m cat", "\x1b[1mclasses\x1b[0m cat"),
            ("a\x1b[2Jb\x1b", r"a\x1b[2Jb\x1b"),
            ("\x1b]0;title\x07\u{9b}1m", r"\x1b]0;title\x07\u{9b}1m"),
            ("\x1b[31m\u{202e}x\x1b[", "\x1b[31m\\u{202e}x\\x1b["),
        ] {
            assert_eq!(line(text), expected);
        }
        assert_eq!(message("a\n  b\rc\x1b[1m"), "a\n  b\\rc\\x1b[1m");
    }

    proptest! {
        #[test]
        fn no_character_that_steers_is_left(text in "(\\x1b|\\[|1|;|m|a|\\n|\\r|\\x{9b}|\\x{202e}|é){0,12}") {
            let out = line(&text);
            let mut rest = &*out;
            while let Some(at) = rest.find(|c: char| c != '\n' && steers(c)) {
                let length = color(&rest[at..]);
                prop_assert!(length.is_some(), "{out:?}");
                rest = &rest[at + length.unwrap_or(1)..];
            }
            prop_assert!(!message(&text).contains(|c: char| c != '\n' && steers(c)));
        }
    }
}
