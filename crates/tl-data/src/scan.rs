//! Scanning: from a source to a [`Dataset`], in one reading pass.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use tl_files::name_text;
use tl_image::{ContentHash, Limits, PerceptualHash, PictureError, contained_or, decode, read_header};

use crate::choose::choose;
use crate::dataset::place;
use crate::found_range::limits_for;
use crate::list_source::list_source;
use crate::listing::{Candidate, Listing};
use crate::other_letters::name_others;
use crate::spelling::same_name;
use crate::{
    DataError, Dataset, FoundInstead, Portion, Progress, ReadOptions, Rejected, Sample, SampleError, Source,
    SourceError, list, natural, reading, walk,
};

/// Reads a folder with one sub-folder for each class, pictures anywhere inside it: [`read`] of [`Source::Folder`]
/// without looking for pictures that look alike.
///
/// Every file is read once: its bytes are hashed and its header is parsed, by content and not by the name's ending.
/// Files are read on rayon's threads, and `progress` is called from them, once for each file; the result does not
/// depend on their number. Symbolic links are followed. Hidden files and folders, and files that commonly lie beside
/// pictures (`README`, `*.txt`, `Thumbs.db`, ..), are counted in [`Dataset::ignored`]; every other file that is not a
/// readable picture is named in [`Dataset::rejected`].
///
/// Errors: the folder is missing or cannot be read, holds no pictures or only one class, or a class has no readable
/// picture.
pub fn scan(
    root: &Path,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Dataset, DataError> {
    let options = ReadOptions { near_duplicates: false, ..ReadOptions::default() };
    read(&Source::Folder { path: root.to_path_buf() }, &options, limits, progress)
}

/// Reads a data set from any source: lists it, chooses what the options ask for, and opens every picture once, as [`scan`]
/// does.
///
/// With [`ReadOptions::near_duplicates`] every picture is also decoded, which takes most of the time; pictures that
/// cannot be decoded are then rejected here and not later.
///
/// Errors: the source or the options make no sense, or nothing is left that a classifier could be trained on.
pub fn read(
    source: &Source,
    options: &ReadOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Dataset, DataError> {
    let data = read_to_judge(source, options, limits, progress)?;
    if is_plain_folder(source, &data) {
        check_folder(&data)?
    } else {
        check_listed(source.path(), &data)?
    }
    Ok(data)
}

/// Reads a source whose pictures judge a model and train none: as [`read`], but one class is enough, and a class may be
/// without a readable picture.
///
/// Errors: the source or the options make no sense, or not one picture with a label can be read.
pub fn read_to_judge(
    source: &Source,
    options: &ReadOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Dataset, DataError> {
    let limits = &limits_for(source, options, limits, progress)?;
    let mut listing = list_source(source)?;
    choose(&mut listing, options)?;
    let (loose_pictures, files) = (listing.loose_pictures, listing.files.len());
    let first = listing.files.first().map(|file| listing.root.join(&file.path));
    let data = open_all(listing, options.near_duplicates, limits, progress);
    let path = source.path().to_path_buf();
    match first {
        _ if !data.is_empty() => Ok(data),
        _ if is_plain_folder(source, &data) => Err(no_pictures(&data, loose_pictures)),
        Some(first) if data.rejected.iter().all(is_missing) => {
            let instead = data.rejected.iter().find_map(|file| file.reason.instead());
            Err(SourceError::AllMissing { path, files, first, instead: instead.map(Path::to_path_buf) }
                .into())
        }
        _ if data.rejected.is_empty() => Err(SourceError::NothingListed { path }.into()),
        _ => Err(SourceError::NothingReadable { path, rejected: data.rejected }.into()),
    }
}

/// A folder of class folders, not one of parts.
fn is_plain_folder(source: &Source, data: &Dataset) -> bool {
    matches!(source, Source::Folder { .. } | Source::Divided { .. })
        && data.samples.iter().all(|sample| sample.part.is_none())
}

fn no_pictures(data: &Dataset, loose_pictures: usize) -> DataError {
    let rejected = data.rejected.len().saturating_sub(loose_pictures);
    let (folders, unread) = (data.classes.len(), data.unread());
    let found = FoundInstead { pictures: loose_pictures, folders, rejected, unread };
    DataError::NoPictures { path: data.root.clone(), found }
}

/// Reads a portion of a source for which nothing is trained: as [`read`] without looking for pictures that look alike,
/// but one class is enough, and a folder without class folders, or a list of names without labels and folders, gives
/// pictures without classes.
///
/// Only files of the portion are opened. The classes are the whole source's, so that they have the same numbers in every
/// portion; some may have no picture here, and there may be no picture at all.
///
/// Errors: the source or the options make no sense, or the source lists nothing.
pub fn read_portion(
    source: &Source,
    options: &ReadOptions,
    portion: Portion,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Dataset, DataError> {
    let mut listing = match source {
        Source::Folder { path } => walk::list_labelled_or_not(path)?,
        Source::List { path, root } => list::list_labelled_or_not(path, root.as_deref())?,
        _ => list_source(source)?,
    };
    choose(&mut listing, options)?;
    if listing.files.is_empty() && listing.rejected.is_empty() {
        return Err(SourceError::NothingListed { path: source.path().to_path_buf() }.into());
    }
    portion.take_from(&mut listing);
    Ok(open_all(listing, false, limits, progress))
}

fn is_missing(file: &Rejected) -> bool {
    matches!(file.reason, SampleError::Missing { .. })
}

/// Opens every file of the listing on rayon's threads; with `near`, decodes it to see how it looks.
pub(crate) fn open_all(
    listing: Listing,
    near: bool,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Dataset {
    let (done, total) = (AtomicUsize::new(0), listing.files.len());
    let opened: Vec<Result<Sample, Rejected>> = listing
        .files
        .par_iter()
        .map(|file| {
            let sample = open(&listing.root, file, near, limits);
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
            sample
        })
        .collect();
    assemble(listing, opened)
}

fn open(root: &Path, file: &Candidate, near: bool, limits: &Limits) -> Result<Sample, Rejected> {
    let reject = |bytes, reason| Rejected { path: file.path.clone(), bytes, reason };
    let place = place(root, &file.path, file.span);
    if let Some((at, row)) = file.row.filter(|_| !place.file.exists()) {
        return Err(reject(None, SampleError::Missing { at, row, instead: None }));
    }
    let _named_if_slow = reading(&root.join(&file.path));
    let content = place.read(limits).map_err(|(bytes, reason)| reject(bytes, reason))?;
    let bytes = content.len() as u64;
    let refused = |reason: PictureError| reject(Some(bytes), reason.with_name(&file.path, &content).into());
    let header = read_header(&content, limits).map_err(refused)?;
    let perceptual_hash = match near {
        true => {
            contained_or(|| Ok(PerceptualHash::of(&decode(&content, limits, [255; 3])?))).map_err(refused)?
        }
        false => None,
    };
    Ok(Sample {
        path: file.path.clone(),
        class: file.class,
        also: file.also.clone(),
        group: file.group.clone(),
        part: file.part,
        span: file.span,
        content: ContentHash::of(&content),
        perceptual_hash,
        header,
        bytes,
    })
}

fn assemble(listing: Listing, opened: Vec<Result<Sample, Rejected>>) -> Dataset {
    let mut listing = listing;
    let notes = listing.all_notes();
    let Listing { root, classes, mut rejected, ignored, repeated, multi_label, .. } = listing;
    let mut samples = Vec::with_capacity(opened.len());
    for file in opened {
        match file {
            Ok(sample) => samples.push(sample),
            Err(file) => rejected.push(file),
        }
    }
    rejected.sort_by_cached_key(|file| natural::path_key(&file.path));
    name_others(&root, &mut rejected);
    Dataset { root, classes, samples, rejected, ignored, repeated, multi_label, notes }
}

fn check_folder(data: &Dataset) -> Result<(), DataError> {
    let path = data.root.clone();
    if let [class] = data.classes.as_slice() {
        return Err(DataError::SingleClass { path, class: class.clone() });
    }
    let classes = empty_classes(data);
    if classes.is_empty() {
        return Ok(());
    }
    let class_of = |file: &Rejected| file.path.iter().next().map(|name| name_text(name).into_owned());
    let inside = |file: &&Rejected| {
        class_of(file).is_some_and(|name| classes.iter().any(|class| same_name(class, &name)))
    };
    Err(DataError::EmptyClasses { rejected: data.rejected.iter().filter(inside).cloned().collect(), classes })
}

fn check_listed(source: &Path, data: &Dataset) -> Result<(), SourceError> {
    let (path, rejected) = (source.to_path_buf(), data.rejected.clone());
    // One class is a question too, where some pictures are known not to be of it.
    if let ([class], 0) = (data.classes.as_slice(), data.of_no_class()) {
        return Err(SourceError::OneClass { path, class: class.clone() });
    }
    match empty_classes(data) {
        classes if classes.is_empty() => Ok(()),
        classes => Err(SourceError::UnreadableClasses { classes, rejected }),
    }
}

fn empty_classes(data: &Dataset) -> Vec<String> {
    let counted = data.classes.iter().zip(data.class_counts());
    counted.filter(|(_, pictures)| *pictures == 0).map(|(name, _)| name.clone()).collect()
}
