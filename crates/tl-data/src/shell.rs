//! Commands that can be typed: words as a shell takes them, whatever bytes they hold.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use tl_files::{shown_path, steers};

/// A command for a POSIX shell, on one line of plain text. What a line cannot show, bytes that are not UTF-8 and characters
/// that would steer a terminal, is spelt out by the shell's own `printf`. On Windows, a command for cmd and PowerShell, which
/// have no such thing.
///
/// ```
/// # if cfg!(windows) { return }
/// use tl_data::shell;
/// assert_eq!(shell(&["tl", "train", "my photos", "it's"]), r"tl train 'my photos' 'it'\''s'");
/// assert_eq!(shell(&["tl", "train", "two\nlines"]), r#"tl train "$(printf 'two\012lines')""#);
/// ```
pub fn shell<W: AsRef<OsStr>>(words: &[W]) -> String {
    let quote = if cfg!(windows) { quoted_for_windows } else { quoted };
    words.iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// A word in the quotes that both shells of Windows know. Programs take it apart by rules of their own, by which a backslash
/// is only special before a quote: <https://learn.microsoft.com/en-us/cpp/c-language/parsing-c-command-line-arguments>
fn quoted_for_windows(word: &OsStr) -> String {
    let text = shown_path(Path::new(word)).to_string();
    let plain = |c: char| c.is_alphanumeric() || r"-_./\:=+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    let (mut out, mut backslashes) = (String::from('"'), 0);
    for c in text.chars() {
        if c == '"' {
            out += &"\\".repeat(backslashes + 1);
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        out.push(c);
    }
    out + &"\\".repeat(backslashes) + "\""
}

fn quoted(word: &OsStr) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        Some(text) if !text.chars().any(steers) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => format!("\"$(printf '{}')\"", format_of(word.as_encoded_bytes())),
    }
}

/// The bytes as a format of `printf`, in which nothing means anything but letters, digits and octal numbers.
fn format_of(bytes: &[u8]) -> String {
    let mut format = String::new();
    let octal = |format: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // A string takes all that is written.
            let _written = write!(format, "\\{byte:03o}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // A dash may begin an option of `printf`.
            match steers(c) || "-'\\%".contains(c) {
                true => octal(&mut format, c.encode_utf8(&mut [0; 4]).as_bytes()),
                false => format.push(c),
            }
        }
        octal(&mut format, chunk.invalid());
    }
    format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_windows_is_in_double_quotes_where_it_needs_them() {
        for (word, expected) in [
            (r"C:\pets\1.png", r"C:\pets\1.png"),
            (r"C:\my pets", r#""C:\my pets""#),
            (r"C:\my pets\", r#""C:\my pets\\""#),
            (r#"a "b" c"#, r#""a \"b\" c""#),
            (r#"\""#, r#""\\\"""#),
            ("train=a,val=b", "\"train=a,val=b\""),
            ("it's", "\"it's\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted_for_windows(OsStr::new(word)), expected);
        }
    }
}

#[cfg(all(test, unix))]
mod posix {
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_shell_gets_back_what_was_typed() {
        let arguments = ["tl", "train", "my photos", "it's", ""];
        assert_eq!(shell(&arguments), r"tl train 'my photos' 'it'\''s' ''");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_shell_reads_back_every_word(
            words in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(1_u8.., 0..12),
                    r"[a-z \\x'%$`!~*{}\-]{0,12}".prop_map(String::into_bytes),
                    r"\PC{0,8}".prop_map(String::into_bytes),
                ],
                1..4,
            )
        ) {
            // A shell takes line breaks off the end of what a command prints.
            let words: Vec<Vec<u8>> = words.into_iter().filter(|word| !word.ends_with(b"\n")).collect();
            let given: Vec<&OsStr> = words.iter().map(|word| OsStr::from_bytes(word)).collect();
            let line = shell(&given);
            prop_assert!(!line.chars().any(steers), "{line:?}");
            let script = format!(r#"show() {{ for word; do printf '%s\0' "$word"; done; }}; show {line}"#);
            let seen = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
            let expected: Vec<u8> = words.iter().flat_map(|word| [word.as_slice(), b"\0"].concat()).collect();
            prop_assert_eq!(seen, expected, "{}", line);
        }
    }
}
