//! Inputs of the network, from a picture to what it is given at the boundary: prepared or changed at random, then through
//! the frozen prefix.

use std::num::NonZeroUsize;
use tl_backbones::{Boundary, Summary};
use tl_data::{Dataset, SampleError, SampleId};
use tl_frozen::{Frozen, Output};
use tl_heads::Pooling;
use tl_image::{
    Augment, AugmentKey, ContentHash, Limits, PictureError, PixelCache, Preprocess, RegionRequest,
    SourcePixels, contained_or, decode_part,
};

use crate::feature_cache::FeatureCache;

/// The pictures of a run, how they are prepared, and what is known of them.
#[derive(Clone)]
pub struct PictureSource<'a> {
    /// Where the pictures are, and what they show.
    pub data: &'a Dataset,
    /// The network whose frozen prefix is asked.
    pub frozen: &'a Frozen,
    /// How bytes become what the network takes.
    pub input: InputConfig<'a>,
    /// Shapes of that network.
    pub network: NetworkShapes,
    /// What need not be computed again.
    pub kept: KeptPictures<'a>,
}

/// From the bytes of a picture to pixels, as at prediction and changed at random.
#[derive(Clone)]
pub struct InputConfig<'a> {
    /// What a picture goes through where it is not augmented.
    pub preprocess: Preprocess,
    /// What may be decoded.
    pub limits: Limits,
    /// Augmentation of training pictures.
    pub augment: &'a Augment,
    /// The random seed of augmentation, of the order of pictures and of dropout.
    pub seed: u64,
}

/// Shapes of a network for pictures of one size.
#[derive(Clone)]
pub struct NetworkShapes {
    /// Outputs, parameters and multiply-adds of each stage.
    pub summary: Summary,
    /// Width of the features that the network was published with.
    pub published_features: usize,
}

/// What was computed or decoded before.
#[derive(Clone, Copy, Default)]
pub struct KeptPictures<'a> {
    /// Published features of pictures that are not augmented.
    pub known: Option<&'a dyn PrecomputedFeatures>,
    /// Outputs of the frozen prefix, from run to run.
    pub cache: Option<&'a FeatureCache>,
    /// Pictures to augment, as they were decoded.
    pub pixels: Option<&'a PixelCache>,
}

/// What is computed of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PrefixOutput {
    pub(crate) boundary: Boundary,
    /// Is everything frozen, so that pooled features will do?
    pub(crate) at_end: bool,
    pub(crate) pooling: Pooling,
}

/// Published features of plain pictures that are there already.
pub trait PrecomputedFeatures: Sync {
    /// Features of a picture, if they have been computed.
    fn row(&self, id: SampleId) -> Option<&[f32]>;
}

/// One view of a picture: unchanged, or augmented in one of many ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// The picture as it is at prediction, not augmented.
    Plain,
    /// Changed at random, in the way of this number.
    Changed(u64),
}

