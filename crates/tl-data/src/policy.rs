//! The limit of bad files: how many are too many.

use std::fmt;
use std::str::FromStr;

use crate::{DataError, Rejected};

/// The maximum of rejected files before the work stops.
///
/// ```
/// use tl_data::MaxBad;
/// assert_eq!("2%".parse::<MaxBad>()?.allowed(1000), 20);
/// assert_eq!("5".parse::<MaxBad>()?.allowed(1000), 5);
/// assert_eq!(MaxBad::default().to_string(), "1%");
/// # Ok::<(), tl_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxBad {
    /// A share of the files, 0 to 1. Above 0 it always allows one file, or small folders would allow none.
    Fraction(f64),
    /// A number of files.
    Count(usize),
}

impl Default for MaxBad {
    fn default() -> Self {
        MaxBad::Fraction(0.01)
    }
}

impl MaxBad {
    /// The number of files that may be rejected of so many.
    pub fn allowed(&self, files: usize) -> usize {
        match *self {
            MaxBad::Count(count) => count,
            MaxBad::Fraction(share) if share > 0.0 => ((files as f64 * share) as usize).max(1),
            MaxBad::Fraction(_) => 0,
        }
    }
}

impl FromStr for MaxBad {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let parsed = match text.trim().strip_suffix('%') {
            Some(percent) => {
                percent.trim().parse().ok().filter(in_percent).map(|p| MaxBad::Fraction(p / 100.0))
            }
            None => text.trim().parse().ok().map(MaxBad::Count),
        };
        parsed.ok_or_else(|| DataError::BadLimit { text: text.to_string() })
    }
}

fn in_percent(value: &f64) -> bool {
    (0.0..=100.0).contains(value)
}

impl fmt::Display for MaxBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Rounded, so that 0.07 does not show as 7.000000000000001%.
            MaxBad::Fraction(share) => write!(f, "{}%", (share * 1e8).round() / 1e6),
            MaxBad::Count(count) => write!(f, "{count}"),
        }
    }
}

/// Refuses to go on when more than the allowed share of `files` was rejected.
///
/// `files` counts all files that should be pictures: [`Dataset::files`](crate::Dataset::files).
///
/// Errors: [`DataError::TooManyBad`], which lists them.
pub fn check_bad(rejected: &[Rejected], files: usize, max: &MaxBad) -> Result<(), DataError> {
    let allowed = max.allowed(files);
    if rejected.len() <= allowed {
        return Ok(());
    }
    Err(DataError::TooManyBad { rejected: rejected.to_vec(), files, allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_folder_may_still_have_one_bad_file() {
        for (text, files, allowed) in [
            ("1%", 10, 1),
            ("1%", 1000, 10),
            ("1%", 199, 1),
            ("0%", 10, 0),
            ("0", 10, 0),
            ("7", 3, 7),
            ("0.5%", 1000, 5),
        ] {
            assert_eq!(text.parse::<MaxBad>().unwrap().allowed(files), allowed, "{text} of {files}");
        }
    }

    #[test]
    fn limits_read_back_as_written() {
        for text in ["1%", "7%", "0.5%", "0", "12"] {
            assert_eq!(text.parse::<MaxBad>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_limits_are_named() {
        for text in ["", "two", "-1", "101%", "nan%", "0.5"] {
            let message = text.parse::<MaxBad>().unwrap_err().to_string();
            assert_eq!(message, format!("`{text}` is neither a number of files (5) nor a percentage (2%)"));
        }
    }
}
