//! What can be wrong with weights.

/// Why weights could not be found or loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// The catalogue has no such row.
    #[error("there are no weights named `{name}` in the catalogue")]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// This build leaves the embedded weights out.
    #[error("this build has no embedded weights: it was built without the cargo feature `embedded`")]
    NotEmbedded,
    /// The bytes are not those that were published.
    #[error("the weights `{name}` are damaged: sha256 {actual}, expected {expected}")]
    Checksum {
        /// Catalogue name.
        name: &'static str,
        /// The published hash.
        expected: &'static str,
        /// The hash of what is there.
        actual: String,
    },
    /// Not a safetensors file, or a damaged one.
    #[error("not a readable safetensors file: {detail}")]
    Format {
        /// What the parser found.
        detail: String,
    },
    /// Larger than the network could need.
    #[error("the file holds {bytes} bytes of tensors, the network needs {expected} at most")]
    TooLarge {
        /// Bytes of tensors in the file.
        bytes: u64,
        /// Bytes of the network's parameters in f64, the widest type that is read.
        expected: u64,
    },
    /// The network needs tensors that the file lacks.
    #[error("{count} of the network's tensors are not in the file, the first is `{first}`")]
    Missing {
        /// How many.
        count: usize,
        /// The first of them.
        first: String,
    },
    /// A tensor does not fit.
    #[error("a tensor does not fit the network: {detail}")]
    Mismatch {
        /// Which, and how.
        detail: String,
    },
}
