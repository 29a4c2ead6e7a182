//! The configuration, everything a run depends on. `run.toml` is this, resolved.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tl_data::{ReadOptions, Source};
use tl_heads::LossKind;
use tl_image::ResizeMode;
use tl_model::{PrecisionChoice, Pretrained};
use tl_train::{Recipe, StepsConfig};
use tl_weights::FetchConfig;

use crate::error::PipelineError;

/// The settings of a training job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Where the pictures and their labels come from.
    pub data: Data,
    /// Which of them are wanted.
    #[serde(skip_serializing_if = "is_default")]
    pub read: ReadOptions,
    /// Name of the network, or of weights in the catalogue.
    pub backbone: String,
    /// A file with the network's weights, instead of the published ones.
    #[serde(with = "tl_files::optional_path_as_text", skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// A run folder or model file to begin from, instead of `backbone` and `weights`: its network, its preprocessing
    /// and, of its head, the rows of the classes that are there again.
    #[serde(with = "tl_files::optional_path_as_text", skip_serializing_if = "Option::is_none")]
    pub init_from: Option<PathBuf>,
    /// How pictures become square.
    pub resize: Resize,
    /// How the head is trained.
    pub head: HeadKind,
    /// Share of the pictures held out for evaluation, above 0 and below 1.
    pub val: f64,
    /// Share of the pictures held out from everything, judged once at the end; from 0 to below 1. A part of its own
    /// in the data counts instead.
    pub test: f64,
    /// A table that says which pictures train and which judge: the `split.csv` of another run, for example.
    #[serde(with = "tl_files::optional_path_as_text", skip_serializing_if = "Option::is_none")]
    pub split: Option<PathBuf>,
    /// Folds of cross-validation instead of one held-out share; the model is then trained on all pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// What everything random comes from.
    pub seed: u64,
    /// Maximum of unreadable files, `2%` or `5`.
    pub max_bad: String,
    /// Folder that holds the runs.
    #[serde(with = "tl_files::path_as_text")]
    pub runs: PathBuf,
    /// Name of the run, before its number; the data folder's by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Leave the backbone's weights out of the model file and refer to them by hash.
    pub slim: bool,
    /// Fetch nothing from the network. This changes no result and is not written to `run.toml`.
    #[serde(skip_serializing)]
    pub offline: bool,
    /// Take features of pictures from the cache folder where an earlier run has left them, and keep what is computed.
    /// It changes no result and is not written to `run.toml`.
    #[serde(skip_serializing)]
    pub cache: bool,
    /// Maximum size in GiB of the features that are kept on disk, of all runs together. It changes no result and is not
    /// written either.
    #[serde(skip_serializing)]
    pub cache_gib: u64,
    /// Where decoded pictures are kept from epoch to epoch, where training in steps changes them anew every time; as much as
    /// `cache_gib` says, and in memory no more than half of what is free. It changes no result and is not written either.
    #[serde(skip_serializing)]
    pub pixels: Option<Pixels>,
    /// `auto`, `cpu`, `ndarray` or `cuda[:n]`.
    pub device: String,
    /// Precision of the matrix products: those of the frozen network, and, in bf16, those of training in steps.
    #[serde(skip_serializing_if = "is_auto")]
    pub precision: PrecisionChoice,
    /// Threads that decode pictures and compute features; the processor's number by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Settings of training in steps.
    #[serde(skip_serializing_if = "is_usual")]
    pub steps: StepsConfig,
}

fn is_auto(precision: &PrecisionChoice) -> bool {
    *precision == PrecisionChoice::Auto
}

fn is_usual(steps: &StepsConfig) -> bool {
    *steps == StepsConfig::default()
}

/// Where the pictures and their labels come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Data {
    /// A folder or file, whose layout is told by looking at it: [`Source::of_path`].
    Path(#[serde(with = "tl_files::path_as_text")] PathBuf),
    /// A source that is spelt out: its kind, its path and how it is read.
    Source(Source),
}

impl Data {
    /// The source, spelt out.
    pub fn source(&self) -> Source {
        match self {
            Self::Path(path) => Source::of_path(path),
            Self::Source(source) => source.clone(),
        }
    }

    /// The folder or file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Source(source) => source.path(),
        }
    }
}

fn is_default(options: &ReadOptions) -> bool {
    *options == ReadOptions::default()
}

/// Where decoded pictures are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pixels {
    /// Decoded pictures are kept in memory, for this run.
    Ram,
    /// Decoded pictures are kept in the cache's folder, for later runs too.
    Disk,
}

/// How pictures become square.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Resize {
    /// Compare the ways on training pictures where it may matter, else as the weights were evaluated.
    #[default]
    Auto,
    /// A resize mode that was named.
    Fixed(ResizeMode),
}

