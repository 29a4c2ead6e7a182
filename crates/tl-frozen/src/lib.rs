//! The frozen prefix of a network as a function from pictures to features, run over a data set on every core.
//!
//! The prefix is a pure function of (weights, preprocessing, picture), so it is computed once per picture and its
//! outputs are kept; training a head then costs next to nothing.

mod extract;
mod frozen;
mod kernels;
mod network;
mod output;
mod plan;
mod precision;
mod store;

pub use extract::{Extraction, Job, Times, extract};
pub use frozen::{Frozen, NotCompiled};
pub use kernels::peak_gflops;
pub use output::Output;
pub use plan::{KernelCost, Plan, PlanError};
pub use precision::{Arithmetic, Precision, Ranges};
pub use store::{Augmented, CachedFeatures, FeatureProvenance, NotKept, Store, StoreKey, extract_kept};
