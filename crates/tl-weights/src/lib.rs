//! Pretrained weights: the [`CATALOGUE`] says where they are, with which hash, licence and preprocessing; the
//! [`Cache`] fetches and verifies them; [`Weights::load`] puts them into a network and says what became of every key.
//!
//! ```
//! use burn::tensor::Device;
//!
//! # #[cfg(feature = "embedded")] {
//! let mut backbone = tl_backbones::efficientnet_lite0().init(&Device::flex());
//! let loaded = tl_weights::find("efficientnet_lite0")?.load(&mut backbone)?;
//! assert_eq!(loaded.report.unexpected.len(), 0);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod cache;
mod catalogue;
mod checkpoint;
mod download;
mod error;
mod fetch;
mod fetch_error;
mod foreign;
mod imagenet;
mod load;
mod marks;
mod matching;
mod package;
mod partial_download;
mod pickle;
mod published;
mod report;
mod save;
mod sha256;
mod tensors;
mod transfer;
mod weights;

pub use cache::{Cache, Loaded};
pub use catalogue::find;
pub use download::{Download, Event, FetchConfig};
pub use error::WeightsError;
pub use fetch::{check, fetch, import};
pub use fetch_error::{Fault, FetchError, ImportError};
pub use foreign::{ForeignWeights, foreign_weights};
pub use imagenet::imagenet_classes;
pub use load::{
    check_file, load, load_backbone, load_backbone_bytes, load_file, load_stages, parameter_count,
};
pub use published::CATALOGUE;
pub use report::{DroppedHead, LoadReport, Mismatch};
pub use save::{SavedTensor, stage_tensors};
pub use sha256::{Sha256, sha256_of};
pub use weights::{Package, Source, Weights};
