//! The training job: a folder of pictures in, a run folder with a model, its record and its report out.
//!
//! ```text
//! TrainConfig --> DataPlan (what each picture is for) --> FeatureTable (each picture once, by the frozen network)
//!   --> resize mode, strength, StepPlan (chosen inside the training pictures) --> head, and steps if the plan has any
//!   --> Trial: what the model says of pictures held out from all of it --> Figures --> Record --> run folder
//! ```
//!
//! ```no_run
//! use tl_pipeline::{Invocation, Quiet, TrainConfig, train};
//!
//! let outcome = train(&TrainConfig::new("photos"), &Invocation::default(), &Quiet)?;
//! println!("{} of {} right, see {}", outcome.record.evaluation.correct, outcome.record.evaluation.total,
//!     outcome.folder.display());
//! # Ok::<(), tl_pipeline::PipelineError>(())
//! ```
//!
//! Modules, in the order of the flow; each uses only those before it:
//!
//! | | |
//! |---|---|
//! | what all of them speak of | `error`, `observer`, `follow_up`, `invocation`, `journal` |
//! | settings | `config`, `settings`, `memory`, `range` |
//! | what each picture is for | `split`, `split_description`, `initial_model`, `data_plan`, `identity` |
//! | features | `head_init`, `setup`, `features` |
//! | choices | `strength`, `resize`, `precision`, `augmentation`, `plan` |
//! | heads and networks | `adamw`, `fit`, `model`, `probe`, `inference`, `run_folder`, `run_in_progress`, `step_training`, `tune` |
//! | evaluation | `metrics`, `threshold`, `evaluate`, `trial` |
//! | the record and the run's files | `record`, `finish` |
//! | jobs | `job`, `find`, `embeddings` |

// The targets of the fuzzer, which are a module of the tests too, call the crate by its name.
#[cfg(test)]
extern crate self as tl_pipeline;

mod adamw;
mod augmentation;
mod config;
mod data_plan;
mod embeddings;
mod error;
mod evaluate;
mod features;
mod find;
mod finish;
mod fit;
mod follow_up;
#[cfg(test)]
mod fuzzed;
mod head_init;
mod identity;
mod inference;
mod initial_model;
mod invocation;
mod job;
mod journal;
mod memory;
mod metrics;
mod model;
mod observer;
mod plan;
mod precision;
mod probe;
mod range;
mod record;
mod resize;
mod run_folder;
mod run_in_progress;
mod settings;
mod setup;
mod split;
mod split_description;
mod step_training;
mod strength;
mod threshold;
mod trial;
mod tune;

pub use config::{Data, HeadKind, Pixels, Resize, TrainConfig};
pub use embeddings::{EmbedConfig, FeatureFiles, FeatureLayer, embed};
pub use error::PipelineError;
pub use evaluate::{Evaluated, ModelMetrics, SeenMetrics, evaluate};
pub use find::find_rate;
pub use follow_up::FollowUp;
pub use invocation::{Invocation, Outcome};
pub use job::{resume, train};
pub use observer::{JobStage, Observer, Quiet};
pub use run_folder::write_atomically;
pub use settings::read_settings;
