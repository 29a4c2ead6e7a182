//! Memory, and what fits into it: decoded pictures, and the pictures of a step.

mod step;

use std::process::Command;
use sysinfo::System;
use tl_backbones::{Architecture, Backbone, Boundary};
use tl_image::PixelCache;
use tl_report::Choice;
use tl_train::TrainError;
use tl_weights::Cache;

use crate::config::{Pixels, TrainConfig};
use crate::error::PipelineError;
use crate::observer::Observer;
use step::{KeptCopies, StepMemory};

/// Bytes that are free on a device, as far as that can be found out.
pub(crate) fn free(device: &str) -> Option<u64> {
    let (_, index) = device.split_once(':').unwrap_or((device, "0"));
    if is_gpu(device) {
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

/// Whether a device has a memory of its own.
fn is_gpu(device: &str) -> bool {
    let kind = device.split(':').next().unwrap_or_default();
    kind == "cuda" || (kind == "auto" && cfg!(feature = "cuda"))
}

/// Free memory of a GPU by NVIDIA's own program: burn does not say. It counts all GPUs, CUDA those that are visible.
fn free_on_gpu(index: &str) -> Option<u64> {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default();
    let named = visible.split(',').nth(index.parse().ok()?).filter(|name| !name.is_empty());
    let query = ["--query-gpu=memory.free", "--format=csv,noheader,nounits", "--id", named.unwrap_or(index)];
    let output = Command::new("nvidia-smi").args(query).output().ok()?;
    let mebibytes: u64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(mebibytes << 20)
}

impl TrainConfig {
    /// These settings with the batch size decided, where that is left to the program, and why.
    pub(crate) fn with_batch(
        &self,
        architecture: &Architecture,
        backbone: &Backbone,
        pictures: usize,
    ) -> Result<(Self, Option<Choice>), PipelineError> {
        if !self.steps.auto_batch {
            return Ok((self.clone(), None));
        }
        let side = architecture.input_size;
        let summary = tl_backbones::summary_at(architecture, [side, side])
            .map_err(|error| PipelineError::TooSmall { detail: error.to_string() })?;
        let stages = backbone.stages();
        let phases = self.steps.resolve(stages.len(), pictures, false);
        let boundaries: Result<Vec<Boundary>, TrainError> =
            phases.iter().map(|phase| phase.unfreeze.boundary(&stages)).collect();
        let lowest = boundaries?.into_iter().min();
        let first = self.device.split(',').next().unwrap_or_default();
        let mut config = self.clone();
        let why = match free(first) {
            Some(free) => {
                let asked = config.steps.checkpoint_activations;
                let keeps = KeptCopies { checkpoints: !is_gpu(first), average: config.steps.ema.is_some() };
                let (steps, batch) = StepMemory::that_fit(&summary, lowest, asked, keeps, pictures, free);
                (config.steps.batch, config.steps.checkpoint_activations) = (batch, steps.checkpointed);
                steps.reason(batch, free)
            }
            None => "how much memory is free cannot be found out".to_owned(),
        };
        config.steps.auto_batch = false;
        let how = if config.steps.checkpoint_activations { ", activations checkpointed" } else { "" };
        let chosen = format!("{} pictures{how}", config.steps.batch);
        Ok((config, Some(Choice::new("batch", chosen, why))))
    }

    /// Where decoded pictures are kept, if they are. It is said if they cannot be.
    pub(crate) fn pixel_cache(&self, observer: &dyn Observer) -> Option<PixelCache> {
        let limit = self.cache_gib.saturating_mul(1 << 30);
        match self.pixels? {
            Pixels::Ram => Some(PixelCache::in_memory(limit.min(free("cpu").unwrap_or(0) / 2))),
            Pixels::Disk => {
                let folder = Cache::locate().ok()?.folder().join("pixels");
                let blocked = |error| {
                    let note = format!(
                        "not kept from epoch to epoch: cannot use `{}`: {error}",
                        tl_files::shown_path(&folder)
                    );
                    observer.noted("pictures", &note);
                };
                PixelCache::on_disk(&folder, limit).map_err(blocked).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_says_how_much_is_free() {
        assert!(free("cpu").is_some_and(|bytes| bytes > 1 << 20));
    }
}
