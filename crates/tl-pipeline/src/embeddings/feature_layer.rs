//! The layer whose output becomes features: where in the network it is, and what shape they have there.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use tl_backbones::{Architecture, Boundary, summary_at};
use tl_frozen::Output;
use tl_image::Preprocess;

use crate::error::PipelineError;

/// Where in the network features are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FeatureLayer {
    /// The output of the network's own pooling: what a head sees.
    #[default]
    Pooled,
    /// The maps behind the stage of this name.
    Stage(String),
}

/// What is done with a picture.
pub(super) struct OutputSpec {
    pub(super) preprocess: Preprocess,
    pub(super) output: Output,
    /// Shape of the output: `[features]`, or `[channels, height, width]`.
    pub(super) shape: Vec<usize>,
}

impl OutputSpec {
    /// # Errors
    /// [`PipelineError::NoStage`]; [`PipelineError::TooSmall`] if the pictures are too small for the network.
    pub(super) fn of(
        at: &FeatureLayer,
        architecture: &Architecture,
        preprocess: Preprocess,
    ) -> Result<Self, PipelineError> {
        let FeatureLayer::Stage(name) = at else {
            return Ok(Self { preprocess, output: Output::Features, shape: vec![architecture.features] });
        };
        let summary = summary_at(architecture, [preprocess.size as usize; 2])
            .map_err(|error| PipelineError::TooSmall { detail: error.to_string() })?;
        let Some(index) = summary.stages.iter().position(|stage| stage.name == *name) else {
            let known = summary.stages.into_iter().map(|stage| stage.name).collect();
            return Err(PipelineError::NoStage { asked: name.clone(), known });
        };
        let (output, shape) = (Output::Maps(Boundary(index + 1)), summary.stages[index].output.to_vec());
        Ok(Self { preprocess, output, shape })
    }
}

/// `pooled`, or the name of a stage.
impl FromStr for FeatureLayer {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "pooled" { Self::Pooled } else { Self::Stage(text.to_owned()) })
    }
}

impl fmt::Display for FeatureLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pooled => "pooled",
            Self::Stage(name) => name,
        })
    }
}
