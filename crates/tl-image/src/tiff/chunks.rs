//! Strips and tiles to the samples of the page.

use std::borrow::Cow;

use super::compression::{Compression, decompress};
use super::layout::Layout;
use super::predictor::Predictor;
use super::samples::Sample;
use super::{corrupt, jpeg, unsupported, ycbcr};
use crate::{Limits, PictureError};

/// The wanted samples of all pixels, row by row, those of a pixel beside each other.
pub(super) fn read<T: Sample>(
    bytes: &[u8],
    layout: &Layout<'_>,
    limits: &Limits,
) -> Result<Vec<T>, PictureError> {
    let wanted = layout.meaning.wanted();
    let mut page = Page::new(layout, wanted.len());
    let mut reader = Reader { bytes, layout, limits, row: Vec::new(), samples: Vec::new() };
    let in_plane = layout.chunks.across as usize * layout.chunks.down as usize;
    if layout.separate {
        for (place, sample) in wanted.into_iter().enumerate() {
            for index in 0..in_plane {
                reader.add(&mut page, sample * in_plane + index, index as u32, &[(0, place)])?;
            }
        }
    } else {
        let moves: Vec<_> = wanted.into_iter().enumerate().map(|(place, sample)| (sample, place)).collect();
        for index in 0..in_plane {
            reader.add(&mut page, index, index as u32, &moves)?;
        }
    }
    Ok(page.samples)
}

/// The samples of the page.
struct Page<T> {
    width: usize,
    /// Samples of a pixel.
    each: usize,
    samples: Vec<T>,
}

impl<T: Sample> Page<T> {
    fn new(layout: &Layout<'_>, each: usize) -> Self {
        let (width, height) = (layout.width as usize, layout.height as usize);
        Page { width, each, samples: vec![T::default(); width * height * each] }
    }

    /// Puts a part of a row at its place: sample `from` of every pixel becomes sample `to`, for each pair of `moves`.
    fn put(&mut self, (x, y): (usize, usize), row: &[T], in_row: usize, moves: &[(usize, usize)]) {
        let start = (y * self.width + x) * self.each;
        let length = row.len() / in_row * self.each;
        let place = &mut self.samples[start..start + length];
        if in_row == self.each && moves.len() == in_row && moves.iter().all(|(from, to)| from == to) {
            place.copy_from_slice(row);
            return;
        }
        for (pixel, stored) in place.chunks_exact_mut(self.each).zip(row.chunks_exact(in_row)) {
            moves.iter().for_each(|&(from, to)| pixel[to] = stored[from]);
        }
    }
}

/// Reads one chunk after the other with the same memory.
struct Reader<'a, 'l, T> {
    bytes: &'a [u8],
    layout: &'l Layout<'a>,
    limits: &'l Limits,
    row: Vec<u8>,
    samples: Vec<T>,
}

impl<T: Sample> Reader<'_, '_, T> {
    /// Adds the chunk `number` of the file, which lies at the place `index` of its plane.
    fn add(
        &mut self,
        page: &mut Page<T>,
        number: usize,
        index: u32,
        moves: &[(usize, usize)],
    ) -> Result<(), PictureError> {
        let (layout, chunks) = (self.layout, &self.layout.chunks);
        let (x, y) = (index % chunks.across * chunks.width, index / chunks.across * chunks.height);
        let (columns, rows) = (chunks.width.min(layout.width - x), chunks.height.min(layout.height - y));
        let plain = plain(self.bytes, layout, number, rows, self.limits)?;
        let (in_row, row_bytes) = (layout.in_chunk(), layout.row_bytes());
        self.samples.resize(columns as usize * in_row, T::default());
        for (line, row) in plain.chunks_exact(row_bytes).take(rows as usize).enumerate() {
            self.unpack(row);
            page.put((x as usize, y as usize + line), &self.samples, in_row, moves);
        }
        Ok(())
    }

    fn unpack(&mut self, row: &[u8]) {
        let (layout, endian) = (self.layout, self.layout.directory.endian);
        if layout.predictor == Predictor::None {
            return T::unpack(row, layout.bits, endian, &mut self.samples);
        }
        self.row.clear();
        self.row.extend_from_slice(row);
        let endian =
            layout.predictor.undo(&mut self.row, layout.bits as usize / 8, layout.in_chunk(), endian);
        T::unpack(&self.row, layout.bits, endian, &mut self.samples);
    }
}

/// The first `rows` rows of a chunk, decompressed.
fn plain<'a>(
    bytes: &'a [u8],
    layout: &Layout<'_>,
    number: usize,
    rows: u32,
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, PictureError> {
    let (width, compression) = (layout.chunks.width, layout.compression);
    let spread = layout.subsampling != (1, 1);
    let needed = if spread {
        ycbcr::stored_bytes((width, rows), layout.subsampling)
    } else {
        layout.row_bytes() * rows as usize
    };
    let stored = stored(bytes, layout, number, needed)?;
    if compression == Compression::Jpeg {
        return Ok(jpeg::decode(stored, layout, rows, limits)?.into());
    }
    let stored = if layout.reversed {
        stored.iter().map(|byte| byte.reverse_bits()).collect()
    } else {
        Cow::from(stored)
    };
    let plain = decompress(stored, compression, needed, (width, rows))?;
    Ok(if spread { ycbcr::spread(&plain, (width, rows), layout.subsampling).into() } else { plain })
}

/// The bytes of a chunk as they are in the file.
fn stored<'a>(
    bytes: &'a [u8],
    layout: &Layout<'_>,
    number: usize,
    needed: usize,
) -> Result<&'a [u8], PictureError> {
    let offset = layout.chunks.offsets.get(number).copied().unwrap_or(0);
    if offset == 0 {
        return Err(unsupported("TIFF with strips or tiles left out"));
    }
    let start = usize::try_from(offset)
        .ok()
        .and_then(|at| bytes.get(at..))
        .ok_or_else(|| PictureError::truncated(bytes))?;
    let said = layout.chunks.bytes.get(number).copied().filter(|length| *length > 0);
    let said = said.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    match (layout.compression, said) {
        (Compression::None, Some(length)) if length < needed => {
            Err(corrupt("a strip or tile is shorter than its pixels"))
        }
        (Compression::None, _) => start.get(..needed).ok_or_else(|| PictureError::truncated(bytes)),
        (_, Some(length)) => start.get(..length).ok_or_else(|| PictureError::truncated(bytes)),
        // Old programs leave the lengths out.
        (_, None) => Ok(start),
    }
}
