//! Random changes of pictures for training, drawn by a key and rendered in one resampling.
//!
//! Two steps. [`Augment::draw`] is a pure function of the key, the picture's size and the settings; [`AugmentParams::render`]
//! makes the pixels. All geometric operations of a chain are composed into one projective map from the result to the
//! source, so a picture is resampled once however long the chain is, and what comes into view from beyond the crop is
//! the picture itself as far as it goes. Rules and pictures: `docs/augmentation.md`.
//!
//! ```
//! use tl_image::{Augment, AugmentKey, AugmentPreset, Preprocess, SourcePixels};
//!
//! let picture = image::RgbImage::from_pixel(500, 375, image::Rgb([90, 120, 30]));
//! let preprocess = Preprocess::default();
//! let augment = Augment::from("fastai".parse::<AugmentPreset>()?);
//! let key = AugmentKey { seed: 42, epoch: 0, sample: 7 };
//! let params = augment.draw(key, picture.dimensions(), &preprocess);
//! let changed = params.render(&SourcePixels::whole(&picture));
//! assert_eq!(changed.dimensions(), (224, 224));
//! # Ok::<(), tl_image::AugmentError>(())
//! ```

mod augmentation_space;
mod batch;
mod border;
mod color;
mod drawing;
mod draws;
mod erase;
mod error;
mod frame;
mod histogram;
mod hsv;
mod limit;
mod list;
mod map;
mod neighbours;
mod op;
pub mod ops;
mod params;
mod preset;
mod reach;
mod render;
mod sample;
mod sheet;
mod source_pixels;
mod table;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;

pub use batch::{BatchKey, Blend, CutMix, MixUp};
pub use border::BorderMode;
pub use draws::AugmentKey;
pub use error::AugmentError;
pub use list::Augment;
pub use op::AugmentOp;
pub use ops::{Border, Paint};
pub use params::AugmentParams;
pub use preset::AugmentPreset;
pub use sheet::contact_sheet;
pub use source_pixels::SourcePixels;
