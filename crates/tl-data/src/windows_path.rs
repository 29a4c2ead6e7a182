//! Paths as Windows spells them, as text: tables bring them to every system.

use std::borrow::Cow;

/// The path without the prefix that says to take it literally: `\\?\C:\pets` is `C:\pets`, `\\?\UNC\server\pets` is
/// `\\server\pets`. <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file#win32-file-namespaces>
pub(crate) fn without_literal_prefix(text: &str) -> Cow<'_, str> {
    let Some(rest) = text.strip_prefix(r"\\?\").or_else(|| text.strip_prefix("//?/")) else {
        return Cow::Borrowed(text);
    };
    match rest.strip_prefix(r"UNC\").or_else(|| rest.strip_prefix("UNC/")) {
        Some(share) => Cow::Owned(format!(r"\\{share}")),
        None => Cow::Borrowed(rest),
    }
}

/// The path with `/` between its parts, without `.` among them: `C:\pets\.\1.png` is `C:/pets/1.png`.
pub(crate) fn slashed(text: &str) -> String {
    let plain = without_literal_prefix(text).replace('\\', "/");
    let root = ["//", "/"].into_iter().find(|root| plain.starts_with(root)).unwrap_or_default();
    let parts: Vec<&str> = plain.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_windows_becomes_one_with_slashes() {
        for (text, expected) in [
            (r"pets\1.png", "pets/1.png"),
            (r".\pets\.\1.png", "pets/1.png"),
            (r"..\pets\\1.png", "../pets/1.png"),
            (r"C:\pets\1.png", "C:/pets/1.png"),
            (r"C:/pets\1.png", "C:/pets/1.png"),
            (r"\\?\C:\pets\1.png", "C:/pets/1.png"),
            (r"\\server\share\1.png", "//server/share/1.png"),
            (r"\\?\UNC\server\share\1.png", "//server/share/1.png"),
            (r"\pets\1.png", "/pets/1.png"),
            (r"C:\", "C:"),
            ("", ""),
        ] {
            assert_eq!(slashed(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_prefix_of_literal_paths_is_taken_off() {
        for (text, expected) in [
            (r"\\?\C:\a b\1.png", r"C:\a b\1.png"),
            (r"\\?\UNC\server\share", r"\\server\share"),
            (r"C:\a\1.png", r"C:\a\1.png"),
            (r"\\.\C:\1.png", r"\\.\C:\1.png"),
        ] {
            assert_eq!(without_literal_prefix(text), expected);
        }
    }
}
