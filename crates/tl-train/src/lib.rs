//! The training job: a folder of pictures in, a run folder with a model, its record and its report out.
//!
//! ```text
//! scan --> split --> features (each picture once, by the frozen network) --> choose resize mode and L2 strength by
//! cross-validation inside the training pictures --> head --> evaluation on pictures held out from all of it --> run
//! ```
//!
//! ```no_run
//! use tl_train::{Invocation, Quiet, TrainConfig, train};
//!
//! let outcome = train(&TrainConfig::new("photos"), &Invocation::default(), &Quiet)?;
//! println!("{} of {} right, see {}", outcome.record.evaluation.correct, outcome.record.evaluation.total,
//!     outcome.folder.display());
//! # Ok::<(), tl_train::TrainError>(())
//! ```

// The targets of the fuzzer, which are a module of the tests too, call the crate by its name.
#[cfg(test)]
extern crate self as tl_train;

mod adamw;
mod augmentation;
mod checkpoint;
mod classifier;
mod config;
mod data_plan;
mod device;
mod embeddings;
mod error;
mod evaluate;
mod feature_cache;
mod features;
mod figures;
mod find;
mod finish;
mod fit;
#[cfg(test)]
mod fuzzed;
mod identity;
mod inference;
mod invocation;
mod job;
mod journal;
mod labels;
mod memory;
mod model;
mod model_check;
mod model_file;
mod next;
mod plan;
mod precision;
mod predict;
mod pretrained;
mod probe;
mod range;
mod rates;
mod record;
mod resize;
mod rounding;
mod run_folder;
mod run_in_progress;
mod run_log;
mod seen;
mod settings;
mod setup;
mod smooth;
mod split;
mod split_words;
mod start;
mod step_training;
mod steps;
mod strength;
mod threshold;
mod trial;
mod truth;
mod tune;
mod warm;
mod watch;

pub use adamw::{AdamWSettings, EpochLoss, train_linear};
pub use checkpoint::{Checkpoint, Checkpoints, Skipped};
pub use classifier::{Answer, Answered, Classifier};
pub use config::{Data, HeadKind, Pixels, Resize, TrainConfig};
pub use device::{open_device, open_devices};
pub use embeddings::{At, EmbedConfig, Embedded, embed};
pub use error::TrainError;
pub use evaluate::{Evaluated, Judgement, SeenFigures, evaluate};
pub use find::find_rate;
pub use invocation::{Invocation, Outcome};
pub use job::{resume, train};
pub use model_file::{Header, ModelFile};
pub use next::Again;
pub use predict::pictures;
pub use pretrained::Pretrained;
pub use rates::RateSearch;
pub use rounding::{PrecisionChoice, Rounding};
pub use run_folder::{RunFolder, write_atomically};
pub use seen::{Seen, SeenCount};
pub use settings::read_settings;
pub use smooth::Smooth;
pub use steps::{
    EpochNews, Group, Kept, Moment, Norms, Optimizer, OptimizerConfig, OptimizerKind, Phase, Recipe,
    Schedule, Segments, StepNews, StepsConfig, Unfreeze,
};
pub use strength::{Comparison, STRENGTHS, Score};
pub use tl_frozen::Precision;
pub use truth::Truth;
pub use watch::{Quiet, Step, Watch};
