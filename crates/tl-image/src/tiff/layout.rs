//! How the samples of a page lie in the file.

use super::compression::Compression;
use super::meaning::{self, Colors, Meaning, Numbers};
use super::predictor::Predictor;
use super::{corrupt, tag, unsupported};
use crate::directory::Directory;
use crate::{Limits, PictureError};

/// How the samples of a page lie in the file, checked: every combination that gets here can be read.
pub(super) struct Layout<'a> {
    pub(super) directory: Directory<'a>,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample.
    pub(super) bits: u32,
    pub(super) numbers: Numbers,
    pub(super) meaning: Meaning,
    /// Red, green and blue of every colour, one after the other; empty without a palette.
    pub(super) palette: Vec<u64>,
    /// Samples of a pixel, extra samples included.
    pub(super) samples: usize,
    /// Is each sample stored in chunks of its own?
    pub(super) separate: bool,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// Is the first pixel in the lowest bit of a byte (FillOrder 2)?
    pub(super) reversed: bool,
    /// Horizontal and vertical subsampling of chroma in chunks.
    pub(super) subsampling: (u32, u32),
    pub(super) chunks: Chunks,
}

/// Strips, which are as wide as the page, or tiles.
pub(super) struct Chunks {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) across: u32,
    pub(super) down: u32,
    /// Where each begins: those of the first plane row by row, then those of the next.
    pub(super) offsets: Vec<u64>,
    /// Number of bytes of each chunk in the file; none where the file does not say.
    pub(super) bytes: Vec<u64>,
}

impl<'a> Layout<'a> {
    /// Reads the tags and refuses what is not supported, too large, or contradicts itself.
    pub(super) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, PictureError> {
        let directory = whole(bytes)?;
        let (width, height) = (side(&directory, tag::WIDTH)?, side(&directory, tag::HEIGHT)?);
        limits.check_size(width, height)?;
        let samples = samples(&directory)?;
        let bits = bits(&directory)?;
        let separate = samples > 1 && directory.number(tag::PLANAR) == Some(2);
        let compression = Compression::read(&directory, bits)?;
        let layout = Layout {
            width,
            height,
            bits,
            numbers: meaning::numbers(&directory, bits)?,
            meaning: Meaning::read(&directory, samples)?,
            palette: directory.numbers(tag::COLOR_MAP).unwrap_or_default(),
            samples,
            separate,
            predictor: Predictor::read(&directory, bits, compression)?,
            compression,
            reversed: directory.number(tag::FILL_ORDER) == Some(2),
            subsampling: (1, 1),
            chunks: chunks(&directory, (width, height))?,
            directory,
        };
        let layout = layout.with_subsampling()?;
        layout.check(limits)?;
        Ok(layout)
    }

    /// JPEG keeps its subsampling to itself.
    fn with_subsampling(mut self) -> Result<Self, PictureError> {
        if self.meaning.colors == Colors::YCbCr && self.compression != Compression::Jpeg {
            let said = self.directory.numbers(tag::YCBCR_SUBSAMPLING);
            self.subsampling = match said.as_deref() {
                None => (2, 2),
                Some([h @ (1 | 2 | 4), v @ (1 | 2 | 4), ..]) => (*h as u32, *v as u32),
                Some(_) => return Err(corrupt("subsampling other than 1, 2 and 4")),
            };
        }
        Ok(self)
    }

    fn check(&self, limits: &Limits) -> Result<(), PictureError> {
        self.meaning.check(self.numbers, self.bits, self.palette.len())?;
        let subsampled = self.subsampling != (1, 1);
        if subsampled && (self.separate || self.samples != 3 || self.predictor != Predictor::None) {
            return Err(unsupported(
                "subsampled YCbCr in separate planes, with extra samples or a predictor",
            ));
        }
        if self.compression == Compression::Jpeg {
            self.check_jpeg()?;
        }
        let planes = if self.separate { self.samples as u64 } else { 1 };
        let needed = u64::from(self.chunks.across) * u64::from(self.chunks.down) * planes;
        if (self.chunks.offsets.len() as u64) < needed {
            return Err(corrupt(format!("{} strips or tiles of {needed}", self.chunks.offsets.len())));
        }
        self.check_memory(limits)
    }

    /// Refuses what our JPEG decoder would have to guess.
    fn check_jpeg(&self) -> Result<(), PictureError> {
        if self.bits != 8 || self.numbers != Numbers::Whole {
            return Err(unsupported(format!("JPEG of {} bits in TIFF", self.bits)));
        }
        let colors = self.meaning.colors;
        match (self.in_chunk(), colors) {
            (1, Colors::YCbCr) => Err(unsupported("JPEG of YCbCr in separate planes in TIFF")),
            (1, _) => Ok(()),
            (3, Colors::Rgb | Colors::YCbCr) => Ok(()),
            (samples, _) => {
                Err(unsupported(format!("JPEG of {colors:?} colours with {samples} samples in TIFF")))
            }
        }
    }

