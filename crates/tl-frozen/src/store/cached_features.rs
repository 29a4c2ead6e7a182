//! The rows of a store that have one key.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use tl_image::ContentHash;

use super::shard::{RowKey, Shard, encode, prefix};
use super::{Store, StoreKey};

/// Rows that are written together, so many or so many bytes: what an interruption may lose.
const TOGETHER: usize = 512;
const TOGETHER_BYTES: usize = 32 << 20;

/// The rows of a store that have the key of one provenance.
///
/// Rows that are added are written a few hundred at a time, and the rest by [`commit`](Self::commit) or when this
/// goes. They are found by whoever opens them after that.
#[derive(Debug)]
pub struct CachedFeatures {
    store: Store,
    key: StoreKey,
    /// The files of rows, and for each whether it was marked as used.
    shards: Vec<(Shard, AtomicBool)>,
    /// Shard and row of each name, by name. A name may be there more than once, where one row was damaged.
    places: Vec<(RowKey, usize, usize)>,
    fresh: Vec<(RowKey, Vec<f32>)>,
}

impl CachedFeatures {
    /// Finds what is kept. Damaged files count as not there.
    pub(super) fn open(store: Store, key: StoreKey) -> Self {
        let prefix = prefix(&key);
        let entries = fs::read_dir(store.folder()).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "rows"))
            .collect();
        paths.sort();
        let shards = paths.into_iter().filter_map(|path| Shard::open(path, &key));
        let shards: Vec<_> = shards.map(|shard| (shard, AtomicBool::new(false))).collect();
        let names = |(number, (shard, _)): (usize, &(Shard, _))| {
            shard.keys().enumerate().map(move |(row, name)| (name, number, row)).collect::<Vec<_>>()
        };
        let mut places: Vec<_> = shards.iter().enumerate().flat_map(names).collect();
        places.sort_unstable();
        Self { store, key, shards, places, fresh: Vec::new() }
    }

    /// Number of different rows that were kept when the cache was opened, whether they are damaged or not.
    pub fn len(&self) -> usize {
        self.places.chunk_by(|(a, ..), (b, ..)| a == b).count()
    }

    /// Was nothing kept when the cache was opened?
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The row of the picture with this content, of this view: 0 is the picture as it is, others are augmented.
    ///
    /// `None` if it was not kept, or what was kept is damaged.
    pub fn get(&self, content: ContentHash, view: u64) -> Option<Vec<f32>> {
        let name = (content, view);
        let start = self.places.partition_point(|(other, ..)| *other < name);
        let same = self.places.get(start..)?.iter().take_while(|(other, ..)| *other == name);
        same.filter_map(|&(_, shard, row)| self.read(shard, row)).next()
    }

    fn read(&self, shard: usize, row: usize) -> Option<Vec<f32>> {
        let (shard, used) = self.shards.get(shard)?;
        let values = shard.row(row)?;
        if !used.swap(true, Ordering::Relaxed) {
            self.store.touch(&shard.path);
        }
        Some(values)
    }

    /// Keeps a row. It is written when a few hundred have come together.
    pub fn add(&mut self, content: ContentHash, view: u64, row: &[f32]) {
        if self.fresh.first().is_some_and(|(_, first)| first.len() != row.len()) {
            self.commit();
        }
        self.fresh.push(((content, view), row.to_vec()));
        if self.fresh.len() >= TOGETHER || self.fresh.len() * row.len() * 4 >= TOGETHER_BYTES {
            self.commit();
        }
    }

    /// Writes what was added since the last time. Where this fails, [`Store::not_kept`] says why.
    pub fn commit(&mut self) {
        let mut rows = std::mem::take(&mut self.fresh);
        // Pictures with the same content have the same row.
        rows.sort_by_key(|(name, _)| *name);
        rows.dedup_by_key(|(name, _)| *name);
        if !rows.is_empty() {
            let (name, bytes) = encode(&self.key, &rows);
            self.store.keep(&name, &bytes);
        }
    }
}

impl Drop for CachedFeatures {
    fn drop(&mut self) {
        self.commit();
    }
}
