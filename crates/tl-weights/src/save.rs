//! The tensors of a network, for a file.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, f16};
use safetensors::View;
use safetensors::tensor::Dtype;
use std::borrow::Cow;
use tl_backbones::{Backbone, KeyPath, Stage};

use crate::matching::is_in_stages;

/// A tensor as safetensors stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedTensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Key and content of every tensor of a backbone's stages, running statistics included; those of the published
/// classification head are left out. [`load_stages`](crate::load_stages) reads them.
///
/// A tensor whose values f16 holds exactly is stored in f16: weights that were published in half precision take half
/// the room, and none loses a bit.
pub fn stage_tensors(backbone: &Backbone) -> Vec<(String, SavedTensor)> {
    let mut collect = Collect { path: KeyPath::default(), stages: backbone.stages(), found: Vec::new() };
    backbone.visit(&mut collect);
    collect.found
}

struct Collect {
    path: KeyPath,
    stages: Vec<Stage>,
    found: Vec<(String, SavedTensor)>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let key = self.path.key();
        if !is_in_stages(&self.stages, &key) {
            return;
        }
        let shape = self.path.checkpoint_shape(param);
        let tensor = param.val();
        let tensor = if self.path.is_transposed(D) { tensor.swap_dims(0, 1) } else { tensor };
        let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
        self.found.push((key, SavedTensor::smallest(shape, &values)));
    }
}

impl SavedTensor {
    /// A tensor in f32; `values` has as many as the shape says.
    pub fn f32(shape: Vec<usize>, values: &[f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// A tensor of bytes; there are as many as the shape says.
    pub fn bytes(shape: Vec<usize>, bytes: Vec<u8>) -> Self {
        Self { dtype: Dtype::U8, shape, bytes }
    }

    /// A tensor in f16 if that is exact, else in f32.
    fn smallest(shape: Vec<usize>, values: &[f32]) -> Self {
        let halves: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
        let exact = halves.iter().zip(values).all(|(half, value)| half.to_f32().to_bits() == value.to_bits());
        if exact {
            let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            Self { dtype: Dtype::F16, shape, bytes }
        } else {
            Self::f32(shape, values)
        }
    }
}

impl View for SavedTensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_f16_holds_exactly_takes_two_bytes_and_the_rest_four() {
        for (values, dtype) in [
            (vec![0.5, -0.0, 65504.0], Dtype::F16),
            (vec![0.5, 0.1], Dtype::F32),
            (vec![70_000.0], Dtype::F32),
            (vec![f32::INFINITY], Dtype::F16),
            (vec![1e-8], Dtype::F32),
        ] {
            let saved = SavedTensor::smallest(vec![values.len()], &values);
            assert_eq!(saved.dtype, dtype, "{values:?}");
            assert_eq!(saved.bytes.len(), values.len() * if dtype == Dtype::F16 { 2 } else { 4 });
        }
    }
}
