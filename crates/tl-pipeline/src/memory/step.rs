//! Memory of a step, and the batch size that fits.

use std::ops::Range;
use tl_backbones::{Boundary, Summary};
use tl_train::Segments;

/// The largest batch that is chosen: larger ones want other learning rates.
const LARGEST: usize = 64;
/// Batch size below which activations are checkpointed, which costs some time and no quality.
const SENSIBLE: usize = 16;
/// The smallest batch size: a picture on its own has no statistics for batch normalisation to learn from.
const LEAST: usize = 2;
/// Steps that an epoch should have.
const STEPS: usize = 8;
/// Share of the free memory that a step may take.
const SHARE: f64 = 0.7;
/// Bytes that a step takes for each value that a convolution puts out. Measured with the kernels of the processor, f32,
/// from a batch to one three or four times as large: 9 (MobileNetV2, EfficientNet-Lite0, Xception, VGG16) to 11 (ResNets),
/// 19 for the concatenations of DenseNet.
const BYTES: f64 = 20.0;
/// Copies of what learns that there always are: values, and two moments.
const COPIES: f64 = 3.0;
/// Copies of what learns while a step is taken: gradients.
const IN_A_STEP: f64 = 1.0;
/// Copies of what learns while a checkpoint is written, one file after the other: both moments, and the bytes of their file.
const IN_A_CHECKPOINT: f64 = 4.0;

/// What training keeps of what learns besides what its steps need.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct KeptCopies {
    /// Where steps are taken: the best epoch, and what checkpoints are written from. On a GPU they are in the host's memory.
    pub(super) checkpoints: bool,
    /// A moving average of the weights.
    pub(super) average: bool,
}

/// Steps in which all behind a boundary learns.
pub(super) struct StepMemory<'a> {
    summary: &'a Summary,
    boundary: Boundary,
    keeps: KeptCopies,
    segments: Segments,
    pub(super) checkpointed: bool,
}

impl<'a> StepMemory<'a> {
    fn new(summary: &'a Summary, boundary: Boundary, checkpointed: bool, keeps: KeptCopies) -> Self {
        let segments =
            if checkpointed { Segments::of_stages(summary, boundary) } else { Segments::whole(boundary) };
        Self { summary, boundary, keeps, segments, checkpointed }
    }

    /// The batch, and whether activations are checkpointed for it: they are where that was asked for, and where the batch
    /// would be small only for lack of memory otherwise. Without a boundary it is not decided yet what learns.
    pub(super) fn that_fit(
        summary: &'a Summary,
        boundary: Option<Boundary>,
        asked: bool,
        keeps: KeptCopies,
        pictures: usize,
        free: u64,
    ) -> (Self, usize) {
        let from = boundary.unwrap_or(Boundary(0));
        let [plain, cut] = [false, true].map(|how| Self::new(summary, from, how, keeps));
        let [most, most_cut] = [&plain, &cut].map(|steps| steps.largest_batch(pictures, free));
        if asked {
            return (cut, most_cut);
        }
        let sensible = most_cut.min(SENSIBLE);
        let helps = boundary.is_some() && !cut.segments.again().is_empty();
        if helps && (sensible > most || !plain.fits(most, free)) { (cut, sensible) } else { (plain, most) }
    }

    /// Bytes that a step on so many pictures takes, at most: what is kept before the segment that needs most, and that; or
    /// the checkpoint after it.
    fn bytes(&self, pictures: usize) -> f64 {
        let stages = &self.summary.stages;
        let kept = |segment: &Range<usize>| -> usize {
            let before = self.boundary.0..segment.start;
            before.map(|stage| stages[stage].output.iter().product::<usize>()).sum()
        };
        let needed = |segment: &Range<usize>| {
            let outputs: u64 = stages[segment.clone()].iter().map(|stage| stage.outputs).sum();
            outputs as f64 * BYTES + kept(segment) as f64 * 4.0
        };
        let last = self.segments.last().0..stages.len();
        let most = self.segments.again().iter().chain([&last]).map(needed).fold(0.0, f64::max);
        let parameters: u64 = stages.iter().skip(self.boundary.0).map(|stage| stage.parameters).sum();
        let copy = parameters as f64 * 4.0;
        let KeptCopies { checkpoints, average } = self.keeps;
        let always = COPIES + f64::from(u8::from(checkpoints)) + f64::from(u8::from(average));
        let writing = if checkpoints { IN_A_CHECKPOINT * copy } else { 0.0 };
        // A checkpoint is written between two steps.
        always * copy + (pictures as f64 * most + IN_A_STEP * copy).max(writing)
    }

    fn fits(&self, pictures: usize, free: u64) -> bool {
        self.bytes(pictures) <= SHARE * free as f64
    }

    /// The largest power of two that fits and leaves an epoch of so many pictures its steps.
    fn largest_batch(&self, pictures: usize, free: u64) -> usize {
        let sizes =
            std::iter::successors(Some(LARGEST), |batch| Some(batch / 2).filter(|&half| half >= LEAST));
        let mut enough = sizes.filter(|&batch| batch * STEPS <= pictures);
        enough.find(|&batch| self.fits(batch, free)).unwrap_or(LEAST)
    }

