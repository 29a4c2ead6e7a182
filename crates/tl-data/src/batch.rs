//! Batches for a network: samples in an order that is given, rendered on several threads, handed over in that order.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::{ClassId, Dataset, Panicked, PictureError, Place, SampleId, contained, load_ordered};

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
    pub rejected: Vec<(SampleId, PictureError)>,
}

/// How batches are made. None of it but `batch` changes what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// Samples of a batch; the last one may have fewer. 0 counts as 1.
    pub batch: usize,
    /// Threads that render.
    pub threads: usize,
    /// Batches that may be begun or finished before they are asked for: the memory that is taken.
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
    render: impl Fn(SampleId, &Place, &mut [f32]) -> Result<(), PictureError> + Sync,
    mut sink: impl FnMut(&mut Batch) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let spare: Mutex<Vec<Vec<f32>>> = Mutex::default();
    let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
    let make = |ids: Vec<SampleId>| {
        let mut batch = Batch { pixels_bchw: lock().pop().unwrap_or_default(), ..Batch::default() };
        batch.pixels_bchw.resize(ids.len() * values, 0.0);
        for id in ids {
            batch.add(data, id, values, &render);
        }
        batch.pixels_bchw.truncate(batch.ids.len() * values);
        batch
    };
    let groups = Groups { ids: ids.into_iter(), size: loading.batch.max(1) };
    load_ordered(groups, loading.threads, loading.ahead, make, |mut batch| {
        let flow = sink(&mut batch);
        lock().push(batch.pixels_bchw);
        flow
    })
}

impl Batch {
    fn add(
        &mut self,
        data: &Dataset,
        id: SampleId,
        values: usize,
        render: &impl Fn(SampleId, &Place, &mut [f32]) -> Result<(), PictureError>,
    ) {
        let first = self.ids.len() * values;
        let Some(sample) = data.samples.get(id.0) else { return };
        let Some(place) = self.pixels_bchw.get_mut(first..first + values) else { return };
        let whence = data.place_of(id);
        // A defect of ours or of a decoder costs the picture that shows it, by name, and not the work.
        match contained(|| render(id, &whence, place)).unwrap_or_else(panicked) {
            Ok(()) => {
                self.ids.push(id);
                self.labels.push(sample.class);
            }
            Err(reason) => self.rejected.push((id, reason)),
        }
    }
}

fn panicked<T>(Panicked { message }: Panicked) -> Result<T, PictureError> {
    Err(PictureError::Corrupt { detail: format!("reading it panicked: {message}") })
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
