//! The tensors of a weights file of any format, not read yet.

use burn::tensor::DType;
use burn_store::pytorch_reader::{self, PytorchReader};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use crate::WeightsError;
use crate::checkpoint;

/// The longest header of a safetensors file: a thousand tensors take 100 kB.
const LONGEST_HEADER: u64 = 16 << 20;

/// A tensor in a file.
pub(crate) struct Stored<'a> {
    /// The tensor's shape, as PyTorch has it.
    pub(crate) shape: Vec<usize>,
    /// The tensor's type, if it is one of real numbers.
    pub(crate) dtype: Option<DType>,
    /// The bytes it takes when it is read.
    pub(crate) length: u64,
    content: Content<'a>,
}

enum Content<'a> {
    Here(&'a [u8]),
    There(pytorch_reader::Tensor),
}

/// The tensors of a file by key.
pub(crate) type Tensors<'a> = BTreeMap<String, Stored<'a>>;

impl Stored<'_> {
    /// A tensor of this shape without values.
    #[cfg(test)]
    pub(crate) fn empty(shape: Vec<usize>) -> Self {
        Self { shape, dtype: Some(DType::F32), length: 0, content: Content::Here(&[]) }
    }

    /// Reads the tensor's bytes, in rows.
    pub(crate) fn read(&self) -> Result<Vec<u8>, WeightsError> {
        match &self.content {
            Content::Here(bytes) => Ok(bytes.to_vec()),
            Content::There(tensor) => tensor.read().map_err(unreadable),
        }
    }
}

/// The tensors of a safetensors file.
///
/// # Errors
/// [`WeightsError::Format`].
pub(crate) fn of_safetensors(bytes: &[u8]) -> Result<Tensors<'_>, WeightsError> {
    let length = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if length > LONGEST_HEADER {
        let detail = format!("its header of {length} bytes is longer than that of any network");
        return Err(WeightsError::Format { detail });
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(unreadable)?;
    let stored = tensors.iter().map(|(key, tensor)| {
        let dtype = match tensor.dtype() {
            Dtype::F64 => Some(DType::F64),
            Dtype::F32 => Some(DType::F32),
            Dtype::F16 => Some(DType::F16),
            Dtype::BF16 => Some(DType::BF16),
            _ => None,
        };
        let (shape, data) = (tensor.shape().to_vec(), tensor.data());
        (key.to_owned(), Stored { shape, dtype, length: data.len() as u64, content: Content::Here(data) })
    });
    Ok(stored.collect())
}

/// The tensors of a file of PyTorch's, which are read from it one at a time.
///
/// # Errors
/// [`WeightsError::Calls`] or [`WeightsError::Format`].
pub(crate) fn of_checkpoint(path: &Path, file: File) -> Result<Tensors<'static>, WeightsError> {
    checkpoint::check(file)?;
    let reader = PytorchReader::new(path).map_err(unreadable)?;
    Ok(reader.into_tensors().into_iter().map(|(key, tensor)| (key, of_pytorch(tensor))).collect())
}

fn of_pytorch(tensor: pytorch_reader::Tensor) -> Stored<'static> {
    let dtype = match tensor.dtype() {
        pytorch_reader::DType::F64 => Some(DType::F64),
        pytorch_reader::DType::F32 => Some(DType::F32),
        pytorch_reader::DType::F16 => Some(DType::F16),
        pytorch_reader::DType::BF16 => Some(DType::BF16),
        _ => None,
    };
    let (shape, length) = (tensor.shape().to_vec(), tensor.byte_len() as u64);
    Stored { shape, dtype, length, content: Content::There(tensor) }
}

fn unreadable(error: impl std::fmt::Display) -> WeightsError {
    WeightsError::Format { detail: error.to_string() }
}