impl PictureSource<'_> {
    /// These pictures before another network, whose outputs are neither known nor kept.
    pub(super) fn on<'b>(&'b self, frozen: &'b Frozen) -> PictureSource<'b> {
        let kept = KeptPictures { known: None, cache: None, ..self.kept };
        PictureSource { frozen, kept, ..self.clone() }
    }

    /// A normalised picture, `[3, size, size]` flattened.
    pub(super) fn image(&self, id: SampleId, view: View) -> Result<Vec<f32>, SampleError> {
        let mut image = vec![0.0; 3 * (self.input.preprocess.size as usize).pow(2)];
        let _named_if_slow = self.data.place_of(id).reading();
        contained_or(|| self.write_image(id, view, &mut image))?;
        Ok(image)
    }

    fn write_image(&self, id: SampleId, view: View, out: &mut [f32]) -> Result<(), SampleError> {
        let (limits, fill) = (&self.input.preprocess.limits(&self.input.limits), self.input.preprocess.fill);
        let View::Changed(number) = view else {
            let cutout =
                decode_part(&self.bytes(id)?, limits, fill, |full| self.input.preprocess.wanted(full))?;
            self.input.preprocess.write_part(&cutout, out);
            return Ok(());
        };
        let content = self.data.samples[id.0].content;
        let key = AugmentKey { seed: self.input.seed, epoch: number, sample: number_of(content) };
        let draw = |full| self.input.augment.draw(key, full, &self.input.preprocess);
        let mut drawn = None;
        let wanted = |full| {
            let plan = drawn.insert(draw(full));
            wanted(plan.region(), plan.scale())
        };
        // Its features were computed before, so it is known to be whole.
        let limits = &Limits { checked: true, ..*limits };
        let cutout = match self.kept.pixels {
            Some(kept) => kept.decode_part(content, limits, fill, wanted, || self.bytes(id))?,
            None => decode_part(&self.bytes(id)?, limits, fill, wanted)?,
        };
        // Only JPEGs ask for a part.
        let plan = drawn.unwrap_or_else(|| draw(cutout.full));
        plan.write_chw(&SourcePixels::from(&cutout), &self.input.preprocess, out);
        Ok(())
    }

    fn bytes(&self, id: SampleId) -> Result<Vec<u8>, SampleError> {
        let bytes = self.data.place_of(id).bytes(&self.input.limits)?;
        // What is kept is found by content, and a run that goes on has to see what it saw before.
        if ContentHash::of(&bytes) != self.data.samples[id.0].content {
            return Err(PictureError::Corrupt { detail: "it was changed meanwhile".to_owned() }.into());
        }
        Ok(bytes)
    }

    /// What the prefix makes of pictures, row by row, on so many threads.
    pub(super) fn outputs(&self, cut: PrefixOutput, images: Vec<f32>, threads: usize) -> Vec<f32> {
        let side = self.input.preprocess.size as usize;
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        let output = |output, images| self.frozen.output(output, images, side, threads);
        match cut {
            PrefixOutput { boundary: Boundary(0), .. } => images,
            PrefixOutput { at_end: true, pooling: Pooling::Published, .. } => {
                output(Output::Features, images).values().to_vec()
            }
            PrefixOutput { at_end: true, pooling, boundary } => {
                let [channels, ..] = self.maps_at(boundary);
                pooling.of_rows(&output(Output::Maps(boundary), images), channels).values().to_vec()
            }
            PrefixOutput { boundary, .. } => output(Output::Maps(boundary), images).values().to_vec(),
        }
    }

    /// Channels, height and width of the maps at a boundary.
    fn maps_at(&self, boundary: Boundary) -> [usize; 3] {
        let side = self.input.preprocess.size as usize;
        boundary.0.checked_sub(1).map_or([3, side, side], |stage| self.network.summary.stages[stage].output)
    }

    /// Width of what a head with this pooling takes.
    pub fn features(&self, pooling: Pooling) -> usize {
        let [channels, height, width] = self.maps_at(self.frozen.backbone().end());
        match pooling {
            Pooling::Published => self.network.published_features,
            pooling => pooling.width(channels, height, width),
        }
    }

    pub(super) fn shape(&self, cut: PrefixOutput) -> [usize; 3] {
        if cut.at_end { [self.features(cut.pooling), 1, 1] } else { self.maps_at(cut.boundary) }
    }
}

/// A number for a picture's content, so that it is augmented in the same way wherever it lies and whatever lies beside it.
fn number_of(content: ContentHash) -> u64 {
    content.0.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn wanted(region: [f64; 4], scale: f64) -> RegionRequest {
    let [left, top, right, bottom] = region;
    let pixels = |length: f64| (length * scale).ceil().max(1.0) as u32;
    RegionRequest { region, output: (pixels(right - left), pixels(bottom - top)) }
}

impl PrefixOutput {
    /// What the frozen network is asked for; `None` where its output is made into something else, or it is not asked.
    pub(super) fn output(self) -> Option<Output> {
        match self {
            Self { boundary: Boundary(0), .. } => None,
            Self { at_end: true, pooling: Pooling::Published, .. } => Some(Output::Features),
            Self { at_end: true, .. } => None,
            Self { boundary, .. } => Some(Output::Maps(boundary)),
        }
    }
}
