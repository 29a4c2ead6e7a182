//! A network in which nothing learns.

use burn::tensor::{Device, Tensor, TensorData};
use tl_backbones::{Backbone, Boundary};
use tl_heads::Matrix;

use crate::Output;

/// A backbone used for inference alone, on the device it was built on.
#[derive(Debug)]
pub struct Frozen {
    backbone: Backbone,
    device: Device,
}

impl Frozen {
    /// Freezes `backbone`, whose parameters are on `device`; a device without autodiff.
    pub fn new(backbone: Backbone, device: Device) -> Self {
        Self { backbone, device }
    }

    /// The network.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// Normalised pictures to [`features`](Self::features) or [`logits`](Self::logits).
    pub fn output(&self, output: Output, images_bchw: Vec<f32>, size: usize) -> Matrix {
        match output {
            Output::Features => self.features(images_bchw, size),
            Output::Logits => self.logits(images_bchw, size),
            Output::Maps(boundary) => self.maps(boundary, images_bchw, size),
        }
    }

    /// Normalised pictures, `[batch, 3, size, size]` flattened, to pooled features, `[batch, features]`.
    pub fn features(&self, images_bchw: Vec<f32>, size: usize) -> Matrix {
        matrix(self.backbone.features(self.images(images_bchw, size)))
    }

    /// Normalised pictures, `[batch, 3, size, size]` flattened, to the logits of the classes the network was pretrained
    /// on, `[batch, classes]`.
    pub fn logits(&self, images_bchw: Vec<f32>, size: usize) -> Matrix {
        matrix(self.backbone.logits(self.images(images_bchw, size)))
    }

    fn maps(&self, boundary: Boundary, images_bchw: Vec<f32>, size: usize) -> Matrix {
        matrix(self.backbone.forward_stages(0..boundary.0, self.images(images_bchw, size)).flatten(1, 3))
    }

    /// burn's operations do not take empty batches: at least one picture.
    fn images(&self, images_bchw: Vec<f32>, size: usize) -> Tensor<4> {
        let batch = images_bchw.len() / (3 * size * size).max(1);
        Tensor::from_data(TensorData::new(images_bchw, [batch, 3, size, size]), &self.device)
    }
}

fn matrix(tensor: Tensor<2>) -> Matrix {
    let [_, columns] = tensor.dims();
    Matrix::with_columns(columns, tensor.into_data().iter::<f32>().collect())
}
