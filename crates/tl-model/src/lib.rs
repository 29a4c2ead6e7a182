//! What is deployed: a model file and its header, the network that it begins from, and a classifier that answers.
//!
//! ```text
//! model.safetensors --ModelFile::read--> Header, head, Backbone --Classifier--> pictures --> probabilities --> labels
//! ```
//!
//! ```no_run
//! use tl_model::{Classifier, open_device, pictures};
//!
//! let classifier = Classifier::open("runs/photos-1".as_ref(), &open_device("auto")?)?;
//! let answers = classifier.predict(&pictures(&["new/*.jpg"])?, 4, &|_| ())?;
//! # Ok::<(), tl_model::ModelError>(())
//! ```

// The targets of the fuzzer, which are a module of the tests too, call the crate by its name.
#[cfg(test)]
extern crate self as tl_model;

mod classifier;
mod device;
mod error;
#[cfg(test)]
mod fuzzed;
mod labels;
mod model_check;
mod model_file;
mod observer;
mod places;
mod pretrained;
mod rounding;
mod runs;
mod seen_hashes;

pub use classifier::{ClassProbability, Classifier, Probabilities};
pub use device::{open_device, open_devices};
pub use error::ModelError;
pub use labels::given;
pub use model_file::{Header, ModelFile, model_bytes};
pub use observer::FetchObserver;
pub use places::pictures;
pub use pretrained::Pretrained;
pub use rounding::{PrecisionChoice, Rounding, check_precision};
pub use runs::is_unfinished;
pub use seen_hashes::{SeenCount, SeenHashes};
pub use tl_frozen::Precision;
