//! Where the bytes of a picture are: a file, or a span of one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use image::RgbImage;
use serde::{Deserialize, Serialize};
use tl_files::{name_text, path_text};
use tl_image::{DecodedRegion, Limits, RegionRequest, decode, decode_part};

use crate::{ReadGuard, SampleError, file, reading, windows_path};

/// Where the bytes of one picture are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureLocation {
    /// The file that holds the picture.
    pub file: PathBuf,
    /// The part of it, for a picture inside a tar.
    pub span: Option<Span>,
}

/// The part of a file that is one picture of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The offset of the picture in the file, in bytes.
    pub offset: u64,
    /// The length of the picture, in bytes.
    pub bytes: u64,
}

impl From<PathBuf> for PictureLocation {
    fn from(file: PathBuf) -> Self {
        PictureLocation { file, span: None }
    }
}

impl PictureLocation {
    /// Reads and decodes the picture.
    ///
    /// Errors: the file cannot be read, is larger than `limits.file_bytes`, or is not a readable picture.
    pub fn decode(&self, limits: &Limits, background: [u8; 3]) -> Result<RgbImage, SampleError> {
        let _named_if_slow = self.reading();
        let bytes = self.bytes(limits)?;
        Ok(decode(&bytes, limits, background).map_err(|reason| reason.with_name(&self.file, &bytes))?)
    }

    /// Reads the picture and decodes what is wanted of it: [`decode_part`].
    ///
    /// Errors: as [`decode`](Self::decode).
    pub fn decode_part(
        &self,
        limits: &Limits,
        background: [u8; 3],
        wanted: impl FnOnce((u32, u32)) -> RegionRequest,
    ) -> Result<DecodedRegion, SampleError> {
        let _named_if_slow = self.reading();
        let bytes = self.bytes(limits)?;
        let part = decode_part(&bytes, limits, background, wanted);
        Ok(part.map_err(|reason| reason.with_name(&self.file, &bytes))?)
    }

    /// Says that the picture is being read, or decoded, until what is returned is dropped: [`reading`].
    pub fn reading(&self) -> ReadGuard {
        reading(&self.file)
    }

    /// The picture's bytes, undecoded.
    ///
    /// Errors: the file cannot be read, or is larger than `limits.file_bytes`.
    pub fn bytes(&self, limits: &Limits) -> Result<Vec<u8>, SampleError> {
        self.read(limits).map_err(|(_, reason)| reason)
    }

    /// All bytes, or their number as far as it is known and why they were not read.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Vec<u8>, (Option<u64>, SampleError)> {
        match self.span {
            None => file::read_bytes(&self.file, limits),
            Some(span) => read_span(&self.file, span, limits),
        }
    }
}

fn read_span(path: &Path, span: Span, limits: &Limits) -> Result<Vec<u8>, (Option<u64>, SampleError)> {
    let Span { offset, bytes } = span;
    if bytes > limits.file_bytes {
        return Err((Some(bytes), SampleError::FileTooLarge { bytes, limit: limits.file_bytes }));
    }
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| (Some(bytes), SampleError::unreadable(&error));
    // As for a file of its own: opening a pipe nobody writes to waits for ever.
    if !path.metadata().map_err(refused)?.is_file() {
        return Err((Some(bytes), SampleError::Special));
    }
    let mut file = File::open(path).map_err(refused)?;
    file.seek(SeekFrom::Start(offset)).map_err(refused)?;
    let mut content = Vec::with_capacity(bytes as usize);
    file.take(bytes).read_to_end(&mut content).map_err(refused)?;
    Ok(content)
}

/// A path with `/` between its parts on every system, and bytes that are not UTF-8 as `\xNN`.
pub(crate) fn slashed(path: &Path) -> String {
    if cfg!(windows) {
        return windows_path::slashed(&path_text(path));
    }
    let parts: Vec<_> = path.components().map(|part| name_text(part.as_os_str())).collect();
    match parts.split_first() {
        Some((root, rest)) if root == "/" => format!("/{}", rest.join("/")),
        _ => parts.join("/"),
    }
}
