//! The operations and their parameters, each with its default and its draw.

mod border;
mod colors;
mod crop;
mod erasing;
mod geometry;
mod mixture;
mod pointwise;
mod policies;

pub use border::Border;
pub use colors::{Brightness, ChannelShift, ColorJitter, GaussianBlur, Grayscale, Lighting, Sharpness};
pub use crop::RandomResizedCrop;
pub use erasing::{Erasing, Paint};
pub use geometry::{HorizontalFlip, Magnify, Perspective, Rotation, Shear, Shift, VerticalFlip, Warp, Zoom};
pub use mixture::AugMix;
pub use pointwise::{AutoContrast, Equalize, Invert, Posterize, Solarize};
pub use policies::{RandAugment, TrivialAugment};

use super::drawing::Drawing;
use super::draws::Draws;
use super::limit::Limit;

/// An operation of an augmentation chain.
pub(super) trait Op {
    /// What the parameters may be.
    fn limits(&self) -> Vec<Limit>;

    /// Draws what happens to one picture and writes it into `drawing`.
    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing);
}

/// A struct of parameters with a default each, which TOML may leave out.
macro_rules! parameters {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$field_about])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* }
            }
        }
    };
}
pub(super) use parameters;
