//! The operations by their names in TOML.

use serde::{Deserialize, Serialize};

use super::ops::{self, Op};

/// An enum with a variant for each operation, and its name in TOML.
macro_rules! operations {
    ($($(#[$about:meta])* $name:literal $variant:ident($type:ty),)*) => {
        /// An operation of an augmentation chain: in TOML a table with its name as `op`, and the parameters that differ
        /// from the defaults.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "op")]
        pub enum AugmentOp {
            $($(#[$about])* #[serde(rename = $name)] $variant($type),)*
        }

        impl AugmentOp {
            /// Names of all operations, as in TOML.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Every operation with its defaults, in the order of [`NAMES`](Self::NAMES).
            pub fn all() -> Vec<AugmentOp> {
                vec![$(AugmentOp::$variant(Default::default())),*]
            }

            /// The name of the operation, as in TOML.
            pub fn name(&self) -> &'static str {
                match self { $(AugmentOp::$variant(_) => $name),* }
            }

            pub(super) fn op(&self) -> &dyn Op {
                match self { $(AugmentOp::$variant(op) => op),* }
            }
        }
    };
}

operations! {
    /// What is seen beyond the borders.
    "border" Border(ops::Border),
    /// A random part of the picture.
    "random_resized_crop" RandomResizedCrop(ops::RandomResizedCrop),
    /// Left becomes right.
    "horizontal_flip" HorizontalFlip(ops::HorizontalFlip),
    /// Top becomes bottom.
    "vertical_flip" VerticalFlip(ops::VerticalFlip),
    /// A turn about the middle.
    "rotation" Rotation(ops::Rotation),
    /// A shift along both axes.
    "shift" Shift(ops::Shift),
    /// Keras's shear.
    "shear" Shear(ops::Shear),
    /// Keras's zoom.
    "zoom" Zoom(ops::Zoom),
    /// fastai's zoom.
    "magnify" Magnify(ops::Magnify),
    /// fastai's perspective.
    "warp" Warp(ops::Warp),
    /// torchvision's perspective.
    "perspective" Perspective(ops::Perspective),
    /// Channel shift: the same number added to all values.
    "channel_shift" ChannelShift(ops::ChannelShift),
    /// All values times a factor.
    "brightness" Brightness(ops::Brightness),
    /// Brightness, contrast, saturation and hue.
    "color_jitter" ColorJitter(ops::ColorJitter),
    /// fastai's brightness and contrast.
    "lighting" Lighting(ops::Lighting),
    /// Grayscale: no colours.
    "grayscale" Grayscale(ops::Grayscale),
    /// Gaussian blur.
    "gaussian_blur" GaussianBlur(ops::GaussianBlur),
    /// Blurred or sharpened.
    "sharpness" Sharpness(ops::Sharpness),
    /// Posterize: fewer bits.
    "posterize" Posterize(ops::Posterize),
    /// Bright values inverted.
    "solarize" Solarize(ops::Solarize),
    /// All values inverted.
    "invert" Invert(ops::Invert),
    /// The full range of values.
    "auto_contrast" AutoContrast(ops::AutoContrast),
    /// All values equally frequent.
    "equalize" Equalize(ops::Equalize),
    /// A rectangle painted over.
    "erasing" Erasing(ops::Erasing),
    /// TrivialAugment: one random operation.
    "trivial_augment" TrivialAugment(ops::TrivialAugment),
    /// A few random operations.
    "rand_augment" RandAugment(ops::RandAugment),
    /// A mixture of several changed versions.
    "aug_mix" AugMix(ops::AugMix),
}

impl AugmentOp {
    /// Whether the operation moves pixels, or may.
    pub(super) fn is_geometric(&self) -> bool {
        use AugmentOp::{
            AugMix, HorizontalFlip, Magnify, Perspective, RandAugment, Rotation, Shear, Shift,
            TrivialAugment, VerticalFlip, Warp, Zoom,
        };
        matches!(
            self,
            HorizontalFlip(_)
                | VerticalFlip(_)
                | Rotation(_)
                | Shift(_)
                | Shear(_)
                | Zoom(_)
                | Magnify(_)
                | Warp(_)
                | Perspective(_)
                | TrivialAugment(_)
                | RandAugment(_)
                | AugMix(_)
        )
    }
}
