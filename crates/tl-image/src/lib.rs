//! Bytes to upright RGB pixels, resampling, augmentation; or an error that says why.
//!
//! ```text
//! bytes --read_header--> PictureHeader { format, size, colours, orientation }
//! bytes --decode (limits first, EXIF applied)--> RgbImage --Preprocess--> [3, size, size] f32
//! bytes --decode_part (only what is wanted)--> Cutout --resize--> RgbImage
//! RgbImage --Augment::draw, AugmentParams::render--> RgbImage
//! ```
//!
//! A file that is not a readable picture is a [`PictureError`], never half a picture. Nothing here knows of data sets, labels or
//! splits.
//!
//! ```
//! use tl_image::{Limits, Preprocess, decode};
//!
//! let mut file = std::io::Cursor::new(Vec::new());
//! image::RgbImage::from_pixel(40, 30, image::Rgb([90; 3])).write_to(&mut file, image::ImageFormat::Png)?;
//! let preprocess = Preprocess { size: 32, ..Preprocess::default() };
//! let picture = decode(file.get_ref(), &Limits::default(), preprocess.fill)?;
//! assert_eq!(preprocess.tensor_chw(&picture).len(), 3 * 32 * 32);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod augment;
mod bmp;
mod contained;
mod content_hash;
mod decode;
mod directory;
mod flatten;
mod foreign;
mod forgiving;
mod format;
mod found_values;
mod header;
mod interpolation;
mod jpeg;
mod kernel;
mod limits;
mod orientation;
mod perceptual_hash;
mod picture_error;
mod pixel_cache;
mod preprocess;
mod preprocess_check;
mod read_header;
mod region;
mod resample;
mod resize;
mod sniff;
mod tiff;
mod tiff_directories;
mod unsupported_format;
mod value_range;

pub use augment::{
    Augment, AugmentError, AugmentKey, AugmentOp, AugmentParams, AugmentPreset, BatchKey, Blend, Border,
    BorderMode, CutMix, MixUp, SourcePixels, contact_sheet,
};
pub use contained::{Panicked, contained, contained_or, is_contained};
pub use content_hash::ContentHash;
pub use decode::decode;
pub use forgiving::decode_forgivingly;
pub use format::{Format, ends_like_a_picture, ends_usually};
pub use found_values::FoundValues;
pub use header::{ColorMode, PictureHeader};
pub use interpolation::Interpolation;
pub use jpeg::decode_jpeg;
pub use limits::Limits;
pub use perceptual_hash::PerceptualHash;
pub use picture_error::PictureError;
pub use pixel_cache::PixelCache;
pub use preprocess::{Crop, Preprocess, ResizeMode};
pub use read_header::read_header;
pub use region::{DecodedRegion, RegionRequest, decode_part};
pub use resize::{resize, resize_box};
pub use unsupported_format::UnsupportedFormat;
pub use value_range::ValueRange;
