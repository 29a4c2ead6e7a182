//! A network compiled for one size of images: the same numbers as the burn module, in a fraction of the time.
//!
//! The module is recorded once (`capture.rs`, `recording.rs`), its steps are fused (`fuse.rs`): batch norms into weights; bias, activation
//! and residual sum into the end of the convolution before them. Products may be rounded (`narrow.rs`). Every buffer gets its place in one memory (`place.rs`),
//! every step becomes a kernel with its weights in the order of use (`lower.rs`). Running takes no memory of its own.

mod capture;
mod fuse;
mod graph;
mod lower;
mod narrow;
mod place;
mod ranges;
mod recording;
mod steps;
#[cfg(test)]
mod tests;
mod tilings;
mod windows;
mod workers;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Duration;
use tl_backbones::Backbone;
use tl_heads::Matrix;

use crate::kernels::{Arena, Isa, Map};
use crate::{Arithmetic, Output, Precision};
use narrow::Target;
use steps::Step;

/// A compiled network.
///
/// ```
/// use std::num::NonZeroUsize;
/// use tl_frozen::{Output, Plan};
/// # let device = burn::tensor::Device::flex();
/// let backbone = tl_backbones::mobilenetv2_050().init(&device);
/// let plan = Plan::compile(&backbone, Output::Features, [3, 64, 96])?;
/// let images_bchw = vec![0.5; 2 * 3 * 64 * 96];
/// let features_bd = plan.run(&images_bchw, NonZeroUsize::MIN);
/// assert_eq!((features_bd.rows(), features_bd.columns()), (2, 1280));
/// # Ok::<(), tl_frozen::PlanError>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    /// The first step from which on several pictures are better taken together.
    heavy: usize,
    /// Of the image, in floats.
    image: usize,
    output: Map,
    /// For the maps of a picture, and more for each thread that works on it.
    floats: usize,
    scratch: usize,
    /// Memories that no thread uses right now.
    spare: Mutex<Vec<Arena>>,
}

/// Why a network could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The module could not be recorded.
    #[error("the network cannot be recorded: {detail}")]
    Capture {
        /// What burn says.
        detail: String,
    },
    /// The network has an operation that plans do not know.
    #[error("plans do not know the operation {operation}")]
    Unsupported {
        /// The operation, as burn records it.
        operation: String,
    },
    /// A step does not fit the memory that was planned for it.
    #[error("the plan contradicts itself: {detail}")]
    Internal {
        /// What contradicts what.
        detail: String,
    },
}

/// One step of a plan, for tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepCost {
    /// Kind of layer.
    pub kind: &'static str,
    /// Channels, height and width of its output.
    pub output: [usize; 3],
    /// Multiply-adds for one image, those with zeros in padded registers included.
    pub multiply_adds: usize,
    /// Measured, on one thread.
    pub time: Duration,
}

impl Plan {
    /// Compiles what `output` needs of a network, for images of this many channels, height and width.
    ///
    /// # Errors
    /// If the network has an operation that plans do not know.
    pub fn compile(backbone: &Backbone, output: Output, image_chw: [usize; 3]) -> Result<Self, PlanError> {
        Self::compile_with(&Arithmetic::F32, backbone, output, image_chw)
    }

    /// [`compile`](Self::compile), for products of rounded factors. What is not a product, and small filters where
    /// Winograd's method in floats is faster, stays in floats, and so does everything where the processor has no
    /// instructions for the precision ([`Precision::is_available`]).
    ///
    /// # Errors
    /// If the network has an operation that plans do not know.
    pub fn compile_with(
        arithmetic: &Arithmetic,
        backbone: &Backbone,
        output: Output,
        image_chw: [usize; 3],
    ) -> Result<Self, PlanError> {
        Self::compile_for(Isa::detect(), arithmetic, backbone, output, image_chw)
    }

