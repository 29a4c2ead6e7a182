//! Weights from a file into a network.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorData};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use tl_backbones::{Architecture, Backbone, KeyPath, checkpoint_shapes};

use tl_image::contained_or;

use crate::foreign::unread_weights;
use crate::marks::is_safetensors;
use crate::matching::{ExpectedTensor, assign, is_in_stages, own, published, values};
use crate::report::LoadReport;
use crate::tensors::{Stored, Tensors, of_checkpoint, of_safetensors};
use crate::{WeightsError, checkpoint};

/// Bytes of one value of the widest type that is read, f64.
const WIDEST: u64 = 8;
/// What a file may be longer than the network: the head of ImageNet-21k on 2048 features (21,841 classes,
/// <https://arxiv.org/abs/2104.10972>), in f32, takes 179 MB.
const SLACK: u64 = 256 << 20;
/// The bytes that tell the format.
const MARK: u64 = 9;

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

/// Loads the bytes of a safetensors file (f64, f32, f16 or bf16) whose keys are the module's own, as f32.
///
/// # Errors
/// As [`load_file`]. The module is then unchanged.
pub fn load<M: Module>(module: &mut M, bytes: &[u8]) -> Result<LoadReport, WeightsError> {
    let wanted = own(checkpoint_shapes(module));
    contained_or(|| put(module, &wanted, of_safetensors(bytes)?))
}

/// Loads what [`stage_tensors`](crate::stage_tensors) gave, from the bytes of a safetensors file; its keys may have
/// `backbone.` in front, and other keys beside them. The classification head stays as it is.
///
/// # Errors
/// As [`load_file`]. The network is then unchanged.
pub fn load_stages(backbone: &mut Backbone, bytes: &[u8]) -> Result<LoadReport, WeightsError> {
    let stages = backbone.stages();
    let mut shapes = checkpoint_shapes(backbone);
    shapes.retain(|key, _| is_in_stages(&stages, key));
    contained_or(|| put(backbone, &own(shapes), of_safetensors(bytes)?))
}

/// Loads a file of weights whose keys are the module's own, as f32.
///
/// The content tells the format: safetensors, or PyTorch's own, which are the zip of `torch.save`, and the pickles and
/// the tar of old versions. Values are f64, f32, f16 or bf16.
///
/// A hostile file costs no more memory than a few times the network's: the length of the file, and then the sizes
/// that it declares for its tensors, are compared with the network's before any tensor is read. Nothing that a
/// pickle names is run. This does not cover a file that somebody changes while it is read.
///
/// # Errors
/// [`WeightsError::Read`] if there is no such file; [`WeightsError::Format`] if it is damaged or of another kind;
/// [`WeightsError::Calls`] if a pickle in it names something to call; [`WeightsError::TooLarge`] and
/// [`WeightsError::Type`] if its tensors cannot be the network's, [`WeightsError::NotFinite`] if their values cannot;
/// [`WeightsError::Unfit`] if any are missing or of another shape. The module is then unchanged.
pub fn load_file<M: Module>(module: &mut M, file: &Path) -> Result<LoadReport, WeightsError> {
    let wanted = own(checkpoint_shapes(module));
    put_file(module, &wanted, file)
}

/// Loads a file of published weights into a network of this architecture, as f32.
///
/// Formats, guarantees and errors are those of [`load_file`]; the backbone of a model file of `tl` is taken too. Keys
/// are those of the published checkpoint ([`Architecture::published`]). A classification head for another number of
/// classes is left out, and the report says so: the network keeps the one it has. So it does where the file has none.
///
/// Load before changing the channels of the images ([`Backbone::with_input_channels`]).
///
/// # Errors
/// As [`load_file`]. The network is then unchanged.
pub fn load_backbone(
    architecture: &Architecture,
    backbone: &mut Backbone,
    file: &Path,
) -> Result<LoadReport, WeightsError> {
    let wanted = published(architecture, checkpoint_shapes(backbone));
    put_file(backbone, &wanted, file)
}

/// [`load_backbone`] of the bytes of a safetensors file.
///
/// # Errors
/// As [`load_file`]. The network is then unchanged.
pub fn load_backbone_bytes(
    architecture: &Architecture,
    backbone: &mut Backbone,
    bytes: &[u8],
) -> Result<LoadReport, WeightsError> {
    let wanted = published(architecture, checkpoint_shapes(backbone));
    contained_or(|| put(backbone, &wanted, of_safetensors(bytes)?))
}

