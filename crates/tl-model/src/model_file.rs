//! `model.safetensors`: a whole classifier in one file, enough to predict anywhere.
//!
//! Tensors are those of the head ([`FittedHead::tensors`]; of a linear one `head.weight`, `[classes, features]`, and
//! `head.bias`) and, unless it is slim, those of the backbone's stages under `backbone.`; the head it was published with
//! is left out; and the pictures that trained it ([`SeenHashes`]). The metadata's one entry, `tl`, is a [`Header`] as JSON.

mod finite;

use burn::tensor::Device;
use safetensors::tensor::Dtype;
use safetensors::{SafeTensors, View, serialize};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tl_backbones::Backbone;
use tl_heads::{FittedHead, LayerKind, Pooling};
use tl_image::{Panicked, Preprocess, contained};
use tl_weights::{SavedTensor, foreign_weights, load_stages, stage_tensors};

use crate::error::ModelError;
use crate::rounding::Rounding;
use crate::runs::{is_unfinished, newest_run};
use crate::seen_hashes::{SeenCount, SeenHashes, room};
use finite::check_finite;

/// The file in a run folder.
const NAME: &str = "model.safetensors";
const ENTRY: &str = "tl";
const PREFIX: &str = "backbone.";
/// Version of the layout of a linear head on the network's own pooling.
const LINEAR_SCHEMA: u32 = 1;
/// Version of the layout of any other head, which programs that know the first alone cannot read.
const LAYERS_SCHEMA: u32 = 2;
/// Version of the layout of any head that gives several labels: others would take its logits for those of a softmax.
const SCHEMA: u32 = 3;
/// Values that a head of layers may have: 1 GiB.
const LARGEST_HEAD: u64 = 1 << 28;
/// More than any header of ours: a thousand tensors and a thousand class names take 200 kB.
const LONGEST_HEADER: u64 = 16 << 20;
/// Bytes of one value of the widest type that is read, f64.
const WIDEST: u64 = 8;

/// What the tensors mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the layout.
    pub schema: u32,
    /// Version of the program that wrote the file.
    pub tl_version: String,
    /// Name of the backbone.
    pub backbone: String,
    /// Name of the pretrained weights in the catalogue, or of the user's file.
    pub weights: String,
    /// SHA-256 of the pretrained weights' file.
    pub weights_sha256: String,
    /// Whether the backbone's tensors are left out.
    pub slim: bool,
    /// Class names, in the order of the head's rows.
    pub classes: Vec<String>,
    /// What a picture goes through before the network sees it.
    pub preprocess: Preprocess,
    /// How the head was trained.
    pub head: String,
    /// How the last stage's maps become features.
    #[serde(default)]
    pub pooling: Pooling,
    /// The head's layers, in order.
    #[serde(default = "linear")]
    pub layers: Vec<LayerKind>,
    /// Whether pictures may have several labels each. Then probabilities are sigmoids of the logits, else their softmax.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multi_label: bool,
    /// Decision thresholds: from which probability on a picture is given each label, in 0..=1; empty if it gets one label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<f64>,
    /// How the network multiplied when the head was trained, if not in f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// How many pictures trained the model or chose between its versions; none in files that do not say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenCount>,
}

fn linear() -> Vec<LayerKind> {
    vec![LayerKind::Linear]
}

impl Header {
    /// A header of this version of the program, for a model that has not got a name or a file yet.
    pub fn unnamed(classes: Vec<String>, preprocess: Preprocess) -> Self {
        Self {
            schema: LINEAR_SCHEMA,
            tl_version: env!("CARGO_PKG_VERSION").to_owned(),
            backbone: String::new(),
            weights: String::new(),
            weights_sha256: String::new(),
            slim: false,
            classes,
            preprocess,
            head: String::new(),
            pooling: Pooling::Published,
            layers: linear(),
            multi_label: false,
            thresholds: Vec::new(),
            rounding: None,
            seen: None,
        }
    }

    /// This header for a head of other layers.
    pub fn with_layers(self, pooling: Pooling, layers: Vec<LayerKind>) -> Self {
        let plain = pooling == Pooling::Published && layers == linear();
        Self { schema: if plain { LINEAR_SCHEMA } else { LAYERS_SCHEMA }, pooling, layers, ..self }
    }

    /// This header for a model that gives the labels whose probability reaches their threshold; as it is, without any.
    pub fn with_thresholds(self, thresholds: Vec<f64>) -> Self {
        let multi_label = !thresholds.is_empty();
        Self { schema: if multi_label { SCHEMA } else { self.schema }, multi_label, thresholds, ..self }
    }

    /// Is the head one linear layer on the network's own pooling?
    pub(crate) fn is_plain(&self) -> bool {
        self.pooling == Pooling::Published && self.layers == linear()
    }
}

