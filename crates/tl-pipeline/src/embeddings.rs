//! Pictures to a file of features, for whatever comes after: search, clustering, another classifier.
//!
//! ```text
//! source --read_portion--> Dataset --batches of rows, from the cache or computed--> .parquet, .npy or .safetensors
//! ```
//!
//! Legend: n rows, one for each picture that can be read; d features of a row.

mod feature_layer;
mod format;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod safetensors;
mod writer;

use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tl_data::{
    Dataset, MaxBad, PictureLocation, Portion, Progress, ReadOptions, Rejected, SampleId, check_bad,
    read_portion,
};
use tl_files::AtomicFile;
use tl_frozen::{Arithmetic, CachedFeatures, Extraction, Frozen, Job, Precision, extract, extract_kept};
use tl_image::{ContentHash, Limits, Preprocess, ResizeMode};
use tl_model::{ModelError, Pretrained, check_precision, open_device};
use tl_train::FeatureCache;
use tl_weights::{FetchConfig, Loaded};

pub use feature_layer::FeatureLayer;

use crate::config::{Data, TrainConfig};
use crate::error::PipelineError;
use crate::features::feature_cache;
use crate::observer::{JobStage, Observer};
use crate::range::settled;
use feature_layer::OutputSpec;
use format::FileFormat;
use writer::{FeatureFileHeader, FeatureRows, FeatureWriter};

/// Features of rows that are computed together, in bytes; and the most rows, which an interruption may lose.
const TOGETHER: usize = 32 << 20;
const MOST_TOGETHER: usize = 256;
/// Rows for each thread, so that none waits: a batch of the network.
const LEAST_TOGETHER: usize = 4;

/// What to compute and where to write it.
#[derive(Debug, Clone)]
pub struct EmbedConfig {
    /// Where the pictures are, and their labels if they have any.
    pub data: Data,
    /// Which of them are wanted; looks are not compared.
    pub read: ReadOptions,
    /// Which portion of these.
    pub portion: Portion,
    /// Name of the network, or of weights in the catalogue.
    pub backbone: String,
    /// A file with the network's weights, instead of the published ones.
    pub weights: Option<PathBuf>,
    /// A run folder or model file whose network and preprocessing are used, instead of `backbone` and `weights`.
    pub model: Option<PathBuf>,
    /// How pictures become square; as the weights were evaluated by default.
    pub resize: Option<ResizeMode>,
    /// Where in the network.
    pub at: FeatureLayer,
    /// The file, whose ending says its format: `.parquet`, `.npy` or `.safetensors`.
    pub out: PathBuf,
    /// Maximum of unreadable files.
    pub max_bad: MaxBad,
    /// Fetch no weights from the network.
    pub offline: bool,
    /// Maximum size in GiB of the features that are kept, of all runs together; `None`: nothing is taken from there or
    /// kept.
    pub cache_gib: Option<u64>,
    /// Precision of the matrix products: f32 or bf16.
    pub precision: Precision,
    /// `auto`, `cpu`, `ndarray` or `cuda[:n]`.
    pub device: String,
    /// Threads that decode pictures and compute features.
    pub threads: usize,
}

/// The files of features that were written.
#[derive(Debug)]
pub struct FeatureFiles {
    /// The file, and the table beside it if there is one.
    pub files: Vec<PathBuf>,
    /// Whether there was such a file before.
    pub replaced: bool,
    /// Number of rows in the file.
    pub rows: usize,
    /// Shape of one row: `[d]`, or `[channels, height, width]`.
    pub shape: Vec<usize>,
    /// Rows whose features were kept from an earlier time.
    pub kept: usize,
    /// The files that have no row, and why.
    pub rejected: Vec<Rejected>,
}

