//! One contract for every family: stages in order, pooled features, logits.

use burn::tensor::Tensor;

use crate::layers::global_average;

/// A part of a network that is frozen or trained as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The stage's name, spelt as the checkpoint's first module of the stage.
    pub name: String,
    /// The modules that belong to it, spelt as in the checkpoint: `layer1`, `features.norm5`.
    pub modules: Vec<String>,
}

impl Stage {
    /// A stage of the given modules.
    pub fn new(name: impl Into<String>, modules: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { name: name.into(), modules: modules.into_iter().map(Into::into).collect() }
    }

    /// A stage that is one module of the checkpoint.
    pub fn of(module: impl Into<String>) -> Self {
        let name = module.into();
        Self { modules: vec![name.clone()], name }
    }

    /// Whether a key, spelt as by [`checkpoint_shapes`](crate::checkpoint_shapes), is of one of the stage's modules.
    pub fn holds(&self, key: &str) -> bool {
        let inside = |rest: &str| rest.is_empty() || rest.starts_with('.');
        self.modules.iter().any(|module| key.strip_prefix(module.as_str()).is_some_and(inside))
    }
}

/// What a family of networks provides.
pub trait Stages {
    /// The stages in order, the stem first. Parameters that [`pool`](Self::pool) uses belong to the last stage; those
    /// of [`classify`](Self::classify) to none.
    fn stages(&self) -> Vec<Stage>;
    /// Runs one stage: the output of the stage before it (or the images) to `maps_bchw`.
    ///
    /// # Panics
    /// If `stage` is not below the number of stages.
    fn forward_stage(&self, stage: usize, input_bchw: Tensor<4>) -> Tensor<4>;
    /// The last stage's `maps_bchw` to `features_bd`: their global average, unless the network has its own way.
    fn pool(&self, maps_bchw: Tensor<4>) -> Tensor<2> {
        global_average(maps_bchw)
    }
    /// The published classification head: the last stage's `maps_bchw` to `logits_bk`.
    ///
    /// It starts at the maps, for not every head starts at the pooled features (VGG's looks at 7x7 places).
    fn classify(&self, maps_bchw: Tensor<4>) -> Tensor<2>;
    /// Makes the first convolution take images of another number of channels, as timm's `adapt_input_conv` does.
    fn adapt_input(&mut self, channels: usize);
}
