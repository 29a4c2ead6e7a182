//! One picture file, from its path to pixels.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::RgbImage;

use crate::{Limits, PictureError, decode, reading};

/// Reads and decodes one file: [`decode`] with the file's bytes.
///
/// Errors: the file cannot be read, is larger than `limits.file_bytes`, or is not a readable picture.
pub fn read_picture(path: &Path, limits: &Limits, background: [u8; 3]) -> Result<RgbImage, PictureError> {
    let _named_if_slow = reading(path);
    let bytes = read_bytes(path, limits).map_err(|(_, reason)| reason)?;
    decode(&bytes, limits, background).map_err(|reason| reason.with_name(path, &bytes))
}

/// The whole file, or its length as far as it is known and why it was not read.
pub(crate) fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, (Option<u64>, PictureError)> {
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| (None, PictureError::unreadable(&error));
    // Asked before opening: opening a pipe nobody writes to waits for ever.
    let kind = path.metadata().map_err(refused)?;
    if kind.is_dir() {
        return Err((None, PictureError::Directory));
    }
    if !kind.is_file() {
        return Err((None, PictureError::Special));
    }
    let bytes = kind.len();
    if bytes > limits.file_bytes {
        return Err((Some(bytes), PictureError::FileTooLarge { bytes, limit: limits.file_bytes }));
    }
    let file = File::open(path).map_err(refused)?;
    let mut content = Vec::with_capacity(bytes as usize);
    // The file may be growing: what is read is bounded too.
    file.take(limits.file_bytes).read_to_end(&mut content).map_err(refused)?;
    Ok(content)
}
