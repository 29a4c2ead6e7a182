//! Pretrained weights: the [catalogue](catalogue()) says where they are, with which hash, licence and preprocessing; the
//! [`Cache`] fetches and verifies them; [`load`] puts them into a network and says what became of every key.
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

mod address;
mod cache;
mod catalogue;
mod checkpoint;
mod error;
mod fetch;
mod fetch_error;
mod imagenet;
mod load;
mod matching;
mod part;
mod pickle;
mod published;
mod report;
mod sha256;
mod tensors;
mod transfer;

pub use cache::Cache;
pub use catalogue::{CATALOGUE, Source, Weights, catalogue, default_for, find};
pub use error::WeightsError;
pub use fetch::{Download, Event, FetchConfig, check, fetch, import};
pub use fetch_error::{Fault, FetchError};
pub use imagenet::imagenet_classes;
pub use load::{load, load_backbone, load_backbone_bytes, load_file, parameter_count};
pub use report::{DroppedHead, LoadReport, Mismatch};
pub use sha256::Sha256;
