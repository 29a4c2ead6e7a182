//! Whether pictures with 16 bits a colour use them, or will be nearly black.

use serde::{Deserialize, Serialize};
use tl_image::{Limits, ValueRange};

use crate::Dataset;
use crate::found_range::values_in;
use crate::numbers::grouped;

/// A range that is narrower leaves less than 64 shades of 8 bits.
const NARROW: u16 = u16::MAX / 4 + 1;

/// The values of pictures with 16 bits a colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WideValues {
    /// Pictures that were looked at.
    pub pictures: usize,
    /// The smallest value that was found.
    pub smallest: u16,
    /// The largest value that was found.
    pub largest: u16,
    /// The range without the few values at both ends: what `auto` takes.
    pub found: Option<ValueRange>,
    /// The range in which they are read.
    pub read_in: ValueRange,
}

impl WideValues {
    /// Values of a data set's pictures with 16 bits a colour, or of so many of them, evenly out of all; none where there
    /// are none. Each is decoded for it.
    pub fn of(data: &Dataset, most: usize, limits: &Limits) -> Option<Self> {
        let values = values_in(data, most, limits);
        let (smallest, largest) = values.extremes()?;
        let (pictures, found) = (values.pictures(), values.range());
        Some(WideValues { pictures, smallest, largest, found, read_in: limits.range })
    }

    /// What is wrong with the range in which they are read, and what to do; none if it fits.
    pub fn complaint(&self) -> Option<(String, String)> {
        let better = self.better()?;
        let [from, to] = [self.smallest, self.largest].map(|value| grouped(u64::from(value)));
        let pictures = match self.pictures {
            1 => "a picture with 16 bits a colour has".to_string(),
            more => format!("{} pictures with 16 bits a colour have", grouped(more as u64)),
        };
        let [black, white] =
            [self.read_in.black(), self.read_in.white()].map(|value| grouped(u64::from(value)));
        let so = match self.found {
            Some(found) if found.white() > self.read_in.white() => "what is beyond is cut off",
            Some(found) if found.white() <= NARROW => "they become nearly black",
            _ => "they become nearly of one shade",
        };
        let text =
            format!("{pictures} values from {from} to {to}, and are read from {black} to {white}: {so}");
        let remedy = match better.as_str() {
            "auto" => "take one range for the whole data set, from its values: --range auto".to_string(),
            bits => format!(
                "say that {bits} bits are used, `--range {bits}`; or take the range that is found, `--range auto`"
            ),
        };
        Some((text, remedy))
    }

    /// The range that would be better, as it is typed; none if they are read in one that fits.
    pub fn better(&self) -> Option<String> {
        let found = self.found?;
        let width = |range: ValueRange| range.white() - range.black();
        let fits = found.white() <= self.read_in.white() && width(found) >= width(self.read_in) / 4;
        if fits {
            return None;
        }
        let narrow = |white: u16| found.white() <= white && found.white() > white / 4;
        Some(
            match () {
                () if narrow(1023) => "10",
                () if narrow(4095) => "12",
                () => "auto",
            }
            .to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(black: u16, white: u16, read_in: &str) -> WideValues {
        let (found, read_in) = (ValueRange::new(black, white), read_in.parse().unwrap());
        WideValues { pictures: 12, smallest: black, largest: white, found, read_in }
    }

    #[test]
    fn a_range_that_does_not_fit_is_named_with_one_that_does() {
        for (black, white, read_in, better) in [
            (0, 65_535, "full", None),
            (0, 40_000, "full", None),
            (20, 4095, "full", Some("12")),
            (0, 3000, "full", Some("12")),
            (3, 1000, "full", Some("10")),
            (0, 255, "full", Some("auto")),
            (0, 16_000, "full", Some("auto")),
            (31_000, 34_000, "full", Some("auto")),
            (0, 4000, "12", None),
            (0, 4000, "10", Some("12")),
            (0, 60_000, "12", Some("auto")),
        ] {
            let found = values(black, white, read_in).better();
            assert_eq!(found.as_deref(), better, "{black} to {white} in {read_in}");
        }
    }

    #[test]
    fn the_words_say_what_was_found_and_what_to_type() {
        let (text, remedy) = values(16, 4095, "full").complaint().unwrap();
        assert_eq!(
            text,
            "12 pictures with 16 bits a colour have values from 16 to 4,095, and are read from 0 to 65,535: they become nearly black"
        );
        assert_eq!(
            remedy,
            "say that 12 bits are used, `--range 12`; or take the range that is found, `--range auto`"
        );
        let (text, _) = values(0, 4095, "10").complaint().unwrap();
        assert!(text.ends_with("are read from 0 to 1,023: what is beyond is cut off"), "{text}");
        let (text, remedy) = values(31_000, 34_000, "full").complaint().unwrap();
        assert!(text.ends_with("nearly of one shade") && remedy.ends_with("--range auto"), "{text} {remedy}");
    }
}
