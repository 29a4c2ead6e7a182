//! Paths as Windows spells them, as text: tables bring them to every system.

use tl_files::without_literal_prefix;

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
}