impl EmbedConfig {
    /// Settings with the defaults: pooled features of the embedded network.
    pub fn new(data: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Self {
        let train = TrainConfig::new(data);
        Self {
            read: train.read.clone(),
            portion: Portion::ALL,
            weights: None,
            model: None,
            resize: None,
            at: FeatureLayer::Pooled,
            out: out.into(),
            max_bad: MaxBad::default(),
            offline: false,
            cache_gib: train.kept_gib(),
            precision: Precision::F32,
            device: train.device.clone(),
            threads: train.threads(),
            backbone: train.backbone,
            data: train.data,
        }
    }

    fn pretrained(&self) -> Result<Pretrained, ModelError> {
        match (&self.model, &self.weights) {
            (Some(model), _) => Pretrained::of_model(model),
            (None, Some(file)) => Pretrained::from_file(&self.backbone, file),
            (None, None) => Pretrained::named(&self.backbone),
        }
    }

    /// The files that will be written, none of which may be what the pictures are read from.
    fn files(&self, format: FileFormat) -> Result<Vec<PathBuf>, PipelineError> {
        let files = format.files(&self.out);
        let source = self.data.path().canonicalize().ok();
        let same = |file: &&PathBuf| source.is_some() && file.canonicalize().ok() == source;
        match files.iter().find(same) {
            Some(path) => Err(PipelineError::OutIsSource { path: path.clone() }),
            None => Ok(files),
        }
    }
}

/// Writes the features of pictures, with their names and labels: a row for each, in the order of the data set.
///
/// Memory holds some hundred rows and about 400 bytes for each picture, however many there are. The file is there when it
/// is whole, never before. What is computed is kept in the cache folder as training does, so that the same call after an
/// interruption goes on; the bytes are then the same as without one. Of a portion they depend on nothing outside it but
/// the names of the classes.
///
/// # Errors
/// If the pictures, the network or the settings cannot be used, or too many files are bad; [`PipelineError::Out`] if the file
/// cannot be written, [`PipelineError::Interrupted`] if the observer asks to stop. The old file, if there was one, is untouched.
pub fn embed(config: &EmbedConfig, observer: &dyn Observer) -> Result<FeatureFiles, PipelineError> {
    let format = FileFormat::of(&config.out)?;
    let files = config.files(format)?;
    let device = open_device(&config.device)?;
    let pretrained = config.pretrained()?;
    let preprocess = match config.resize {
        Some(mode) => Preprocess { mode, ..pretrained.preprocess.clone() },
        None => pretrained.preprocess.clone(),
    };
    let refused = |reason| PipelineError::Out { path: config.out.clone(), reason };
    // Better now than after an hour.
    drop(AtomicFile::begin_alone(&config.out).map_err(|fault| refused(fault.into()))?);

    observer.stage(JobStage::Scan);
    let (options, preprocess) = settled(&config.data.source(), &config.read, preprocess, observer)?;
    let view = OutputSpec::of(&config.at, &pretrained.architecture, preprocess)?;
    let limits = Limits::default();
    let progress = |progress| observer.progress(progress);
    let data = read_portion(&config.data.source(), &options, config.portion, &limits, &progress)?;
    check_bad(&data.rejected, data.files(), &config.max_bad)?;
    observer.scanned(&data);

    observer.stage(JobStage::Load);
    let fetch = FetchConfig { offline: config.offline, ..FetchConfig::from_env() };
    let (backbone, loaded) = pretrained.load(&device, &fetch, observer)?;
    let frozen = Frozen::new(backbone, device);
    check_precision(config.precision, &frozen)?;
    let arithmetic = match config.precision {
        Precision::F32 => Arithmetic::F32,
        Precision::Bf16 => Arithmetic::Bf16,
        Precision::Int8 => {
            let (what, value) = ("the precision".to_owned(), "int8".to_owned());
            let rule = "f32 or bf16: bytes are scaled to training pictures, of which there are none here";
            return Err(PipelineError::Setting { what, value, rule: rule.to_owned() });
        }
    };
    let frozen = frozen.with_arithmetic(arithmetic);
    let cache = feature_cache(config.cache_gib, &pretrained, &loaded);

    let about = about(config, &pretrained, &loaded, &view, &data);
    let outline = FeatureFileHeader { data: &data, shape: &view.shape, most: data.len(), about };
    let replaced = config.out.exists();
    let mut file = format.begin(&config.out, &outline).map_err(refused)?;
    observer.stage(JobStage::Extract);
    let mut work = ExtractionRun::new(config, &frozen, &data, &view, cache.as_ref());
    work.run(&mut *file, observer)?;
    file.finish().map_err(refused)?;
    work.origin(cache.as_ref()).iter().for_each(|note| observer.noted("features", note));
    let ExtractionRun { rows, kept, rejected, .. } = work;
    Ok(FeatureFiles { files, replaced, rows, kept, rejected, shape: view.shape.clone() })
}

/// What the features are: for the file's metadata.
fn about(
    config: &EmbedConfig,
    pretrained: &Pretrained,
    loaded: &Loaded,
    view: &OutputSpec,
    data: &Dataset,
) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("at", config.at.to_string()),
        ("backbone", pretrained.architecture.name.to_owned()),
        ("classes", json!(data.classes).to_string()),
        ("precision", config.precision.to_string()),
        ("preprocess", json!(view.preprocess).to_string()),
        ("shape", json!(view.shape).to_string()),
        ("shard", config.portion.to_string()),
        ("tl_version", env!("CARGO_PKG_VERSION").to_owned()),
        ("weights", pretrained.name()),
        ("weights_sha256", loaded.sha256.clone()),
    ])
}

