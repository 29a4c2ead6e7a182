//! Which values of a data set's pictures with 16 bits a colour are black and white, as somebody says it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tl_image::ValueRange;

/// A range, or that it is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum RangeChoice {
    /// One range for the whole data set, from its values: [`settle_range`](crate::settle_range).
    Auto,
    /// A range that was named.
    Fixed(ValueRange),
}

impl fmt::Display for RangeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RangeChoice::Auto => f.write_str("auto"),
            RangeChoice::Fixed(range) => range.fmt(f),
        }
    }
}

impl FromStr for RangeChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" { Ok(RangeChoice::Auto) } else { text.parse().map(RangeChoice::Fixed) }
    }
}

impl From<RangeChoice> for String {
    fn from(choice: RangeChoice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for RangeChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_they_are_read() {
        for (text, written) in [
            ("full", "full"),
            ("auto", "auto"),
            ("10", "0:1023"),
            ("12", "0:4095"),
            ("16", "full"),
            ("5:9", "5:9"),
        ] {
            let choice: RangeChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), written);
            assert_eq!(written.parse(), Ok(choice));
        }
        for (text, message) in [
            ("9:5", "the range 9:5 is empty, MIN must be below MAX"),
            ("5:5", "the range 5:5 is empty, MIN must be below MAX"),
            ("0:70000", "`0:70000` is not one of full, auto, 10, 12 or MIN:MAX such as 0:4095"),
            ("17", "`17` is not one of full, auto, 10, 12 or MIN:MAX such as 0:4095"),
            ("", "`` is not one of full, auto, 10, 12 or MIN:MAX such as 0:4095"),
        ] {
            assert_eq!(text.parse::<RangeChoice>().unwrap_err(), message);
        }
    }
}
