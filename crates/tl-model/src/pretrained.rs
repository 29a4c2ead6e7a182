//! The network that a job starts from, and its weights.

use burn::tensor::Device;
use std::path::{Path, PathBuf};
use tl_backbones::{Architecture, Backbone};
use tl_image::Preprocess;
use tl_weights::{
    Cache, FetchConfig, LoadReport, Loaded, Weights, WeightsError, check_file, load_backbone, sha256_of,
};

use crate::error::ModelError;
use crate::model_file::{Header, ModelFile, no_model};
use crate::observer::FetchObserver;
use crate::runs::is_run;

/// A network and where its weights are, not loaded yet.
#[derive(Debug, Clone)]
pub struct Pretrained {
    /// The network's architecture.
    pub architecture: Architecture,
    /// What a picture goes through before the network sees it.
    pub preprocess: Preprocess,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Catalogue(&'static Weights),
    /// A file with the published keys.
    File(PathBuf),
    /// A model file of ours.
    Model(PathBuf),
}

impl Pretrained {
    /// The weights of this name in the catalogue, or the default ones of the network of this name.
    ///
    /// # Errors
    /// If there is no such name.
    pub fn named(name: &str) -> Result<Self, ModelError> {
        let weights = tl_weights::find(name)?;
        let architecture = tl_backbones::architecture(weights.architecture)?;
        Ok(Self { architecture, preprocess: weights.preprocess.clone(), origin: Origin::Catalogue(weights) })
    }

    /// The network of this name with the weights in a file: a checkpoint of PyTorch's, safetensors, or a model file of
    /// `tl`, whose preprocessing is taken too. Otherwise pictures are prepared as for the network's own weights.
    ///
    /// # Errors
    /// If there is no such name, or the file is a model on another network.
    pub fn from_file(name: &str, file: &Path) -> Result<Self, ModelError> {
        let named = Self::named(name)?;
        if is_run(file) {
            return Err(ModelError::WeightsOfRun { path: file.to_owned() });
        }
        // Known before any picture is read.
        match check_file(file) {
            Err(WeightsError::Read { .. }) | Ok(()) => {}
            Err(error) => return Err(ModelError::WeightsFile { path: file.to_owned(), error }),
        }
        let Some(header) = ModelFile::header(file)? else {
            return Ok(Self { origin: Origin::File(file.to_owned()), ..named });
        };
        if header.backbone != named.architecture.name {
            let detail = format!("its network is `{0}`: add `--backbone {0}`", header.backbone);
            return Err(ModelError::NotAModel { path: file.to_owned(), detail });
        }
        Ok(Self { preprocess: header.preprocess, origin: Origin::Model(file.to_owned()), ..named })
    }

    /// The network of a model of `tl`, a run folder or a model file, with its weights and preprocessing.
    ///
    /// # Errors
    /// If there is no such model.
    pub fn of_model(run_or_file: &Path) -> Result<Self, ModelError> {
        let file = ModelFile::path_in(run_or_file);
        let refused = |detail: String| ModelError::NotAModel { path: file.clone(), detail };
        let header =
            ModelFile::header(&file)?.ok_or_else(|| no_model(&file, "it was not written by `tl`"))?;
        let architecture =
            tl_backbones::architecture(&header.backbone).map_err(|e| refused(e.to_string()))?;
        Ok(Self { architecture, preprocess: header.preprocess, origin: Origin::Model(file) })
    }

    /// Catalogue name of the weights, or the file.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Catalogue(weights) => weights.name.to_owned(),
            Origin::File(file) | Origin::Model(file) => tl_files::path_text(file).into_owned(),
        }
    }

    /// The model file of `tl` that the weights come from, if they do.
    pub fn model(&self) -> Option<&Path> {
        if let Origin::Model(file) = &self.origin { Some(file) } else { None }
    }

    /// The header of a model on this network with these weights, for a head that was trained as `head` says.
    pub fn header(
        &self,
        loaded: &Loaded,
        classes: Vec<String>,
        preprocess: Preprocess,
        head: String,
    ) -> Header {
        Header {
            backbone: self.architecture.name.to_owned(),
            weights: self.name(),
            weights_sha256: loaded.sha256.clone(),
            head,
            ..Header::unnamed(classes, preprocess)
        }
    }

    /// SPDX identifier of the weights' licence, as far as it is known.
    pub fn licence(&self) -> &'static str {
        self.listed().map_or("not known", |weights| weights.licence)
    }

    /// The row of the catalogue, if the weights have one.
    pub fn listed(&self) -> Option<&'static Weights> {
        if let Origin::Catalogue(weights) = self.origin { Some(weights) } else { None }
    }

    /// Where the weights come from, for people.
    pub fn place(&self) -> String {
        match &self.origin {
            Origin::Catalogue(weights) if weights.is_embedded() => {
                format!("{}, in this program, nothing to download", weights.name)
            }
            Origin::Catalogue(weights) => format!("{}, {}", weights.name, weights.licence),
            Origin::File(file) => format!("weights from {}", tl_files::shown_path(file)),
            Origin::Model(file) => format!("weights of the model {}", tl_files::shown_path(file)),
        }
    }

    /// Builds the network and loads its weights; fetches what is missing or damaged in the cache, after saying so.
    ///
    /// # Errors
    /// If the weights are not to be had, are damaged, or belong to another network.
    pub fn load(
        &self,
        device: &Device,
        fetch: &FetchConfig,
        observer: &dyn FetchObserver,
    ) -> Result<(Backbone, Loaded), ModelError> {
        let mut backbone = self.architecture.init(device);
        let loaded = match &self.origin {
            Origin::Catalogue(weights) if weights.is_embedded() => weights.load(&mut backbone)?,
            Origin::Catalogue(weights) => obtain(weights, &mut backbone, fetch, observer)?,
            Origin::File(file) => {
                let report = load_backbone(&self.architecture, &mut backbone, file)
                    .map_err(|error| ModelError::WeightsFile { path: file.clone(), error })?;
                Loaded { report, sha256: sha256_of(file)? }
            }
            Origin::Model(file) => {
                backbone = ModelFile::read(file, device)?.backbone;
                Loaded { report: LoadReport::default(), sha256: sha256_of(file)? }
            }
        };
        Ok((backbone, loaded))
    }
}

fn obtain(
    weights: &Weights,
    backbone: &mut Backbone,
    fetch: &FetchConfig,
    observer: &dyn FetchObserver,
) -> Result<Loaded, ModelError> {
    let cache = Cache::locate()?;
    match cache.load(weights, backbone) {
        Err(WeightsError::NotFetched { .. } | WeightsError::Damaged { .. }) if !fetch.offline => {
            observer.fetching(weights);
            cache.fetch(weights, fetch, &|event| observer.transfer(event))?;
            Ok(cache.load(weights, backbone)?)
        }
        loaded => Ok(loaded?),
    }
}