/// Pictures on their way to the file.
struct ExtractionRun<'a> {
    config: &'a EmbedConfig,
    frozen: &'a Frozen,
    data: &'a Dataset,
    view: &'a OutputSpec,
    limits: Limits,
    caches: Option<Vec<CachedFeatures>>,
    rows: usize,
    kept: usize,
    rejected: Vec<Rejected>,
}

impl<'a> ExtractionRun<'a> {
    fn new(
        config: &'a EmbedConfig,
        frozen: &'a Frozen,
        data: &'a Dataset,
        view: &'a OutputSpec,
        cache: Option<&FeatureCache>,
    ) -> Self {
        let of = |cache: &FeatureCache| {
            cache.cached_views(frozen, view.output, std::slice::from_ref(&view.preprocess))
        };
        let (caches, limits, rejected) = (cache.map(of), Limits::default(), data.rejected.clone());
        Self { config, frozen, data, view, limits, caches, rows: 0, kept: 0, rejected }
    }

    /// All pictures, some hundred at a time.
    fn run(&mut self, file: &mut dyn FeatureWriter, observer: &dyn Observer) -> Result<(), PipelineError> {
        let ids: Vec<SampleId> = (0..self.data.len()).map(SampleId).collect();
        let mut done = 0;
        for ids in ids.chunks(self.together()) {
            if observer.stop() {
                return Err(PipelineError::Interrupted { path: self.config.out.clone() });
            }
            let total = self.data.len();
            let extraction =
                self.extract(ids, &|inner| observer.progress(Progress { done: done + inner.done, total }));
            done += ids.len();
            self.reject(ids, &extraction, observer)?;
            self.write(ids, &extraction, file)
                .map_err(|reason| PipelineError::Out { path: self.config.out.clone(), reason })?;
        }
        Ok(())
    }

    fn together(&self) -> usize {
        let row = self.view.shape.iter().product::<usize>() * 4;
        let least = LEAST_TOGETHER * self.config.threads.max(1);
        (TOGETHER / row.max(1)).min(MOST_TOGETHER).max(least)
    }

    fn extract(&mut self, ids: &[SampleId], progress: &(dyn Fn(Progress) + Sync)) -> Extraction {
        let places: Vec<PictureLocation> = ids.iter().map(|&id| self.data.place_of(id)).collect();
        let job = Job {
            pictures: &places,
            views: std::slice::from_ref(&self.view.preprocess),
            output: self.view.output,
            limits: &self.limits,
            threads: self.config.threads,
        };
        let Some(caches) = &mut self.caches else { return extract(self.frozen, &job, progress) };
        let contents: Vec<ContentHash> = ids.iter().map(|id| self.data.samples[id.0].content).collect();
        extract_kept(self.frozen, &job, &contents, caches, progress)
    }

    /// Names what could not be read, as soon as that is known.
    fn reject(
        &mut self,
        ids: &[SampleId],
        extraction: &Extraction,
        observer: &dyn Observer,
    ) -> Result<(), PipelineError> {
        for (index, reason) in &extraction.failed {
            let sample = &self.data.samples[ids[*index].0];
            let rejected =
                Rejected { path: sample.path.clone(), bytes: Some(sample.bytes), reason: reason.clone() };
            observer.noted("skipped", &rejected.to_string());
            self.rejected.push(rejected);
        }
        Ok(check_bad(&self.rejected, self.data.files(), &self.config.max_bad)?)
    }

    fn write(
        &mut self,
        ids: &[SampleId],
        extraction: &Extraction,
        file: &mut dyn FeatureWriter,
    ) -> std::io::Result<()> {
        self.rows += extraction.rows.len();
        self.kept += extraction.kept;
        let samples = extraction.rows.iter().map(|&row| &self.data.samples[ids[row].0]).collect();
        let Some(features_nd) = extraction.features.first() else { return Ok(()) };
        file.add(&FeatureRows { samples, features_nd })
    }

    /// Where the features came from, and whether they are kept: for people.
    fn origin(&self, cache: Option<&FeatureCache>) -> Vec<String> {
        let from = (self.kept > 0).then(|| format!("{} of {} from the cache", self.kept, self.rows));
        from.into_iter().chain(cache.and_then(FeatureCache::not_kept)).collect()
    }
}
