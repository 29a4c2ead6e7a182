//! From a burn module to a [`Graph`]: its forward pass runs once on burn's capture device, which records instead of
//! computing.
//!
//! Two pictures of zeros go through at once, so that whatever would mix the pictures of a batch is seen, and refused.

mod constants;
mod operations;
mod recording;

use burn::backend::Capture as CaptureBackend;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Device, Tensor};
use burn_ir::TensorId;
use std::collections::HashMap;

use crate::{Graph, GraphError, Shape};

/// Pictures that are recorded at once.
const BATCH: usize = 2;

/// A parameter's place in a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointKey {
    /// The tensor's key in the checkpoint.
    pub name: String,
    /// Whether the checkpoint's tensor is the parameter's transpose, as it is for linear layers.
    pub transposed: bool,
}

/// Why a module could not be captured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    /// burn could not record it.
    #[error("the network cannot be recorded: {detail}")]
    Burn {
        /// The message of burn's error.
        detail: String,
    },
    /// The module has an operation that graphs do not have.
    #[error("graphs have no operation for burn's {operation} (the network has {count} of this kind)")]
    Unsupported {
        /// The first such operation, as burn calls it, and the shape of what it makes.
        operation: String,
        /// Operations of this kind that the network has.
        count: usize,
    },
    /// The module uses an operation in a way that graphs do not have.
    #[error("graphs have no {operation} {reason}")]
    Refused {
        /// The operation, as burn calls it, and the shape of what it makes.
        operation: String,
        /// The way in which the operation is used.
        reason: &'static str,
    },
    /// burn's operation makes something of another shape than the graph's: the two do not mean the same.
    #[error("burn's {operation} makes {recorded}, the graph's {inferred}")]
    Shape {
        /// The operation, as burn calls it.
        operation: String,
        /// The shape that burn recorded.
        recorded: Shape,
        /// The shape that the graph has.
        inferred: Shape,
    },
    /// What was recorded makes no graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What a forward pass takes and gives while it is captured.
#[derive(Debug)]
pub struct Capture {
    device: Device,
    inputs: Vec<(String, Shape, TensorId)>,
    outputs: Vec<(String, TensorId)>,
}

/// The graph of what `forward` computes with a module.
///
/// `keys` has every parameter that `forward` uses: only those are moved to the capture device. `forward` asks for its inputs and
/// names its outputs.
///
/// # Errors
/// [`CaptureError`], if the module does anything that graphs do not have.
pub fn capture<M: Module>(
    module: &M,
    keys: &HashMap<ParamId, CheckpointKey>,
    forward: impl FnOnce(&M, &mut Capture) -> Result<(), CaptureError>,
) -> Result<Graph, CaptureError> {
    let device = Device::capture();
    let (mut capture, mut done) = (Capture::on(device.clone()), Ok(()));
    let mut onto = OntoDevice { keys, device: device.clone(), moved: HashMap::new() };
    let recorded = device.capture_scope(|scope| {
        // A clone would share its running statistics with the original, which would move along.
        let module = module.valid().map(&mut onto);
        done = forward(&module, &mut capture);
        scope.complete([], [])
    });
    done?;
    let recorded = recorded.map_err(|error| CaptureError::Burn { detail: error.to_string() })?;
    recording::read(recorded, &capture, &onto.moved)
}

impl Capture {
    fn on(device: Device) -> Self {
        Self { device, inputs: Vec::new(), outputs: Vec::new() }
    }

    /// Gives the forward pass an input of this name, whose shape is that of one picture.
    ///
    /// # Errors
    /// [`CaptureError::Burn`] if the tensor has not one axis more than the shape, for the batch.
    pub fn input<const D: usize>(&mut self, name: &str, shape: Shape) -> Result<Tensor<D>, CaptureError> {
        let lengths = [&[BATCH][..], shape.axes()].concat();
        let lengths: [usize; D] = lengths.try_into().map_err(|_| CaptureError::Burn {
            detail: format!("an input of shape {shape} is no tensor with {D} axes"),
        })?;
        let zeros = Tensor::<D>::zeros(lengths, &Device::flex()).to_device(&self.device);
        let id = id(zeros.clone())?;
        self.inputs.push((name.to_owned(), shape, id));
        Ok(zeros)
    }

    /// Names a tensor that the forward pass gives; it need not be what it computes last.
    ///
    /// # Errors
    /// [`CaptureError::Burn`] if the tensor is not of this capture.
    pub fn output<const D: usize>(&mut self, name: &str, tensor: Tensor<D>) -> Result<(), CaptureError> {
        self.outputs.push((name.to_owned(), id(tensor)?));
        Ok(())
    }
}

/// burn's number of a tensor on the capture device.
fn id<const D: usize>(tensor: Tensor<D>) -> Result<TensorId, CaptureError> {
    let primitive = tensor.try_into_primitive::<CaptureBackend>();
    let primitive = primitive.map_err(|error| CaptureError::Burn { detail: format!("{error:?}") })?;
    Ok(primitive.id())
}

/// Moves parameters to the capture device, and notes what they are called there.
struct OntoDevice<'a> {
    keys: &'a HashMap<ParamId, CheckpointKey>,
    device: Device,
    moved: HashMap<TensorId, CheckpointKey>,
}

impl ModuleMapper for OntoDevice<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(key) = self.keys.get(&param.id) else { return param };
        let param_id = param.id;
        let tensor = param.into_value().to_device(&self.device);
        if let Ok(id) = id(tensor.clone()) {
            self.moved.insert(id, key.clone());
        }
        Param::initialized(param_id, tensor)
    }
}