/// A model file, taken apart.
#[derive(Debug)]
pub struct ModelFile {
    /// What the tensors mean.
    pub header: Header,
    /// The fitted head.
    pub head: FittedHead,
    /// The backbone with its weights.
    pub backbone: Backbone,
    /// The pictures that it has seen; none in a file that does not say.
    pub seen: Option<SeenHashes>,
}

/// The file for a head on a backbone, which is left out if the header says slim.
///
/// # Errors
/// If a file of this content cannot be, or a weight is not finite.
pub fn model_bytes(
    header: &Header,
    head: &FittedHead,
    backbone: &Backbone,
    seen: &SeenHashes,
) -> Result<Vec<u8>, String> {
    let header = &Header { seen: Some(seen.count()), ..header.clone() };
    let saved =
        |(name, shape, values): (String, Vec<usize>, Vec<f32>)| (name, SavedTensor::f32(shape, &values));
    let mut tensors: Vec<(String, SavedTensor)> = head.tensors().into_iter().map(saved).collect();
    if !header.slim {
        let stages = stage_tensors(backbone).into_iter();
        tensors.extend(stages.map(|(key, tensor)| (format!("{PREFIX}{key}"), tensor)));
    }
    tensors.push(seen.tensor());
    check_finite(tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.dtype(), tensor.data())))?;
    let text = serde_json::to_string(header).map_err(|e| e.to_string())?;
    serialize(tensors, Some(HashMap::from([(ENTRY.to_owned(), text)]))).map_err(|e| e.to_string())
}

impl ModelFile {
    /// The model's file, of a run folder or the file itself.
    pub fn path_in(run_or_file: &Path) -> PathBuf {
        if run_or_file.is_dir() { run_or_file.join(NAME) } else { run_or_file.to_owned() }
    }

    /// Reads a model file.
    ///
    /// The header is read first and the file's length compared with what the network it names can need, so that a
    /// hostile file costs no more memory than that network.
    ///
    /// # Errors
    /// [`ModelError::Read`], or [`ModelError::NotAModel`] with what is wrong.
    pub fn read(path: &Path, device: &Device) -> Result<Self, ModelError> {
        let refused = |panicked: Panicked| ModelError::NotAModel {
            path: path.to_owned(),
            detail: format!("it is damaged ({panicked})"),
        };
        contained(|| Self::read_known(path, device)).map_err(refused)?
    }

    fn read_known(path: &Path, device: &Device) -> Result<Self, ModelError> {
        let refused = |detail: String| ModelError::NotAModel { path: path.to_owned(), detail };
        let mut file = opened(path)?;
        let length = file.metadata().map_err(|error| ModelError::read(path, error))?.len();
        let (start, header) = read_header(&mut file).map_err(|error| no_model(path, &error.words()))?;
        let architecture = header.check().map_err(refused)?;
        let backbone = architecture.init(device);
        let width =
            (tl_weights::parameter_count(&backbone) + head_size(&header, architecture.features)) * WIDEST;
        if length > start.len() as u64 + width + room(header.seen) {
            return Err(refused(format!("{length} bytes are more than an {} can have", header.backbone)));
        }
        let mut bytes = start;
        file.read_to_end(&mut bytes).map_err(|error| ModelError::read(path, error))?;
        Self::assemble(header, backbone, &bytes).map_err(refused)
    }

    /// What the tensors mean, if this is a model file of ours; `None` for any other file.
    ///
    /// # Errors
    /// [`ModelError::Read`] if there is no such file, [`ModelError::NotAModel`] if it is one of ours with a header that
    /// cannot be.
    pub fn header(path: &Path) -> Result<Option<Header>, ModelError> {
        let mut file = opened(path)?;
        let refused = |detail: String| ModelError::NotAModel { path: path.to_owned(), detail };
        match contained(|| read_header(&mut file)) {
            Ok(Ok((_, header))) => header.check().map(|_| Some(header)).map_err(refused),
            Ok(Err(HeaderError::Wrong(detail))) => Err(refused(detail)),
            Ok(Err(HeaderError::Foreign(_))) | Err(_) => Ok(None),
        }
    }

    /// The pictures that a model has seen, of a run folder or a model file; `None` if it is too old to say.
    ///
    /// # Errors
    /// [`ModelError::Read`], or [`ModelError::NotAModel`] with what is wrong.
    pub fn seen(run_or_file: &Path) -> Result<Option<SeenHashes>, ModelError> {
        let path = Self::path_in(run_or_file);
        let mut file = File::open(&path).map_err(|error| ModelError::read(&path, error))?;
        let refused = |detail: String| ModelError::NotAModel { path: path.clone(), detail };
        let (start, header) = read_header(&mut file).map_err(|error| refused(error.words()))?;
        let seen = header.seen.map(|count| SeenHashes::from_file(&mut file, &start, count));
        seen.transpose().map_err(refused)
    }

