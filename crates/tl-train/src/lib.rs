//! Training in steps: phases of a recipe, over a frozen prefix whose outputs are computed once where they can be.
//!
//! ```text
//! Pictures, Targets --loader--> Batch --TrainState::step--> loss --after each epoch--> Scores --> checkpoint, run log
//! ```
//!
//! It knows a network, a data set and what its pictures show, and nothing of where they come from or of what is reported in
//! the end. Everything random is a pure function of (seed, epoch, position): a run that was stopped goes on from a checkpoint
//! to the same bits.

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
mod network;
mod news;
mod observer;
mod optimizer;
mod rates;
mod recipe;
mod rows;
mod rules;
mod run_log;
mod save;
mod schedule;
mod scratch;
mod segments;
mod smooth;
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
pub use inputs::{KnownFeatures, Pictures};
pub use news::{EpochNews, StepNews};
pub use observer::TrainObserver;
pub use optimizer::{Optimizer, OptimizerConfig, OptimizerKind};
pub use rates::RateSearch;
pub use recipe::{Norms, Phase, Recipe, Unfreeze};
pub use run_log::{METRICS, RunLog, TrialLog, jsonl};
pub use schedule::Schedule;
pub use scratch::from_scratch;
pub use segments::{Kept, Segments};
pub use smooth::Smooth;
pub use targets::{Targets, label};
pub use trainer::{Trained, Trainer};
