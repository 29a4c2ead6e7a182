//! The table of architectures: a name for every network that can be built.

use burn::tensor::Device;

use crate::Backbone;
use crate::efficientnet::{EfficientNetConfig, LITE0};

/// A network that can be built, before any weights are loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Architecture {
    /// The name people type, as in timm without the `tf_` prefix.
    pub name: &'static str,
    /// Side of the square pictures that the published weights were trained on, in pixels.
    pub input_size: usize,
    /// Width of the pooled features.
    pub features: usize,
    /// Width of the classification head as published.
    pub classes: usize,
    family: Family,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Family {
    EfficientNet(EfficientNetConfig),
}

/// Every architecture, sorted by name.
pub const ARCHITECTURES: &[Architecture] = &[Architecture {
    name: "efficientnet_lite0",
    input_size: 224,
    features: 1280,
    classes: 1000,
    family: Family::EfficientNet(LITE0),
}];

/// EfficientNet-Lite0: 4.7 million parameters, ReLU6, no squeeze-and-excitation.
///
/// Source: <https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>.
pub const fn efficientnet_lite0() -> Architecture {
    ARCHITECTURES[0]
}

/// No architecture has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no backbone named `{name}`")]
pub struct UnknownArchitecture {
    /// The name that was asked for.
    pub name: String,
    /// The known name most like it.
    pub nearest: &'static str,
}

/// Looks an architecture up by name.
///
/// # Errors
/// [`UnknownArchitecture`], with the nearest known name.
pub fn architecture(name: &str) -> Result<Architecture, UnknownArchitecture> {
    let found = ARCHITECTURES.iter().find(|row| row.name == name);
    found.copied().ok_or_else(|| UnknownArchitecture { name: name.to_owned(), nearest: nearest(name) })
}

fn nearest(name: &str) -> &'static str {
    let likeness = |row: &&Architecture| strsim::jaro_winkler(row.name, name);
    let best = ARCHITECTURES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.map_or("", |row| row.name)
}

impl Architecture {
    /// Builds the network with the classification head it is published with; parameters are drawn at random.
    pub fn init(&self, device: &Device) -> Backbone {
        match self.family {
            Family::EfficientNet(config) => Backbone::EfficientNet(config.init(self.classes, device)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_suggests_the_nearest_one() {
        let error = architecture("eficientnet-lite0").unwrap_err();
        assert_eq!(error.to_string(), "there is no backbone named `eficientnet-lite0`");
        assert_eq!(error.nearest, "efficientnet_lite0");
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(ARCHITECTURES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
