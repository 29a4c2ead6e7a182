//! The summary of a network, what it costs: shapes, parameters and multiply-adds, stage by stage.
//!
//! Nothing is written down twice: the network itself runs, on a batch of no pictures, so that every layer finds out its
//! shapes and none computes anything, and the layers count as they go (`count.rs`). Parameters are views of a single
//! zero meanwhile: none is drawn, and none but the running layer's takes memory.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};

use crate::count::counted;
use crate::{Architecture, Backbone, Stage, checkpoint_shapes};

/// A network at one size of its images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The architecture's name.
    pub architecture: &'static str,
    /// Channels, height and width of the images.
    pub input: [usize; 3],
    /// The stages in order, the stem first.
    pub stages: Vec<StageSummary>,
    /// The classification head.
    pub head: HeadSummary,
    /// Trainable parameters of the whole network, as torchvision's `num_params`: running statistics do not count.
    pub parameters: u64,
    /// Multiply-adds of one image through stages and head, as torchvision's `_ops` (in units of 10⁹ there): convolutions
    /// and linear layers only, a multiplication and an addition together are one.
    pub multiply_adds: u64,
}

/// A stage of a [`Summary`]; the counts are as there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSummary {
    /// The stage's name, as in [`Stage`].
    pub name: String,
    /// Channels, height and width of its maps.
    pub output: [usize; 3],
    /// Number of trainable parameters.
    pub parameters: u64,
    /// Multiply-adds of one image.
    pub multiply_adds: u64,
    /// Values that its convolutions put out for one image: what training has to keep is a few times as much.
    pub outputs: u64,
}

/// The classification head in a [`Summary`]: from the last stage's maps to logits; the counts are as there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadSummary {
    /// Number of classes, which is that of the logits.
    pub classes: usize,
    /// Number of trainable parameters.
    pub parameters: u64,
    /// Multiply-adds of one image.
    pub multiply_adds: u64,
}

/// Images so small that a stage of the network has nothing left to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{architecture} needs images of at least {smallest}x{smallest} pixels, not {height}x{width}")]
pub struct ImageTooSmall {
    /// The architecture's name.
    pub architecture: &'static str,
    /// The network's [`smallest_input`](Architecture::smallest_input).
    pub smallest: usize,
    /// Height of the images.
    pub height: usize,
    /// Width of the images.
    pub width: usize,
}

/// The network at the size of image that its published weights were trained on.
pub fn summary(architecture: &Architecture) -> Summary {
    measure(architecture, [architecture.input_size; 2])
}

/// The network at images of any height and width, in pixels.
///
/// # Errors
/// [`ImageTooSmall`] below [`Architecture::smallest_input`].
pub fn summary_at(
    architecture: &Architecture,
    [height, width]: [usize; 2],
) -> Result<Summary, ImageTooSmall> {
    let (name, smallest) = (architecture.name, architecture.smallest_input);
    if height.min(width) < smallest {
        return Err(ImageTooSmall { architecture: name, smallest, height, width });
    }
    Ok(measure(architecture, [height, width]))
}

impl Summary {
    /// Parameters of no stage and not of the head: those of Inception-v3's auxiliary head, which only training uses.
    pub fn auxiliary_parameters(&self) -> u64 {
        let stages: u64 = self.stages.iter().map(|stage| stage.parameters).sum();
        self.parameters - stages - self.head.parameters
    }
}

fn measure(architecture: &Architecture, [height, width]: [usize; 2]) -> Summary {
    let device = Device::flex();
    let backbone = architecture.init(&device).map(&mut Hollow);
    let trained = trained(&backbone);
    let mut maps_bchw = Tensor::zeros([0, architecture.channels, height, width], &device);
    let start = counted();
    let stages = backbone.stages().into_iter().enumerate().map(|(index, stage)| {
        let before = counted();
        maps_bchw = backbone.forward_stages(index..index + 1, maps_bchw.clone());
        let [_, channels, height, width] = maps_bchw.dims();
        let count = counted() - before;
        StageSummary {
            parameters: parameters_of(&stage, &trained),
            name: stage.name,
            output: [channels, height, width],
            multiply_adds: count.multiply_adds,
            outputs: count.outputs,
        }
    });
    let stages = stages.collect();
    let before = counted();
    let [_, classes] = backbone.classify(maps_bchw).dims();
    let head = counted() - before;
    Summary {
        architecture: architecture.name,
        input: [architecture.channels, height, width],
        stages,
        head: HeadSummary { classes, parameters: head.parameters, multiply_adds: head.multiply_adds },
        parameters: trained.iter().map(|(_, values)| values).sum(),
        multiply_adds: (counted() - start).multiply_adds,
    }
}

/// Every trainable tensor: its key and its number of values.
fn trained(backbone: &Backbone) -> Vec<(String, u64)> {
    let shapes = checkpoint_shapes(backbone).into_iter();
    let learns = |key: &str| !key.ends_with(".running_mean") && !key.ends_with(".running_var");
    let values = |shape: Vec<usize>| shape.into_iter().product::<usize>() as u64;
    shapes.filter(|(key, _)| learns(key)).map(|(key, shape)| (key, values(shape))).collect()
}

fn parameters_of(stage: &Stage, trained: &[(String, u64)]) -> u64 {
    trained.iter().filter(|(key, _)| stage.holds(key)).map(|(_, values)| values).sum()
}

/// Replaces parameters by views of a single zero.
struct Hollow;

impl ModuleMapper for Hollow {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let zero = Tensor::<D>::zeros([1; D], &param.lazy_device());
        Param::initialized(param.id, zero.expand(param.lazy_shape()))
    }
}
