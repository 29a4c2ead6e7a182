//! Gradients with the memory of a part of the network: Chen et al. 2016, <https://arxiv.org/abs/1604.06174>.
//!
//! The stages that learn are cut into segments. Forwards, only the maps between segments are kept; backwards, each segment
//! runs again from the map before it, this time with all that its gradients need, and is done with before the one in front
//! of it begins. Both times the same operations see the same numbers, so gradients are the same bits as without.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Gradients, Tensor};
use std::ops::Range;
use tl_backbones::{Backbone, Boundary, Summary};

/// The stages behind a boundary, cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// All but the last: these run twice.
    again: Vec<Range<usize>>,
    /// What is before the last.
    last: Boundary,
}

/// What is kept of a forward pass: the maps between segments.
#[derive(Debug)]
pub struct SegmentInputs {
    /// Segments that run again, and the maps before them.
    again: Vec<(Range<usize>, Tensor<4>)>,
    /// The maps before the last segment.
    pub last_bchw: Tensor<4>,
}

impl Segments {
    /// All behind the boundary at once, which keeps everything.
    pub fn whole(boundary: Boundary) -> Self {
        Self { again: Vec::new(), last: boundary }
    }

    /// A segment for each stage, but one for the last ones together, as many as put out no more than the largest stage in
    /// front of them does: they run once, and the peak is no higher for it.
    pub fn of_stages(summary: &Summary, boundary: Boundary) -> Self {
        let outputs = |stages: Range<usize>| summary.stages[stages].iter().map(|stage| stage.outputs);
        let end = summary.stages.len();
        let is_small = |&start: &usize| {
            outputs(boundary.0..start).max().is_some_and(|most| outputs(start..end).sum::<u64>() <= most)
        };
        let last = (boundary.0..end).find(is_small).unwrap_or(end.saturating_sub(1).max(boundary.0));
        Self { again: (boundary.0..last).map(|stage| stage..stage + 1).collect(), last: Boundary(last) }
    }

    /// The segments that run twice: once forward, once more for their gradients.
    pub fn again(&self) -> &[Range<usize>] {
        &self.again
    }

    /// Where the last one begins.
    pub fn last(&self) -> Boundary {
        self.last
    }

    /// Runs all but the last, from the maps at the boundary on, which are on a device with autodiff.
    pub fn forward(&self, backbone: &Backbone, input_bchw: Tensor<4>) -> SegmentInputs {
        if self.again.is_empty() {
            return SegmentInputs { again: Vec::new(), last_bchw: input_bchw };
        }
        // A copy, with which its running statistics go: those of the backbone move when the segments run again.
        let untracked = backbone.valid().train().no_grad();
        let mut maps_bchw = input_bchw;
        let run = |segment: &Range<usize>| {
            let before = maps_bchw.clone();
            maps_bchw = untracked.forward_stages(segment.clone(), before.clone());
            (segment.clone(), before)
        };
        let again = self.again.iter().map(run).collect();
        SegmentInputs { again, last_bchw: maps_bchw.require_grad() }
    }
}

impl SegmentInputs {
    /// Gradients of all parameters of `module`, in which `backbone` is, from those behind `last_bchw`.
    pub fn backward<M: Module>(
        mut self,
        module: &M,
        backbone: &Backbone,
        behind: Gradients,
    ) -> GradientsParams {
        let (mut gradients, mut output_bchw) = (behind, self.last_bchw);
        let mut all = GradientsAccumulator::new();
        all.accumulate(module, GradientsParams::from_module(&mut gradients, module));
        while let Some((segment, input_bchw)) = self.again.pop() {
            let Some(slope_bchw) = output_bchw.grad_remove(&mut gradients) else { break };
            // The gradient towards pictures, or towards what a frozen stage made of them, is nobody's.
            let is_first = self.again.is_empty();
            let input_bchw = if is_first { input_bchw } else { input_bchw.require_grad() };
            let output_of_segment = backbone.forward_stages(segment, input_bchw.clone());
            // burn's backward passes begin at a number; the gradient of this one is the slope.
            gradients = (output_of_segment * Tensor::from_inner(slope_bchw)).sum().backward();
            all.accumulate(module, GradientsParams::from_module(&mut gradients, module));
            output_bchw = input_bchw;
        }
        all.grads()
    }
}
