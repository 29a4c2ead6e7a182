//! Decoded pictures, kept for the next epoch in memory or on disk.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use image::RgbImage;
use image::metadata::Orientation;
use tl_files::name_text;
use tl_files::{AtomicFile, Fault};

use crate::jpeg::Window;
use crate::region::{RegionKind, Shape, StoredRegion};
use crate::{ContentHash, DecodedRegion, Limits, PictureError, RegionRequest, ValueRange};

/// Keeps decoded pictures up to a number of bytes of pixels.
///
/// What it gives is bit for bit what [`decode_part`](crate::decode_part) gives. Pictures are kept whole, at the resolution
/// that was asked for. When it is full, what is in it stays: epochs go through all samples in random order, where throwing
/// out the least recently used would throw out just what comes next. Only what earlier runs left on disk makes room, and
/// what was not used the longest first. It never fails: what cannot be kept is decoded again.
#[derive(Debug)]
pub struct PixelCache {
    storage: Storage,
    limit: u64,
    index: Mutex<Index>,
}

#[derive(Debug)]
enum Storage {
    Memory(Mutex<HashMap<Key, Arc<StoredRegion>>>),
    Folder(PathBuf),
}

/// A picture before a background, at a reduction; 0 for one that there is at full size only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    content: ContentHash,
    background: [u8; 3],
    reduction: usize,
    range: ValueRange,
}

#[derive(Debug, Default)]
struct Index {
    shapes: HashMap<ContentHash, Shape>,
    bytes_of: HashMap<Key, u64>,
    bytes: u64,
    /// What earlier runs left, that of longest ago first.
    earlier: VecDeque<Key>,
    used: HashSet<Key>,
    /// Number of bytes of the entries that are not in use.
    unused_bytes: u64,
}

impl PixelCache {
    /// A cache in memory, of so many bytes of pixels at most.
    pub fn in_memory(limit_bytes: u64) -> Self {
        PixelCache { storage: Storage::Memory(Mutex::default()), limit: limit_bytes, index: Mutex::default() }
    }

    /// A cache in a folder, which is made where it is missing. Pictures that lie there from an earlier run are used.
    ///
    /// Errors: those of making and listing the folder.
    pub fn on_disk(folder: &Path, limit_bytes: u64) -> io::Result<Self> {
        let folder = folder.join(format!("decoder-{DECODER}"));
        fs::create_dir_all(&folder)?;
        tl_files::sweep(&folder, SystemTime::now());
        let index = Mutex::new(Index::of(&folder)?);
        Ok(PixelCache { storage: Storage::Folder(folder), limit: limit_bytes, index })
    }

