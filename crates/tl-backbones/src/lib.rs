//! Convolutional networks for transfer learning, as [burn](https://burn.dev) modules.
//!
//! A backbone is a stem and stages, in order. A [`Boundary`] cuts it into a frozen prefix and a trainable rest. Field
//! names spell the keys of the published checkpoint, so that loading needs no renaming table; variants of a family are
//! rows of a table ([`ARCHITECTURES`]).
//!
//! Shapes in names: `images_bchw` is `[batch, 3, height, width]`, normalised as the weights ask; `maps_bchw` a stage's
//! output; `features_bd` is `[batch, features]`; `logits_bk` is `[batch, classes]`.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::flex();
//! let backbone = tl_backbones::resnet18().init(&device);
//! let images_bchw = Tensor::zeros([1, 3, 64, 64], &device);
//! let features_bd = backbone.features(images_bchw);
//! assert_eq!(features_bd.dims(), [1, 512]);
//! ```

mod architecture;
mod backbone;
mod count;
mod input;
mod keys;
mod layers;
mod stages;
mod summary;

pub use architecture::*;
pub use backbone::Boundary;
pub use keys::{CheckpointPlace, KeyPath, checkpoint_places, checkpoint_shapes};
pub use stages::{Stage, Stages};
pub use summary::{HeadSummary, ImageTooSmall, StageSummary, Summary, summary, summary_at};
