//! Samples stored as differences from their left neighbour: TIFF 6.0, section 14, and Adobe's technical note 3.

use super::compression::Compression;
use super::{corrupt, tag, unsupported};
use crate::PictureError;
use crate::directory::Directory;
use crate::directory::Endian;

/// What is stored instead of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    /// The numbers are the samples themselves.
    None,
    /// Differences of samples.
    Horizontal,
    /// Differences of the bytes of floating-point samples, all first bytes of a row before all second ones.
    Float,
}

impl Predictor {
    pub(super) fn read(
        directory: &Directory<'_>,
        bits: u32,
        compression: Compression,
    ) -> Result<Self, PictureError> {
        match (directory.number(tag::PREDICTOR).unwrap_or(1), bits) {
            (1, _) => Ok(Predictor::None),
            // JPEG and CCITT have no use for it, and libtiff ignores it there.
            _ if matches!(compression, Compression::Jpeg | Compression::Group4) => Ok(Predictor::None),
            // So it does here; other readers add up. Nobody can know what the writer meant.
            _ if compression == Compression::None => Err(unsupported("a predictor without compression")),
            (2, 8 | 16 | 32 | 64) => Ok(Predictor::Horizontal),
            (3, 16 | 32 | 64) => Ok(Predictor::Float),
            (2 | 3, bits) => Err(unsupported(format!("a predictor for samples of {bits} bits"))),
            (other, _) => Err(corrupt(format!("predictor {other}"))),
        }
    }

    /// Turns a row of differences into samples; says in which order their bytes are then.
    ///
    /// `size` is the length of a sample in bytes, `step` the number of samples from a sample to its neighbour.
    pub(super) fn undo(self, row: &mut [u8], size: usize, step: usize, endian: Endian) -> Endian {
        match self {
            Predictor::None => endian,
            Predictor::Horizontal => {
                add_up(row, size, step, endian);
                endian
            }
            Predictor::Float => {
                add_up(row, 1, step, endian);
                bring_together(row, size);
                Endian::Big
            }
        }
    }
}

fn add_up(row: &mut [u8], size: usize, step: usize, endian: Endian) {
    if size == 1 {
        for at in step..row.len() {
            row[at] = row[at].wrapping_add(row[at - step]);
        }
        return;
    }
    for at in (size * step..(row.len() / size) * size).step_by(size) {
        let left = endian.number(&row[at - size * step..][..size]);
        let sum = endian.number(&row[at..][..size]).wrapping_add(left);
        let place = &mut row[at..at + size];
        match endian {
            Endian::Little => place.copy_from_slice(&sum.to_le_bytes()[..size]),
            Endian::Big => place.copy_from_slice(&sum.to_be_bytes()[8 - size..]),
        }
    }
}

/// Puts the bytes of each sample beside each other, the highest first.
fn bring_together(row: &mut [u8], size: usize) {
    let apart = row.to_vec();
    let samples = row.len() / size;
    for (at, place) in row.chunks_exact_mut(size).enumerate() {
        for (byte, value) in place.iter_mut().enumerate() {
            *value = apart[byte * samples + at];
        }
    }
}
