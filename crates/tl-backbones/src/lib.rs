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
//! let backbone = tl_backbones::efficientnet_lite0().init(&device);
//! let images_bchw = Tensor::zeros([1, 3, 64, 64], &device);
//! let features_bd = backbone.features(images_bchw);
//! assert_eq!(features_bd.dims(), [1, 1280]);
//! ```

mod architecture;
mod backbone;
mod efficientnet;

pub use architecture::{ARCHITECTURES, Architecture, UnknownArchitecture, architecture, efficientnet_lite0};
pub use backbone::{Backbone, Boundary, Stages};
pub use efficientnet::{EfficientNet, EfficientNetConfig};