    /// Why this batch.
    pub(super) fn reason(&self, batch: usize, free: u64) -> String {
        let gib = |bytes: f64| bytes / f64::from(1 << 30);
        let (taken, free) = (gib(self.bytes(batch)), gib(free as f64));
        let instead = if self.checkpointed {
            let plain = gib(Self::new(self.summary, self.boundary, false, self.keeps).bytes(batch));
            format!(" instead of {plain:.1}")
        } else {
            String::new()
        };
        format!("a step takes {taken:.1} GiB at most{instead}, {free:.1} are free")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tl_backbones::architecture;

    const ALL: KeptCopies = KeptCopies { checkpoints: true, average: true };
    const NONE: KeptCopies = KeptCopies { checkpoints: false, average: false };

    #[test]
    fn the_batch_is_what_fits_and_leaves_an_epoch_its_steps() {
        let resnet50 = tl_backbones::summary(&architecture("resnet50").unwrap());
        let batch = |boundary, pictures, gib: u64| {
            StepMemory::new(&resnet50, Boundary(boundary), false, NONE).largest_batch(pictures, gib << 30)
        };
        let all: Vec<usize> = [1, 2, 4, 8, 16, 32].map(|gib| batch(0, 10_000, gib)).to_vec();
        assert_eq!(all, [2, 4, 8, 16, 32, 64]);
        // The head alone takes next to nothing; an epoch of few pictures has few.
        assert_eq!([batch(5, 10_000, 1), batch(5, 100, 1), batch(5, 3, 1), batch(5, 0, 1)], [64, 8, 2, 2]);
    }

    #[test]
    fn activations_are_checkpointed_before_the_batch_is_small_and_where_asked() {
        let resnet50 = tl_backbones::summary(&architecture("resnet50").unwrap());
        let chosen = |boundary, asked, pictures, gib: u64| {
            let (steps, batch) = StepMemory::that_fit(&resnet50, boundary, asked, NONE, pictures, gib << 30);
            (batch, steps.checkpointed)
        };
        let all = Some(Boundary(0));
        assert_eq!(
            [1, 2, 4, 8, 16].map(|gib| chosen(all, false, 10_000, gib)),
            [(4, true), (8, true), (16, true), (16, false), (32, false)]
        );
        assert_eq!([2, 8].map(|gib| chosen(all, true, 10_000, gib)), [(8, true), (32, true)]);
        // A small epoch has small batches whatever the memory; one stage is one segment.
        assert_eq!(chosen(all, false, 64, 8), (8, false));
        assert!(!chosen(Some(Boundary(4)), false, 10_000, 1).1);
        // Nothing fits: less of it is better. Nothing is decided: nothing is forced upon what may not learn in steps.
        assert_eq!([chosen(all, false, 10, 0), chosen(None, false, 10_000, 1)], [(2, true), (2, false)]);
    }

    #[test]
    fn a_step_is_estimated_above_what_was_measured() {
        // Peaks of whole processes, MiB, at batches of 8 and 32: `step_speed NETWORK 8 0.1 ours`, and `checkpointed`.
        for (name, cut, small, large) in [
            ("resnet18", false, 513, 1142),
            ("resnet50", false, 1346, 3876),
            ("mobilenetv2_100", false, 664, 1920),
            ("vgg16", false, 1781, 4558),
        ] {
            let summary = tl_backbones::summary(&architecture(name).unwrap());
            let of = |pictures| StepMemory::new(&summary, Boundary(0), cut, NONE).bytes(pictures);
            let (grows, grew) = (of(32) - of(8), f64::from(large - small) * f64::from(1 << 20));
            assert!((1.0..2.5).contains(&(grows / grew)), "{name}, {cut}: {grows} {grew}");
        }
    }

    #[test]
    fn checkpoints_and_an_average_count() {
        // 138 million parameters: half a GiB a copy.
        let vgg16 = tl_backbones::summary(&architecture("vgg16").unwrap());
        let parameters: u64 = vgg16.stages.iter().map(|stage| stage.parameters).sum();
        let copies = |keeps, pictures| {
            let bytes = |keeps| StepMemory::new(&vgg16, Boundary(0), false, keeps).bytes(pictures);
            ((bytes(keeps) - bytes(NONE)) / (parameters as f64 * 4.0)).round()
        };
        let checkpoints = KeptCopies { checkpoints: true, average: false };
        // The best epoch and the average are always there. A checkpoint has room where a large batch was.
        assert_eq!([copies(checkpoints, 64), copies(ALL, 64)], [1.0, 2.0]);
        assert_eq!([copies(checkpoints, 0), copies(ALL, 0)], [4.0, 5.0]);
        let batch = |keeps| StepMemory::new(&vgg16, Boundary(0), false, keeps).largest_batch(10_000, 6 << 30);
        assert!(batch(ALL) <= batch(NONE));
    }
}
