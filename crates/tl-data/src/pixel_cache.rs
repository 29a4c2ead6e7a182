//! Decoded pictures, kept for the next epoch in memory or on disk.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;

use crate::{ContentHash, PictureError};

/// Keeps decoded pictures up to a number of bytes of pixels.
///
/// When it is full, what is in it stays: epochs go through all samples in random order, where throwing out the least
/// recently used would throw out just what comes next. It never fails: what cannot be kept is decoded again.
#[derive(Debug)]
pub struct PixelCache {
    place: Place,
    limit: u64,
    kept: AtomicU64,
}

#[derive(Debug)]
enum Place {
    Memory(Mutex<HashMap<ContentHash, Arc<RgbImage>>>),
    Folder(PathBuf),
}

impl PixelCache {
    /// In memory.
    pub fn in_memory(limit_bytes: u64) -> Self {
        PixelCache { place: Place::Memory(Mutex::default()), limit: limit_bytes, kept: AtomicU64::new(0) }
    }

    /// In a folder, which is made where it is missing. Pictures that lie there from an earlier run are used.
    ///
    /// Errors: those of making and listing the folder.
    pub fn on_disk(folder: &Path, limit_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut kept = 0;
        for entry in fs::read_dir(folder)? {
            kept += entry?.metadata()?.len();
        }
        let place = Place::Folder(folder.to_owned());
        Ok(PixelCache { place, limit: limit_bytes, kept: AtomicU64::new(kept) })
    }

    /// The picture of the file with this content; decoded only if it is not here.
    ///
    /// Errors: those of `decode`.
    pub fn get_or_decode(
        &self,
        content: ContentHash,
        decode: impl FnOnce() -> Result<RgbImage, PictureError>,
    ) -> Result<Arc<RgbImage>, PictureError> {
        if let Some(picture) = self.get(content) {
            return Ok(picture);
        }
        let picture = Arc::new(decode()?);
        self.keep(content, &picture);
        Ok(picture)
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    fn get(&self, content: ContentHash) -> Option<Arc<RgbImage>> {
        match &self.place {
            Place::Memory(pictures) => {
                pictures.lock().unwrap_or_else(PoisonError::into_inner).get(&content).cloned()
            }
            Place::Folder(folder) => read(&file_of(folder, content)).map(Arc::new),
        }
    }

    fn keep(&self, content: ContentHash, picture: &Arc<RgbImage>) {
        let bytes = picture.len() as u64 + HEADER as u64;
        let fits = |kept: u64| kept.checked_add(bytes).filter(|&sum| sum <= self.limit);
        if self.kept.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            return;
        }
        let kept = match &self.place {
            Place::Memory(pictures) => {
                let mut pictures = pictures.lock().unwrap_or_else(PoisonError::into_inner);
                pictures.insert(content, Arc::clone(picture)).is_none()
            }
            Place::Folder(folder) => write(&file_of(folder, content), picture).is_ok(),
        };
        if !kept {
            self.kept.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

fn file_of(folder: &Path, content: ContentHash) -> PathBuf {
    folder.join(content.to_hex() + ".rgb")
}

/// Width, height and the hash of the pixels, before them.
const HEADER: usize = 4 + 4 + 32;

/// `None` when there is no such file or it is damaged.
fn read(path: &Path) -> Option<RgbImage> {
    let bytes = fs::read(path).ok()?;
    let (header, pixels) = bytes.split_first_chunk::<HEADER>()?;
    let number = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
    let (width, height) = (number(0)?, number(4)?);
    if header[8..] != ContentHash::of(pixels).0 {
        return None;
    }
    RgbImage::from_raw(width, height, pixels.to_vec())
}

/// Under a name of its own first: whoever reads finds the whole file or none.
fn write(path: &Path, picture: &RgbImage) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let scratch = path.with_extension(format!("{}-{number}.part", std::process::id()));
    let written = fs::File::create(&scratch).and_then(|mut file| {
        file.write_all(&picture.width().to_le_bytes())?;
        file.write_all(&picture.height().to_le_bytes())?;
        file.write_all(&ContentHash::of(picture).0)?;
        file.write_all(picture)?;
        fs::rename(&scratch, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&scratch);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(shade: u8) -> RgbImage {
        RgbImage::from_pixel(10, 8, image::Rgb([shade; 3]))
    }

    /// Which of these shades are decoded when asked for.
    fn decoded(cache: &PixelCache, shades: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        for &shade in shades {
            let decode = || {
                decoded.push(shade);
                Ok(picture(shade))
            };
            assert_eq!(*cache.get_or_decode(ContentHash::of(&[shade]), decode).unwrap(), picture(shade));
        }
        decoded
    }

    #[test]
    fn what_fits_is_decoded_once() {
        let folder = tempfile::tempdir().unwrap();
        let two = 2 * (240 + HEADER as u64);
        for cache in [PixelCache::in_memory(two), PixelCache::on_disk(folder.path(), two).unwrap()] {
            assert_eq!(decoded(&cache, &[1, 2, 3, 1, 2, 3]), [1, 2, 3, 3]);
            assert_eq!(cache.bytes(), two);
        }
        let again = PixelCache::on_disk(folder.path(), two).unwrap();
        assert_eq!(decoded(&again, &[1, 2, 3]), [3]);
    }

    #[test]
    fn a_damaged_file_is_decoded_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PixelCache::on_disk(folder.path(), 1 << 20).unwrap();
        assert_eq!(decoded(&cache, &[1, 1]), [1]);
        let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut bytes = fs::read(&file).unwrap();
        bytes[100] ^= 1;
        fs::write(&file, &bytes[..]).unwrap();
        assert_eq!(decoded(&cache, &[1, 1]), [1]);
    }

    #[test]
    fn a_picture_that_cannot_be_decoded_is_not_kept() {
        let cache = PixelCache::in_memory(1 << 20);
        let failed = cache.get_or_decode(ContentHash::of(b"x"), || Err(PictureError::Empty));
        assert_eq!((failed, cache.bytes()), (Err(PictureError::Empty), 0));
    }
}
