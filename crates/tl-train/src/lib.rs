//! Training in steps: phases of a recipe, over a frozen prefix whose outputs are computed once where they can be.
//!
//! ```text
//! PictureSource, Targets --loader--> Batch --TrainState::step--> loss --after each epoch--> Scores --> checkpoint, run log
//! ```
//!
//! It knows a network, a data set and what its pictures show, and nothing of where they come from or of what is reported in
//! the end. Everything random is a pure function of (seed, epoch, position): a run that was stopped goes on from a checkpoint
//! to the same bits.

mod boundary_features;
mod bounds;
mod card;
mod checkpoint;
mod checkpoint_facts;
mod config;
mod cursor;
mod error;
mod feature_cache;
mod groups;
mod inputs;
mod metrics;
mod network;
mod observer;
mod optimizer;
mod random_init;
mod rates;
mod recipe;
mod rules;
mod run_log;
mod schedule;
mod segments;
mod smoothed_mean;
mod snapshot;
mod state_dict;
mod targets;
mod train_state;
mod trainer;

pub use checkpoint::{Checkpoint, Checkpoints};
pub use checkpoint_facts::Skipped;
pub use config::StepsConfig;
pub use cursor::{Best, Scores};
pub use error::TrainError;
pub use feature_cache::FeatureCache;
pub use groups::Group;
pub use inputs::{InputConfig, KeptPictures, NetworkShapes, PictureSource, PrecomputedFeatures};
pub use metrics::{EpochMetrics, StepMetrics};
pub use observer::TrainObserver;
pub use optimizer::{Optimizer, OptimizerConfig, OptimizerKind};
pub use random_init::from_scratch;
pub use rates::RateSearch;
pub use recipe::{Norms, Phase, Recipe, Unfreeze};
pub use run_log::{METRICS, RunLog, TrialLog, jsonl};
pub use schedule::Schedule;
pub use segments::{SegmentInputs, Segments};
pub use smoothed_mean::SmoothedMean;
pub use targets::{Targets, label};
pub use trainer::{Compute, InitialNetwork, Monitor, TrainPlan, TrainSplit, Trained, Trainer};
