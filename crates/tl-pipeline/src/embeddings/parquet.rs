//! A Parquet table: `path`, a string; `label`, a string or null, or a list of strings where pictures have several;
//! `features`, a list of float32. What the features are is in its key-value metadata.

use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tl_files::AtomicFile;

use super::writer::{FeatureFileHeader, FeatureRows, FeatureWriter, labels};

/// Features of a row group, in bytes, at least: they wait in memory, for a file holds column by column.
const GROUP: usize = 32 << 20;

const ONE_LABEL: &str = "optional binary label (STRING);";
const SEVERAL_LABELS: &str =
    "required group label (LIST) { repeated group list { required binary element (STRING); } }";

pub(super) struct Parquet<'a> {
    outline: &'a FeatureFileHeader<'a>,
    file: SerializedFileWriter<AtomicFile<'static>>,
    group: RowGroup,
}

/// Rows that wait.
#[derive(Default)]
struct RowGroup {
    paths: Vec<ByteArray>,
    labels: Vec<Vec<ByteArray>>,
    features: Vec<f32>,
}

impl<'a> Parquet<'a> {
    pub(super) fn begin(path: &Path, outline: &'a FeatureFileHeader<'a>) -> io::Result<Self> {
        let file = SerializedFileWriter::new(
            AtomicFile::begin_alone(path)?,
            Arc::new(parse_message_type(&schema(outline.data.multi_label)).map_err(as_io)?),
            Arc::new(properties(outline)),
        );
        Ok(Self { outline, file: file.map_err(as_io)?, group: RowGroup::default() })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let RowGroup { paths, labels, features } = std::mem::take(&mut self.group);
        if paths.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        column(&mut group, |column| column.typed::<ByteArrayType>().write_batch(&paths, None, None))?;
        column(&mut group, |column| match self.outline.data.multi_label {
            true => write_lists::<ByteArrayType>(column, labels.iter().map(Vec::as_slice)),
            false => write_optional(column, &labels),
        })?;
        let width = self.outline.shape.iter().product::<usize>().max(1);
        column(&mut group, |column| write_lists::<FloatType>(column, features.chunks(width)))?;
        group.close().map(drop)
    }
}

impl FeatureWriter for Parquet<'_> {
    fn add(&mut self, rows: &FeatureRows<'_>) -> io::Result<()> {
        for sample in &rows.samples {
            self.group.paths.push(sample.name().as_str().into());
            self.group.labels.push(labels(self.outline.data, sample).map(ByteArray::from).collect());
        }
        self.group.features.extend_from_slice(rows.features_nd.values());
        if self.group.features.len() * 4 >= GROUP {
            self.write_group().map_err(as_io)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.write_group().map_err(as_io)?;
        Ok(self.file.into_inner().map_err(as_io)?.commit()?)
    }
}

fn schema(multi_label: bool) -> String {
    let label = if multi_label { SEVERAL_LABELS } else { ONE_LABEL };
    format!(
        "message features {{ required binary path (STRING); {label} \
        required group features (LIST) {{ repeated group list {{ required float element; }} }} }}"
    )
}

fn properties(outline: &FeatureFileHeader<'_>) -> WriterProperties {
    let entry = |(key, value): (&&str, &String)| KeyValue::new((*key).to_owned(), value.clone());
    let features = ColumnPath::from(["features", "list", "element"].map(String::from).to_vec());
    WriterProperties::builder()
        .set_key_value_metadata(Some(outline.about.iter().map(entry).collect()))
        // Hardly any two are equal, and nobody asks for a range of them.
        .set_column_dictionary_enabled(features.clone(), false)
        .set_column_statistics_enabled(features, EnabledStatistics::None)
        .build()
}

/// The next column of a group.
fn column(
    group: &mut SerializedRowGroupWriter<'_, AtomicFile<'static>>,
    write: impl FnOnce(&mut SerializedColumnWriter<'_>) -> Result<usize, ParquetError>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has fewer columns".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    write(&mut column)?;
    column.close()
}

/// The first value of each row, or null.
fn write_optional(
    column: &mut SerializedColumnWriter<'_>,
    rows: &[Vec<ByteArray>],
) -> Result<usize, ParquetError> {
    let defined: Vec<i16> = rows.iter().map(|row| i16::from(!row.is_empty())).collect();
    let values: Vec<ByteArray> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    column.typed::<ByteArrayType>().write_batch(&values, Some(&defined), None)
}

/// All values of each row. Levels as in <https://parquet.apache.org/docs/file-format/nestedencoding>: a value is defined
/// at 1, an empty list at 0; the first value of a row has the repetition level 0, the others 1.
fn write_lists<'v, T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    rows: impl Iterator<Item = &'v [T::T]>,
) -> Result<usize, ParquetError>
where
    T::T: 'v,
{
    let (mut defined, mut repeated, mut written) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        defined.clear();
        defined.resize(row.len().max(1), i16::from(!row.is_empty()));
        repeated.resize(defined.len(), 1);
        repeated[0] = 0;
        written += column.typed::<T>().write_batch(row, Some(&defined), Some(&repeated))?;
    }
    Ok(written)
}

/// The operating system's error, where it is one.
fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => {
            inner.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        other => io::Error::other(other),
    }
}