    /// What [`decode_part`](crate::decode_part) makes of the bytes with this content, which are read only if the picture is
    /// not here. `wanted` may be asked twice.
    ///
    /// Errors: those of `read` and of decoding.
    pub fn decode_part<E: From<PictureError>>(
        &self,
        content: ContentHash,
        limits: &Limits,
        background: [u8; 3],
        mut wanted: impl FnMut((u32, u32)) -> RegionRequest,
        read: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<DecodedRegion, E> {
        let key = |reduction| Key { content, background, reduction, range: limits.range };
        let shape = self.index().shapes.get(&content).copied();
        if let Some(shape) = shape {
            let window = shape.window(&mut wanted);
            let kept =
                [0, window.reduction].into_iter().find_map(|reduction| self.get(key(reduction), shape));
            if let Some(kept) = kept {
                return Ok(kept.part(window).cutout());
            }
        }
        let bytes = read()?;
        let (mut part, mut kept) = (None, true);
        let stored = StoredRegion::decode(&bytes, limits, background, |size, turned| {
            let window = Shape { size, turned }.window(&mut wanted);
            let whole = Window::reduced(size, window.reduction);
            kept = whole.bytes_to_decode() + bytes.len() as u64 <= limits.alloc && self.has_room(&whole);
            part = Some(window.clone());
            if kept { whole } else { window }
        });
        let fits_no_part = stored.as_ref().map_or(true, |stored| stored.kind == RegionKind::WholeThisTime);
        if let Some(part) = part.clone().filter(|_| kept && fits_no_part) {
            // The part alone may be one that can be decoded, or that our own decoder reads.
            return Ok(StoredRegion::decode(&bytes, limits, background, |_, _| part)?.cutout());
        }
        let stored = stored?;
        if !kept {
            return Ok(stored.cutout());
        }
        let part = part.unwrap_or_else(|| stored.window.clone());
        let reduction = if stored.kind == RegionKind::Whole { 0 } else { stored.window.reduction };
        let stored = Arc::new(stored);
        self.keep(key(reduction), &stored);
        Ok(stored.part(part).cutout())
    }

    /// The number of bytes of pixels that the cache holds now.
    pub fn bytes(&self) -> u64 {
        self.index().bytes
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        locked(&self.index)
    }

    fn get(&self, key: Key, shape: Shape) -> Option<Arc<StoredRegion>> {
        {
            let mut index = self.index();
            index.bytes_of.get(&key)?;
            index.using(key);
        }
        let found = match &self.storage {
            Storage::Memory(pictures) => locked(pictures).get(&key).cloned(),
            Storage::Folder(folder) => read(&file_of(folder, key, shape), key, shape).map(Arc::new),
        };
        if found.is_none() {
            // Damaged, or another process has made room.
            self.index().forget(key);
        }
        found
    }

    fn has_room(&self, window: &Window) -> bool {
        let index = self.index();
        index.bytes.saturating_sub(index.unused_bytes) + bytes_of(window) <= self.limit
    }

    fn keep(&self, key: Key, picture: &Arc<StoredRegion>) {
        let bytes = bytes_of(&picture.window);
        if !self.index().make_room(key, picture.shape, bytes, self.limit, |key, shape| {
            if let Storage::Folder(folder) = &self.storage {
                // Where it stays, it is found again by the next run.
                let _ = fs::remove_file(file_of(folder, key, shape));
            }
        }) {
            return;
        }
        match &self.storage {
            Storage::Memory(pictures) => {
                locked(pictures).insert(key, Arc::clone(picture));
            }
            Storage::Folder(folder) => {
                if write(&file_of(folder, key, picture.shape), &picture.pixels).is_err() {
                    self.index().forget(key);
                }
            }
        }
    }
}

impl Index {
    /// What lies in a folder.
    fn of(folder: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Another process may have removed or renamed it meanwhile.
            let Ok(about) = entry.metadata() else { continue };
            let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let name = entry.file_name();
            match named(&name_text(&name)) {
                Some((key, shape)) => found.push((used, key, shape, about.len())),
                None if is_abandoned(&entry.path(), used) => {
                    let _ = fs::remove_file(entry.path());
                }
                None => {}
            }
        }
        found.sort_by_key(|(used, ..)| *used);
        let mut index = Self::default();
        for (_, key, shape, bytes) in found {
            index.shapes.insert(key.content, shape);
            index.bytes_of.insert(key, bytes);
            index.bytes += bytes;
            index.unused_bytes += bytes;
            index.earlier.push_back(key);
        }
        Ok(index)
    }

    /// Takes a picture up if it fits, perhaps after earlier ones are removed.
    fn make_room(
        &mut self,
        key: Key,
        shape: Shape,
        bytes: u64,
        limit: u64,
        remove: impl Fn(Key, Shape),
    ) -> bool {
        self.forget(key);
        while self.bytes + bytes > limit {
            let Some(old) = self.earlier.pop_front() else { return false };
            let unused = !self.used.contains(&old) && self.bytes_of.contains_key(&old);
            if let Some(&shape) = self.shapes.get(&old.content).filter(|_| unused) {
                remove(old, shape);
                self.forget(old);
            }
        }
        self.shapes.insert(key.content, shape);
        self.bytes_of.insert(key, bytes);
        self.used.insert(key);
        self.bytes += bytes;
        true
    }

