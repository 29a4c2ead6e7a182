//! A large source in portions, which several machines may work on.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::listing::Listing;
use crate::{DataError, natural};

/// A portion (shard) of a source: every so manieth of the listed files, by their place in the order of the
/// [`Dataset`](crate::Dataset).
///
/// The portions of a source have no file in common, leave none out, and differ by one file at most in size. Each is
/// known without the others.
///
/// ```
/// use tl_data::Portion;
/// let third: Portion = "3/16".parse()?;
/// assert!(third.holds(2) && third.holds(18) && !third.holds(3));
/// assert_eq!(third.to_string(), "3/16");
/// # Ok::<(), tl_data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The portion's number, from 0, below `of`.
    index: usize,
    of: NonZeroUsize,
}

impl Portion {
    /// The portion that holds everything.
    pub const ALL: Portion = Portion { index: 0, of: NonZeroUsize::MIN };

    /// Does the file at this place, counted from 0, belong to it?
    pub fn holds(self, place: usize) -> bool {
        place % self.of == self.index
    }

    /// Leaves this portion in the listing, of the files and of those that are rejected already. Classes stay.
    pub(crate) fn take_from(self, listing: &mut Listing) {
        // They come in the order of the file system.
        listing.rejected.sort_by_cached_key(|file| natural::path_key(&file.path));
        let (mut files, mut rejected) = (0.., 0..);
        listing.files.retain(|_| files.next().is_some_and(|place| self.holds(place)));
        listing.rejected.retain(|_| rejected.next().is_some_and(|place| self.holds(place)));
    }
}

impl Default for Portion {
    fn default() -> Self {
        Portion::ALL
    }
}

/// `3/16` is the third of sixteen.
impl FromStr for Portion {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let parsed = text.split_once('/').and_then(|(number, of)| {
            let (number, of): (NonZeroUsize, NonZeroUsize) = (number.parse().ok()?, of.parse().ok()?);
            (number <= of).then_some(Portion { index: number.get() - 1, of })
        });
        parsed.ok_or_else(|| DataError::BadPortion { text: text.to_string() })
    }
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_in_one_portion_and_their_sizes_are_equal(of in 1..50_usize, places in 0..400_usize) {
            let portions: Vec<Portion> = (1..=of).map(|n| format!("{n}/{of}").parse().unwrap()).collect();
            for place in 0..places {
                prop_assert_eq!(portions.iter().filter(|portion| portion.holds(place)).count(), 1);
            }
            for portion in portions {
                let size = (0..places).filter(|&place| portion.holds(place)).count();
                prop_assert!(size == places / of || size == places.div_ceil(of), "{} has {}", portion, size);
            }
        }
    }

    #[test]
    fn other_portions_are_named() {
        for text in ["0/4", "5/4", "1/0", "x", "1", "-1/4", "1/4/2", ""] {
            let message = text.parse::<Portion>().unwrap_err().to_string();
            let expected = format!("`{text}` is none of so many shards: the third of sixteen is 3/16");
            assert_eq!(message, expected);
        }
    }
}
