//! Chains of augmentations by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ops::{self, Border, Paint};
use super::{AugmentError, AugmentOp, BorderMode};

/// A chain of augmentations by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AugmentPreset {
    /// The picture as it is at prediction.
    None,
    /// A crop of at least half the picture, and horizontal flips.
    #[default]
    Light,
    /// Rotation by 40 degrees, shift, shear and zoom by 0.2, flips: what `make_image_classifier` set for Keras.
    Keras,
    /// fastai's `aug_transforms()` with its defaults.
    Fastai,
    /// torchvision's recipe: random crop, flip, TrivialAugmentWide, and 1 picture in 10 partly erased.
    Trivial,
    /// Random crop, flip, RandAugment, colour jitter, and 1 picture in 4 partly erased; for many epochs.
    Strong,
}

/// The names, in the order of strength.
const NAMES: [&str; 6] = ["none", "light", "keras", "fastai", "trivial", "strong"];

impl AugmentPreset {
    /// All presets, in the order of strength.
    pub const ALL: [AugmentPreset; 6] = [
        AugmentPreset::None,
        AugmentPreset::Light,
        AugmentPreset::Keras,
        AugmentPreset::Fastai,
        AugmentPreset::Trivial,
        AugmentPreset::Strong,
    ];

    /// The operations that the preset stands for.
    pub fn ops(self) -> Vec<AugmentOp> {
        match self {
            AugmentPreset::None => Vec::new(),
            AugmentPreset::Light => light(),
            AugmentPreset::Keras => keras(),
            AugmentPreset::Fastai => fastai(),
            AugmentPreset::Trivial => trivial(),
            AugmentPreset::Strong => strong(),
        }
    }
}

fn light() -> Vec<AugmentOp> {
    let crop = ops::RandomResizedCrop { scale: [0.5, 1.0], ..Default::default() };
    vec![AugmentOp::RandomResizedCrop(crop), AugmentOp::HorizontalFlip(ops::HorizontalFlip::default())]
}

/// <https://github.com/tensorflow/hub/blob/v0.12.0/tensorflow_hub/tools/make_image_classifier/make_image_classifier_lib.py>
fn keras() -> Vec<AugmentOp> {
    vec![
        AugmentOp::Border(Border { mode: BorderMode::Nearest, color: None }),
        AugmentOp::Rotation(ops::Rotation { degrees: 40.0, p: 1.0 }),
        AugmentOp::Shift(ops::Shift { width: 0.2, height: 0.2, p: 1.0 }),
        // In degrees, so next to nothing; the constant is theirs.
        AugmentOp::Shear(ops::Shear { degrees: 0.2, p: 1.0 }),
        AugmentOp::Zoom(ops::Zoom { range: [0.8, 1.2], p: 1.0 }),
        AugmentOp::HorizontalFlip(ops::HorizontalFlip::default()),
    ]
}

/// <https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py>
fn fastai() -> Vec<AugmentOp> {
    vec![
        AugmentOp::Border(Border { mode: BorderMode::Reflect, color: None }),
        AugmentOp::HorizontalFlip(ops::HorizontalFlip::default()),
        AugmentOp::Warp(ops::Warp::default()),
        AugmentOp::Rotation(ops::Rotation { degrees: 10.0, p: 0.75 }),
        AugmentOp::Magnify(ops::Magnify::default()),
        AugmentOp::Lighting(ops::Lighting::default()),
    ]
}

/// <https://github.com/pytorch/vision/blob/v0.21.0/references/classification/presets.py>
fn trivial() -> Vec<AugmentOp> {
    vec![
        AugmentOp::Border(Border { mode: BorderMode::Constant, color: Some([0; 3]) }),
        AugmentOp::RandomResizedCrop(ops::RandomResizedCrop::default()),
        AugmentOp::HorizontalFlip(ops::HorizontalFlip::default()),
        AugmentOp::TrivialAugment(ops::TrivialAugment::default()),
        AugmentOp::Erasing(ops::Erasing { p: 0.1, ..Default::default() }),
    ]
}

fn strong() -> Vec<AugmentOp> {
    let jitter = ops::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 };
    vec![
        AugmentOp::Border(Border { mode: BorderMode::Constant, color: None }),
        AugmentOp::RandomResizedCrop(ops::RandomResizedCrop::default()),
        AugmentOp::HorizontalFlip(ops::HorizontalFlip::default()),
        AugmentOp::RandAugment(ops::RandAugment::default()),
        AugmentOp::ColorJitter(jitter),
        AugmentOp::Erasing(ops::Erasing { p: 0.25, paint: Paint::Noise, ..Default::default() }),
    ]
}

impl fmt::Display for AugmentPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES[*self as usize])
    }
}

impl FromStr for AugmentPreset {
    type Err = AugmentError;

    fn from_str(name: &str) -> Result<Self, AugmentError> {
        let found = AugmentPreset::ALL.into_iter().zip(NAMES).find(|(_, known)| *known == name);
        found
            .map(|(preset, _)| preset)
            .ok_or_else(|| AugmentError::UnknownPreset { name: name.into(), known: NAMES.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Augment;

    #[test]
    fn every_preset_is_valid_and_reads_back_by_its_name() {
        for preset in AugmentPreset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
            assert_eq!(Augment::from(preset).ops(), Augment::new(preset.ops()).unwrap().ops());
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_names() {
        let message = "fasta".parse::<AugmentPreset>().unwrap_err().to_string();
        let all = "none, light, keras, fastai, trivial, strong";
        assert_eq!(message, format!("`fasta` is not a preset, choose one of {all}"));
    }
}
