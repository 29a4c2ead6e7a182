//! SHA-256 sums: what is known of a file's.

use sha2::Digest;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::WeightsError;

/// What its publisher says about a file's SHA-256, in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sha256 {
    /// All 64 digits.
    Full(&'static str),
    /// The first digits only: torchvision and timm publish eight, in the file's name. That tells damage, and that a
    /// file is not the right one; against somebody who makes files to fit, 32 bits are no protection.
    Prefix(&'static str),
    /// No sum is published: only the connection vouches for the file.
    Unpublished,
}

impl Sha256 {
    /// Reads 64 digits as all of them, none as nothing, any other number as the first ones.
    pub const fn of(digits: &'static str) -> Self {
        match digits.len() {
            64 => Self::Full(digits),
            0 => Self::Unpublished,
            _ => Self::Prefix(digits),
        }
    }

    /// The digits that are known.
    pub const fn digits(self) -> &'static str {
        match self {
            Self::Full(digits) | Self::Prefix(digits) => digits,
            Self::Unpublished => "",
        }
    }

    /// Whether a file whose hash is `actual`, 64 lower-case digits, can be the published one.
    pub fn admits(self, actual: &str) -> bool {
        match self {
            Self::Full(digits) => actual == digits,
            Self::Prefix(digits) => actual.starts_with(digits),
            Self::Unpublished => true,
        }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(digits) => f.write_str(digits),
            Self::Prefix(digits) => write!(f, "{digits}... (the rest is not published)"),
            Self::Unpublished => f.write_str("not published"),
        }
    }
}

/// The hash of bytes in memory, 64 lower-case digits.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

/// SHA-256 of a file, 64 lower-case hexadecimal digits.
///
/// # Errors
/// [`WeightsError::Read`] if it cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, WeightsError> {
    of_file(path).map_err(|error| WeightsError::Read { path: path.to_owned(), detail: error.to_string() })
}

/// The hash of a file, 64 lower-case digits.
pub(crate) fn of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(filled) = buffer.get(..count).filter(|filled| !filled.is_empty()) else { break };
        hash.update(filled);
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // https://csrc.nist.gov/CSRC/media/Projects/Cryptographic-Standards-and-Guidelines/documents/examples/SHA256.pdf
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_full_hash_the_prefix_and_nothing_admit_what_they_should() {
        assert_eq!(of_bytes(b"abc"), ABC);
        let cases = [(ABC, true), ("ba7816bf", true), ("", true), ("ba7816be", false), (&ABC[..63], true)];
        for (digits, admitted) in cases {
            assert_eq!(Sha256::of(digits).admits(ABC), admitted, "{digits}");
        }
        assert!(!Sha256::of(ABC).admits(&of_bytes(b"abd")));
    }

    #[test]
    fn a_prefix_says_that_it_is_one() {
        assert_eq!(Sha256::of("0676ba61").to_string(), "0676ba61... (the rest is not published)");
    }
}
