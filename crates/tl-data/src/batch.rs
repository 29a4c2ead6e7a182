//! Batches for a network: samples in an order that is given, rendered on several threads, handed over in that order.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use tl_image::{Panicked, PictureError, contained};

use crate::{ClassId, Dataset, PictureLocation, SampleError, SampleId, load_groups};

/// Pictures that go through the network together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// `[b, 3, height, width]`, flattened; b is the number of `ids`.
    pub pixels_bchw: Vec<f32>,
    /// Class of each picture.
    pub labels: Vec<ClassId>,
    /// Which samples they are.
    pub ids: Vec<SampleId>,
    /// Samples that should be here and could not be rendered.
    pub rejected: Vec<(SampleId, SampleError)>,
}

/// How batches are made. None of it but `batch` changes what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// Samples of a batch; the last one may have fewer. 0 counts as 1.
    pub batch: usize,
    /// Number of threads that render.
    pub threads: usize,
    /// Number of batches whose pictures may be begun or finished before they are asked for, at least one for each thread:
    /// the memory that is taken.
    pub ahead: usize,
}

/// Renders the samples `ids` of `data` on several threads and hands batches to `sink` on this one, in the order of `ids`.
///
/// `render` gets a sample, where its bytes are and the slice for its `values` numbers (3 x height x width), which hold anything
/// before. It has to be a function of the sample alone, or of what it captured: then the batches do not depend on the
/// number of threads. A sample for which it fails, or panics, is in [`Batch::rejected`] and takes no room. An id that
/// `data` does not have is passed over. `sink` may take the pixels out of the batch; what it leaves is used again.
pub fn load_batches<B>(
    data: &Dataset,
    ids: impl IntoIterator<Item = SampleId, IntoIter: Send>,
    loading: &Loading,
    values: usize,
    render: impl Fn(SampleId, &PictureLocation, &mut [f32]) -> Result<(), SampleError> + Sync,
    mut sink: impl FnMut(&mut Batch) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let spare: Mutex<Vec<Vec<f32>>> = Mutex::default();
    let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
    let make = |id: SampleId| {
        let mut pixels = lock().pop().unwrap_or_default();
        pixels.resize(values, 0.0);
        let class = data.samples.get(id.0)?.class;
        let rendered = rendered(id, &data.place_of(id), &mut pixels, &render);
        Some((id, class, rendered.map(|()| pixels)))
    };
    let size = loading.batch.max(1);
    let groups = Groups { ids: ids.into_iter(), size }.map(|ids| ((), ids));
    let ahead = (loading.ahead.max(1) * size).max(loading.threads);
    let mut room = Vec::new();
    load_groups(groups, loading.threads, ahead, make, |(), pictures| {
        let mut batch = Batch { pixels_bchw: std::mem::take(&mut room), ..Batch::default() };
        batch.pixels_bchw.clear();
        for (id, class, pixels) in pictures.into_iter().flatten() {
            match pixels {
                Ok(pixels) => {
                    batch.add(id, class, &pixels);
                    lock().push(pixels);
                }
                Err(reason) => batch.rejected.push((id, reason)),
            }
        }
        let flow = sink(&mut batch);
        room = batch.pixels_bchw;
        flow
    })
}

impl Batch {
    fn add(&mut self, id: SampleId, class: ClassId, pixels: &[f32]) {
        self.pixels_bchw.extend_from_slice(pixels);
        self.ids.push(id);
        self.labels.push(class);
    }
}

/// Renders a sample, panics included.
fn rendered(
    id: SampleId,
    place: &PictureLocation,
    pixels: &mut [f32],
    render: &impl Fn(SampleId, &PictureLocation, &mut [f32]) -> Result<(), SampleError>,
) -> Result<(), SampleError> {
    contained(|| render(id, place, pixels)).unwrap_or_else(panicked)
}

/// A defect of ours or of a decoder costs the picture that shows it, by name, and not the work.
fn panicked<T>(Panicked { message }: Panicked) -> Result<T, SampleError> {
    Err(PictureError::Corrupt { detail: format!("reading it panicked: {message}") }.into())
}

struct Groups<I> {
    ids: I,
    size: usize,
}

impl<I: Iterator<Item = SampleId>> Iterator for Groups<I> {
    type Item = Vec<SampleId>;

    fn next(&mut self) -> Option<Self::Item> {
        let group: Vec<SampleId> = self.ids.by_ref().take(self.size).collect();
        (!group.is_empty()).then_some(group)
    }
}
