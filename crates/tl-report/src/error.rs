//! Everything this crate refuses.

/// What is wrong with predictions or with a stored record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A class number is not one of the matrix's classes.
    #[error("class {index} does not exist: there are {classes} classes, numbered from 0")]
    UnknownClass {
        /// The number given.
        index: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A stored matrix is not square, or does not fit its class names.
    #[error(
        "confusion matrix has {actual} counts in a row or column, expected one for each of {expected} classes"
    )]
    NotSquare {
        /// The number of classes.
        expected: usize,
        /// The number of counts found.
        actual: usize,
    },
    /// A prediction does not have one probability per class.
    #[error(
        "prediction for `{path}` has {actual} probabilities, expected one for each of {expected} classes"
    )]
    ProbabilityCount {
        /// The picture.
        path: String,
        /// The number of classes.
        expected: usize,
        /// The number of probabilities found.
        actual: usize,
    },
    /// A prediction holds a number outside [0, 1], or none at all.
    #[error("prediction for `{path}` has the probability {value}, expected 0 to 1; did training diverge?")]
    NotAProbability {
        /// The picture.
        path: String,
        /// The number found.
        value: f64,
    },
    /// The record was written by another version of the program.
    #[error("run record has schema {actual}, expected {expected}; read it with the `tl` that wrote it")]
    Schema {
        /// The schema that this version reads, [`crate::SCHEMA`].
        expected: u32,
        /// The schema in the file.
        actual: u32,
    },
    /// The text is not a run record.
    #[error("cannot read the run record")]
    Read(#[source] serde_json::Error),
    /// The record cannot be written as JSON.
    #[error("cannot write the run record")]
    Write(#[source] serde_json::Error),
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
