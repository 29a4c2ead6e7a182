//! A network in which nothing learns.

use burn::tensor::{Device, Tensor, TensorData};
use tl_backbones::Backbone;
use tl_heads::Matrix;

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

    /// Normalised pictures, `[batch, 3, size, size]` flattened, to pooled features, `[batch, features]`.
    pub fn features(&self, images_bchw: Vec<f32>, size: usize) -> Matrix {
        matrix(self.pooled(images_bchw, size))
    }

    /// Pooled features to the logits of the classes the network was pretrained on, `[batch, classes]`.
    pub fn classify(&self, features_nd: &Matrix) -> Matrix {
        let shape = [features_nd.rows(), features_nd.columns()];
        let features_bd = TensorData::new(features_nd.values().to_vec(), shape);
        matrix(self.backbone.classify(Tensor::from_data(features_bd, &self.device)))
    }

    /// burn's operations do not take empty batches: at least one picture.
    fn pooled(&self, images_bchw: Vec<f32>, size: usize) -> Tensor<2> {
        let batch = images_bchw.len() / (3 * size * size).max(1);
        let images_bchw = TensorData::new(images_bchw, [batch, 3, size, size]);
        self.backbone.features(Tensor::from_data(images_bchw, &self.device))
    }
}

fn matrix(tensor: Tensor<2>) -> Matrix {
    let [_, columns] = tensor.dims();
    Matrix::with_columns(columns, tensor.into_data().iter::<f32>().collect())
}
