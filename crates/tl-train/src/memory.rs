//! What fits into memory: decoded pictures, and the pictures of a step.

use std::ops::Range;
use std::process::Command;
use sysinfo::System;
use tl_backbones::{Architecture, Backbone, Boundary, Summary};
use tl_data::PixelCache;
use tl_report::Choice;
use tl_weights::Cache;

use crate::trial::named;
use crate::{Pixels, Segments, TrainConfig, TrainError, Watch};

/// The largest batch that is chosen: larger ones want other learning rates.
const LARGEST: usize = 64;
/// Before it is smaller than this, activations are checkpointed, which costs some time and no quality.
const SENSIBLE: usize = 16;
/// The smallest: a picture on its own has no statistics for batch normalisation to learn from.
const LEAST: usize = 2;
/// Steps that an epoch should have.
const STEPS: usize = 8;
/// Share of the free memory that a step may take.
const SHARE: f64 = 0.7;
/// Bytes that a step takes for each value that a convolution puts out. Measured with the kernels of the processor, f32,
/// from a batch to one three or four times as large: 9 (MobileNetV2, EfficientNet-Lite0, Xception, VGG16) to 11 (ResNets),
/// 19 for the concatenations of DenseNet.
const BYTES: f64 = 20.0;
/// Copies of what learns: values, gradients, and two moments.
const COPIES: f64 = 4.0;

/// Bytes that are free on a device, as far as that can be found out.
pub(crate) fn free(device: &str) -> Option<u64> {
    let (kind, index) = device.split_once(':').unwrap_or((device, "0"));
    if kind == "cuda" || (kind == "auto" && cfg!(feature = "cuda")) {
        return free_on_gpu(index);
    }
    let mut system = System::new();
    system.refresh_memory();
    let free = system.available_memory();
    // A container may have less than the machine. What files it has read take is not counted: it can be taken back.
    let free = system
        .cgroup_limits()
        .map_or(free, |limits| limits.total_memory.saturating_sub(limits.rss).min(free));
    Some(free).filter(|&free| free > 0)
}

/// By NVIDIA's own program: burn does not say. It counts all GPUs, CUDA those that are visible.
fn free_on_gpu(index: &str) -> Option<u64> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let named = visible.split(',').nth(index.parse().ok()?).filter(|name| !name.is_empty());
    let query = ["--query-gpu=memory.free", "--format=csv,noheader,nounits", "--id", named.unwrap_or(index)];
    let output = Command::new("nvidia-smi").args(query).output().ok()?;
    let mebibytes: u64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(mebibytes << 20)
}

/// Steps in which all behind a boundary learns, in these segments.
struct Steps<'a> {
    summary: &'a Summary,
    segments: Segments,
}

impl<'a> Steps<'a> {
    fn new(summary: &'a Summary, boundary: Boundary, checkpointed: bool) -> Self {
        let cut =
            if checkpointed { Segments::of_stages(summary, boundary) } else { Segments::whole(boundary) };
        Self { summary, segments: cut }
    }

    /// Bytes that a step on so many pictures takes, at most: what is kept before the segment that needs most, and that.
    fn bytes(&self, pictures: usize) -> f64 {
        let stages = &self.summary.stages;
        let last = self.segments.last().0..stages.len();
        let first = self.segments.again().first().map_or(last.start, |segment| segment.start);
        let kept = |start: usize| -> usize {
            let maps = (first..start).map(|stage| stages[stage].output.iter().product::<usize>());
            4 * maps.sum::<usize>()
        };
        let needed = |segment: &Range<usize>| {
            let outputs: u64 = stages[segment.clone()].iter().map(|stage| stage.outputs).sum();
            outputs as f64 * BYTES + kept(segment.start) as f64
        };
        let most = self.segments.again().iter().chain([&last]).map(needed).fold(0.0, f64::max);
        let parameters: u64 = stages[first..].iter().map(|stage| stage.parameters).sum();
        pictures as f64 * most + parameters as f64 * 4.0 * COPIES
    }

    /// The largest power of two that fits and leaves an epoch of so many pictures its steps.
    fn largest_batch(&self, pictures: usize, free: u64) -> usize {
        let fits = |batch: &usize| self.bytes(*batch) <= SHARE * free as f64;
        let sizes =
            std::iter::successors(Some(LARGEST), |batch| Some(batch / 2).filter(|&half| half >= LEAST));
        sizes.filter(|&batch| batch * STEPS <= pictures).find(fits).unwrap_or(LEAST)
    }
}

/// A batch, and whether activations are checkpointed for it: they are where that was asked for, and where the batch would
/// be small only for lack of memory otherwise.
fn batch_and_how(
    summary: &Summary,
    boundary: Boundary,
    asked: bool,
    pictures: usize,
    free: u64,
) -> (usize, bool) {
    let [all, cut] =
        [false, true].map(|how| Steps::new(summary, boundary, how).largest_batch(pictures, free));
    match (asked, cut.min(SENSIBLE)) {
        (true, _) => (cut, true),
        (false, sensible) if sensible > all => (sensible, true),
        _ => (all, false),
    }
}

