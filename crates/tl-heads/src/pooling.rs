//! Pooling: how the last stage's maps become one row per picture.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::Matrix;

/// How the last stage's maps become one row per picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The network's own, which the network applies: see `tl_backbones::Backbone::pool`.
    #[default]
    Published,
    /// The mean over height and width.
    Average,
    /// The largest value over height and width.
    Max,
    /// The largest values, then the means, as fastai's `AdaptiveConcatPool2d`:
    /// <https://github.com/fastai/fastai/blob/main/fastai/layers.py>
    Concat,
    /// Every value, channel by channel and each row by row: the head then takes pictures of one size only.
    Flatten,
}

impl Pooling {
    /// Pools `maps_bchw` to `features_bd`. [`Pooling::Published`] is taken for [`Pooling::Average`] here: a network with a
    /// way of its own applies it itself.
    pub fn apply(self, maps_bchw: Tensor<4>) -> Tensor<2> {
        let [batch, channels, height, width] = maps_bchw.dims();
        let places_bcp = maps_bchw.reshape([batch, channels, height * width]);
        match self {
            Self::Published | Self::Average => average(places_bcp),
            Self::Max => max(places_bcp),
            Self::Concat => Tensor::cat(vec![max(places_bcp.clone()), average(places_bcp)], 1),
            Self::Flatten => places_bcp.reshape([batch, channels * height * width]),
        }
    }

    /// The pooling in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Published => "the network's own pooling",
            Self::Average => "average pooling",
            Self::Max => "max pooling",
            Self::Concat => "max and average pooling",
            Self::Flatten => "no pooling",
        }
    }

    /// [`apply`](Self::apply) to maps in rows, one for each picture, channel by channel; height and width do not matter to it.
    pub fn of_rows(self, maps: &Matrix, channels: usize) -> Matrix {
        let shape = [maps.rows(), channels, maps.columns() / channels.max(1), 1];
        let maps_bchw =
            Tensor::<4>::from_data(TensorData::new(maps.values().to_vec(), shape), &Device::flex());
        let features_bd = self.apply(maps_bchw);
        let [_, columns] = features_bd.dims();
        Matrix::with_columns(columns, features_bd.into_data().iter::<f32>().collect())
    }

    /// The number of features that [`apply`](Self::apply) makes of maps of this shape.
    pub fn width(self, channels: usize, height: usize, width: usize) -> usize {
        match self {
            Self::Published | Self::Average | Self::Max => channels,
            Self::Concat => 2 * channels,
            Self::Flatten => channels * height * width,
        }
    }
}

fn average(places_bcp: Tensor<3>) -> Tensor<2> {
    let [batch, channels, _] = places_bcp.dims();
    places_bcp.mean_dim(2).reshape([batch, channels])
}

fn max(places_bcp: Tensor<3>) -> Tensor<2> {
    let [batch, channels, _] = places_bcp.dims();
    places_bcp.max_dim(2).reshape([batch, channels])
}
