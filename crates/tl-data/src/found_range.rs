//! The values that are found in pictures with 16 bits a colour.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::DynamicImage;
use rayon::prelude::*;

use crate::choose::choose;
use crate::contained::contained_or;
use crate::dataset::place;
use crate::decode::values;
use crate::scan::list_source;
use crate::{
    ColorMode, DataError, Dataset, Limits, PictureError, Place, Progress, RangeChoice, ReadOptions, SampleId,
    Source, SourceError, ValueRange, read_header,
};

/// One value in so many may be cut off at each end: a dead or hot pixel, a marker burnt in.
const OUTLIERS: u64 = 10_000;
/// Values that there can be.
const VALUES: usize = 1 << 16;

/// How often each value of 16 bits was found, transparency aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FoundValues {
    /// Empty as long as nothing was found.
    counts: Vec<u64>,
    /// Pictures that were looked at.
    pub(crate) pictures: usize,
}

impl FoundValues {
    /// Adds a picture's; of one without 16 bits nothing.
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

    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.counts.is_empty() {
            self.counts = other.counts;
        } else {
            self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        }
        self.pictures += other.pictures;
        self
    }

    /// Smallest and largest.
    pub(crate) fn extremes(&self) -> Option<(u16, u16)> {
        let found = |count: &u64| *count > 0;
        let (first, last) = (self.counts.iter().position(found)?, self.counts.iter().rposition(found)?);
        Some((first as u16, last as u16))
    }

    /// The range without outliers; none where nothing was found, or one value alone.
    pub(crate) fn range(&self) -> Option<ValueRange> {
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

/// Are values of 16 bits stored so?
pub(crate) fn is_16_bits(color: ColorMode) -> bool {
    matches!(color, ColorMode::Gray16 | ColorMode::GrayAlpha16 | ColorMode::Rgb16 | ColorMode::Rgba16)
}

/// One range for the whole of a source: from the smallest to the largest value of its pictures with 16 bits a colour, but
/// for one value in 10,000 at each end, which may be a dead pixel's. Every such picture is decoded for it, of every part and
/// portion; none where there is no such picture.
///
/// Errors: the source or the options make no sense. Pictures that cannot be read are passed over.
pub fn find_range(
    source: &Source,
    options: &ReadOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Option<ValueRange>, DataError> {
    if source.path() == Path::new("-") {
        let detail =
            "it can be read once, and a range is found by reading it before: name a file".to_string();
        return Err(SourceError::Unreadable { path: source.path().to_path_buf(), detail }.into());
    }
    let mut listing = list_source(source)?;
    choose(&mut listing, options)?;
    let places: Vec<Place> =
        listing.files.iter().map(|file| place(&listing.root, &file.path, file.span)).collect();
    Ok(values_of(&places, limits, progress).range())
}

/// The options with a range that is known: of [`RangeChoice::Auto`], the one that [`find_range`] finds, or the full one where
/// no picture has 16 bits a colour.
///
/// Errors: as [`find_range`].
pub fn settle_range(
    source: &Source,
    options: &ReadOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ReadOptions, DataError> {
    if options.range != Some(RangeChoice::Auto) {
        return Ok(options.clone());
    }
    let found = find_range(source, options, limits, progress)?.unwrap_or_default();
    Ok(ReadOptions { range: Some(RangeChoice::Fixed(found)), ..options.clone() })
}

/// The limits with the range of the options, which is looked for if it is to be found.
pub(crate) fn limits_for(
    source: &Source,
    options: &ReadOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Limits, DataError> {
    Ok(match settle_range(source, options, limits, progress)?.range {
        Some(RangeChoice::Fixed(range)) => limits.with_range(range),
        Some(RangeChoice::Auto) | None => *limits,
    })
}

/// The values of a data set's pictures with 16 bits a colour; of so many at most, evenly out of all.
pub(crate) fn values_in(data: &Dataset, most: usize, limits: &Limits) -> FoundValues {
    let wide = (0..data.len()).filter(|&id| is_16_bits(data.samples[id].header.color));
    let places: Vec<Place> = wide.map(|id| data.place_of(SampleId(id))).collect();
    let every = places.len().div_ceil(most.max(1)).max(1);
    let places: Vec<Place> = places.into_iter().step_by(every).collect();
    values_of(&places, limits, &|_| {})
}

fn values_of(places: &[Place], limits: &Limits, progress: &(dyn Fn(Progress) + Sync)) -> FoundValues {
    let (done, total) = (AtomicUsize::new(0), places.len());
    let add = |mut found: FoundValues, place: &Place| {
        if let Ok(Some(picture)) = wide_picture(place, limits) {
            found.add(&picture);
        }
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
        found
    };
    places.par_iter().fold(FoundValues::default, add).reduce(FoundValues::default, FoundValues::and)
}

/// The picture as it is stored, if it has 16 bits a colour.
fn wide_picture(place: &Place, limits: &Limits) -> Result<Option<DynamicImage>, PictureError> {
    let bytes = place.bytes(limits)?;
    let header = read_header(&bytes, limits)?;
    if !is_16_bits(header.color) {
        return Ok(None);
    }
    contained_or(|| Ok(Some(values(&bytes, header.format, limits, [u8::MAX; 3])?.0)))
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
