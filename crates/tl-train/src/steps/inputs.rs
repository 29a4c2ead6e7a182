//! From a picture to what the network is given at the boundary: prepared or changed at random, then through the frozen
//! prefix.

use burn::tensor::{Device, Tensor, TensorData};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use tl_backbones::{Boundary, Summary};
use tl_data::{
    Augment, AugmentKey, Blend, Dataset, Limits, PictureError, PictureView, Preprocess, SampleId, Wanted,
};
use tl_frozen::{Frozen, Output};
use tl_heads::Pooling;

/// The pictures of a run, and how they are prepared.
pub(crate) struct Pictures<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) frozen: &'a Frozen,
    pub(crate) preprocess: Preprocess,
    pub(crate) limits: Limits,
    pub(crate) augment: &'a Augment,
    /// What random changes come from.
    pub(crate) seed: u64,
    /// Shapes of the network at the size of the pictures.
    pub(crate) summary: Summary,
    /// Width of the features that the network was published with.
    pub(crate) published_features: usize,
}

/// One way to look at a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// As at prediction.
    Plain,
    /// Changed at random, in the way of this number.
    Changed(u64),
}

/// What is computed of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) boundary: Boundary,
    /// Is everything frozen, so that pooled features will do?
    pub(crate) at_end: bool,
    pub(crate) pooling: Pooling,
}

type Key = (SampleId, View);

/// Rows at one boundary, kept as long as they fit.
pub(crate) struct Rows<'a> {
    pictures: &'a Pictures<'a>,
    cut: Cut,
    kept: RwLock<HashMap<Key, Arc<[f32]>>>,
    /// How many may be kept.
    most: usize,
    /// Channels, height and width of a row; of features, their number.
    pub(crate) shape: [usize; 3],
}

/// Bytes of rows that are kept in memory, at most.
const KEPT: usize = 2 << 30;

impl<'a> Rows<'a> {
    /// Nothing is computed yet.
    pub(crate) fn new(pictures: &'a Pictures<'a>, cut: Cut) -> Self {
        let shape = pictures.shape(cut);
        let most = KEPT / (shape.iter().product::<usize>() * size_of::<f32>()).max(1);
        Self { pictures, cut, kept: RwLock::default(), most, shape }
    }

    /// Rows of these pictures, in order and end to end; of a picture that cannot be read, the reason. `keep`: will the
    /// same views come again?
    pub(crate) fn of(
        &self,
        ids: &[SampleId],
        view: View,
        keep: bool,
        blend: Option<&Blend>,
    ) -> Result<Vec<f32>, (SampleId, PictureError)> {
        if let Some(blend) = blend {
            let mut images = self.pictures.images(ids, view)?;
            let side = self.pictures.preprocess.size as usize;
            blend.mix_pixels(&mut images, side, side);
            return Ok(self.pictures.outputs(self.cut, images));
        }
        let known = self.known(ids, view);
        let missing: Vec<SampleId> =
            ids.iter().zip(&known).filter(|(_, row)| row.is_none()).map(|(&id, _)| id).collect();
        let width = self.shape.iter().product::<usize>();
        let computed = if missing.is_empty() { Vec::new() } else { self.compute(&missing, view)? };
        if keep {
            self.keep(&missing, view, &computed, width);
        }
        let mut fresh = computed.chunks_exact(width.max(1));
        let mut rows = Vec::with_capacity(ids.len() * width);
        for row in known {
            rows.extend_from_slice(row.as_deref().or_else(|| fresh.next()).unwrap_or_default());
        }
        Ok(rows)
    }

    fn known(&self, ids: &[SampleId], view: View) -> Vec<Option<Arc<[f32]>>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        ids.iter().map(|&id| kept.get(&(id, view)).cloned()).collect()
    }

    fn keep(&self, ids: &[SampleId], view: View, computed: &[f32], width: usize) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        for (&id, row) in ids.iter().zip(computed.chunks_exact(width.max(1))) {
            if kept.len() < self.most {
                kept.insert((id, view), row.into());
            }
        }
    }

    fn compute(&self, ids: &[SampleId], view: View) -> Result<Vec<f32>, (SampleId, PictureError)> {
        Ok(self.pictures.outputs(self.cut, self.pictures.images(ids, view)?))
    }
}

