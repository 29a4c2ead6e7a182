//! What writes a file of features, batch of rows by batch of rows.

use std::collections::BTreeMap;
use std::io;
use tl_data::{Dataset, Sample};
use tl_heads::Matrix;

/// What is known of a file before its rows are.
pub(super) struct FeatureFileHeader<'a> {
    /// Names and labels come from it.
    pub(super) data: &'a Dataset,
    /// Shape of one row: `[features]`, or `[channels, height, width]`.
    pub(super) shape: &'a [usize],
    /// Maximum number of rows.
    pub(super) most: usize,
    /// What the features are, for whoever reads the file.
    pub(super) about: BTreeMap<&'static str, String>,
}

/// Rows that belong together: a sample and its features each.
pub(super) struct FeatureRows<'a> {
    pub(super) samples: Vec<&'a Sample>,
    pub(super) features_nd: &'a Matrix,
}

/// A file of features that is being written.
pub(super) trait FeatureWriter {
    /// Adds rows behind those that are there.
    fn add(&mut self, rows: &FeatureRows<'_>) -> io::Result<()>;
    /// Completes the file and puts it in its place.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Names of a sample's labels.
pub(super) fn labels<'a>(data: &'a Dataset, sample: &'a Sample) -> impl Iterator<Item = &'a str> {
    sample.labels().filter_map(|class| data.classes.get(class.0).map(String::as_str))
}

/// Values as they are stored, little-endian.
pub(super) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
