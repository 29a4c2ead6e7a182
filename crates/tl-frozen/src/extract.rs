//! Pictures through the frozen network: decode, resize in one or several ways, compute, keep.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tl_data::{PictureLocation, Progress, SampleError, load_ordered};
use tl_heads::Matrix;
use tl_image::{ContentHash, DecodedRegion, Limits, Preprocess, RegionRequest, contained_or, decode_part};

use crate::{Frozen, Output};

/// Pictures that go through the network together. Few, so that every thread has work and memory stays low; not tuned.
const BATCH: usize = 4;
/// Batches that may be done ahead of the one that is waited for.
const AHEAD: usize = 4;

/// The pictures to extract features of, and how.
#[derive(Debug)]
pub struct Job<'a> {
    /// The places of the pictures.
    pub pictures: &'a [PictureLocation],
    /// The ways to prepare a picture; each gives features of its own. Transparency shows the first one's fill, and
    /// values of 16 bits are in its range.
    pub views: &'a [Preprocess],
    /// The output of the network that is wanted.
    pub output: Output,
    /// The limits on decoding.
    pub limits: &'a Limits,
    /// The number of threads that decode and compute.
    pub threads: usize,
}

/// The outputs for the pictures that could be read.
#[derive(Debug)]
pub struct Extraction {
    /// For each row of the outputs the index of its picture in the job, ascending.
    pub rows: Vec<usize>,
    /// For each view, `[rows, features]` or `[rows, classes]`.
    pub features: Vec<Matrix>,
    /// Indices of the pictures that could not be read, and why.
    pub failed: Vec<(usize, SampleError)>,
    /// Number of pictures whose outputs were all kept from an earlier time: [`extract_kept`](crate::extract_kept).
    pub kept: usize,
    /// The time that was spent.
    pub times: Times,
}

/// The time that was spent, summed over the threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    /// The time for reading, decoding and resizing.
    pub decode: Duration,
    /// The time in the network.
    pub network: Duration,
}

/// Runs the pictures of a job through the network. The result does not depend on the number of threads.
pub fn extract(frozen: &Frozen, job: &Job<'_>, progress: &(dyn Fn(Progress) + Sync)) -> Extraction {
    extract_batches(frozen, job, &mut |_| (), progress)
}

/// [`extract`], calling `observe` with each batch when it is done, in order.
pub(crate) fn extract_batches(
    frozen: &Frozen,
    job: &Job<'_>,
    observe: &mut dyn FnMut(&Batch),
    progress: &(dyn Fn(Progress) + Sync),
) -> Extraction {
    let mut collected = Collected { values: vec![Vec::new(); job.views.len()], ..Collected::default() };
    let starts = (0..job.pictures.len()).step_by(BATCH);
    // A single batch gets all threads.
    let threads = job.threads / starts.len().max(1);
    let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let finished = load_ordered(
        starts,
        job.threads,
        job.threads + AHEAD,
        |start| Batch::compute(frozen, job, start, threads),
        |batch| {
            observe(&batch);
            collected.add(batch);
            progress(Progress {
                done: collected.rows.len() + collected.failed.len(),
                total: job.pictures.len(),
            });
            ControlFlow::<()>::Continue(())
        },
    );
    debug_assert!(finished.is_continue(), "the sink never breaks");
    collected.finish()
}

/// The outputs of a few pictures.
#[derive(Default)]
pub(crate) struct Batch {
    /// The index of each row's picture in the job.
    pub(crate) rows: Vec<usize>,
    /// The content of each row's file.
    pub(crate) contents: Vec<ContentHash>,
    /// The outputs for each of the job's ways to prepare a picture.
    pub(crate) features: Vec<Matrix>,
    failed: Vec<(usize, SampleError)>,
    times: Times,
}

impl Batch {
    fn compute(frozen: &Frozen, job: &Job<'_>, start: usize, threads: NonZeroUsize) -> Self {
        let begun = Instant::now();
        let mut batch = Self::default();
        let mut images: Vec<Vec<f32>> = vec![Vec::new(); job.views.len()];
        for (index, place) in job.pictures.iter().enumerate().skip(start).take(BATCH) {
            let fill = job.views.first().map_or([255; 3], |view| view.fill);
            let prepared: Result<ContentHash, SampleError> = contained_or(|| {
                let (content, cutout) = read(place, job, fill)?;
                job.views.iter().zip(&mut images).for_each(|(view, images)| append(view, &cutout, images));
                Ok(content)
            });
            match prepared {
                Ok(content) => {
                    batch.contents.push(content);
                    batch.rows.push(index);
                }
                Err(reason) => {
                    let done = batch.rows.len();
                    job.views
                        .iter()
                        .zip(&mut images)
                        .for_each(|(view, images)| images.truncate(done * values(view)));
                    batch.failed.push((index, reason));
                }
            }
        }
        let decoded = Instant::now();
        let views = images.into_iter().zip(job.views).filter(|(images, _)| !images.is_empty());
        let output =
            |images, view: &Preprocess| frozen.output(job.output, images, view.size as usize, threads);
        batch.features = views.map(|(images, view)| output(images, view)).collect();
        batch.times = Times { decode: decoded - begun, network: decoded.elapsed() };
        batch
    }
}

/// What is in the picture's file, and what all views together need of it.
fn read(
    place: &PictureLocation,
    job: &Job<'_>,
    fill: [u8; 3],
) -> Result<(ContentHash, DecodedRegion), SampleError> {
    let _named_if_slow = place.reading();
    let bytes = place.bytes(job.limits)?;
    let limits = job.views.first().map_or(*job.limits, |view| view.limits(job.limits));
    let cutout = decode_part(&bytes, &limits, fill, |full| wanted(job.views, full))
        .map_err(|reason| reason.with_name(&place.file, &bytes))?;
    Ok((ContentHash::of(&bytes), cutout))
}

/// What all views together need of a picture.
fn wanted(views: &[Preprocess], full: (u32, u32)) -> RegionRequest {
    let each = views.iter().map(|view| view.wanted(full)).reduce(|all, one| all.and(&one));
    each.unwrap_or(RegionRequest { region: [0.0, 0.0, f64::from(full.0), f64::from(full.1)], output: full })
}

/// The number of values of a prepared picture.
fn values(view: &Preprocess) -> usize {
    3 * (view.size as usize).pow(2)
}

fn append(view: &Preprocess, cutout: &DecodedRegion, images: &mut Vec<f32>) {
    let start = images.len();
    images.resize(start + values(view), 0.0);
    view.write_part(cutout, &mut images[start..]);
}

/// Batches that are put together, in order.
#[derive(Default)]
struct Collected {
    rows: Vec<usize>,
    failed: Vec<(usize, SampleError)>,
    values: Vec<Vec<f32>>,
    columns: usize,
    times: Times,
}

impl Collected {
    fn add(&mut self, batch: Batch) {
        self.rows.extend(batch.rows);
        self.failed.extend(batch.failed);
        self.times.decode += batch.times.decode;
        self.times.network += batch.times.network;
        for (values, features) in self.values.iter_mut().zip(batch.features) {
            self.columns = features.columns();
            values.extend_from_slice(features.values());
        }
    }

    fn finish(self) -> Extraction {
        let features =
            self.values.into_iter().map(|values| Matrix::with_columns(self.columns, values)).collect();
        Extraction { rows: self.rows, features, failed: self.failed, kept: 0, times: self.times }
    }
}