    pub(crate) fn compile_for(
        isa: Isa,
        arithmetic: &Arithmetic,
        backbone: &Backbone,
        output: Output,
        image_chw: [usize; 3],
    ) -> Result<Self, PlanError> {
        let image = image_chw.iter().product();
        let precision = arithmetic.precision();
        let graph = Self::graph(isa, precision, backbone, output, image_chw)?;
        let target = match arithmetic {
            Arithmetic::F32 => Target::F32,
            Arithmetic::Bf16 => Target::Bf16,
            Arithmetic::Int8(ranges)
                if ranges.output == output && ranges.values.len() == graph.nodes.len() =>
            {
                Target::Int8(&ranges.values)
            }
            Arithmetic::Int8(_) => {
                let detail = "the ranges of its values are those of other steps".to_owned();
                return Err(PlanError::Internal { detail });
            }
        };
        Self::build(isa, graph, image, target)
    }

    /// The steps of a network, products being done in this precision.
    fn graph(
        isa: Isa,
        precision: Precision,
        backbone: &Backbone,
        output: Output,
        image_chw: [usize; 3],
    ) -> Result<graph::Graph, PlanError> {
        let mut graph = capture::capture(backbone, output, image_chw)?;
        fuse::fuse(&mut graph);
        let format = precision.format();
        tilings::choose(&mut graph, isa.at_once(format));
        Ok(graph)
    }

    /// Of a graph whose image has so many floats.
    fn build(isa: Isa, graph: graph::Graph, image: usize, target: Target<'_>) -> Result<Self, PlanError> {
        let mut graph = narrow::narrow(graph, isa, target);
        narrow::merge(&mut graph);
        Self::placed(isa, &graph, image)
    }

    fn placed(isa: Isa, graph: &graph::Graph, image: usize) -> Result<Self, PlanError> {
        let uses = graph.uses();
        let places = place::Places::new(graph, &uses);
        let steps = lower::lower(graph, &uses, &places, isa)?;
        let output = places.map(graph, graph.output);
        let output = output.ok_or_else(|| PlanError::Internal { detail: "there is no output".to_owned() })?;
        let scratch = steps.iter().map(|step| step.kernel.scratch()).max().unwrap_or(0);
        let (floats, heavy) = (places.floats, steps::heavy(&steps));
        Ok(Self { steps, heavy, image, output, floats, scratch, spare: Mutex::default() })
    }

    /// Images `[batch, channels, height, width]` to what the plan was compiled for: a row per image, maps channel by
    /// channel. No bit of a row depends on the other images or on the number of threads.
    pub fn run(&self, images_bchw: &[f32], threads: NonZeroUsize) -> Matrix {
        let columns = self.output.channels * self.output.height * self.output.width;
        let mut values = vec![0.0; images_bchw.len() / self.image.max(1) * columns];
        workers::run(self, images_bchw, &mut values, threads.get());
        Matrix::with_columns(columns, values)
    }

    /// Bytes of memory that each thread uses.
    pub fn memory_bytes(&self) -> usize {
        (self.floats + self.scratch) * size_of::<f32>()
    }

    /// The steps, each with the least time of `runs` passes of one image.
    pub fn profile(&self, image_chw: &[f32], runs: usize) -> Vec<StepCost> {
        let mut arena = self.arena(1);
        let mut costs: Vec<StepCost> = self.steps.iter().map(Step::cost).collect();
        for _ in 0..runs {
            for (cost, step) in costs.iter_mut().zip(&self.steps) {
                cost.time = cost.time.min(workers::time(step, &mut arena, image_chw));
            }
        }
        self.give_back(arena);
        costs
    }

    /// A memory for one picture and so many threads.
    fn arena(&self, threads: usize) -> Arena {
        let floats = self.floats + threads * self.scratch;
        let spare = self.spare.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        spare.filter(|arena| arena.holds(floats)).unwrap_or_else(|| Arena::new(floats))
    }

    fn give_back(&self, arena: Arena) {
        self.spare.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(arena);
    }
}
