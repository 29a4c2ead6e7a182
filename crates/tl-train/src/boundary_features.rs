//! Features at the freeze boundary: what the frozen prefix gave for each picture and view, kept in memory and from run to run.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tl_data::{Dataset, SampleError, SampleId};
use tl_frozen::{CachedFeatures, Output};
use tl_image::Blend;

use crate::inputs::{PictureSource, PrefixOutput, View};

/// What was computed of a picture.
type FeatureRow = Arc<[f32]>;

/// The pictures of a batch, before they are read.
pub(crate) struct BatchPlan {
    pub(crate) ids: Vec<SampleId>,
    pub(crate) view: View,
    /// Will the same views come again?
    pub(crate) keep: bool,
    pub(crate) blend: Option<Blend>,
}

/// What is there of a picture before the network computes anything.
pub(crate) enum LoadedPicture {
    Features(FeatureRow),
    /// Normalised, `[3, size, size]` flattened.
    Image(Vec<f32>),
}

/// Rows at one boundary.
pub(crate) struct BoundaryFeatures<'a> {
    pictures: &'a PictureSource<'a>,
    cut: PrefixOutput,
    kept: RwLock<HashMap<(SampleId, View), FeatureRow>>,
    /// How many rows may be kept in memory.
    most: usize,
    /// The caches of plain and of augmented views on disk, which last from run to run.
    caches: Option<[RwLock<CachedFeatures>; 2]>,
    /// Channels, height and width of a row; of features, their number.
    pub(crate) shape: [usize; 3],
}

/// Bytes of rows that are kept in memory, at most.
const KEPT: usize = 2 << 30;

impl<'a> BoundaryFeatures<'a> {
    /// Nothing is computed yet.
    pub(crate) fn new(pictures: &'a PictureSource<'a>, cut: PrefixOutput) -> Self {
        let shape = pictures.shape(cut);
        let most = KEPT / (shape.iter().product::<usize>() * size_of::<f32>()).max(1);
        let caches = cut.output().zip(pictures.kept.cache).map(|(output, cache)| {
            let changed = Some((pictures.input.augment, pictures.input.seed));
            let cached = |changed| cache.cached(pictures.frozen, output, &pictures.input.preprocess, changed);
            [None, changed].map(|changed| RwLock::new(cached(changed)))
        });
        Self { pictures, cut, kept: RwLock::default(), most, caches, shape }
    }

    /// The pictures' data set.
    pub(crate) fn data(&self) -> &Dataset {
        self.pictures.data
    }

    /// A picture's row if it is known, else the picture for the network. `keep`: will the same view come again?
    pub(crate) fn find(&self, id: SampleId, view: View, keep: bool) -> Result<LoadedPicture, SampleError> {
        match keep.then(|| self.known(id, view)).flatten() {
            Some(row) => Ok(LoadedPicture::Features(row)),
            None => self.pictures.image(id, view).map(LoadedPicture::Image),
        }
    }

    /// Rows of a batch's pictures, in order and end to end, from what was found of each.
    pub(crate) fn complete(&self, draft: &BatchPlan, found: Vec<LoadedPicture>, threads: usize) -> Vec<f32> {
        let (mut images, mut missing, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for (&id, found) in draft.ids.iter().zip(found) {
            known.push(match found {
                LoadedPicture::Features(row) => Some(row),
                LoadedPicture::Image(image) => {
                    images.extend(image);
                    missing.push(id);
                    None
                }
            });
        }
        if let Some(blend) = &draft.blend {
            let side = self.pictures.input.preprocess.size as usize;
            blend.mix_pixels(&mut images, side, side);
        }
        let outputs = |images| self.pictures.outputs(self.cut, images, threads);
        let computed = if missing.is_empty() { Vec::new() } else { outputs(images) };
        let width = self.shape.iter().product::<usize>().max(1);
        if draft.keep {
            let fresh = missing.iter().zip(computed.chunks_exact(width));
            fresh.for_each(|(&id, row)| self.keep(id, draft.view, row));
        }
        if missing.len() == known.len() {
            return computed;
        }
        let mut fresh = computed.chunks_exact(width);
        let mut rows = Vec::with_capacity(known.len() * width);
        for row in known {
            rows.extend_from_slice(row.as_deref().or_else(|| fresh.next()).unwrap_or_default());
        }
        rows
    }

    fn known(&self, id: SampleId, view: View) -> Option<Arc<[f32]>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&(id, view)).cloned();
        let kept = kept.or_else(|| {
            let features = self.pictures.kept.known.filter(|_| self.cut.output() == Some(Output::Features));
            let features = features.filter(|_| view == View::Plain)?;
            Some(features.row(id)?.into())
        });
        kept.or_else(|| {
            let cached = self.cached(view)?.read().unwrap_or_else(PoisonError::into_inner);
            let row = cached.get(self.pictures.data.samples[id.0].content, number(view));
            drop(cached);
            let row: Arc<[f32]> = row.filter(|row| row.len() == self.shape.iter().product::<usize>())?.into();
            self.remember(id, view, &row);
            Some(row)
        })
    }

    fn keep(&self, id: SampleId, view: View, row: &[f32]) {
        if let Some(cached) = self.cached(view) {
            let mut cached = cached.write().unwrap_or_else(PoisonError::into_inner);
            cached.add(self.pictures.data.samples[id.0].content, number(view), row);
        }
        self.remember(id, view, &row.into());
    }

    fn remember(&self, id: SampleId, view: View, row: &Arc<[f32]>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < self.most {
            kept.insert((id, view), Arc::clone(row));
        }
    }

    fn cached(&self, view: View) -> Option<&RwLock<CachedFeatures>> {
        let [plain, changed] = self.caches.as_ref()?;
        Some(if view == View::Plain { plain } else { changed })
    }
}

/// The view's number in the store, where 0 is the picture as it is.
fn number(view: View) -> u64 {
    match view {
        View::Plain => 0,
        View::Changed(number) => number + 1,
    }
}
