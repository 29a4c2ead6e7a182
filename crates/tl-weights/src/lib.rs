//! Pretrained weights: the [catalogue](CATALOGUE) says where they are, with which hash, licence and preprocessing;
//! [`load`] puts them into a network and says what became of every key.
//!
//! ```
//! use burn::tensor::Device;
//!
//! # #[cfg(feature = "embedded")] {
//! let weights = tl_weights::find("efficientnet_lite0.in1k")?;
//! let mut backbone = tl_backbones::architecture(weights.architecture)?.init(&Device::flex());
//! let report = tl_weights::load(&mut backbone, &weights.bytes()?)?;
//! assert_eq!(report.unexpected.len(), 0);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalogue;
mod error;
mod imagenet;
mod load;

pub use catalogue::{CATALOGUE, Source, Weights, default_for, find};
pub use error::WeightsError;
pub use imagenet::imagenet_classes;
pub use load::{LoadReport, load, parameter_count};
