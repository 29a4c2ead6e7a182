//! The value range: which values of pictures with 16 bits a colour are black and white.
//!
//! A camera or scanner of 10 or 12 bits often writes its values into 16 bits as they are: 4,095 of 65,535 is nearly black, and
//! at 8 bits 16 shades are left of 4,096. Which values are white is not in the file, so somebody has to say, once for all
//! pictures: a range for each picture would make a dark picture and a bright one look the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The values that become black and white; what is beyond them is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ValueRange {
    black: u16,
    white: u16,
}

impl ValueRange {
    /// All 16 bits, as files are meant that say nothing else.
    pub const FULL: ValueRange = ValueRange { black: 0, white: u16::MAX };

    /// The range from `black` to `white`, which must be larger.
    pub fn new(black: u16, white: u16) -> Option<Self> {
        (black < white).then_some(ValueRange { black, white })
    }

    /// The values of so many bits, 1 to 16.
    pub fn of_bits(bits: u32) -> Option<Self> {
        let values = 1_u32.checked_shl(bits).filter(|_| bits <= 16)?;
        Self::new(0, u16::try_from(values - 1).ok()?)
    }

    /// The value that becomes black.
    pub fn black(self) -> u16 {
        self.black
    }

    /// The value that becomes white.
    pub fn white(self) -> u16 {
        self.white
    }

    /// Does the range have all values of 16 bits?
    pub fn is_full(&self) -> bool {
        *self == Self::FULL
    }

    /// A value in 8 bits: black 0, white 255, what is between them in proportion, rounded.
    pub fn to_8_bits(self, value: u16) -> u8 {
        let width = u32::from(self.white - self.black);
        let above = u32::from(value.clamp(self.black, self.white) - self.black);
        // At most 65,535 * 255 + 32,767.
        ((above * 255 + width / 2) / width) as u8
    }
}

impl Default for ValueRange {
    fn default() -> Self {
        Self::FULL
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full() {
            return f.write_str("full");
        }
        write!(f, "{}:{}", self.black, self.white)
    }
}

impl FromStr for ValueRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not one of full, auto, 10, 12 or MIN:MAX such as 0:4095");
        match text.split_once(':') {
            None if text == "full" => Ok(Self::FULL),
            None => text
                .parse()
                .ok()
                .filter(|bits| (8..=16).contains(bits))
                .and_then(Self::of_bits)
                .ok_or_else(wrong),
            Some((black, white)) => {
                let (black, white) = black.parse().ok().zip(white.parse().ok()).ok_or_else(wrong)?;
                Self::new(black, white)
                    .ok_or_else(|| format!("the range {black}:{white} is empty, MIN must be below MAX"))
            }
        }
    }
}

impl From<ValueRange> for String {
    fn from(range: ValueRange) -> Self {
        range.to_string()
    }
}

impl TryFrom<String> for ValueRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatten::to_8_bits;

    #[test]
    fn the_full_range_is_the_division_by_257() {
        for value in 0..=u16::MAX {
            assert_eq!(ValueRange::FULL.to_8_bits(value), to_8_bits(value), "{value}");
        }
    }

    #[test]
    fn values_are_spread_between_black_and_white_and_cut_off_beyond() {
        for (text, black, white) in [
            ("10", 0, 1023),
            ("12", 0, 4095),
            ("14", 0, 16_383),
            ("300:301", 300, 301),
            ("7:65535", 7, 65_535),
        ] {
            let range: ValueRange = text.parse().unwrap();
            assert_eq!((range.black(), range.white()), (black, white));
            for value in 0..=u16::MAX {
                let exact =
                    (f64::from(value) - f64::from(black)) * 255.0 / (f64::from(white) - f64::from(black));
                let error = (f64::from(range.to_8_bits(value)) - exact.clamp(0.0, 255.0)).abs();
                assert!(error <= 0.5, "{value} of {text}: {error} off");
            }
        }
    }
}
