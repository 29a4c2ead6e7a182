//! The check of a data set: what is in it and what is wrong with it, before anything is trained.

mod advice;
mod duplicates;
mod histogram;
mod report;
mod thumbnail;

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;
use tl_files::path_text;
use tl_image::{ContentHash, Limits, PictureError};

use crate::choose::choose;
use crate::found_range::limits_for;
use crate::list_source::list_source;
use crate::picture_location::slashed;
use crate::scan::open_all;
use crate::{DataError, Dataset, Progress, ReadOptions, SampleError, Source, WideValues};

pub use report::{
    Advice, Bin, CheckReport, ClassCheck, DuplicatePicture, DuplicateSet, Likeness, PictureVerdict, Severity,
    Verdict,
};

/// What to check, and against what.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckOptions {
    /// Options of reading the pictures; they are always compared by their perceptual hashes.
    pub read: ReadOptions,
    /// Side of the network's input, in pixels.
    pub input: u32,
    /// Put thumbnails into the report: examples of classes, duplicates, damaged pictures; at most about 200.
    pub thumbnails: bool,
}

impl Default for CheckOptions {
    fn default() -> Self {
        CheckOptions { read: ReadOptions::default(), input: 224, thumbnails: true }
    }
}

/// Reads every picture of a source once, on rayon's threads, and says what is there and what to do about it.
///
/// At most one picture a thread is in memory, besides about 400 bytes for each file; the few pictures with thumbnails
/// are decoded a second time. `progress` is called from the threads, once for each file.
///
/// Errors: the source or the options make no sense. A source without a usable picture is a report, not an error.
///
/// ```
/// # fn main() -> Result<(), tl_data::DataError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # for class in ["cat", "dog"] {
/// #     std::fs::create_dir(folder.path().join(class)).unwrap();
/// #     image::RgbImage::new(30, 20).save(folder.path().join(class).join("1.png")).unwrap();
/// # }
/// use tl_data::{CheckOptions, Source, check};
/// use tl_image::Limits;
///
/// let source = Source::of_path(folder.path());
/// let report = check(&source, &CheckOptions::default(), &Limits::default(), &|_| {})?;
/// for advice in &report.advice {
///     println!("{}: {}", advice.severity, advice.text);
/// }
/// assert_eq!(report.classes.len(), 2);
/// # Ok(())
/// # }
/// ```
pub fn check(
    source: &Source,
    options: &CheckOptions,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<CheckReport, DataError> {
    let limits = &limits_for(source, &options.read, limits, progress)?;
    let mut listing = list_source(source)?;
    choose(&mut listing, &options.read)?;
    let data = open_all(listing, true, limits, progress);
    let mut report = describe(source, &data, options);
    report.values = WideValues::of(&data, usize::MAX, limits);
    report.pictures = verdicts(&data, limits, options.thumbnails);
    if options.thumbnails {
        thumbnail::add(&mut report, &data, limits);
    }
    report.advice = advice::all(&report);
    Ok(report)
}

fn describe(source: &Source, data: &Dataset, options: &CheckOptions) -> CheckReport {
    let summary = data.summary();
    let sizes: Vec<(u32, u32)> = data.samples.iter().map(|sample| sample.header.upright_size()).collect();
    let aspect = |&(width, height): &(u32, u32)| f64::from(width) / f64::from(height);
    let (width, height) = (|size: &(u32, u32)| f64::from(size.0), |size: &(u32, u32)| f64::from(size.1));
    let mut orientations = BTreeMap::new();
    for sample in &data.samples {
        *orientations.entry(sample.header.orientation).or_default() += 1;
    }
    let (duplicates, tightened) = duplicates::sets(data);
    CheckReport {
        source: path_text(source.path()).into_owned(),
        files: data.files(),
        ignored: data.ignored,
        repeated: data.repeated,
        notes: data.notes.clone(),
        of_no_class: data.of_no_class(),
        bytes: summary.bytes,
        input: options.input,
        pictures: Vec::new(),
        classes: classes(data),
        imbalance: imbalance(&data.class_counts()),
        unread: data.unread(),
        values: None,
        formats: summary.formats,
        colors: summary.colors,
        orientations,
        widths: histogram::of(sizes.iter().map(width), histogram::PIXELS),
        heights: histogram::of(sizes.iter().map(height), histogram::PIXELS),
        aspects: histogram::of(sizes.iter().map(aspect), histogram::ASPECTS),
        median_aspect: summary.median_aspect,
        smaller_than_input: sizes.iter().filter(|(w, h)| *w.min(h) < options.input).count(),
        without_hash: data.samples.iter().filter(|sample| sample.perceptual_hash.is_none()).count(),
        duplicates,
        tightened,
        advice: Vec::new(),
    }
}

/// Class imbalance: the largest class over the smallest class with pictures.
fn imbalance(counts: &[usize]) -> Option<f64> {
    let (most, least) = (counts.iter().max()?, counts.iter().filter(|n| **n > 0).min()?);
    Some(*most as f64 / *least as f64)
}

fn classes(data: &Dataset) -> Vec<ClassCheck> {
    let mut different: Vec<HashSet<ContentHash>> = vec![HashSet::new(); data.classes.len()];
    let mut parts = vec![BTreeMap::new(); data.classes.len()];
    let mut formats = vec![BTreeMap::new(); data.classes.len()];
    let mut gray = vec![0; data.classes.len()];
    for sample in &data.samples {
        for class in sample.labels() {
            different[class.0].insert(sample.content);
            *formats[class.0].entry(sample.header.format.to_string()).or_default() += 1;
            gray[class.0] += usize::from(report::is_gray(&sample.header.color.to_string()));
            if let Some(part) = sample.part {
                *parts[class.0].entry(part).or_default() += 1;
            }
        }
    }
    let counts = data.class_counts();
    let class = |(number, name): (usize, &String)| ClassCheck {
        name: name.clone(),
        pictures: counts[number],
        different: different[number].len(),
        parts: std::mem::take(&mut parts[number]),
        formats: std::mem::take(&mut formats[number]),
        gray: gray[number],
        examples: Vec::new(),
    };
    data.classes.iter().enumerate().map(class).collect()
}

/// A verdict for each file, by path.
fn verdicts(data: &Dataset, limits: &Limits, thumbnails: bool) -> Vec<PictureVerdict> {
    let good = data.samples.iter().map(|sample| PictureVerdict {
        path: slashed(&sample.path),
        classes: sample.labels().filter_map(|class| data.classes.get(class.0).cloned()).collect(),
        part: sample.part,
        bytes: Some(sample.bytes),
        header: Some(sample.header),
        verdict: Verdict::Good,
        thumbnail: None,
    });
    let bad: Vec<PictureVerdict> = data
        .rejected
        .par_iter()
        .map(|file| {
            let reason = file.reason.to_string();
            let shown = match file.reason {
                SampleError::Picture(PictureError::Truncated { .. } | PictureError::Corrupt { .. }) => {
                    thumbnail::of_damaged(&data.root.join(&file.path), limits)
                }
                _ => None,
            };
            PictureVerdict {
                path: slashed(&file.path),
                classes: Vec::new(),
                part: None,
                bytes: file.bytes,
                header: None,
                verdict: match shown {
                    Some(_) => Verdict::Damaged { reason },
                    None => Verdict::Bad { reason },
                },
                thumbnail: shown.filter(|_| thumbnails),
            }
        })
        .collect();
    let mut shown = 0;
    let bounded = bad.into_iter().map(|mut file| {
        shown += usize::from(file.thumbnail.is_some());
        file.thumbnail = file.thumbnail.filter(|_| shown <= thumbnail::DAMAGED);
        file
    });
    bounded.chain(good).collect()
}
