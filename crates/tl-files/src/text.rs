//! Paths for people and for tables, whatever bytes they are made of.

use std::fmt::Write;
use std::path::Path;

/// A path as text: each byte that is no UTF-8 as `\xNN`, so that different paths stay different.
///
/// ```
/// use std::path::Path;
///
/// assert_eq!(tl_files::text_of(Path::new("new/cat.jpg")), "new/cat.jpg");
/// # #[cfg(unix)] {
/// use std::ffi::OsStr;
/// use std::os::unix::ffi::OsStrExt;
/// assert_eq!(tl_files::text_of(Path::new(OsStr::from_bytes(b"caf\xe9.jpg"))), r"caf\xe9.jpg");
/// # }
/// ```
pub fn text_of(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}
