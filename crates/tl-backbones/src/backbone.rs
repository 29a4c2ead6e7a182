//! One contract for every family: stages in order, pooled features, logits.

use burn::module::Module;
use burn::tensor::Tensor;
use std::ops::Range;

use crate::EfficientNet;

/// How many leading stages are frozen.
///
/// `Boundary(0)` trains everything; [`Backbone::end`] freezes the whole backbone, which is feature extraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boundary(pub usize);

/// What a family of networks provides.
pub trait Stages {
    /// The stages' names in order, the stem first, spelt as the checkpoint's modules.
    fn stage_names(&self) -> Vec<String>;
    /// One stage: the output of the stage before it (or the images) to `maps_bchw`.
    ///
    /// # Panics
    /// If `stage` is not below the number of stages.
    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4>;
    /// The last stage's `maps_bchw` to `features_bd`.
    fn pool(&self, maps_bchw: Tensor<4>) -> Tensor<2>;
    /// Width of the pooled features.
    fn feature_width(&self) -> usize;
    /// The published classification head: `features_bd` to `logits_bk`.
    fn classify(&self, features_bd: Tensor<2>) -> Tensor<2>;
}

/// A network of any family.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one value per program, and a box would hide the module from burn"
)]
pub enum Backbone {
    /// EfficientNet and EfficientNet-Lite.
    EfficientNet(EfficientNet),
}

impl Backbone {
    fn stages(&self) -> &dyn Stages {
        match self {
            Self::EfficientNet(network) => network,
        }
    }

    /// The stages' names in order, the stem first, spelt as the checkpoint's modules.
    pub fn stage_names(&self) -> Vec<String> {
        self.stages().stage_names()
    }

    /// The boundary behind the last stage: everything frozen, only a head learns.
    pub fn end(&self) -> Boundary {
        Boundary(self.stage_names().len())
    }

    /// Runs the stages of a range: the images, or the maps at its start, to the maps at its end.
    pub fn forward_stages(&self, stages: Range<usize>, input_bchw: Tensor<4>) -> Tensor<4> {
        stages.fold(input_bchw, |maps_bchw, stage| self.stages().forward_stage(stage, maps_bchw))
    }

    /// The last stage's maps to `features_bd`, by the pooling the network was published with.
    pub fn pool(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        self.stages().pool(maps_bchw)
    }

    /// Width of the pooled features.
    pub fn feature_width(&self) -> usize {
        self.stages().feature_width()
    }

    /// `images_bchw` to pooled `features_bd`.
    pub fn features(&self, images_bchw: Tensor<4>) -> Tensor<2> {
        self.pool(self.forward_stages(0..self.end().0, images_bchw))
    }

    /// `features_bd` to the `logits_bk` of the classes the network was pretrained on.
    pub fn classify(&self, features_bd: Tensor<2>) -> Tensor<2> {
        self.stages().classify(features_bd)
    }
}
