//! The bytes of one file, no more than are wanted.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tl_image::Limits;

use crate::{SampleError, reading};

/// The whole file, or its length as far as it is known and why it was not read.
pub(crate) fn read_bytes(path: &Path, limits: &Limits) -> Result<Vec<u8>, (Option<u64>, SampleError)> {
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| (None, SampleError::unreadable(&error));
    // Asked before opening: opening a pipe nobody writes to waits for ever.
    let kind = path.metadata().map_err(refused)?;
    if kind.is_dir() {
        return Err((None, SampleError::Directory));
    }
    if !kind.is_file() {
        return Err((None, SampleError::Special));
    }
    let bytes = kind.len();
    if bytes > limits.file_bytes {
        return Err((Some(bytes), SampleError::FileTooLarge { bytes, limit: limits.file_bytes }));
    }
    let file = File::open(path).map_err(refused)?;
    let mut content = Vec::with_capacity(bytes as usize);
    // The file may be growing: what is read is bounded too.
    file.take(limits.file_bytes).read_to_end(&mut content).map_err(refused)?;
    Ok(content)
}