/// How the head is trained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// A head chosen by the amount of data.
    #[default]
    Auto,
    /// Multinomial logistic regression, solved to its minimum; the L2 strength is chosen by cross-validation.
    Logistic,
    /// One linear layer, trained in steps by AdamW.
    AdamW,
    /// The nearest of the classes' mean features; nothing is trained.
    Prototype,
    /// A vote of the nearest training pictures; nothing is trained.
    Neighbours,
    /// The layers of `steps.head`, trained in steps.
    Layers,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            data: Data::Path(PathBuf::new()),
            read: ReadOptions::default(),
            backbone: "efficientnet_lite0".to_owned(),
            weights: None,
            init_from: None,
            resize: Resize::Auto,
            head: HeadKind::Auto,
            val: 0.2,
            test: 0.0,
            split: None,
            folds: None,
            seed: 0,
            max_bad: "1%".to_owned(),
            runs: PathBuf::from("runs"),
            name: None,
            slim: false,
            offline: false,
            cache: true,
            cache_gib: 4,
            pixels: None,
            device: "auto".to_owned(),
            precision: PrecisionChoice::Auto,
            threads: None,
            steps: StepsConfig::default(),
        }
    }
}

impl TrainConfig {
    /// The defaults, for a folder or file.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: Data::Path(data.into()), ..Self::default() }
    }

    /// The network that the job starts from.
    ///
    /// # Errors
    /// If there is none of this name, or the file of weights is another network's.
    pub fn pretrained(&self) -> Result<Pretrained, PipelineError> {
        if self.init_from.is_some() && self.steps.recipe == Recipe::Scratch {
            let (what, rule) =
                ("the recipe".to_owned(), "another one where a model is begun from".to_owned());
            return Err(PipelineError::Setting { what, value: Recipe::Scratch.to_string(), rule });
        }
        let file = self.init_from.as_deref().or(self.weights.as_deref());
        let found = match (&self.init_from, &self.weights) {
            (Some(model), _) => Pretrained::of_model(model)?,
            (None, Some(file)) => Pretrained::from_file(&self.backbone, file)?,
            (None, None) => Pretrained::named(&self.backbone)?,
        };
        match file.filter(|_| self.slim) {
            Some(file) => Err(PipelineError::Unlisted { path: file.to_owned() }),
            None => Ok(found),
        }
    }

    /// These settings for pictures that have several labels if `several`: every class is then a binary classification of
    /// its own, also in training in steps.
    ///
    /// # Errors
    /// [`PipelineError::OneLabelOnly`] if something was asked for that only makes sense where classes exclude each other.
    pub(crate) fn for_labels(&self, several: bool) -> Result<Self, PipelineError> {
        let mut config = self.clone();
        if !several {
            return Ok(config);
        }
        let refuse = |what: String| Err(PipelineError::OneLabelOnly { what });
        match (self.head, self.steps.loss.kind) {
            (head @ (HeadKind::Prototype | HeadKind::Neighbours), _) => refuse(format!("`--head {head}`")),
            (_, LossKind::Focal { .. }) => refuse("`--loss focal`".to_owned()),
            _ => {
                config.steps.loss.kind = LossKind::Binary;
                Ok(config)
            }
        }
    }

    /// How weights are fetched: as the environment says, unless [`offline`](Self::offline).
    pub fn fetch(&self) -> FetchConfig {
        FetchConfig { offline: self.offline, ..FetchConfig::from_env() }
    }

    /// Maximum size in GiB of the features that are kept; `None` if none are kept.
    pub(crate) fn kept_gib(&self) -> Option<u64> {
        self.cache.then_some(self.cache_gib)
    }

    /// Number of threads: as set, else one for each processor.
    pub fn threads(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(processors).max(1)
    }
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(mode) => mode.fmt(f),
        }
    }
}

impl FromStr for Resize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let mode =
            text.parse().map_err(|_| format!("`{text}` is not one of auto, crop, squash, letterbox"))?;
        Ok(Self::Fixed(mode))
    }
}

impl From<Resize> for String {
    fn from(resize: Resize) -> Self {
        resize.to_string()
    }
}

impl TryFrom<String> for Resize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Logistic => "logistic",
            Self::AdamW => "adamw",
            Self::Prototype => "prototype",
            Self::Neighbours => "neighbours",
            Self::Layers => "layers",
        })
    }
}

impl FromStr for HeadKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "logistic" => Ok(Self::Logistic),
            "adamw" => Ok(Self::AdamW),
            "prototype" => Ok(Self::Prototype),
            "neighbours" => Ok(Self::Neighbours),
            "layers" => Ok(Self::Layers),
            _ => Err(format!("`{text}` is not one of auto, logistic, adamw, prototype, neighbours, layers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tl_data::Columns;

    #[test]
    fn a_config_reads_back_as_written() {
        let config = TrainConfig {
            folds: Some(5),
            resize: Resize::Fixed(ResizeMode::Letterbox),
            head: HeadKind::AdamW,
            ..TrainConfig::new("photos")
        };
        let columns = Columns { label: vec!["kind".to_owned()], ..Columns::default() };
        let source = Source::Table { path: "labels.csv".into(), root: None, columns };
        let read = ReadOptions { fraction: 0.5, ..ReadOptions::default() };
        for config in [config.clone(), TrainConfig { data: Data::Source(source), read, ..config }] {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), config, "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<TrainConfig>("sed = 3").unwrap_err().to_string();
        assert!(error.contains("unknown field `sed`"), "{error}");
    }
}
