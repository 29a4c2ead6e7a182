//! Sources, labels, tables, shards, splits, duplicates, order, loader, check: a folder, table or archive of pictures becomes a
//! labelled [`Dataset`], its parts and the order of its pictures, or an error that names the file. Pixels are the matter of `tl_image`.
//!
//! ```text
//! Source --read--> Dataset --split--> Parts { train, val, test }
//! Source --check--> CheckReport { duplicates, advice, .. }
//! Source --read_portion--> Dataset, also without classes
//! folder --scan--> Dataset --train_val--> Split { train, val }
//! PictureLocation (a file, or a part of one) --decode--> RgbImage --tl_image::Preprocess--> [3, size, size] f32
//! Sampler (seed, epoch) --load_groups (threads, in order)--> what is made of each picture, batch by batch
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
//! use tl_data::{MaxBad, SampleOrder, check_bad, scan, train_val};
//! use tl_image::{Limits, Preprocess, decode};
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

mod categorical_column;
mod cell_fault;
mod cell_label;
mod check;
mod choose;
mod class_weights;
mod columns;
mod dataset;
mod delimiter;
mod disjoint_sets;
mod duplicate_groups;
mod encoding;
mod error;
mod file;
mod found_range;
mod groups;
mod label_cells;
mod layout;
mod leftover;
mod list;
mod list_cell;
mod list_source;
mod listing;
mod listing_builder;
mod loader;
mod lookup;
mod manifest;
mod natural;
mod near_duplicates;
mod numbers;
mod order;
mod other_letters;
mod ours;
#[cfg(feature = "parquet")]
mod parquet_footer;
mod part;
mod part_column;
mod part_name;
mod part_words;
mod parts_said;
mod parts_suggested;
mod pattern;
mod picture_location;
mod policy;
mod portion;
mod progress;
mod range_choice;
mod read_table;
mod reading;
mod rejected;
mod same_file;
mod sample_error;
mod sampler;
mod scan;
mod shards;
mod shell;
mod source;
mod source_error;
mod spelling;
mod split;
mod split_csv;
mod strata;
mod sub_folders;
mod summary;
mod table;
mod table_limits;
#[cfg(feature = "parquet")]
mod table_parquet;
mod text_file;
mod unread;
mod walk;
mod wide_values;
mod windows_path;

pub use cell_fault::CellFault;
pub use check::{
    Advice, Bin, CheckOptions, CheckReport, ClassCheck, DuplicatePicture, DuplicateSet, Likeness,
    PictureVerdict, Severity, Verdict, check,
};
pub use class_weights::ClassWeights;
pub use dataset::{ClassId, Dataset, Sample, SampleId};
pub use duplicate_groups::{DuplicateGroups, duplicate_groups};
pub use error::{DataError, FoundInstead};
pub use found_range::settle_range;
pub use groups::load_groups;
pub use leftover::is_passed_over;
pub use loader::load_ordered;
pub use natural::natural_cmp;
pub use near_duplicates::{NEAR_BITS, Tightened};
pub use order::SampleOrder;
pub use ours::is_ours;
pub use part::Part;
pub use parts_said::parts_said;
pub use picture_location::{PictureLocation, Span};
pub use policy::{MaxBad, check_bad};
pub use portion::Portion;
pub use progress::Progress;
pub use range_choice::RangeChoice;
pub use reading::{ReadGuard, overdue, reading};
pub use rejected::Rejected;
pub use sample_error::SampleError;
pub use sampler::{Sampler, Sampling};
pub use scan::{read, read_portion, read_to_judge, scan};
pub use shell::shell;
pub use source::{Blank, Columns, ReadOptions, Source, Uncertain};
pub use source_error::SourceError;
pub use spelling::position_of_name;
pub use split::{Parts, Shares, Split, folds, split, train_val};
pub use split_csv::{GivenSplit, read_parts, write_parts};
pub use summary::{Spread, Summary};
pub use unread::Unread;
pub use wide_values::WideValues;