    fn using(&mut self, key: Key) {
        let bytes = self.bytes_of.get(&key).copied().unwrap_or(0);
        if self.used.insert(key) {
            self.unused_bytes -= bytes;
        }
    }

    fn forget(&mut self, key: Key) {
        self.using(key);
        self.bytes -= self.bytes_of.remove(&key).unwrap_or(0);
    }
}

/// Whether a file is what a run that was killed left half written.
fn is_abandoned(path: &Path, used: SystemTime) -> bool {
    let day = Duration::from_secs(24 * 60 * 60);
    path.extension().is_some_and(|ending| ending == "part") && used.elapsed().is_ok_and(|age| age > day)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pixels and their hash.
fn bytes_of(whole: &Window) -> u64 {
    3 * (whole.columns.len() * whole.rows.len()) as u64 + HASH as u64
}

/// What is known of a picture before it is read stands in the name: hash, reduction, size, orientation, background, and the
/// range of its values where that is not the usual one.
fn file_of(folder: &Path, key: Key, shape: Shape) -> PathBuf {
    let Key { content, background: [r, g, b], reduction, range } = key;
    let ((width, height), turned) = (shape.size, shape.turned.to_exif());
    let range = match range.is_full() {
        true => String::new(),
        false => format!("-{}-{}", range.black(), range.white()),
    };
    folder.join(format!("{}-{reduction}-{width}-{height}-{turned}-{r}-{g}-{b}{range}.rgb", content.to_hex()))
}

/// The reverse of [`file_of`].
fn named(name: &str) -> Option<(Key, Shape)> {
    let (hex, rest) = name.strip_suffix(".rgb")?.split_once('-')?;
    let numbers: Result<Vec<u32>, _> = rest.split('-').map(str::parse).collect();
    let numbers = numbers.ok()?;
    let (shape, range) = numbers.split_at_checked(7)?;
    let [reduction, width, height, turned, r, g, b] = *shape else { return None };
    let range = match *range {
        [] => ValueRange::FULL,
        [black, white] => ValueRange::new(u16::try_from(black).ok()?, u16::try_from(white).ok()?)?,
        _ => return None,
    };
    let background = [u8::try_from(r).ok()?, u8::try_from(g).ok()?, u8::try_from(b).ok()?];
    let turned = Orientation::from_exif(u8::try_from(turned).ok()?)?;
    let (content, reduction) = (ContentHash::from_hex(hex)?, reduction as usize);
    let key = Key { content, background, reduction, range };
    matches!(reduction, 0 | 1 | 2 | 4 | 8).then_some((key, Shape { size: (width, height), turned }))
}

/// Version of the pixels that decoding gives: raised when they change.
const DECODER: u32 = 1;
/// Length of the hash of the pixels, behind them.
const HASH: usize = 32;

/// `None` when there is no such file or it is damaged.
fn read(path: &Path, key: Key, shape: Shape) -> Option<StoredRegion> {
    let mut pixels = fs::read(path).ok()?;
    let hash = pixels.split_off(pixels.len().checked_sub(HASH)?);
    if hash != ContentHash::of(&pixels).0 {
        return None;
    }
    // Used now: the time is all that tells which pictures are the last to make room.
    let _ = fs::File::options().append(true).open(path).and_then(|file| file.set_modified(SystemTime::now()));
    let window = Window::reduced(shape.size, key.reduction.max(1));
    let kind = if key.reduction == 0 { RegionKind::Whole } else { RegionKind::Asked };
    let pixels = RgbImage::from_raw(window.columns.len() as u32, window.rows.len() as u32, pixels)?;
    Some(StoredRegion { pixels, window, shape, kind })
}

/// Whoever reads finds the whole file or none. It is not waited for the disk: a damaged picture is decoded again.
fn write(path: &Path, picture: &RgbImage) -> Result<(), Fault> {
    let mut file = AtomicFile::begin_unswept(path)?;
    file.add(picture)?;
    file.add(&ContentHash::of(picture).0)?;
    file.commit_unsynced()
}

#[cfg(test)]
mod tests;