/// Looks at the beginning of a file of weights, and at its pickles: whether it is of a kind that is read, is told before any
/// tensor is.
///
/// # Errors
/// [`WeightsError::Read`], [`WeightsError::Format`] and [`WeightsError::Calls`] as [`load_file`].
pub fn check_file(path: &Path) -> Result<(), WeightsError> {
    if let Some(unread) = unread_weights(path) {
        return Err(unread.into());
    }
    if path.is_dir() {
        return Err(WeightsError::Format { detail: "it is a folder; give the file in it".to_owned() });
    }
    contained_or(|| {
        let (mut file, start) = begun(path)?;
        if is_safetensors(&start) {
            return Ok(());
        }
        file.rewind().map_err(|e| unreadable(path, &e))?;
        checkpoint::check(file)
    })
}

/// A file behind its first bytes, and these.
fn begun(path: &Path) -> Result<(File, Vec<u8>), WeightsError> {
    let failed = |e: std::io::Error| unreadable(path, &e);
    let (mut file, mut start) = (File::open(path).map_err(failed)?, Vec::new());
    file.by_ref().take(MARK).read_to_end(&mut start).map_err(failed)?;
    Ok((file, start))
}

fn unreadable(path: &Path, error: &std::io::Error) -> WeightsError {
    WeightsError::Read { path: path.to_owned(), detail: error.to_string() }
}

fn put_file<M: Module>(
    module: &mut M,
    wanted: &[ExpectedTensor],
    path: &Path,
) -> Result<LoadReport, WeightsError> {
    if let Some(unread) = unread_weights(path) {
        return Err(unread.into());
    }
    contained_or(|| put_known(module, wanted, path))
}

fn put_known<M: Module>(
    module: &mut M,
    wanted: &[ExpectedTensor],
    path: &Path,
) -> Result<LoadReport, WeightsError> {
    let failed = |e: std::io::Error| unreadable(path, &e);
    let (mut file, mut bytes) = begun(path)?;
    let longest = values(wanted).saturating_mul(WIDEST).saturating_add(SLACK);
    let length = file.metadata().map_err(failed)?.len();
    if length > longest {
        return Err(WeightsError::TooLarge { bytes: length, expected: longest });
    }
    if is_safetensors(&bytes) {
        // No more than was found above, also of a device or a pipe.
        file.take(length).read_to_end(&mut bytes).map_err(failed)?;
        return put(module, wanted, of_safetensors(&bytes)?);
    }
    file.rewind().map_err(failed)?;
    put(module, wanted, of_checkpoint(path, file)?)
}

fn put<M: Module>(
    module: &mut M,
    wanted: &[ExpectedTensor],
    tensors: Tensors<'_>,
) -> Result<LoadReport, WeightsError> {
    let (report, stored) = assign(wanted, tensors)?;
    let mut fill = LoadTensors { path: KeyPath::default(), stored, error: None };
    let loaded = module.clone().map(&mut fill);
    if let Some(error) = fill.error {
        return Err(error);
    }
    *module = loaded;
    Ok(report)
}

/// Sets every parameter and running statistic that a tensor was found for.
struct LoadTensors<'a> {
    path: KeyPath,
    stored: BTreeMap<String, Stored<'a>>,
    error: Option<WeightsError>,
}

impl LoadTensors<'_> {
    fn tensor<const D: usize>(
        &self,
        param: &Param<Tensor<D>>,
        stored: &Stored<'_>,
    ) -> Result<Tensor<D>, WeightsError> {
        let damaged = |detail: String| WeightsError::Format { detail };
        let dtype = stored.dtype.ok_or_else(|| WeightsError::Type { key: self.path.key() })?;
        // The published shape may have another rank; the values are in the same order.
        let shape = self.path.checkpoint_shape(param);
        let data = TensorData::try_from_bytes_vec(stored.read()?, shape, dtype)
            .map_err(|e| damaged(e.to_string()))?;
        let data = data.convert_dtype(DType::F32);
        let (values, _) = data.as_bytes().as_chunks::<4>();
        let finite = values.iter().all(|&value| f32::from_ne_bytes(value).is_finite());
        if !finite {
            return Err(WeightsError::NotFinite { key: self.path.key() });
        }
        let device = param.lazy_device();
        let tensor = Tensor::from_data(data, &device);
        if !self.path.is_transposed(D) {
            return Ok(tensor);
        }
        // In rows again, not a view.
        Ok(Tensor::from_data(tensor.swap_dims(0, 1).into_data(), &device))
    }
}

impl ModuleMapper for LoadTensors<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(stored) = self.stored.remove(&self.path.key()).filter(|_| self.error.is_none()) else {
            return param;
        };
        match self.tensor(&param, &stored) {
            Ok(tensor) => {
                let id = param.id;
                param.transform_for_load(tensor, id)
            }
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}