fn reason(summary: &Summary, boundary: Boundary, batch: usize, cut: bool, free: u64) -> String {
    let gib = |bytes: f64| bytes / f64::from(1 << 30);
    let [all, parts] = [false, true].map(|how| gib(Steps::new(summary, boundary, how).bytes(batch)));
    let (taken, instead) = if cut {
        (parts, format!(", {all:.1} without checkpoints of activations"))
    } else {
        (all, String::new())
    };
    format!("a step takes {taken:.1} GiB at most{instead}; {:.1} are free", gib(free as f64))
}

impl TrainConfig {
    /// With the batch decided, where that is left to the program, and why.
    pub(crate) fn with_batch(
        &self,
        architecture: &Architecture,
        backbone: &Backbone,
        pictures: usize,
    ) -> Result<(Self, Option<Choice>), TrainError> {
        if !self.steps.auto_batch {
            return Ok((self.clone(), None));
        }
        let side = architecture.input_size;
        let summary = tl_backbones::summary_at(architecture, [side, side])
            .map_err(|error| TrainError::TooSmall { detail: error.to_string() })?;
        let stages = backbone.stages();
        let phases = self.steps.resolve(stages.len(), pictures, false);
        let boundaries: Result<Vec<Boundary>, TrainError> =
            phases.iter().map(|phase| phase.unfreeze.boundary(&stages)).collect();
        // Without phases it is not decided yet what learns.
        let lowest = boundaries?.into_iter().min().unwrap_or(Boundary(0));
        let first = self.device.split(',').next().unwrap_or_default();
        let mut config = self.clone();
        let (batch, why) = match free(first) {
            Some(free) => {
                let (batch, cut) =
                    batch_and_how(&summary, lowest, config.steps.checkpoint_activations, pictures, free);
                config.steps.checkpoint_activations = cut;
                (batch, reason(&summary, lowest, batch, cut, free))
            }
            None => (self.steps.batch, "how much memory is free cannot be found out".to_owned()),
        };
        (config.steps.batch, config.steps.auto_batch) = (batch, false);
        let how = if config.steps.checkpoint_activations { ", activations checkpointed" } else { "" };
        Ok((config, Some(named("batch", format!("{batch} pictures{how}"), why))))
    }

    /// Where decoded pictures are kept, if they are. It is said if they cannot be.
    pub(crate) fn pixel_cache(&self, watch: &dyn Watch) -> Option<PixelCache> {
        let limit = self.cache_gib.saturating_mul(1 << 30);
        match self.pixels? {
            Pixels::Ram => Some(PixelCache::in_memory(limit.min(free("cpu").unwrap_or(0) / 2))),
            Pixels::Disk => {
                let folder = Cache::locate().ok()?.folder().join("pixels");
                let blocked = |error| {
                    let note =
                        format!("not kept from epoch to epoch: cannot use `{}`: {error}", folder.display());
                    watch.noted("pictures", &note);
                };
                PixelCache::on_disk(&folder, limit).map_err(blocked).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tl_backbones::architecture;

    #[test]
    fn the_batch_is_what_fits_and_leaves_an_epoch_its_steps() {
        let resnet50 = tl_backbones::summary(&architecture("resnet50").unwrap());
        let batch = |boundary, pictures, gib: u64| {
            Steps::new(&resnet50, Boundary(boundary), false).largest_batch(pictures, gib << 30)
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
            batch_and_how(&resnet50, Boundary(boundary), asked, pictures, gib << 30)
        };
        assert_eq!(
            [1, 2, 4, 8, 16].map(|gib| chosen(0, false, 10_000, gib)),
            [(4, true), (8, true), (16, true), (16, false), (32, false)]
        );
        assert_eq!([2, 8].map(|gib| chosen(0, true, 10_000, gib)), [(8, true), (32, true)]);
        // A small epoch has small batches whatever the memory; one stage is one segment.
        assert_eq!(chosen(0, false, 64, 8), (8, false));
        assert!(!chosen(4, false, 10_000, 1).1);
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
            let of = |pictures| Steps::new(&summary, Boundary(0), cut).bytes(pictures);
            let (grows, grew) = (of(32) - of(8), f64::from(large - small) * f64::from(1 << 20));
            assert!((1.0..2.5).contains(&(grows / grew)), "{name}, {cut}: {grows} {grew}");
        }
    }

    #[test]
    fn a_machine_says_how_much_is_free() {
        assert!(free("cpu").is_some_and(|bytes| bytes > 1 << 20));
    }
}
