//! The values that are found in pictures with 16 bits a colour.

use image::DynamicImage;

use crate::contained::contained_or;
use crate::decode::values;
use crate::{Limits, PictureError, ValueRange, read_header};

/// Divisor of the number of values that may be cut off at each end: a dead or hot pixel, a marker burnt in.
const OUTLIERS: u64 = 10_000;
/// Values that there can be.
const VALUES: usize = 1 << 16;

/// Histogram of the values of 16 bits that were found, transparency aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundValues {
    /// Empty as long as nothing was found.
    counts: Vec<u64>,
    pictures: usize,
}

impl FoundValues {
    /// Counts the values of a picture given as the bytes of its whole file; of one without 16 bits a colour nothing.
    ///
    /// Errors: any [`PictureError`] that concerns content; nothing is added then.
    pub fn add_file(&mut self, bytes: &[u8], limits: &Limits) -> Result<(), PictureError> {
        let header = read_header(bytes, limits)?;
        if header.color.is_16_bits() {
            let (picture, _) = contained_or(|| values(bytes, header.format, limits, [u8::MAX; 3]))?;
            self.add(&picture);
        }
        Ok(())
    }

    /// Counts the values of a decoded picture; of one without 16 bits a colour none.
    fn add(&mut self, picture: &DynamicImage) {
        let mut count = |values: &mut dyn Iterator<Item = u16>| {
            self.counts.resize(VALUES, 0);
            self.pictures += 1;
            values.for_each(|value| self.counts[usize::from(value)] += 1);
        };
        match picture {
            DynamicImage::ImageLuma16(gray) => count(&mut gray.iter().copied()),
            DynamicImage::ImageRgb16(rgb) => count(&mut rgb.iter().copied()),
            DynamicImage::ImageLumaA16(gray) => count(&mut gray.pixels().map(|pixel| pixel.0[0])),
            DynamicImage::ImageRgba16(rgba) => {
                count(&mut rgba.pixels().flat_map(|pixel| pixel.0.into_iter().take(3)));
            }
            _ => {}
        }
    }

    /// The number of pictures with 16 bits a colour that were looked at.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// The counts of both added up.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        if self.counts.is_empty() {
            self.counts = other.counts;
        } else {
            self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        }
        self.pictures += other.pictures;
        self
    }

    /// The smallest and the largest value that was found.
    pub fn extremes(&self) -> Option<(u16, u16)> {
        let found = |count: &u64| *count > 0;
        let (first, last) = (self.counts.iter().position(found)?, self.counts.iter().rposition(found)?);
        Some((first as u16, last as u16))
    }

    /// The range of the found values without outliers; none where nothing was found, or one value alone.
    pub fn range(&self) -> Option<ValueRange> {
        let beyond = self.counts.iter().sum::<u64>() / OUTLIERS;
        let first = end(self.counts.iter().enumerate(), beyond)?;
        let last = end(self.counts.iter().enumerate().rev(), beyond)?;
        ValueRange::new(first, last).or_else(|| self.extremes().and_then(|(a, b)| ValueRange::new(a, b)))
    }
}

/// The first value with more than so many counts up to it.
fn end<'a>(mut counts: impl Iterator<Item = (usize, &'a u64)>, beyond: u64) -> Option<u16> {
    let mut passed = 0;
    let at = counts.find(|(_, count)| {
        passed += **count;
        passed > beyond
    });
    at.map(|(value, _)| value as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Luma, LumaA};

    fn gray(values: &[u16]) -> FoundValues {
        let picture = ImageBuffer::<Luma<u16>, _>::from_raw(values.len() as u32, 1, values.to_vec());
        let mut found = FoundValues::default();
        found.add(&picture.unwrap().into());
        found
    }

    #[test]
    fn few_values_at_the_ends_are_no_range() {
        let mut values = vec![0_u16; 1];
        values.extend((0..30_000).map(|i| 100 + (i % 1000) as u16));
        values.push(65_535);
        let found = gray(&values);
        assert_eq!(found.extremes(), Some((0, 65_535)));
        assert_eq!(found.range(), ValueRange::new(100, 1099));
        assert_eq!(gray(&[5, 900]).range(), ValueRange::new(5, 900), "few values are all kept");
        assert_eq!(gray(&[7, 7]).range(), None);
        assert_eq!(FoundValues::default().range(), None);
    }

    #[test]
    fn one_range_is_of_all_pictures_together() {
        let both = gray(&[10, 20]).and(gray(&[300, 4000])).and(FoundValues::default());
        assert_eq!((both.range(), both.pictures), (ValueRange::new(10, 4000), 2));
        assert_eq!(FoundValues::default().and(gray(&[0, 1023])).extremes(), Some((0, 1023)));
    }

    #[test]
    fn transparency_is_no_colour() {
        let picture = ImageBuffer::<LumaA<u16>, _>::from_raw(2, 1, vec![10, 65_535, 900, 65_535]).unwrap();
        let mut found = FoundValues::default();
        found.add(&picture.into());
        assert_eq!(found.extremes(), Some((10, 900)));
        found.add(&image::RgbImage::new(3, 3).into());
        assert_eq!(found.pictures, 1, "8 bits are not looked at");
    }
}
