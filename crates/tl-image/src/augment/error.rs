//! Why a list of augmentations was refused.

use thiserror::Error;

/// The reason an augmentation, a list of them or a preset's name was refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum AugmentError {
    /// A parameter is outside what is possible.
    #[error("{op}: {parameter} is {value}, it must lie between {lowest} and {highest}")]
    OutOfRange {
        /// The operation, as in TOML.
        op: &'static str,
        /// The parameter, as in TOML.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// The lowest value allowed.
        lowest: f64,
        /// The highest value allowed.
        highest: f64,
    },
    /// The two ends of a range are the wrong way round.
    #[error("{op}: {parameter} is [{from}, {to}], the lower end comes first: [{to}, {from}]")]
    Descending {
        /// The operation, as in TOML.
        op: &'static str,
        /// The parameter, as in TOML.
        parameter: &'static str,
        /// The first value of the range.
        from: f64,
        /// Second value, lower than the first.
        to: f64,
    },
    /// A kernel has no middle.
    #[error("{op}: {parameter} is {value}, it must be odd")]
    Even {
        /// The operation, as in TOML.
        op: &'static str,
        /// The parameter, as in TOML.
        parameter: &'static str,
        /// What was given.
        value: f64,
    },
    /// An operation that can be there only once comes again.
    #[error("{op} comes twice, once is all it can")]
    Twice {
        /// The operation, as in TOML.
        op: &'static str,
    },
    /// The crop chooses the part of the picture that the others then change.
    #[error("random_resized_crop comes after {before}, put it first")]
    CropNotFirst {
        /// The operation that precedes it.
        before: &'static str,
    },
    /// No preset has this name.
    #[error("`{name}` is not a preset, choose one of {known}")]
    UnknownPreset {
        /// What was given.
        name: String,
        /// The names that there are, with commas between them.
        known: String,
    },
}
