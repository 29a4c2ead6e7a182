//! A network compiled for one size of images: the same numbers as the burn module, in a fraction of the time.
//!
//! The network's graph (`tl-graph`) goes through passes: batch norms into weights; bias, activation and residual sum into the
//! epilogue of the convolution before them. What is left is said in the terms of kernels (`translate.rs`). Products may be rounded
//! (`quantize.rs`). Every buffer gets its place in one memory (`memory_plan.rs`), every step becomes a kernel with its weights in the
//! order of use (`lower.rs`). Running takes no memory of its own.

mod execution_graph;
mod kernel_calls;
mod lower;
mod memory_plan;
mod quantize;
mod ranges;
#[cfg(test)]
mod tests;
mod tilings;
mod translate;
mod workers;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Duration;
use tl_backbones::Backbone;
use tl_graph::{CaptureError, Graph, GraphError, fold_batch_norm, fuse};
use tl_heads::Matrix;

use crate::kernels::{Arena, Isa, Map};
use crate::{Arithmetic, Output, Precision};
use execution_graph::ExecutionGraph;
use kernel_calls::KernelCall;
use quantize::Target;
use translate::{Numbers, translate};

/// A network that is compiled for one size of images.
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
    steps: Vec<KernelCall>,
    /// The first call from which on several pictures are better taken together.
    heavy: usize,
    /// The number of floats of an image.
    image: usize,
    output: Map,
    /// The number of floats for the maps of a picture; each thread that works on it needs `scratch` more.
    floats: usize,
    scratch: usize,
    /// Memories that no thread uses right now.
    spare: Mutex<Vec<Arena>>,
}

/// Why a network could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The module makes no graph.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A graph that was checked went through a pass and is refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Plans have no kernels for some operations, or not for this use of them.
    #[error("there is no kernel for {}", listed(operations))]
    Unsupported {
        /// Each operation, the name of its node, and what about it is unusual.
        operations: Vec<String>,
        /// Multiply-adds of the whole graph for one picture.
        multiply_adds: u64,
    },
    /// A plan has one input and one output.
    #[error("the graph has {inputs} inputs and {outputs} outputs, a plan has one of each")]
    Ends {
        /// The number of inputs of the graph.
        inputs: usize,
        /// The number of outputs of the graph.
        outputs: usize,
    },
    /// A step does not fit the memory that was planned for it.
    #[error("the plan contradicts itself: {detail}")]
    Internal {
        /// The contradiction.
        detail: String,
    },
}

/// What a call of a kernel costs, for tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KernelCost {
    /// The kind of layer.
    pub kind: &'static str,
    /// The channels, height and width of the output.
    pub output: [usize; 3],
    /// Multiply-adds for one image, those with zeros in padded registers included.
    pub multiply_adds: usize,
    /// The time that was measured on one thread.
    pub time: Duration,
}

/// A network in the terms of kernels, its tilings chosen.
struct Network {
    graph: ExecutionGraph,
    /// The number that each node had before any pass.
    numbers: Vec<usize>,
    /// The number of nodes that had one.
    recorded: usize,
    /// The number of floats of an image.
    image: usize,
}

impl Network {
    /// The steps of a graph, products being done in this precision.
    fn new(isa: Isa, precision: Precision, graph: Graph) -> Result<Self, PlanError> {
        let recorded = Numbers::of(&graph);
        let graph = fuse(fold_batch_norm(graph)?)?;
        let image = graph.inputs().map(|input| input.shape().values()).sum();
        let (mut graph, numbers) = translate(&graph, &recorded)?;
        tilings::choose(&mut graph, isa.at_once(precision.format()));
        Ok(Self { graph, numbers, recorded: recorded.count(), image })
    }
}

/// The first few of some operations, and how many there are.
fn listed(operations: &[String]) -> String {
    match operations {
        [one] => one.clone(),
        [first, second, third, _, ..] => {
            format!("{} operations: {first}, {second}, {third} and others", operations.len())
        }
        few => format!("{} operations: {}", few.len(), few.join(", ")),
    }
}

fn foreign_ranges() -> PlanError {
    PlanError::Internal { detail: "the ranges of its values are those of other steps".to_owned() }
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
        if let Arithmetic::Int8(ranges) = arithmetic
            && ranges.output != output
        {
            return Err(foreign_ranges());
        }
        Self::of(isa, arithmetic, crate::network::capture(backbone, output, image_chw)?)
    }

    /// Compiles a graph that no pass has changed, with one input and one output.
    ///
    /// # Errors
    /// If the graph has an operation that plans do not know, and for bytes if there is not a range for each of its nodes.
    pub fn of_graph(graph: Graph, arithmetic: &Arithmetic) -> Result<Self, PlanError> {
        Self::of(Isa::detect(), arithmetic, graph)
    }

    fn of(isa: Isa, arithmetic: &Arithmetic, graph: Graph) -> Result<Self, PlanError> {
        let Network { graph, numbers, recorded, image } = Network::new(isa, arithmetic.precision(), graph)?;
        match arithmetic {
            Arithmetic::F32 => Self::build(isa, graph, image, Target::F32),
            Arithmetic::Bf16 => Self::build(isa, graph, image, Target::Bf16),
            Arithmetic::Int8(ranges) if ranges.values.len() == recorded => {
                let ranges: Vec<[f32; 2]> = numbers.iter().map(|&number| ranges.values[number]).collect();
                Self::build(isa, graph, image, Target::Int8(&ranges))
            }
            Arithmetic::Int8(_) => Err(foreign_ranges()),
        }
    }

    /// Compiles a graph whose image has so many floats.
    fn build(isa: Isa, graph: ExecutionGraph, image: usize, target: Target<'_>) -> Result<Self, PlanError> {
        let mut graph = quantize::quantize(graph, isa, target);
        quantize::merge(&mut graph);
        Self::placed(isa, &graph, image)
    }

    fn placed(isa: Isa, graph: &ExecutionGraph, image: usize) -> Result<Self, PlanError> {
        let uses = graph.uses();
        let memory = memory_plan::MemoryPlan::new(graph, &uses);
        let steps = lower::lower(graph, &uses, &memory, isa)?;
        let output = memory.map(graph, graph.output);
        let output = output.ok_or_else(|| PlanError::Internal { detail: "there is no output".to_owned() })?;
        let scratch = steps.iter().map(|step| step.kernel.scratch()).max().unwrap_or(0);
        let (floats, heavy) = (memory.floats, kernel_calls::heavy(&steps));
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

    /// The number of bytes that each thread uses.
    pub fn memory_bytes(&self) -> usize {
        (self.floats + self.scratch) * size_of::<f32>()
    }

    /// The calls of kernels, each with the least time of `runs` passes of one image.
    pub fn profile(&self, image_chw: &[f32], runs: usize) -> Vec<KernelCost> {
        let mut arena = self.arena(1);
        let mut costs: Vec<KernelCost> = self.steps.iter().map(KernelCall::cost).collect();
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