    fn assemble(header: Header, mut backbone: Backbone, bytes: &[u8]) -> Result<Self, String> {
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let head = head(&tensors, &header)?;
        header.check_head(&head)?;
        let seen = header.seen.map(|count| SeenHashes::from_tensors(&tensors, count)).transpose()?;
        if header.slim {
            let weights = tl_weights::find(&header.weights).map_err(|e| e.to_string())?;
            let loaded = weights.load(&mut backbone).map_err(|e| e.to_string())?;
            if loaded.sha256 != header.weights_sha256 {
                let name = &header.weights;
                return Err(format!("it was trained on other weights than the `{name}` that are here"));
            }
        } else {
            check_finite(tensors.iter().map(|(name, view)| (name, view.dtype(), view.data().into())))?;
            load_stages(&mut backbone, bytes).map_err(|e| e.to_string())?;
        }
        Ok(Self { header, head, backbone, seen })
    }
}

/// A model's file, which is opened if it is one: a pipe would be waited for.
fn opened(path: &Path) -> Result<File, ModelError> {
    if path.exists() && !path.is_file() {
        return Err(no_model(path, "it is not a file"));
    }
    File::open(path).map_err(|error| missing(path, error))
}

/// There is no model in the folder; it may be another program's, or that of a run which is not finished.
fn missing(path: &Path, error: std::io::Error) -> ModelError {
    match path.parent() {
        Some(run) if path.ends_with(NAME) && is_unfinished(run) => {
            ModelError::Unfinished { path: run.to_owned() }
        }
        Some(folder) if foreign_weights(folder).is_some() => no_model(folder, ""),
        _ => match newest_run(path) {
            Some(newest) => ModelError::RunNotFound { path: path.to_owned(), newest },
            None => ModelError::read(path, error),
        },
    }
}

/// What a file is that is no model: what is known of it, else what reading it came to.
pub(crate) fn no_model(path: &Path, detail: &str) -> ModelError {
    let path = path.to_owned();
    match foreign_weights(&path) {
        Some(other) => ModelError::OtherModel { path, other },
        None => ModelError::NotAModel { path, detail: detail.to_owned() },
    }
}

fn damaged(error: safetensors::SafeTensorError) -> String {
    format!("its tensors are damaged or cut off ({error})")
}

/// Values that the head can have, at most.
fn head_size(header: &Header, features: usize) -> u64 {
    if header.is_plain() { (header.classes.len() * (features + 1)) as u64 } else { LARGEST_HEAD }
}

/// Why a header was not read.
enum HeaderError {
    /// The file belongs to another program.
    Foreign(String),
    /// The file is a model of this program, and cannot be used.
    Wrong(String),
}

impl HeaderError {
    fn words(self) -> String {
        match self {
            Self::Foreign(words) | Self::Wrong(words) => words,
        }
    }
}

/// The bytes up to the tensors, and what they say.
fn read_header(file: &mut File) -> Result<(Vec<u8>, Header), HeaderError> {
    let foreign = |words: &str| HeaderError::Foreign(words.to_owned());
    let (start, entry) = read_entry(file).map_err(HeaderError::Foreign)?;
    let entry = entry.ok_or_else(|| foreign("it holds weights, but was not written by `tl`"))?;
    let damaged = |error: serde_json::Error| HeaderError::Wrong(format!("its header is damaged ({error})"));
    let Schema { schema } = serde_json::from_str(&entry).map_err(damaged)?;
    if !(LINEAR_SCHEMA..=SCHEMA).contains(&schema) {
        let words = format!("it has layout {schema}, this program reads layouts up to {SCHEMA}");
        return Err(HeaderError::Wrong(words));
    }
    Ok((start, serde_json::from_str(&entry).map_err(damaged)?))
}

/// The bytes up to the tensors, and our entry in them.
fn read_entry(file: &mut File) -> Result<(Vec<u8>, Option<String>), String> {
    let mut start = Vec::new();
    file.take(8).read_to_end(&mut start).map_err(|e| e.to_string())?;
    let length: [u8; 8] = start.as_slice().try_into().map_err(|_| "it is too short".to_owned())?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err("it is not a safetensors file".to_owned());
    }
    file.take(length).read_to_end(&mut start).map_err(|e| e.to_string())?;
    let text = start.get(8..).unwrap_or_default();
    let mut all: SafetensorsHeader =
        serde_json::from_slice(text).map_err(|_| "it is not a safetensors file".to_owned())?;
    let entry = all.metadata.remove(ENTRY);
    Ok((start, entry))
}

#[derive(Deserialize)]
struct SafetensorsHeader {
    #[serde(rename = "__metadata__", default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

fn head(tensors: &SafeTensors<'_>, header: &Header) -> Result<FittedHead, String> {
    let head = FittedHead::from_tensors(&header.layers, &mut |name| floats(tensors, name));
    head.map_err(|error| error.to_string())
}

/// Decodes little-endian 32-bit floats.
fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let tensor = tensors.tensor(name).map_err(|_| "is missing".to_owned())?;
    if tensor.dtype() != Dtype::F32 {
        return Err("is not f32".to_owned());
    }
    Ok((tensor.shape().to_vec(), f32s(tensor.data())))
}
