//! From a folder to a [`Dataset`], in one reading pass.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::walk::{Candidate, Listing, list};
use crate::{
    ContentHash, DataError, Dataset, FoundInstead, Limits, PictureError, Rejected, Sample, natural,
    read_header,
};

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files read so far.
    pub done: usize,
    /// Files to read.
    pub total: usize,
}

/// Reads a folder with one sub-folder for each class, pictures anywhere inside it.
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
    let listing = list(root)?;
    let (done, total) = (AtomicUsize::new(0), listing.files.len());
    let read: Vec<Result<Sample, Rejected>> = listing
        .files
        .par_iter()
        .map(|file| {
            let sample = read_sample(root, file, limits);
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
            sample
        })
        .collect();
    let (loose_pictures, data) = (listing.loose_pictures, assemble(root, listing, read));
    check(&data, loose_pictures)?;
    Ok(data)
}

fn assemble(root: &Path, listing: Listing, read: Vec<Result<Sample, Rejected>>) -> Dataset {
    let Listing { classes, mut rejected, ignored, .. } = listing;
    let mut samples = Vec::with_capacity(read.len());
    for file in read {
        match file {
            Ok(sample) => samples.push(sample),
            Err(file) => rejected.push(file),
        }
    }
    rejected.sort_by_cached_key(|file| natural::path_key(&file.path));
    Dataset { root: root.to_path_buf(), classes, samples, rejected, ignored }
}

fn check(data: &Dataset, loose_pictures: usize) -> Result<(), DataError> {
    let path = data.root.clone();
    if data.is_empty() {
        let rejected = data.rejected.len() - loose_pictures;
        let found = FoundInstead { pictures: loose_pictures, folders: data.classes.len(), rejected };
        return Err(DataError::NoPictures { path, found });
    }
    if let [class] = data.classes.as_slice() {
        return Err(DataError::SingleClass { path, class: class.clone() });
    }
    let empty: Vec<String> = data
        .classes
        .iter()
        .zip(data.class_counts())
        .filter(|(_, n)| *n == 0)
        .map(|(name, _)| name.clone())
        .collect();
    if empty.is_empty() {
        return Ok(());
    }
    let inside = |file: &&Rejected| empty.iter().any(|class| file.path.starts_with(class));
    Err(DataError::EmptyClasses {
        rejected: data.rejected.iter().filter(inside).cloned().collect(),
        classes: empty,
    })
}

fn read_sample(root: &Path, file: &Candidate, limits: &Limits) -> Result<Sample, Rejected> {
    let reject = |bytes, reason| Rejected { path: file.path.clone(), bytes, reason };
    let content =
        read_bytes(&root.join(&file.path), limits).map_err(|(bytes, reason)| reject(bytes, reason))?;
    let bytes = content.len() as u64;
    let header = read_header(&content, limits).map_err(|reason| reject(Some(bytes), reason))?;
    Ok(Sample {
        path: file.path.clone(),
        class: file.class,
        header,
        content: ContentHash::of(&content),
        bytes,
    })
}

/// The whole file, or its length as far as it is known and why it was not read.
fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, (Option<u64>, PictureError)> {
    let refused = |error: std::io::Error| (None, PictureError::unreadable(&error));
    let file = File::open(path).map_err(refused)?;
    let bytes = file.metadata().map_err(refused)?.len();
    if bytes > limits.file_bytes {
        return Err((Some(bytes), PictureError::FileTooLarge { bytes, limit: limits.file_bytes }));
    }
    let mut content = Vec::with_capacity(bytes as usize);
    // The file may be growing: what is read is bounded too.
    file.take(limits.file_bytes).read_to_end(&mut content).map_err(refused)?;
    Ok(content)
}
