//! Tensors from a safetensors file into a module, by name.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor};
use burn_store::{
    ApplyResult, FloatCastAdapter, ModuleAdapter, ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore,
};
use safetensors::SafeTensors;

use crate::WeightsError;

/// What became of every key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// Paths of the parameters and statistics that were set.
    pub matched: Vec<String>,
    /// Keys of the file that the network has no use for.
    pub unexpected: Vec<String>,
}

/// Number of scalar parameters of a module, running statistics included.
pub fn parameter_count<M: Module>(module: &M) -> u64 {
    let mut count = Count(0);
    module.visit(&mut count);
    count.0
}

struct Count(u64);

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 += param.lazy_shape().num_elements() as u64;
    }
}

/// Loads a safetensors file (f64, f32, f16 or bf16, PyTorch's key names and layouts) into `module`, as f32.
///
/// The size of the file is compared with the network's before any tensor is read, so a hostile file costs no more
/// memory than the network itself.
///
/// # Errors
/// If the file is damaged, too large, lacks a tensor, or holds one of another shape. The module is then unchanged.
pub fn load<M: Module + ModuleSnapshot>(module: &mut M, bytes: &[u8]) -> Result<LoadReport, WeightsError> {
    check_size(bytes, parameter_count(module))?;
    let mut loaded = module.clone();
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let mut store = SafetensorsStore::from_bytes(Some(bytes.to_vec()))
        .with_from_adapter(adapter)
        .skip_enum_variants(true)
        .validate(false)
        .allow_partial(true);
    let result = loaded.load_from(&mut store).map_err(|e| WeightsError::Format { detail: e.to_string() })?;
    let report = judge(result)?;
    *module = loaded;
    Ok(report)
}

fn check_size(bytes: &[u8], parameters: u64) -> Result<(), WeightsError> {
    let tensors =
        SafeTensors::deserialize(bytes).map_err(|e| WeightsError::Format { detail: e.to_string() })?;
    let held = tensors.iter().map(|(_, tensor)| tensor.data().len() as u64).sum();
    let expected = parameters * size_of::<f64>() as u64;
    if held > expected { Err(WeightsError::TooLarge { bytes: held, expected }) } else { Ok(()) }
}

fn judge(result: ApplyResult) -> Result<LoadReport, WeightsError> {
    if let Some(error) = result.errors.first() {
        return Err(WeightsError::Mismatch { detail: error.to_string() });
    }
    if let Some((first, _)) = result.missing.first() {
        return Err(WeightsError::Missing { count: result.missing.len(), first: first.clone() });
    }
    Ok(LoadReport { matched: result.applied, unexpected: result.unused })
}