    /// Samples of the page that are kept, and of a chunk with all that is padding. The padding of all chunks counts too:
    /// not for memory, but for the time it takes.
    fn check_memory(&self, limits: &Limits) -> Result<(), PictureError> {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        let kept = self.meaning.wanted().len() as u64 * u64::from(self.bits.next_power_of_two().max(8) / 8);
        limits.check_memory((width * height).saturating_mul(kept.max(3)))?;
        let Chunks { width: chunk, across, .. } = self.chunks;
        let stored =
            u128::from(chunk) * u128::from(across) * u128::from(self.samples as u64 * u64::from(self.bits));
        let padded = stored.div_ceil(8) * u128::from(self.height);
        limits.check_memory(u64::try_from(padded).unwrap_or(u64::MAX))
    }

    /// Samples of a pixel in one chunk.
    pub(super) fn in_chunk(&self) -> usize {
        if self.separate { 1 } else { self.samples }
    }

    /// Bytes of a row of a chunk, decompressed. [`Layout::check_memory`] has seen that it is not too large.
    pub(super) fn row_bytes(&self) -> usize {
        (self.chunks.width as usize * self.in_chunk() * self.bits as usize).div_ceil(8)
    }
}

/// The directory, if it and the values it points to are all there: many programs write them last.
fn whole(bytes: &[u8]) -> Result<Directory<'_>, PictureError> {
    let directory = Directory::first(bytes).filter(|directory| directory.whole);
    let directory = directory.ok_or_else(|| PictureError::truncated(bytes))?;
    let arrays =
        [tag::BITS, tag::STRIP_OFFSETS, tag::STRIP_BYTES, tag::TILE_OFFSETS, tag::TILE_BYTES, tag::COLOR_MAP];
    let cut = arrays.into_iter().any(|tag| directory.has(tag) && directory.numbers(tag).is_none());
    if cut { Err(PictureError::truncated(bytes)) } else { Ok(directory) }
}

fn samples(directory: &Directory<'_>) -> Result<usize, PictureError> {
    let samples = directory.number(tag::SAMPLES).unwrap_or(1);
    let samples = usize::try_from(samples).ok().filter(|samples| (1..=1 << 16).contains(samples));
    samples.ok_or_else(|| corrupt("no samples a pixel"))
}

fn side(directory: &Directory<'_>, tag: u16) -> Result<u32, PictureError> {
    let length = directory.number(tag).ok_or_else(|| corrupt("it does not say its size"))?;
    Ok(u32::try_from(length).unwrap_or(u32::MAX))
}

/// Bits of a sample, which have to be the same for all.
fn bits(directory: &Directory<'_>) -> Result<u32, PictureError> {
    let all = directory.numbers(tag::BITS).unwrap_or_default();
    let bits = all.first().copied().unwrap_or(1);
    if all.iter().any(|other| *other != bits) {
        return Err(unsupported("samples of different length"));
    }
    u32::try_from(bits)
        .ok()
        .filter(|bits| (1..=64).contains(bits))
        .ok_or_else(|| corrupt(format!("samples of {bits} bits")))
}

fn chunks(directory: &Directory<'_>, (width, height): (u32, u32)) -> Result<Chunks, PictureError> {
    let tiled = directory.has(tag::TILE_OFFSETS) || directory.has(tag::TILE_WIDTH);
    let (offsets, bytes) =
        if tiled { (tag::TILE_OFFSETS, tag::TILE_BYTES) } else { (tag::STRIP_OFFSETS, tag::STRIP_BYTES) };
    let (chunk_width, chunk_height) = if tiled {
        (side(directory, tag::TILE_WIDTH)?, side(directory, tag::TILE_HEIGHT)?)
    } else {
        let rows = directory.number(tag::ROWS_PER_STRIP).unwrap_or(u64::from(height));
        (width, u32::try_from(rows).unwrap_or(height).min(height))
    };
    if chunk_width == 0 || chunk_height == 0 {
        return Err(corrupt("strips or tiles without pixels"));
    }
    Ok(Chunks {
        width: chunk_width,
        height: chunk_height,
        across: width.div_ceil(chunk_width),
        down: height.div_ceil(chunk_height),
        offsets: directory.numbers(offsets).ok_or_else(|| corrupt("it does not say where its pixels are"))?,
        bytes: directory.numbers(bytes).unwrap_or_default(),
    })
}