impl Pictures<'_> {
    /// Normalised pictures, `[ids, 3, size, size]` flattened.
    fn images(&self, ids: &[SampleId], view: View) -> Result<Vec<f32>, (SampleId, PictureError)> {
        let values = 3 * (self.preprocess.size as usize).pow(2);
        let mut images = vec![0.0; ids.len() * values];
        for (&id, out) in ids.iter().zip(images.chunks_exact_mut(values)) {
            self.image(id, view, out).map_err(|reason| (id, reason))?;
        }
        Ok(images)
    }

    fn image(&self, id: SampleId, view: View, out: &mut [f32]) -> Result<(), PictureError> {
        let place = self.data.place_of(id);
        let (limits, fill) = (&self.limits, self.preprocess.fill);
        let View::Changed(number) = view else {
            let cutout = place.decode_part(limits, fill, |full| self.preprocess.wanted(full))?;
            self.preprocess.write_part(&cutout, out);
            return Ok(());
        };
        let key = AugmentKey { seed: self.seed, epoch: number, sample: id.0 as u64 };
        let mut plan = None;
        let cutout = place.decode_part(limits, fill, |full| {
            let plan = plan.insert(self.augment.draw(key, full, &self.preprocess));
            wanted(plan.region(), plan.scale())
        })?;
        if let Some(plan) = plan {
            plan.write_chw(&PictureView::from(&cutout), &self.preprocess, out);
        }
        Ok(())
    }

    /// What the prefix makes of pictures, row by row.
    fn outputs(&self, cut: Cut, images: Vec<f32>) -> Vec<f32> {
        let side = self.preprocess.size as usize;
        let output =
            |output, images| self.frozen.output(output, images, side, NonZeroUsize::MIN).values().to_vec();
        match cut {
            Cut { boundary: Boundary(0), .. } => images,
            Cut { at_end: true, pooling: Pooling::Published, .. } => output(Output::Features, images),
            Cut { at_end: true, pooling, boundary } => {
                self.pooled(pooling, output(Output::Maps(boundary), images))
            }
            Cut { boundary, .. } => output(Output::Maps(boundary), images),
        }
    }

    fn pooled(&self, pooling: Pooling, maps: Vec<f32>) -> Vec<f32> {
        let [channels, height, width] = self.maps_at(self.frozen.backbone().end());
        let batch = maps.len() / (channels * height * width).max(1);
        let maps_bchw =
            Tensor::<4>::from_data(TensorData::new(maps, [batch, channels, height, width]), &Device::flex());
        pooling.apply(maps_bchw).into_data().iter::<f32>().collect()
    }

    /// Channels, height and width of the maps at a boundary.
    fn maps_at(&self, boundary: Boundary) -> [usize; 3] {
        let side = self.preprocess.size as usize;
        boundary.0.checked_sub(1).map_or([3, side, side], |stage| self.summary.stages[stage].output)
    }

    /// Width of what a head with this pooling takes.
    pub(crate) fn features(&self, pooling: Pooling) -> usize {
        let [channels, height, width] = self.maps_at(self.frozen.backbone().end());
        match pooling {
            Pooling::Published => self.published_features,
            pooling => pooling.width(channels, height, width),
        }
    }

    fn shape(&self, cut: Cut) -> [usize; 3] {
        if cut.at_end { [self.features(cut.pooling), 1, 1] } else { self.maps_at(cut.boundary) }
    }
}

fn wanted(region: [f64; 4], scale: f64) -> Wanted {
    let [left, top, right, bottom] = region;
    let pixels = |length: f64| (length * scale).ceil().max(1.0) as u32;
    Wanted { region, output: (pixels(right - left), pixels(bottom - top)) }
}
