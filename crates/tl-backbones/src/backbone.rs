//! The backbone, a network of any family: runs its stages, freezes the first of them.

use burn::module::{Flag, Module as _, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::tensor::Tensor;
use std::ops::Range;

use crate::keys::KeyPath;
use crate::{Backbone, Stage};

/// The freeze boundary: how many leading stages are frozen.
///
/// `Boundary(0)` trains everything; [`Backbone::end`] freezes the whole backbone, which is feature extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boundary(pub usize);

impl Backbone {
    /// The stages in order, the stem first.
    pub fn stages(&self) -> Vec<Stage> {
        self.family().stages()
    }

    /// The stages' names in order, the stem first, spelt as the checkpoint's modules.
    pub fn stage_names(&self) -> Vec<String> {
        self.stages().into_iter().map(|stage| stage.name).collect()
    }

    /// The boundary behind the last stage: everything frozen, only a head learns.
    pub fn end(&self) -> Boundary {
        Boundary(self.stages().len())
    }

    /// Runs the stages of a range: the images, or the maps at its start, to the maps at its end.
    ///
    /// # Panics
    /// If the range ends behind the last stage.
    pub fn forward_stages(&self, stages: Range<usize>, input_bchw: Tensor<4>) -> Tensor<4> {
        stages.fold(input_bchw, |maps_bchw, stage| self.family().forward_stage(stage, maps_bchw))
    }

    /// `images_bchw` to the maps behind every stage, in order.
    pub fn maps(&self, images_bchw: Tensor<4>) -> Vec<Tensor<4>> {
        let each = (0..self.end().0).scan(images_bchw, |maps_bchw, stage| {
            *maps_bchw = self.family().forward_stage(stage, maps_bchw.clone());
            Some(maps_bchw.clone())
        });
        each.collect()
    }

    /// The last stage's maps to `features_bd`, by the pooling the network was published with; for VGG, whose head
    /// has none, their global average.
    pub fn pool(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.family().pool(maps_bchw)
    }

    /// `images_bchw` to pooled `features_bd`.
    pub fn features(&self, images_bchw: Tensor<4>) -> Tensor<2> {
        self.pool(self.forward_stages(0..self.end().0, images_bchw))
    }

    /// The last stage's maps to the `logits_bk` of the classes the network was pretrained on.
    pub fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.family().classify(maps_bchw)
    }

    /// `images_bchw` to the `logits_bk` of the classes the network was pretrained on.
    pub fn logits(&self, images_bchw: Tensor<4>) -> Tensor<2> {
        self.classify(self.forward_stages(0..self.end().0, images_bchw))
    }

    /// The parameters, running statistics and training flags of a range of stages.
    pub fn stage_group(&self, stages: Range<usize>) -> ParamGroup {
        let chosen = self.stages().into_iter().skip(stages.start).take(stages.len());
        let modules = chosen.flat_map(|stage| stage.modules).collect();
        let mut members = Members { path: KeyPath::default(), modules, ids: Vec::new() };
        self.visit(&mut members);
        ParamGroup::from_ids(members.ids)
    }

    /// Freezes the stages before the boundary: they get no gradients, and their batch normalisation uses and keeps
    /// its running statistics also on a device that trains.
    pub fn freeze(self, boundary: Boundary) -> Self {
        let prefix = self.stage_group(0..boundary.0);
        self.freeze_group(prefix)
    }

    /// Makes a network for RGB, pretrained or not, take images of another number of channels.
    ///
    /// The weights of the first convolution are adapted as timm does, so that a grey picture gives what the
    /// same picture as RGB gave.
    pub fn with_input_channels(mut self, channels: usize) -> Self {
        self.family_mut().adapt_input(channels);
        self
    }
}

/// Collects the ids of everything inside the named modules.
struct Members {
    path: KeyPath,
    modules: Vec<String>,
    ids: Vec<ParamId>,
}

impl Members {
    fn add(&mut self, id: ParamId) {
        if self.modules.iter().any(|module| self.path.is_within(module)) {
            self.ids.push(id);
        }
    }
}

impl ModuleVisitor for Members {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.add(param.id);
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.add(flag.id);
    }
}
