//! Files of features, written in batches of rows.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use tl_data::{Dataset, Sample};
use tl_heads::Matrix;

use super::npy::Npy;
use super::safetensors::Safetensors;
use crate::TrainError;

/// A kind of file that features are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Parquet,
    Npy,
    Safetensors,
}

/// What is known of a file before its rows are.
pub(super) struct Outline<'a> {
    /// Names and labels come from it.
    pub(super) data: &'a Dataset,
    /// Of one row: `[features]`, or `[channels, height, width]`.
    pub(super) shape: &'a [usize],
    /// How many rows there are at most.
    pub(super) most: usize,
    /// What the features are, for whoever reads the file.
    pub(super) about: BTreeMap<&'static str, String>,
}

/// Rows that belong together: a sample and its features each.
pub(super) struct Rows<'a> {
    pub(super) samples: Vec<&'a Sample>,
    pub(super) features_nd: &'a Matrix,
}

/// A file of features that is being written.
pub(super) trait Sheet {
    /// Adds rows behind those that are there.
    fn add(&mut self, rows: &Rows<'_>) -> io::Result<()>;
    /// Completes the file and puts it in its place.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Kind {
    /// By the ending of the file's name.
    pub(super) fn of(path: &Path) -> Result<Self, TrainError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("parquet") if cfg!(feature = "parquet") => Ok(Self::Parquet),
            Some("parquet") => Err(TrainError::NoParquet { path: path.to_owned() }),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(TrainError::Ending { path: path.to_owned() }),
        }
    }

    /// The files that are written.
    pub(super) fn files(self, path: &Path) -> Vec<PathBuf> {
        let table = (self == Self::Npy).then(|| super::npy::table_of(path));
        [path.to_owned()].into_iter().chain(table).collect()
    }

    /// Begins the file at `path`.
    pub(super) fn begin<'a>(self, path: &Path, outline: &'a Outline<'a>) -> io::Result<Box<dyn Sheet + 'a>> {
        Ok(match self {
            Self::Parquet => parquet(path, outline)?,
            Self::Npy => Box::new(Npy::begin(path, outline)?),
            Self::Safetensors => Box::new(Safetensors::begin(path, outline)?),
        })
    }
}

#[cfg(feature = "parquet")]
fn parquet<'a>(path: &Path, outline: &'a Outline<'a>) -> io::Result<Box<dyn Sheet + 'a>> {
    Ok(Box::new(super::parquet::Parquet::begin(path, outline)?))
}

#[cfg(not(feature = "parquet"))]
fn parquet<'a>(_: &Path, _: &'a Outline<'a>) -> io::Result<Box<dyn Sheet + 'a>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Names of a sample's labels.
pub(super) fn labels<'a>(data: &'a Dataset, sample: &'a Sample) -> impl Iterator<Item = &'a str> {
    sample.labels().filter_map(|class| data.classes.get(class.0).map(String::as_str))
}

/// Values as they are stored, little-endian.
pub(super) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
