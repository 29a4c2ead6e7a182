//! The values that are found in pictures with 16 bits a colour.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use tl_image::{FoundValues, Limits, ValueRange};

use crate::choose::choose;
use crate::dataset::place;
use crate::list_source::list_source;
use crate::{
    DataError, Dataset, PictureLocation, Progress, RangeChoice, ReadOptions, SampleId, Source, SourceError,
};

/// Finds one range for the whole of a source: from the smallest to the largest value of its pictures with 16 bits a colour,
/// but for one value in 10,000 at each end, which may be a dead pixel's. Every such picture is decoded for it, of every
/// part and portion; none where there is no such picture.
///
/// Errors: the source or the options make no sense. Pictures that cannot be read are passed over.
fn find_range(
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
    let places: Vec<PictureLocation> =
        listing.files.iter().map(|file| place(&listing.root, &file.path, file.span)).collect();
    Ok(values_of(&places, limits, progress).range())
}

/// The options with a range that is known: of [`RangeChoice::Auto`], the one that is found from the smallest to the largest value, or the full one where
/// no picture has 16 bits a colour.
///
/// Errors: the source or the options make no sense. Pictures that cannot be read are passed over.
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
    let wide = (0..data.len()).filter(|&id| data.samples[id].header.color.is_16_bits());
    let places: Vec<PictureLocation> = wide.map(|id| data.place_of(SampleId(id))).collect();
    let every = places.len().div_ceil(most.max(1)).max(1);
    let places: Vec<PictureLocation> = places.into_iter().step_by(every).collect();
    values_of(&places, limits, &|_| {})
}

fn values_of(
    places: &[PictureLocation],
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> FoundValues {
    let (done, total) = (AtomicUsize::new(0), places.len());
    let add = |mut found: FoundValues, place: &PictureLocation| {
        // Pictures that cannot be read are passed over.
        let _added = place.bytes(limits).map(|bytes| found.add_file(&bytes, limits));
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
        found
    };
    places.par_iter().fold(FoundValues::default, add).reduce(FoundValues::default, FoundValues::and)
}
