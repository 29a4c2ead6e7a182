//! The prefix by which Windows takes a path literally.

use std::borrow::Cow;

/// A path of Windows as text without the prefix that says to take it literally: `\\?\C:\pets` is `C:\pets`,
/// `\\?\UNC\server\pets` is `\\server\pets`. <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#win32-file-namespaces>
///
/// Without it, `/` separates too and a pattern can be told from a path. Rust puts it before paths that are too long without.
pub fn without_literal_prefix(text: &str) -> Cow<'_, str> {
    let Some(rest) = text.strip_prefix(r"\\?\").or_else(|| text.strip_prefix("//?/")) else {
        return Cow::Borrowed(text);
    };
    match rest.strip_prefix(r"UNC\").or_else(|| rest.strip_prefix("UNC/")) {
        Some(share) => Cow::Owned(format!(r"\\{share}")),
        None => Cow::Borrowed(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_prefix_of_literal_paths_is_taken_off() {
        for (text, expected) in [
            (r"\\?\C:\a b\1.png", r"C:\a b\1.png"),
            (r"\\?\UNC\server\share", r"\\server\share"),
            ("//?/C:/a/1.png", "C:/a/1.png"),
            (r"C:\a\1.png", r"C:\a\1.png"),
            (r"\\.\C:\1.png", r"\\.\C:\1.png"),
            ("a?.png", "a?.png"),
        ] {
            assert_eq!(without_literal_prefix(text), expected);
        }
    }
}
