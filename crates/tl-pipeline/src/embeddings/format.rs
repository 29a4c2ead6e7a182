//! The formats of a file of features, by the ending of its name.

use std::io;
use std::path::{Path, PathBuf};

use super::npy::Npy;
use super::safetensors::Safetensors;
use super::writer::{FeatureFileHeader, FeatureWriter};
use crate::error::PipelineError;

/// A kind of file that features are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    Parquet,
    Npy,
    Safetensors,
}

impl FileFormat {
    /// The format by the extension of the file's name.
    pub(super) fn of(path: &Path) -> Result<Self, PipelineError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("parquet") if cfg!(feature = "parquet") => Ok(Self::Parquet),
            Some("parquet") => Err(PipelineError::NoParquet { path: path.to_owned() }),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(PipelineError::UnknownFormat { path: path.to_owned() }),
        }
    }

    /// The files that are written.
    pub(super) fn files(self, path: &Path) -> Vec<PathBuf> {
        let table = (self == Self::Npy).then(|| super::npy::table_of(path));
        [path.to_owned()].into_iter().chain(table).collect()
    }

    /// Begins the file at `path`.
    pub(super) fn begin<'a>(
        self,
        path: &Path,
        outline: &'a FeatureFileHeader<'a>,
    ) -> io::Result<Box<dyn FeatureWriter + 'a>> {
        Ok(match self {
            Self::Parquet => parquet(path, outline)?,
            Self::Npy => Box::new(Npy::begin(path, outline)?),
            Self::Safetensors => Box::new(Safetensors::begin(path, outline)?),
        })
    }
}

#[cfg(feature = "parquet")]
fn parquet<'a>(path: &Path, outline: &'a FeatureFileHeader<'a>) -> io::Result<Box<dyn FeatureWriter + 'a>> {
    Ok(Box::new(super::parquet::Parquet::begin(path, outline)?))
}

#[cfg(not(feature = "parquet"))]
fn parquet<'a>(_: &Path, _: &'a FeatureFileHeader<'a>) -> io::Result<Box<dyn FeatureWriter + 'a>> {
    Err(io::ErrorKind::Unsupported.into())
}
