//! NumPy's format: an array of float32, `[rows, features]` or `[rows, channels, height, width]`; beside it, as
//! `NAME.npy.csv`, a table `row,path,label`, several labels of a picture with `|` between them.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use csv::Writer;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tl_files::AtomicFile;

use super::writer::{FeatureFileHeader, FeatureRows, FeatureWriter, bytes, labels};

/// The values begin at a multiple of it.
const ALIGNED: usize = 64;
const MAGIC: &[u8; 8] = b"\x93NUMPY\x01\x00";

pub(super) struct Npy<'a> {
    path: PathBuf,
    outline: &'a FeatureFileHeader<'a>,
    array: AtomicFile<'static>,
    /// Bytes before the values.
    start: usize,
    table: Writer<AtomicFile<'static>>,
    rows: usize,
}

impl<'a> Npy<'a> {
    pub(super) fn begin(path: &Path, outline: &'a FeatureFileHeader<'a>) -> io::Result<Self> {
        let (mut array, table) = (AtomicFile::begin_alone(path)?, AtomicFile::begin_alone(&table_of(path))?);
        // How many rows there are is known at the end; no number is longer than this one.
        let longest = header(outline.most, outline.shape, 0);
        array.write_all(&longest)?;
        let mut table = Writer::from_writer(table);
        table.write_record(["row", "path", "label"])?;
        Ok(Self { path: path.to_owned(), outline, array, start: longest.len(), table, rows: 0 })
    }
}

impl FeatureWriter for Npy<'_> {
    fn add(&mut self, rows: &FeatureRows<'_>) -> io::Result<()> {
        self.array.write_all(&bytes(rows.features_nd.values()))?;
        for sample in &rows.samples {
            let label = labels(self.outline.data, sample).collect::<Vec<_>>().join("|");
            self.table.write_record([self.rows.to_string(), sample.name(), label])?;
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.array.seek(SeekFrom::Start(0))?;
        self.array.write_all(&header(self.rows, self.outline.shape, self.start))?;
        let table = self.table.into_inner().map_err(csv::IntoInnerError::into_error)?;
        // All that may fail for want of room comes before the old array goes: an array never lies beside the table of another.
        table.sync()?;
        self.array.sync()?;
        if table_of(&self.path).is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "there is a folder in the place of its table",
            ));
        }
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => table.commit()?,
        }
        Ok(self.array.commit()?)
    }
}

/// The table beside an array.
pub(super) fn table_of(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".csv");
    name.into()
}

/// What comes before the values, at least so many bytes.
fn header(rows: usize, shape: &[usize], least: usize) -> Vec<u8> {
    let sides: Vec<String> = [rows].iter().chain(shape).map(ToString::to_string).collect();
    let shape = sides.join(", ");
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    let fixed = MAGIC.len() + 2;
    let length = (fixed + text.len() + 1).max(least).next_multiple_of(ALIGNED);
    // Five numbers of 20 digits do not fill 64 kB.
    let described = (length - fixed) as u16;
    let text = format!("{text:<0$}\n", length - fixed - 1);
    [MAGIC, &described.to_le_bytes()[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_aligned_and_as_long_as_their_place() {
        for (rows, shape, least) in [(0, &[1280][..], 0), (999_999_999, &[320, 7, 7], 0), (1, &[2], 192)] {
            let header = header(rows, shape, least);
            assert_eq!((header.len() % ALIGNED, header.last()), (0, Some(&b'\n')));
            assert!(header.len() >= least);
            assert_eq!(usize::from(u16::from_le_bytes([header[8], header[9]])), header.len() - 10);
        }
        let text = String::from_utf8_lossy(&header(3, &[4, 2, 2], 0)[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 2, 2), }  "));
    }
}
