//! A safetensors file: `features`, float32, `[rows, features]` or `[rows, channels, height, width]`; `labels`, int64,
//! the number of each picture's class, -1 without, or `[rows, classes]` of 0 and 1 where pictures have several. Its
//! `__metadata__` has the paths of the rows as JSON, beside what the features are.
//!
//! The library's writer wants all values in memory; this one reserves the header's place and fills it in at the end.
//! <https://github.com/huggingface/safetensors#format>

use serde_json::{Value, json};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use tl_data::{ClassId, Sample};
use tl_files::AtomicFile;

use super::writer::{FeatureFileHeader, FeatureRows, FeatureWriter, bytes};

/// <https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs>, `MAX_HEADER_SIZE`
const LONGEST_HEADER: usize = 100_000_000;

pub(super) struct Safetensors<'a> {
    outline: &'a FeatureFileHeader<'a>,
    file: AtomicFile<'static>,
    /// Bytes of the header's place.
    place: usize,
    paths: Vec<String>,
    labels: Vec<i64>,
}

impl<'a> Safetensors<'a> {
    pub(super) fn begin(path: &Path, outline: &'a FeatureFileHeader<'a>) -> io::Result<Self> {
        let mut file = AtomicFile::begin_alone(path)?;
        // Rows can only become fewer, and the header shorter.
        let paths: Vec<String> = outline.data.samples.iter().map(Sample::name).collect();
        let place = header(outline, &paths).len().next_multiple_of(8);
        if place > LONGEST_HEADER {
            let reason = format!(
                "the names of {} pictures are too long for a safetensors file: write .parquet, or use --shard",
                paths.len()
            );
            return Err(io::Error::new(ErrorKind::InvalidInput, reason));
        }
        file.seek(SeekFrom::Start((8 + place) as u64))?;
        Ok(Self { outline, file, place, paths: Vec::new(), labels: Vec::new() })
    }

    fn labels_of(&self, sample: &Sample) -> Vec<i64> {
        let data = self.outline.data;
        match (data.multi_label, data.classes.len()) {
            (true, classes) => {
                let has = |class| sample.labels().any(|label| label == ClassId(class));
                (0..classes).map(|class| i64::from(has(class))).collect()
            }
            (false, 0) => vec![-1],
            (false, _) => vec![sample.class.0 as i64],
        }
    }
}

impl FeatureWriter for Safetensors<'_> {
    fn add(&mut self, rows: &FeatureRows<'_>) -> io::Result<()> {
        for sample in &rows.samples {
            self.paths.push(sample.name());
            let labels = self.labels_of(sample);
            self.labels.extend(labels);
        }
        self.file.write_all(&bytes(rows.features_nd.values()))
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let labels: Vec<u8> = self.labels.iter().flat_map(|label| label.to_le_bytes()).collect();
        self.file.write_all(&labels)?;
        let mut header = header(self.outline, &self.paths);
        header.resize(self.place, b' ');
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&(self.place as u64).to_le_bytes())?;
        self.file.write_all(&header)?;
        Ok(self.file.commit()?)
    }
}

/// The header of a file with a row for each of these pictures.
fn header(outline: &FeatureFileHeader<'_>, paths: &[String]) -> Vec<u8> {
    let (rows, data) = (paths.len(), outline.data);
    let features = [&[rows], outline.shape].concat();
    let labels = if data.multi_label { vec![rows, data.classes.len()] } else { vec![rows] };
    let middle = features.iter().product::<usize>() * 4;
    let end = middle + labels.iter().product::<usize>() * 8;
    let mut metadata: serde_json::Map<String, Value> =
        outline.about.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    metadata.insert("paths".to_owned(), json!(json!(paths).to_string()));
    let header = json!({
        "__metadata__": metadata,
        "features": {"dtype": "F32", "shape": features, "data_offsets": [0, middle]},
        "labels": {"dtype": "I64", "shape": labels, "data_offsets": [middle, end]},
    });
    header.to_string().into_bytes()
}
