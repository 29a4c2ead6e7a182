//! Folders and lists of pictures in; upright RGB pixels, splits and sample order out, or an error that names the file.
//!
//! ```text
//! Source --read--> Dataset --split--> Parts { train, val, test }
//! Source --check--> CheckReport { duplicates, advice, .. }
//! Source --read_portion--> Dataset, also without classes
//! folder --scan--> Dataset --train_val--> Split { train, val }
//! bytes --decode (limits first, EXIF applied)--> RgbImage --Preprocess--> [3, size, size] f32
//! bytes --decode_part (only what is wanted)--> Cutout --resize--> RgbImage
//! Sampler (seed, epoch) --load_batches (threads, in order)--> Batch { pixels_bchw, labels, ids, rejected }
//! ```
//!
//! A file that is not a readable picture never stops the work and is never replaced by another one:
//! it is listed in [`Dataset::rejected`] with its reason, and [`check_bad`] says when that is too many.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # for (class, shade) in [("cat", 10), ("cat", 20), ("dog", 30), ("dog", 40)] {
//! #     std::fs::create_dir_all(folder.path().join(class))?;
//! #     image::RgbImage::from_pixel(40, 30, image::Rgb([shade; 3]))
//! #         .save(folder.path().join(class).join(format!("{shade}.png")))?;
//! # }
//! use tl_data::{Limits, MaxBad, Preprocess, SampleOrder, check_bad, decode, scan, train_val};
//!
//! let limits = Limits::default();
//! let data = scan(folder.path(), &limits, &|_| {})?;
//! check_bad(&data.rejected, data.files(), &MaxBad::default())?;
//! let split = train_val(&data, 0.2, 42)?;
//!
//! let preprocess = Preprocess { size: 32, ..Preprocess::default() };
//! let order = SampleOrder::new(42, 0, split.train.len());
//! for i in 0..order.len() {
//!     let id = split.train[order.at(i)];
//!     let picture = decode(&std::fs::read(data.file_of(id))?, &limits, preprocess.fill)?;
//!     assert_eq!(preprocess.tensor_chw(&picture).len(), 3 * 32 * 32);
//! }
//! # Ok(())
//! # }
//! ```

pub mod augment;
mod batch;
mod bmp;
mod check;
mod choose;
mod class_weights;
mod columns;
mod cutout;
mod dataset;
mod decode;
mod directory;
mod error;
mod file;
mod flatten;
mod header;
mod jpeg;
mod kernel;
mod kin;
mod limits;
mod list;
mod listing;
mod loader;
mod look;
mod manifest;
mod natural;
mod near;
mod numbers;
mod order;
mod orientation;
mod part;
mod pattern;
mod picture_error;
mod pixel_cache;
mod place;
mod policy;
mod portion;
mod preprocess;
mod resample;
mod resize;
mod rows;
mod sampler;
mod scan;
mod shards;
mod sniff;
mod source;
mod source_error;
mod split;
mod split_csv;
mod strata;
mod summary;
mod table;
#[cfg(feature = "parquet")]
mod table_parquet;
mod tiff;
mod walk;

pub use augment::{
    Augment, AugmentError, AugmentKey, AugmentOp, AugmentPreset, BatchKey, Blend, Border, BorderMode, CutMix,
    MixUp, PictureView, Plan, contact_sheet,
};
pub use batch::{Batch, Loading, load_batches};
pub use check::{
    Advice, Bin, CheckOptions, CheckReport, ClassCheck, DuplicateSet, Likeness, PictureVerdict, Severity,
    Twin, Verdict, check,
};
pub use class_weights::ClassWeights;
pub use cutout::{Cutout, Wanted, decode_part, read_part};
pub use dataset::{ClassId, ContentHash, Dataset, Rejected, Sample, SampleId};
pub use decode::decode;
pub use error::{DataError, FoundInstead};
pub use file::read_picture;
pub use header::{ColorMode, PictureHeader, read_header};
pub use limits::Limits;
pub use loader::load_ordered;
pub use look::Look;
pub use natural::natural_cmp;
pub use near::NEAR_BITS;
pub use order::SampleOrder;
pub use part::Part;
pub use picture_error::PictureError;
pub use pixel_cache::PixelCache;
pub use place::{Place, Span};
pub use policy::{MaxBad, check_bad};
pub use portion::Portion;
pub use preprocess::{Crop, Preprocess, ResizeMode};
pub use resize::{Interpolation, resize, resize_box};
pub use sampler::{Sampler, Sampling};
pub use scan::{Progress, read, read_portion, scan};
pub use sniff::Format;
pub use source::{Columns, ReadOptions, Source};
pub use source_error::SourceError;
pub use split::{Parts, Shares, Split, folds, split, train_val};
pub use split_csv::{Given, read_csv, read_parts, write_csv, write_parts};
pub use summary::{Spread, Summary};
