//! One file of rows, written and read.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `tl-rows1` |
//! | 32 | key |
//! | 8, 8 | number of rows n, values in each d |
//! | n * 72 | for each row: content of the picture (32), number of the view (8), BLAKE3 of the row's bytes (32) |
//! | 32 | BLAKE3 of everything before it |
//! | n * d * 4 | values, f32 |
//!
//! Numbers are little-endian. The file's name begins with the key and ends with the hash of its head, so that equal
//! files have equal names.

use memmap2::Mmap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tl_files::AtomicFile;
use tl_image::ContentHash;

use super::map::map;
use super::{Hex, StoreKey};

const MAGIC: &[u8; 8] = b"tl-rows1";
const FIXED: usize = 8 + 32 + 8 + 8;
const ENTRY: usize = 32 + 8 + 32;
const HASH: usize = 32;

/// The key of a row in its file: the content of the picture and the number of the view.
pub(super) type RowKey = (ContentHash, u64);

/// A file of rows that is open and whole.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) path: PathBuf,
    bytes: Mmap,
    rows: usize,
    columns: usize,
}

impl Shard {
    /// `None` if it is another file than its name says, or damaged before the values.
    pub(super) fn open(path: PathBuf, key: &StoreKey) -> Option<Self> {
        let bytes = map(&path).ok()?;
        let number = |at: usize| usize::try_from(number_at(&bytes, at)?).ok();
        let (rows, columns) = (number(40)?, number(48)?);
        let head = bytes.get(..head_length(rows)?)?;
        let hash = bytes.get(head.len()..head.len().checked_add(HASH)?)?;
        let right =
            head.starts_with(MAGIC) && head.get(8..40)? == key.0 && hash == blake3::hash(head).as_bytes();
        right.then_some(Self { path, bytes, rows, columns })
    }

    /// The keys of the rows, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = RowKey> {
        (0..self.rows).filter_map(|row| {
            let at = FIXED + row * ENTRY;
            let content = self.bytes.get(at..)?.first_chunk::<32>()?;
            Some((ContentHash(*content), number_at(&self.bytes, at + 32)?))
        })
    }

    /// One row; `None` if it is damaged.
    pub(super) fn row(&self, row: usize) -> Option<Vec<f32>> {
        let hash = self.bytes.get(FIXED + row * ENTRY + 40..)?.first_chunk::<HASH>()?;
        let length = self.columns.checked_mul(4)?;
        let start = (head_length(self.rows)? + HASH).checked_add(row.checked_mul(length)?)?;
        // A copy of its own: what was hashed is what is used.
        let bytes = self.bytes.get(start..start.checked_add(length)?)?.to_vec();
        let (values, _) = bytes.as_chunks::<4>();
        (blake3::hash(&bytes).as_bytes() == hash)
            .then(|| values.iter().map(|&v| f32::from_le_bytes(v)).collect())
    }
}

fn head_length(rows: usize) -> Option<usize> {
    rows.checked_mul(ENTRY)?.checked_add(FIXED)
}

fn number_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Beginning of the names of a key's files.
pub(super) fn prefix(key: &StoreKey) -> String {
    Hex(&key.0[..16]).to_string() + "-"
}

/// The name and the bytes of the file of these rows, which are of one length.
pub(super) fn encode(key: &StoreKey, rows: &[(RowKey, Vec<f32>)]) -> (String, Vec<u8>) {
    let columns = rows.first().map_or(0, |(_, values)| values.len());
    let mut bytes = [&MAGIC[..], &key.0].concat();
    for number in [rows.len(), columns] {
        bytes.extend((number as u64).to_le_bytes());
    }
    let mut all = Vec::with_capacity(rows.len() * columns * 4);
    for ((content, view), values) in rows {
        let start = all.len();
        all.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(content.0);
        bytes.extend(view.to_le_bytes());
        bytes.extend(blake3::hash(&all[start..]).as_bytes());
    }
    let hash = *blake3::hash(&bytes).as_bytes();
    bytes.extend(hash);
    bytes.append(&mut all);
    (format!("{}{}.rows", prefix(key), Hex(&hash[..16])), bytes)
}

/// Whoever opens `path` finds the whole file or none. It is not waited for the disk: what is damaged is computed again.
pub(super) fn write(path: &Path, bytes: &[u8], now: SystemTime) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = AtomicFile::begin_unswept(path)?;
    file.add(bytes)?;
    file.file().set_modified(now)?;
    Ok(file.commit_unsynced()?)
}
