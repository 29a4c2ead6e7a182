//! Names that Windows keeps for devices in every folder.

use std::path::Path;

/// Is this the name of a device on Windows, such as `NUL` or `con.txt`? A file of that name would be out of every program's
/// reach. <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>
pub(crate) fn is_device_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    let name = name.split(['.', ':']).next().unwrap_or_default().trim_end();
    let numbered = |name: &str| {
        let digit = name.strip_prefix("COM").or_else(|| name.strip_prefix("LPT"));
        digit.is_some_and(|digit| "0123456789¹²³".chars().any(|one| digit.chars().eq([one])))
    };
    matches!(name, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_from_names_that_begin_alike() {
        for (names, expected) in [
            ("NUL|nul|runs/con|Aux.csv|prn .txt|COM1|lpt9.tar.gz|com²|CONOUT$|NUL:", true),
            ("null|console|aux1|COM|COM10|report.nul|.nul|lpt|a/nul/b|", false),
        ] {
            for name in names.split('|') {
                assert_eq!(is_device_name(Path::new(name)), expected, "{name:?}");
            }
        }
    }
}
